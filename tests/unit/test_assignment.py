"""What ``config --set`` understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import ConfigError
from trayquota.settings.assignment import parse_assignment
from trayquota.settings.edit import set_settings
from trayquota.settings.load import check_content
from trayquota.settings.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("calm=true", {("calm",): True}),
        ("interval_minutes = 2.5", {("interval_minutes",): 2.5}),
        ("icon_style=ring", {("icon_style",): "ring"}),
        ('icon_style="ring"', {("icon_style",): "ring"}),
        ("quiet_hours=22:00-08:00", {("quiet_hours",): "22:00-08:00"}),
        ("ntfy=https://ntfy.example.com/a=b#c", {("ntfy",): "https://ntfy.example.com/a=b#c"}),
        ("locale=", {("locale",): ""}),
        ("proxy =", {("proxy",): ""}),
        ("folder=C:\\Users\\ada", {("folder",): "C:\\Users\\ada"}),
        ('pinned=["a.json", "b.json"]', {("pinned",): ("a.json", "b.json")}),
        ('names."claude-ada@example.com.json"=Work', {("names", "claude-ada@example.com.json"): "Work"}),
        ('names={a="1", b="2"}', {("names", "a"): "1", ("names", "b"): "2"}),
    ],
)
def test_a_value_is_toml_or_else_a_text(text: str, expected: dict[tuple[str, ...], object]) -> None:
    assert parse_assignment(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "calm", "=true", "names={}", "# calm=true", "a b=c", "[" * 5000 + "=1", "names.a=\udcff", 'names.a="\udcff"'],
)
def test_what_sets_nothing_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="expected KEY=VALUE, as in") as raised:
        parse_assignment(text)
    assert len(str(raised.value)) < 100


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("calm=perhaps", "calm: expected true or false."),
        ("interval=5", "interval: there is no such setting. Expected one of folder, "),
        ("quiet_hours=at night", 'quiet_hours: expected a span of the day, as in "22:00-08:00", or nothing.'),
        ("ntfy=ftp://user:secret@example.com", "ntfy: expected the https address of a topic"),
        ("proxy=ftp://user:secret@example.com", "proxy: expected http://HOST:PORT"),
        ("folder.deeper=1", "folder: expected the path of the credentials folder"),
        ("work_days=someday", "work_days: expected days of the week"),
    ],
)
def test_what_no_setting_takes_changes_nothing_and_is_not_repeated(tmp_path: Path, change: str, expected: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text("calm = false # for now\n")
    paths = Paths(path, tmp_path, tmp_path, tmp_path)
    with pytest.raises(ConfigError) as raised:
        set_settings(path, parse_assignment(change), lambda content: check_content(content, paths))
    assert expected in str(raised.value)
    assert "secret" not in str(raised.value)
    assert path.read_text() == "calm = false # for now\n"
