"""One line for each status bar: what it says, what is escaped, and which formats are taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.errors import ConfigError
from trayquota.core.model import Account, AccountState
from trayquota.views.line import FIELDS, Line, LineFormat, check_format, format_line, line

from .facts import NOW
from .samples import ADA, BOB, DESIGN, OPTIONS, five_hours, snapshot, usage, weekly

if TYPE_CHECKING:
    from trayquota.core.model import AccountUsage

HOSTILE = Account("claude-x.json", "claude", "<b>#(reboot) %{A1:reboot:}&")
CRITICAL = Line(7, "ada", "Claude", "5-hour", "2h 13m", "critical", "bob", shown="7%")


def made(*usages: AccountUsage) -> Line:
    return line(snapshot(*usages), NOW, OPTIONS, has_details=True)


def test_it_is_about_the_window_with_the_least_left() -> None:
    assert line(DESIGN, NOW, OPTIONS) == Line(
        37, "bob@example.org", "Codex", "Weekly", "4d", "plenty", "ada@example.com", shown="37%"
    )


def test_plain_is_the_percent_and_the_time_until_the_reset() -> None:
    assert format_line(made(usage(BOB, five_hours(42))), "plain") == "42% 2h 13m"
    assert format_line(made(usage(BOB, five_hours(42, None))), "plain") == "42%"
    assert format_line(made(), "plain") == "?"


def test_a_percent_from_an_earlier_refresh_is_never_shown_as_fresh() -> None:
    found = made(usage(BOB, five_hours(42), state=AccountState.STALE))
    assert format_line(found, "plain") == "~42% 2h 13m"
    assert json.loads(format_line(found, "waybar"))["alt"] == "stale"
    assert json.loads(format_line(found, "json"))["stale"] is True


@pytest.mark.parametrize(
    ("left", "level"), [(80, "plenty"), (20, "low"), (9.5, "critical"), (0, "empty"), (None, "unknown")]
)
def test_the_class_of_waybar_is_the_level(left: float | None, level: str) -> None:
    found = json.loads(format_line(made(usage(BOB, five_hours(left))), "waybar"))
    assert (found["class"], found["alt"]) == (level, level)
    assert ("percentage" in found) is (left is not None)


def test_waybar_gets_text_percentage_and_a_tooltip_of_all_accounts() -> None:
    found = made(usage(ADA, five_hours(42), weekly(80)), usage(BOB, weekly(37)))
    assert json.loads(format_line(found, "waybar")) == {
        "text": "37% 3d 4h",
        "tooltip": "Next: Codex bob@example.org, 37%\nClaude ada@example.com: 42%\nCodex bob@example.org: 37%",
        "class": "plenty",
        "alt": "plenty",
        "percentage": 37,
    }


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("polybar", "%{F#e01b24}7% 2h 13m%{F-}"),
        ("tmux", "#[fg=#e01b24]7% 2h 13m#[default]"),
        ("i3blocks", '{"full_text":"7% 2h 13m","short_text":"7%","color":"#e01b24"}'),
        (
            "{percent}% {account} {provider} {window} {resets_in} {level} {next}",
            "7% ada Claude 5-hour 2h 13m critical bob",
        ),
        ("tmux:{account}", "#[fg=#e01b24]ada#[default]"),
        ("<{percent}>", "<7>"),
    ],
)
def test_each_bar_has_its_own_form_and_colour(form: str, wanted: str) -> None:
    assert check_format(form) == form
    assert format_line(CRITICAL, form) == wanted


@pytest.mark.parametrize("form", ["polybar", "tmux", "i3blocks", "plain"])
def test_plenty_has_the_colour_of_the_bar(form: str) -> None:
    text = format_line(replace(CRITICAL, level="plenty"), form)
    assert "color" not in text
    assert "F#" not in text
    assert "fg=" not in text


def test_names_are_escaped_for_the_bar_that_shows_them() -> None:
    found = made(usage(HOSTILE, five_hours(42)), usage(BOB, weekly(80)))
    waybar = json.loads(format_line(found, "waybar:{account}"))
    assert waybar["text"] == "&lt;b&gt;#(reboot) %{A1:reboot:}&amp;"
    assert "<" not in waybar["tooltip"]
    assert format_line(found, "tmux:{account}") == "<b>##(reboot) %{A1:reboot:}&"
    assert format_line(found, "polybar:{account}") == "<b>#(reboot) % {A1:reboot:}&"
    assert format_line(found, "{account}") == HOSTILE.name


def test_hidden_names_are_numbers_in_a_line_too() -> None:
    found = line(DESIGN, NOW, replace(OPTIONS, hide_names=True), has_details=True)
    assert (found.account, found.next) == ("account 1", "account 1")
    assert "@" not in " ".join(found.details)


def test_json_has_every_field_of_a_template() -> None:
    found = json.loads(format_line(CRITICAL, "json"))
    assert found == {"schema": 1, "stale": False} | {name: getattr(CRITICAL, name) for name in FIELDS}


@pytest.mark.parametrize("form", ["json", "waybar", "i3blocks"])
def test_a_code_page_of_windows_breaks_a_document(form: str) -> None:
    name = "Jürgen 用户 \N{ROCKET}"
    document = format_line(replace(CRITICAL, account=name, shown=name, resets_in=""), form)
    assert document.isascii()
    assert name in json.loads(document).values()


@pytest.mark.parametrize("form", ["waybar:\udcff{percent}", "i3blocks:\udcff{percent}", "\udcff{percent}"])
def test_a_template_in_another_encoding_breaks_a_line(form: str) -> None:
    assert "?7" in format_line(CRITICAL, form)


@pytest.mark.parametrize("form", [*LineFormat, "{percent}", "waybar:{account} {{}}", "polybar:%{{B#f00}}{percent}"])
def test_formats_that_are_taken(form: str) -> None:
    assert check_format(form) == form


@pytest.mark.parametrize(
    "form", ["", "bar", "{", "{percent", "{0}", "{}", "{percent:>9}", "{percent!r}", "{percent.real}", "{a}\n", "tmux:"]
)
def test_other_formats_are_refused_with_what_was_expected(form: str) -> None:
    with pytest.raises(ConfigError, match="--format: expected plain, waybar"):
        check_format(form)
