"""The menu where it has room for so many rows and no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import AccountState, AccountUsage
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext, TrayLimits
from trayquota.views.tray_view import Arrangement, MenuItem, Quit

from .facts import NOW
from .samples import ADA, BOB, EXPIRED, OPTIONS, five_hours, numbered, snapshot, usage, weekly

SETTINGS = settings_menu_item(MenuSettings())
GNOME = TrayContext(TrayLimits(menu_rows=12), settings=SETTINGS)
USUAL = TrayContext(settings=SETTINGS)
ACTIONS = ["Refresh now", "Updated 2 min ago", "Open credentials folder", "Settings", "Quit"]


def people(count: int) -> list[AccountUsage]:
    """Return accounts of which each has less left than the one before."""
    return [numbered(number, five_hours(90 - number / 20), weekly(95)) for number in range(count)]


def menu(usages: list[AccountUsage], context: TrayContext = USUAL) -> list[MenuItem]:
    """Return the rows without lines between them, and without the one on what to do next."""
    view = tray_view(snapshot(*usages), NOW, OPTIONS, context)
    return [row for row in view.menu if not row.separator and row.key != "next"]


def labels(rows: list[MenuItem] | tuple[MenuItem, ...]) -> list[str]:
    return [row.label for row in rows]


def leaves(rows: tuple[MenuItem, ...]) -> list[MenuItem]:
    """Return the account rows below pages."""
    found: list[MenuItem] = []
    for row in rows:
        found += leaves(row.children) if "@" not in row.label else [row]
    return found


def test_few_accounts_stand_in_the_order_of_status() -> None:
    rows = menu(people(4))
    assert [row.label.split(" · ")[1] for row in rows if "@" in row.label] == [
        f"user{number:03}@example.com" for number in range(4)
    ]
    assert labels(rows)[-5:] == ACTIONS


def test_many_accounts_that_fit_are_ordered_by_need() -> None:
    accounts = [numbered(number, five_hours(90 - number)) for number in range(6)]
    names = [row.label.split(" · ")[1] for row in menu(accounts) if "@" in row.label]
    assert names == [f"user{number:03}@example.com" for number in range(5, -1, -1)]


@pytest.mark.parametrize("count", [7, 30, 300, 1500])
@pytest.mark.parametrize(("context", "most"), [(GNOME, 12), (USUAL, 18)])
def test_the_most_constrained_accounts_are_inline_and_the_rest_below_more(
    count: int, context: TrayContext, most: int
) -> None:
    rows = menu(people(count), context)
    assert len(rows) <= most - 1
    inline = [row.label.split(" · ")[1] for row in rows if "@" in row.label]
    assert len(inline) == (most - 7) // 3
    more = rows[len(inline) * 3]
    assert (more.label, labels(rows[len(inline) * 3 + 1 :])) == ("More accounts", ACTIONS)
    names = inline + [row.label.split(" · ")[1] for row in leaves(more.children)]
    assert names == [f"user{number:03}@example.com" for number in range(count - 1, -1, -1)]
    assert leaves(more.children)[-1].label.endswith(" · 90%")
    assert all(labels(row.children)[2:] == ["Rename…", "Pause"] for row in leaves(more.children))


def test_no_submenu_has_more_rows_than_the_menu_may_have() -> None:
    def widest(rows: tuple[MenuItem, ...]) -> int:
        return max([len(rows), *(widest(row.children) for row in rows if row.children)])

    view = tray_view(snapshot(*people(1500)), NOW, OPTIONS, GNOME)
    assert widest(tuple(row for row in view.menu if not row.separator)) <= 12


def test_pages_say_which_accounts_they_have() -> None:
    (more,) = (row for row in menu(people(30), GNOME) if row.label == "More accounts")
    assert labels(more.children) == ["1–12", "13–24", "25–29"]


def test_one_account_that_does_not_fit_needs_no_submenu_around_it() -> None:
    accounts = [numbered(0, five_hours(90), weekly(95), weekly(96)), *people(2)[1:]]
    rows = menu(accounts, GNOME)
    assert labels([row for row in rows if "%" in row.label and row.children]) == ["Claude · user000@example.com · 90%"]


def test_an_account_with_more_rows_than_there_is_room_is_a_submenu() -> None:
    windows = [replace(weekly(50 + number), title=f"Model {number}") for number in range(9)]
    rows = menu([usage(ADA, *windows), usage(BOB, five_hours(70))], GNOME)
    assert labels(rows) == [
        "Claude · ada@example.com · Max 20x · 50%",
        "Codex · bob@example.org · Plus · 70% · next",
        *ACTIONS,
    ]
    assert len(rows[0].children) == 9 + 2


def test_accounts_that_need_the_person_come_first() -> None:
    expired = usage(BOB, state=AccountState.EXPIRED, failure=EXPIRED)
    rows = menu([*people(8), expired], GNOME)
    assert rows[0].label.startswith("Codex · bob@example.org")


def test_what_is_wrong_takes_the_room_of_accounts() -> None:
    context = replace(GNOME, problem="interval_minutes: expected 1 to 1440.")
    rows = menu(people(6), context)
    assert len(rows) <= 12
    assert rows[0].label == context.problem
    assert rows[-1].action == Quit()


def test_a_long_name_is_shortened_in_the_middle() -> None:
    name = "alexandra.constantinopoulou@subdomain.department.example.com"
    (header, *_) = menu([usage(replace(ADA, name=name), five_hours(42))])
    assert header.label == "Claude · alexandra.constantinopou….department.example.com · Max 20x"


# While somebody looks.


def test_an_arrangement_is_kept_while_somebody_looks() -> None:
    before = tray_view(snapshot(*people(8)), NOW, OPTIONS, GNOME)
    turned = [replace(each, windows=(five_hours(10 + n), weekly(95))) for n, each in enumerate(people(8))]
    kept = tray_view(snapshot(*turned), NOW, OPTIONS, replace(GNOME, arrangement=before.arrangement))
    assert kept.arrangement == before.arrangement
    assert [row.key for row in kept.menu] == [row.key for row in before.menu]
    assert "  10%" not in kept.menu[1].label
    assert tray_view(snapshot(*turned), NOW, OPTIONS, GNOME).arrangement != before.arrangement


def test_accounts_come_and_go_without_moving_others_while_somebody_looks() -> None:
    before = tray_view(snapshot(*people(6)), NOW, OPTIONS, GNOME).arrangement
    gone = before.inline[0]
    new = numbered(99, five_hours(1))
    usages = [*(each for each in people(6) if each.account.id != gone), new]
    after = tray_view(snapshot(*usages), NOW, OPTIONS, replace(GNOME, arrangement=before)).arrangement
    assert after.inline == before.inline[1:]
    assert after.more == (*before.more, new.account.id)


@given(st.integers(0, 60), st.integers(6, 30), st.integers(1, 12))
def test_every_account_is_in_the_menu_once_and_there_is_room(count: int, rows: int, windows: int) -> None:
    accounts = [
        numbered(number, *(replace(weekly(50), title=f"Model {each}") for each in range(1 + number % windows)))
        for number in range(count)
    ]
    view = tray_view(snapshot(*accounts), NOW, OPTIONS, TrayContext(TrayLimits(menu_rows=rows)))
    where = view.arrangement
    ids = [*where.inline, *where.nested, *where.more]
    assert sorted(ids) == sorted(each.account.id for each in accounts)
    assert isinstance(where, Arrangement)
    assert len([row for row in view.menu if not row.separator]) <= max(rows, 7)
