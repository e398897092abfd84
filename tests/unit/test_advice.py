"""What to do next, in words, and where it is shown."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from rich.console import Console

from trayquota.core.model import AccountState, ResetCredits
from trayquota.views.advice import Advice, advise, find_next
from trayquota.views.alerts import check_alerts
from trayquota.views.table import print_table
from trayquota.views.tooltip import tooltip
from trayquota.views.tray import tray_view

from .facts import NOW
from .samples import ADA, BOB, CI, OPTIONS, five_hours, later, snapshot, span, usage, weekly

if TYPE_CHECKING:
    from trayquota.core.model import AccountUsage

NOTIFYING = replace(OPTIONS, notifies_lapses=True)
LAPSING = usage(BOB, five_hours(90), weekly(38, "5h"))


def advice(*usages: AccountUsage, max_chars: int | None = None) -> Advice:
    seen = snapshot(*usages)
    return advise(seen, find_next(seen, NOW, OPTIONS), NOW, OPTIONS, max_chars=max_chars)


def line(*usages: AccountUsage) -> str:
    return advice(*usages).line


def test_the_next_account_is_named_with_what_is_left_and_why() -> None:
    assert line(usage(ADA, five_hours(62), weekly(80, "1d")), usage(BOB, weekly(50))) == (
        "Next: Claude ada@example.com, 62%, resets first"
    )
    assert line(usage(ADA, weekly(0)), usage(BOB, weekly(50))) == "Next: Codex bob@example.org, 50%"


@pytest.mark.parametrize("state", [AccountState.DISABLED, AccountState.UNSUPPORTED])
def test_where_there_is_one_account_there_is_no_choice(state: AccountState) -> None:
    assert line(usage(ADA, weekly(50))) == ""
    assert line(usage(ADA, weekly(50)), usage(BOB, state=state)) == ""


def test_where_nobody_has_room_the_first_to_be_back_is_named() -> None:
    empty = (usage(ADA, five_hours(50), weekly(0, "3d 2h")), usage(BOB, five_hours(0, "4h"), weekly(0, "5d")))
    assert line(*empty) == "Fri 14:00: Claude ada@example.com is back"
    assert line(empty[0]) == "Fri 14:00: Claude ada@example.com is back"


def test_nobody_is_said_to_be_back_first_while_another_may_have_room() -> None:
    assert line(usage(ADA, weekly(0)), usage(CI, state=AccountState.ERROR)) == ""
    assert line(usage(ADA, weekly(0)), usage(CI, state=AccountState.EXPIRED)) != ""


def test_a_line_is_shortened_to_the_room_of_the_tooltip_in_its_name() -> None:
    one = usage(ADA, weekly(50, "1d"))
    found = advice(one, usage(BOB, weekly(50)), max_chars=45)
    assert len(found.brief) == 45
    assert found.brief.startswith("Next: Claude ada@e")
    assert found.brief.endswith("com, 50%, resets first")
    assert found.line == "Next: Claude ada@example.com, 50%, resets first"


def test_it_is_in_tooltip_and_menu_and_the_account_is_marked() -> None:
    both = snapshot(usage(ADA, weekly(50, "1d 1h")), usage(BOB, weekly(50)))
    view = tray_view(both, NOW, OPTIONS)
    wanted = "Next: Claude ada@example.com, 50%, resets first"
    assert tooltip(view).splitlines()[1] == wanted
    assert [row.label for row in view.menu if row.key == "next"] == [wanted]
    out = io.StringIO()
    print_table(both, NOW, OPTIONS, Console(file=out, width=200))
    assert wanted not in out.getvalue(), "the header's mark says it already"
    headers = [row.label for row in view.menu if row.key in {ADA.id, BOB.id}]
    assert headers == ["Claude · ada@example.com · Max 20x · next", "Codex · bob@example.org · Plus"]
    assert [text for text in out.getvalue().splitlines() if text in headers] == headers


# What lapses.


def lapsing() -> tuple[AccountUsage, ...]:
    resets = replace(usage(ADA, weekly(90)), reset_credits=ResetCredits(2, later("6h")))
    ending = usage(replace(CI, subscription_ends_at=later("2d")), weekly(90))
    return (resets, ending, LAPSING)


def test_what_lapses_is_a_submenu_earliest_first() -> None:
    view = tray_view(snapshot(*lapsing()), NOW, OPTIONS)
    (submenu,) = (row for row in view.menu if row.key == "lapses")
    assert [row.label for row in submenu.children] == [
        "38% of this week on Codex bob@example.org lapses in 5h",
        "2 limit resets to use on Claude ada@example.com; lapses in 6h",
        "The subscription of Claude ci@example.com ends in 2d (Thu 12:00)",
    ]
    assert submenu.label == "Lapses soon"
    assert not [row for row in tray_view(snapshot(usage(ADA, weekly(90))), NOW, OPTIONS).menu if row.key == "lapses"]


def test_of_each_lapse_there_is_one_notification_a_cycle() -> None:
    states, alert = check_alerts({}, snapshot(LAPSING), NOW, NOTIFYING)
    assert alert is not None
    assert (alert.title, alert.body) == (
        "Codex bob@example.org",
        "38% of this week on Codex bob@example.org lapses in 5h",
    )
    states, alert = check_alerts(states, snapshot(LAPSING), NOW + span("4h"), NOTIFYING)
    assert alert is None
    next_week = replace(LAPSING, windows=(weekly(60, "7d 5h"),), updated_at=later("6d 8h"))
    _, alert = check_alerts(states, snapshot(next_week), later("6d 8h"), NOTIFYING)
    assert alert is not None
    assert "60% of this week" in alert.body


def test_lapses_are_not_notified_of_by_default() -> None:
    assert check_alerts({}, snapshot(*lapsing()), NOW, OPTIONS)[1] is None
