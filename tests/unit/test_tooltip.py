"""The tooltip where there is little room: 127 UTF-16 units on Windows, eight lines on Plasma."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import AccountState
from trayquota.core.text import clean
from trayquota.views.tooltip import tooltip
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext, TrayLimits
from trayquota.views.tray_view import IconSpec, TrayView

from .facts import NOW
from .hostile import ANY_TEXT
from .samples import ADA, BOB, DESIGN, EXPIRED, OPTIONS, five_hours, numbered, snapshot, usage, weekly

if TYPE_CHECKING:
    from trayquota.core.model import AccountUsage

WINDOWS = 127
AGE = "Updated 2 min ago"
PLASMA = TrayLimits(tooltip_lines=8, tooltip_chars=45)
LONG = "alexandra.constantinopoulou@subdomain.department.example.com"


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def tooltip_within(view: TrayView, limit: int) -> str:
    return tooltip(view, TrayLimits(tooltip_utf16_units=limit))


def shown(headline: str, *brief: str) -> TrayView:
    return TrayView(IconSpec(), headline, ("a long line " * 20,), brief, ())


def test_a_tooltip_that_fits_is_whole() -> None:
    found = tray_view(snapshot(usage(BOB, five_hours(42))), NOW, OPTIONS)
    assert tooltip_within(found, WINDOWS) == tooltip(found)
    assert tooltip_within(found, units(tooltip(found))) == tooltip(found)
    assert tooltip_within(found, units(tooltip(found)) - 1) != tooltip(found)


def test_the_tooltip_of_the_design_in_little_room() -> None:
    assert tooltip_within(tray_view(DESIGN, NOW, OPTIONS), WINDOWS).splitlines() == [
        "37% left: Codex bob@example.org, Weekly",
        "Claude ci@example.com login expired",
        "Codex bob@example.org 37%",
        "+1 more",
    ]


def test_the_most_constrained_accounts_come_first() -> None:
    accounts = [numbered(number, five_hours(100 - number)) for number in range(30)]
    found = tray_view(snapshot(*accounts, usage(BOB, state=AccountState.EXPIRED, failure=EXPIRED)), NOW, OPTIONS)
    assert found.brief[:3] == (
        "Codex bob@example.org login expired",
        "Claude user029@example.com 71%",
        "Claude user028@example.com 72%",
    )
    lines = tooltip_within(found, WINDOWS).splitlines()
    assert lines[0] == found.headline
    assert tuple(lines[1:-1]) == found.brief[: len(lines) - 2]
    assert lines[-1] == f"+{31 - len(lines) + 2} more"


def test_room_is_counted_in_utf16_units() -> None:
    found = shown("\N{ROCKET}" * 5, "ab")
    assert tooltip_within(found, 10) == "\N{ROCKET}" * 5
    assert tooltip_within(found, 13) == "\N{ROCKET}" * 5 + "\nab"
    assert tooltip_within(found, 9) == "\N{ROCKET}" * 3 + "…"


@pytest.mark.parametrize(
    ("limit", "text"),
    [(8, "headline"), (7, "headli…"), (2, "h…"), (1, "…"), (0, ""), (15, "headline"), (16, "headline\n+2 more")],
)
def test_a_headline_that_is_too_long_ends_in_an_ellipsis(limit: int, text: str) -> None:
    assert tooltip_within(shown("headline", "an account", "another one"), limit) == text


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=8), st.integers(0, 200))
def test_a_tooltip_never_takes_more_room_than_there_is(headline: str, brief: list[str], limit: int) -> None:
    found = shown(headline, *brief)
    text = tooltip_within(found, limit)
    assert units(text) <= limit
    if units(headline) <= limit:
        assert text.startswith(headline)


def on_plasma(*usages: AccountUsage) -> list[str]:
    view = tray_view(snapshot(*usages), NOW, OPTIONS, TrayContext(PLASMA))
    headline, *lines = tooltip(view, PLASMA).splitlines()
    assert headline == view.headline
    assert lines[0] == view.advice
    return lines[1:]


def rows(lines: list[str]) -> int:
    return sum(len(textwrap.wrap(line, 45)) for line in lines)


def test_few_accounts_are_told_in_full_where_their_lines_wrap() -> None:
    lines = on_plasma(*(numbered(number, five_hours(50), weekly(60)) for number in range(3)))
    assert [line.startswith("Claude user00") and "Weekly 60%" in line for line in lines] == [True] * 3 + [False]
    assert rows(lines) == 7


def test_more_accounts_have_a_short_line_each_and_the_age() -> None:
    lines = on_plasma(*(numbered(number, five_hours(50 - number), weekly(60)) for number in range(6)))
    assert lines == [*(f"Claude user{number:03}@example.com {50 - number}%" for number in range(5, -1, -1)), AGE]


@pytest.mark.parametrize("count", [8, 30, 300])
def test_what_is_left_out_is_counted_and_the_most_constrained_stay(count: int) -> None:
    lines = on_plasma(*(numbered(number, five_hours(90 - number / 10), weekly(95)) for number in range(count)))
    assert len(lines) == 7
    assert lines[-1] == f"+{count - 6} more · {AGE}"
    assert lines[0].startswith(f"Claude user{count - 1:03}@")


def test_a_long_name_is_shortened_in_the_middle_so_that_its_line_does_not_wrap() -> None:
    accounts = [usage(replace(ADA, id=f"{n}.json", name=f"{n}{LONG}"), five_hours(30 + n)) for n in range(9)]
    lines = on_plasma(*accounts)
    assert [len(line) for line in lines[:-1]] == [45] * 6
    assert all("…" in line and line.startswith(f"Claude {n}alexandra") for n, line in enumerate(lines[:-1]))
    assert all(line.endswith(f"example.com {30 + n}%") for n, line in enumerate(lines[:-1]))


@given(st.lists(st.tuples(ANY_TEXT, st.integers(0, 100)), max_size=40), st.integers(1, 12), st.integers(24, 80))
def test_a_tooltip_never_has_more_lines_than_there_is_room_for(
    accounts: list[tuple[str, int]], lines: int, chars: int
) -> None:
    limits = TrayLimits(tooltip_lines=lines, tooltip_chars=chars)
    usages = [
        usage(replace(ADA, id=f"{n}", name=clean(name)), five_hours(left)) for n, (name, left) in enumerate(accounts)
    ]
    text = tooltip(tray_view(snapshot(*usages), NOW, OPTIONS, TrayContext(limits)), limits)
    assert sum(max(1, len(textwrap.wrap(line, chars))) for line in text.splitlines()[1:]) <= lines


def test_who_wants_no_tooltip_has_none() -> None:
    view = tray_view(DESIGN, NOW, replace(OPTIONS, has_tooltip=False))
    assert tooltip(view) == ""
    assert view.headline, "a notification has it all the same"
