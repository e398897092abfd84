"""Writing the settings file: one key by a menu choice, and the commented first one."""

from __future__ import annotations

import stat
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.errors import ConfigError
from trayquota.settings.config import Settings, decode
from trayquota.settings.edit import config_template, format_config, set_setting, toml_value, write_template
from trayquota.settings.load import load_config

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.views.tray_view import SettingValue

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes as POSIX has them")
HAND_WRITTEN = """\
# Mine. Do not touch!

folder = "~/elsewhere"   # the work accounts
interval_minutes=  7     # seven is enough
ignore_windows = [
    "Extra usage",  # nobody cares
]

# the end
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def choose(path: Path, key: str, value: SettingValue) -> None:
    """Do what a menu choice does."""
    set_setting(path, key, value, lambda content: decode(content, path))


def refused(path: Path, key: str = "interval_minutes", value: SettingValue = 5) -> str:
    before = sorted((each.name, each.read_bytes()) for each in path.parent.iterdir())
    with pytest.raises(ConfigError) as caught:
        choose(path, key, value)
    assert sorted((each.name, each.read_bytes()) for each in path.parent.iterdir()) == before
    return str(caught.value)


def test_a_value_in_force_draws_on_the_terminal() -> None:
    names = {"a\u202e": "\x9b31m\x1b[31m\x7f Work – 日本"}
    shown = toml_value(names)
    assert shown.isprintable()
    assert tomllib.loads(f"names = {shown}") == {"names": names}


# One key.


def test_a_choice_changes_one_value_and_nothing_else(path: Path) -> None:
    path.write_text(HAND_WRITTEN)
    choose(path, "interval_minutes", 15)
    assert path.read_text() == HAND_WRITTEN.replace("=  7 ", "=  15 ")


def test_a_setting_that_the_file_does_not_have_goes_to_its_end(path: Path) -> None:
    path.write_text(HAND_WRITTEN)
    choose(path, "icon_style", "ring")
    choose(path, "hide_emails", value=True)
    choose(path, "icon_style", "bar")
    assert path.read_text() == f'{HAND_WRITTEN}icon_style = "bar"\nhide_emails = true\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"interval_minutes = 15\n"),
        (b"# only this", b"# only this\ninterval_minutes = 15\n"),
        (b"interval_minutes = 7", b"interval_minutes = 15\n"),
        (b"interval_minutes = 7 # x\r\n# y\r\n", b"interval_minutes = 15 # x\r\n# y\r\n"),
        (b"\xef\xbb\xbfinterval_minutes = 7\n", b"\xef\xbb\xbfinterval_minutes = 15\n"),
        ('# größer ☃\n"interval_minutes" = 7\n'.encode(), '# größer ☃\n"interval_minutes" = 15\n'.encode()),
    ],
)
def test_line_ends_marks_and_quotes_stay_as_they_are(path: Path, before: bytes, after: bytes) -> None:
    path.write_bytes(before)
    choose(path, "interval_minutes", 15)
    assert path.read_bytes() == after


@given(st.permutations(["# a\n", "\n", "hide_emails = true # b\n", "folder = 'x'\n", "interval_minutes = 3#c\n"]))
def test_one_value_changes_in_whatever_order_the_lines_are(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    before = "".join(lines)
    path.write_text(before)
    choose(path, "interval_minutes", 30)
    assert path.read_text() == before.replace("= 3#", "= 30#")


def test_without_a_file_the_explained_one_is_made(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there yet" / "config.toml"
    choose(path, "notifications", value=False)
    assert path.read_text("utf-8") == config_template() + "notifications = false\n"
    assert decode(path.read_bytes(), path)[0] == Settings(notifications=False)
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@posix
def test_a_link_stays_one_and_the_file_keeps_its_mode(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "quota.toml", tmp_path / "config.toml"
    real.parent.mkdir()
    real.write_text("interval_minutes = 7\n")
    real.chmod(0o640)
    link.symlink_to("dotfiles/quota.toml")
    choose(link, "interval_minutes", 15)
    assert str(link.readlink()) == "dotfiles/quota.toml"
    assert real.read_text() == "interval_minutes = 15\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [each.name for each in real.parent.iterdir()] == ["quota.toml"]


@posix
def test_a_dangling_link_gets_its_file(tmp_path: Path) -> None:
    link = tmp_path / "config.toml"
    link.symlink_to(tmp_path / "dotfiles" / "quota.toml")
    choose(link, "interval_minutes", 15)
    assert link.is_symlink()
    assert decode(link.read_bytes(), link)[0].interval_minutes == 15


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"interval_minutes = \n", "is broken and was left as it is"),
        (b"\xff\xfe", "is broken and was left as it is"),
        (b"x = " + b"[" * 5000, "broken"),
        (b"interval = 5\n", "interval: there is no such setting"),
        (b"low_percent = 'much'\n", "low_percent: expected a number from 0 to 100"),
        (b"[table]\nx = 1\n", "table: there is no such setting"),
    ],
)
def test_a_broken_file_is_left_as_it_is(path: Path, content: bytes, says: str) -> None:
    path.write_bytes(content)
    message = refused(path)
    assert str(path) in message
    assert says in message


def test_an_invalid_value_is_not_written(path: Path) -> None:
    path.write_text(HAND_WRITTEN)
    assert "interval_minutes: expected" in refused(path, "interval_minutes", 0)


def test_a_path_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for write in (lambda path: choose(path, "interval_minutes", 5), write_template):
        with pytest.raises(ConfigError, match="cannot be written"):
            write(tmp_path / "file" / "config.toml")


# The commented file.


def test_the_template_names_every_setting_with_its_default(path: Path) -> None:
    lines = config_template().splitlines()
    assert all(line.startswith("#") or not line for line in lines)
    assert tomllib.loads(config_template()) == {}
    uncommented = [
        line.removeprefix("# ")
        for line in lines
        if (" = " in line and line.split()[1].islower()) or line.startswith("# [")
    ]
    content = "\n".join(uncommented).encode()
    assert list(tomllib.loads(content.decode())) == list(Settings.__struct_fields__)
    assert decode(content, path)[0] == Settings()


def test_init_never_overwrites_a_file(path: Path) -> None:
    write_template(path)
    assert path.read_text("utf-8") == config_template()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("mine")
    with pytest.raises(ConfigError, match="is there already and was left as it is"):
        write_template(path)
    assert path.read_text() == "mine"


@posix
def test_init_does_not_write_through_a_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "config.toml"
    link.symlink_to(tmp_path / "elsewhere.toml")
    with pytest.raises(ConfigError, match="is there already"):
        write_template(link)
    assert not (tmp_path / "elsewhere.toml").exists()


def test_the_settings_in_force_are_toml_with_the_source_of_each(path: Path, tmp_path: Path) -> None:
    path.write_text("proxy = 'http://me:secret@127.0.0.1:1'\nlow_percent = 30\nproviders_off = ['codex']\n")
    config = load_config(folder=str(tmp_path), config=str(path), environment={})
    text = format_config(config)
    assert text.startswith(f"# {path}\n")
    found = tomllib.loads(text)
    assert (found["folder"], found["low_percent"], found["providers_off"]) == (str(tmp_path), 30, ["codex"])
    assert "secret" not in text
    sources = {line.split()[0]: line.rpartition("# ")[2] for line in text.splitlines()[1:]}
    assert list(sources) == list(Settings.__struct_fields__)
    assert (sources["folder"], sources["low_percent"], sources["hide_emails"]) == ("option", "file", "default")


def test_the_settings_in_force_say_that_there_is_no_file(path: Path) -> None:
    path.write_text("")
    config = load_config(config=str(path), environment={})
    path.unlink()
    assert format_config(config).startswith(f"# {path} (not there)\n")
