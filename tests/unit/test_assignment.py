"""What ``config --set`` understands."""

from __future__ import annotations

import pytest

from trayquota.core.errors import ConfigError
from trayquota.settings.assignment import parse_assignment


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


@pytest.mark.parametrize("text", ["", "calm", "=true", "names={}", "# calm=true", "a b=c", "[" * 5000 + "=1"])
def test_what_sets_nothing_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="expected KEY=VALUE, as in") as raised:
        parse_assignment(text)
    assert len(str(raised.value)) < 100
