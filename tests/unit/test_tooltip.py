"""The tooltip where there is little room, as on Windows: 127 UTF-16 units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.model import AccountState
from trayquota.views.tooltip import tooltip, tooltip_within
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import IconSpec, TrayView

from .facts import NOW
from .hostile import ANY_TEXT
from .samples import BOB, DESIGN, EXPIRED, OPTIONS, five_hours, numbered, snapshot, usage

WINDOWS = 127


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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
