"""Settings: where each comes from, and what is said about those that cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trayquota.core.errors import ConfigError
from trayquota.settings import paths
from trayquota.settings.config import Settings
from trayquota.settings.load import load_config

from .settings_files import configured, refused

pytestmark = pytest.mark.usefixtures("home")
posix = pytest.mark.skipif(sys.platform == "win32", reason="paths as POSIX has them")


def test_without_a_file_the_defaults_are_in_force(home: Path) -> None:
    config = load_config(environment={})
    assert config.settings == Settings()
    assert config.folder == home / ".cli-proxy-api"
    assert set(config.sources.values()) == {"default"}
    assert config.paths.config.name == "config.toml"
    assert not config.paths.config.exists(), "reading writes nothing"


def test_an_option_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    environment = {"TRAYQUOTA_CONFIG": str(path)}
    path.write_text("interval_minutes = 7\n")
    found = [load_config(environment=environment)]
    path.write_text(f"folder = '{tmp_path / 'from-file'}'\n")
    found.append(load_config(environment=environment))
    environment["TRAYQUOTA_DIR"] = str(tmp_path / "from-environment")
    found.append(load_config(environment=environment))
    found.append(load_config(folder=str(tmp_path / "from-option"), environment=environment))
    assert [each.folder.name for each in found] == [".cli-proxy-api", "from-file", "from-environment", "from-option"]
    assert [each.sources["folder"] for each in found] == ["default", "file", "TRAYQUOTA_DIR", "option"]
    assert found[0].settings.interval_minutes == 7
    assert found[0].sources["interval_minutes"] == "file"


def test_the_option_for_the_file_beats_the_environment(tmp_path: Path) -> None:
    for name, minutes in (("one.toml", 11), ("two.toml", 22)):
        (tmp_path / name).write_text(f"interval_minutes = {minutes}\n")
    environment = {"TRAYQUOTA_CONFIG": str(tmp_path / "one.toml")}
    assert load_config(environment=environment).settings.interval_minutes == 11
    assert load_config(config=str(tmp_path / "two.toml"), environment=environment).settings.interval_minutes == 22


def test_empty_variables_count_as_unset(home: Path) -> None:
    config = load_config(environment={"TRAYQUOTA_DIR": "", "TRAYQUOTA_CONFIG": "", "TRAYQUOTA_GATEWAY": ""})
    assert config.folder == home / ".cli-proxy-api"
    assert config.settings.gateway == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("intervall_minutes = 5", ["intervall_minutes", "no such setting", "interval_minutes"]),
        ("interval_minutes = 0", ["interval_minutes", "a number of minutes from 1 to 1440"]),
        ("interval_minutes = 1441", ["interval_minutes", "from 1 to 1440"]),
        ("interval_minutes = nan", ["interval_minutes", "from 1 to 1440"]),
        ("interval_minutes = inf", ["interval_minutes", "from 1 to 1440"]),
        ('interval_minutes = "often"', ["interval_minutes", "from 1 to 1440"]),
        ('renew_logins = "yes"', ["renew_logins", "true or false"]),
        ("folder = 5", ["folder", "the path of the credentials folder"]),
        ('folder = ""', ["folder", "the path of the credentials folder"]),
        ('folder = "  "', ["folder", "the path of the credentials folder"]),
        ('folder = "a\\u0000b"', ["folder", "the path of the credentials folder"]),
        ('gateway = "https://127.0.0.1:1"', ["gateway", "http://127.0.0.1:PORT", "Nothing was sent"]),
        ('proxy = "ftp://example.com"', ["proxy", "http://HOST:PORT"]),
        ("locale = false", ["locale", "the name of a locale"]),
        ("renew_logins = true\nlocale = ]", ["not valid TOML", "line 2"]),
        ("a = " + "[" * 5000, ["not valid TOML"]),
        (b"folder = '\xff'", ["not UTF-8"]),
    ],
)
def test_an_error_names_the_file_the_setting_and_what_was_expected(
    tmp_path: Path, text: str | bytes, parts: list[str]
) -> None:
    message = refused(tmp_path, text)
    assert message.startswith(str(tmp_path / "config.toml"))
    for part in parts:
        assert part in message
    assert "`" not in message, "no validator's own language"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert configured(tmp_path, b"\xef\xbb\xbfinterval_minutes = 9\n").settings.interval_minutes == 9


def test_a_config_file_that_is_named_has_to_exist(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="no such file"):
        load_config(config=missing, environment={})
    with pytest.raises(ConfigError, match="no such file"):
        load_config(environment={"TRAYQUOTA_CONFIG": missing})


@posix
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load_config(config=str(tmp_path), environment={})


@pytest.mark.parametrize("text", ["", " ", "a\0b"])
def test_a_name_of_a_config_file_that_is_no_path_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="--config: expected the path of a config file"):
        load_config(config=text, environment={})


# The credentials folder.


@posix
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~", "{home}"),
        ("~/x", "{home}/x"),
        ("~\\x", "{home}/x"),
        ("~//etc", "{home}/etc"),
        ("/a/~/b", "/a/~/b"),
        ("~ada/x", "{here}/~ada/x"),
        ("$HOME/x", "{here}/$HOME/x"),
        ("x", "{here}/x"),
    ],
)
def test_only_a_leading_tilde_is_the_home_folder(text: str, expected: str, home: Path) -> None:
    found = load_config(folder=text, environment={}).folder
    assert found == Path(expected.format(home=home, here=Path.cwd()))


def test_a_home_folder_that_is_not_known_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise ConfigError

    monkeypatch.setattr(paths, "home_folder", unknown)
    with pytest.raises(ConfigError, match="the home folder that ~ stands for is not known"):
        load_config(folder="~/x", environment={})


@pytest.mark.parametrize("source", ["--dir", "TRAYQUOTA_DIR", "config.toml"])
def test_a_folder_that_is_a_file_is_an_error_that_names_where_it_comes_from(tmp_path: Path, source: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    config = tmp_path / "config.toml"
    config.write_text(f"folder = '{file}'" if source == config.name else "")
    option = str(file) if source == "--dir" else None
    environment = {"TRAYQUOTA_DIR": str(file)} if source == "TRAYQUOTA_DIR" else {}
    with pytest.raises(ConfigError, match="is not a folder") as caught:
        load_config(folder=option, config=str(config), environment=environment)
    assert source in str(caught.value).partition(": folder")[0]


def test_a_folder_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    assert load_config(folder=str(tmp_path / "later"), environment={}).folder == tmp_path / "later"


# The gateway.


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://localhost:1", "http://localhost:1"),
        ("HTTP://LOCALHOST:65535", "http://localhost:65535"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://127.0.0.1:80/?", "http://127.0.0.1:80"),
        ("http://127.0.0.1:80#", "http://127.0.0.1:80"),
    ],
)
def test_a_gateway_on_this_machine_is_taken_as_plain_as_it_can_be_written(address: str, expected: str) -> None:
    config = load_config(environment={"TRAYQUOTA_GATEWAY": address})
    assert config.settings.gateway == expected
    assert config.sources["gateway"] == "TRAYQUOTA_GATEWAY"


# Proxy and locale.
