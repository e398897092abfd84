"""Notifications that are held back: in the quiet hours, while they are snoozed, and for one window until its reset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.history import EarlyReset
from trayquota.core.model import AccountState, Level
from trayquota.engine.alert_notifier import AlertNotifier
from trayquota.store.state import StateStore
from trayquota.views.alert_state import AlertKey
from trayquota.views.labels import DisplayOptions
from trayquota.views.pause_alerts import changed_alert
from trayquota.views.snooze_menu import snooze_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext
from trayquota.views.tray_view import SnoozeFor, SnoozeUntil, SnoozeWindows

from .alert_samples import ADA, EXPIRED, HOUR, NOW, failing, lines, snapshot, usage, window
from .samples import DESIGN

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.core.model import AccountUsage
    from trayquota.views.alert import Alert
    from trayquota.views.tray_view import Snooze

QUIET = DisplayOptions(zone=UTC, quiet_hours="11:00-13:00")
DAY = 24 * HOUR


OPTIONS = DisplayOptions(zone=UTC)


class Person:
    """Somebody with a clock, who is notified by the real notifier and store."""

    def __init__(self, path: Path, options: DisplayOptions = OPTIONS) -> None:
        self.now = NOW
        self.path = path
        self.store = StateStore(path)
        self.alerts: list[Alert] = []
        self.notifier = AlertNotifier(self.store, self.alerts.append, lambda: self.now, options)

    def sees(self, *usages: AccountUsage) -> list[str]:
        """Return the events that this snapshot notifies of."""
        self.alerts.clear()
        self.notifier(snapshot(*usages))
        return [line for alert in self.alerts for line in lines(alert)]

    def is_shown_what_was_held_back(self) -> list[str]:
        self.alerts.clear()
        self.notifier.notify_held_back()
        return [line for alert in self.alerts for line in lines(alert)]

    def snoozes(self, choice: Snooze) -> None:
        self.alerts.clear()
        self.notifier.snooze(choice)

    def restarts(self) -> Person:
        self.store.save({ADA.id: AccountRecord(ADA, self.now)}, self.now)
        after = Person(self.path, self.notifier.options)
        after.now = self.now
        return after


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


LOW, LATER_LOW = usage(window(20, 9 * HOUR, length=DAY)), usage(window(20, 7 * HOUR, length=DAY))


def test_what_comes_up_in_the_quiet_hours_is_shown_once_when_they_end_if_it_is_still_so(path: Path) -> None:
    person = Person(path, QUIET)
    assert person.sees(LOW, failing(EXPIRED)) == []
    assert person.is_shown_what_was_held_back() == [], "it is quiet still"
    person.now += 2 * HOUR
    (shown,) = person.is_shown_what_was_held_back()
    assert shown.startswith("Claude ada@example.com, 5-hour: 20% left")
    assert person.is_shown_what_was_held_back() == []
    assert person.sees(LATER_LOW) == []


def test_what_is_over_when_the_quiet_hours_end_is_not_shown(path: Path) -> None:
    person = Person(path, QUIET)
    person.sees(LOW)
    person.sees(usage(window(90, DAY, length=DAY)))
    person.now += 2 * HOUR
    assert person.is_shown_what_was_held_back() == []


def test_what_was_held_back_is_shown_after_a_restart_too(path: Path) -> None:
    person = Person(path, QUIET)
    person.sees(LOW)
    person.now += 2 * HOUR
    assert len(person.restarts().sees(LATER_LOW)) == 1


def test_an_early_reset_is_held_back_with_the_rest(path: Path) -> None:
    person = Person(path, QUIET)
    reset = EarlyReset(ADA.id, "5-hour", 40)
    person.notifier.notify_early_resets([reset], snapshot(usage(window(100))))
    assert person.alerts == []
    person.now += 2 * HOUR
    shown = person.is_shown_what_was_held_back()
    assert shown == ["Claude ada@example.com, 5-hour: reset before its time, with 60% left"]
    assert person.is_shown_what_was_held_back() == []


def test_a_snooze_holds_all_back_until_it_ends_and_over_a_restart(path: Path) -> None:
    person = Person(path)
    person.snoozes(SnoozeUntil(NOW + HOUR))
    assert person.sees(LOW) == []
    person = person.restarts()
    assert person.notifier.snoozed_until == NOW + HOUR
    assert person.sees(LOW) == []
    person.now += HOUR
    assert not person.notifier.snoozed_until
    assert len(person.is_shown_what_was_held_back()) == 1


def test_a_snooze_that_is_ended_shows_what_it_held_back(path: Path) -> None:
    person = Person(path)
    person.snoozes(SnoozeUntil(NOW + HOUR))
    person.sees(LOW)
    person.snoozes(SnoozeFor(0))
    assert len(person.alerts) == 1
    assert person.restarts().notifier.snoozed_until is None


def test_another_process_that_saves_keeps_the_snooze(path: Path) -> None:
    person = Person(path)
    person.snoozes(SnoozeUntil(NOW + HOUR))
    person.store.save({}, NOW)
    StateStore(path).save({}, NOW)
    assert StateStore(path).snoozed_until() == NOW + HOUR


def test_a_window_that_is_snoozed_is_notified_of_again_only_when_it_has_reset(path: Path) -> None:
    person = Person(path)
    person.sees(LOW)
    (alert,) = person.alerts
    assert alert.snoozable == (AlertKey(ADA.id, "5-hour", ADA.person.tag),)
    person.snoozes(SnoozeWindows(alert.snoozable))
    assert person.sees(usage(window(0, 9 * HOUR, length=DAY))) == []
    person = person.restarts()
    other = usage(window(5, 9 * HOUR, title="Weekly", length=DAY))
    assert len(person.sees(usage(window(5, 9 * HOUR, length=DAY)), other)) == 1, "the other window is not snoozed"
    person.now += 10 * HOUR
    fresh = replace(usage(window(100, 30 * HOUR, length=DAY)), updated_at=person.now)
    assert person.sees(fresh) == ["Claude ada@example.com, 5-hour: has reset, 100% left"]


@pytest.mark.parametrize(("left", "count"), [(20, 1), (5, 1), (0, 0)])
def test_what_is_empty_needs_no_snooze(path: Path, left: float, count: int) -> None:
    person = Person(path)
    person.sees(usage(window(left)))
    assert len(person.alerts[0].snoozable) == count


@pytest.mark.parametrize(
    ("first", "then", "sound"), [(5, 0, "dialog-warning"), (20, 100, "complete"), (80, 20, ""), (20, 5, "")]
)
def test_an_empty_quota_and_a_reset_are_heard(path: Path, first: float, then: float, sound: str) -> None:
    person = Person(path)
    person.sees(usage(window(first)))
    person.sees(usage(window(then, 6 * HOUR if then == 100 else HOUR)))
    assert [alert.sound for alert in person.alerts] == [sound]


def test_what_leaves_the_machine_has_numbers_for_names(path: Path) -> None:
    person = Person(path)
    person.sees(LOW, failing(EXPIRED, replace(ADA, id="other.json"), AccountState.EXPIRED))
    anonymous = person.alerts[0].anonymous
    assert anonymous is not None
    assert "@" not in anonymous.title + anonymous.body
    assert "Claude account 1, 5-hour: 20% left" in anonymous.body


# The menu.


def test_what_the_program_has_changed_is_held_back_and_leaves_the_machine_without_names(path: Path) -> None:
    person = Person(path, QUIET)
    change = partial(changed_alert, ADA.id, NOW + HOUR, snapshot(usage(window(0))), NOW)
    person.notifier.notify_change(change)
    assert person.alerts == []
    person.now += 2 * HOUR
    person.is_shown_what_was_held_back()
    (alert,) = person.alerts
    assert ADA.name in alert.title
    assert alert.anonymous is not None
    assert ADA.name not in alert.anonymous.title + alert.anonymous.body
    person.is_shown_what_was_held_back()
    assert person.alerts == []


def test_the_menu_offers_an_hour_tomorrow_and_the_reset() -> None:
    item = snooze_menu_item(None, NOW + HOUR, NOW, OPTIONS)
    assert item.label == "Snooze notifications"
    assert [(row.label, row.action) for row in item.children] == [
        ("Until the reset (13:00)", SnoozeUntil(NOW + HOUR)),
        ("For 1 hour", SnoozeFor(60)),
        ("Until tomorrow (Wed 08:00)", SnoozeUntil(datetime(2026, 9, 23, 8, tzinfo=UTC))),
    ]


def test_a_reset_that_is_unknown_or_past_is_not_offered() -> None:
    for resets_at in (None, NOW, NOW - HOUR):
        assert len(snooze_menu_item(None, resets_at, NOW, OPTIONS).children) == 2


def test_the_menu_says_until_when_and_how_to_end_it() -> None:
    item = snooze_menu_item(NOW + HOUR, None, NOW, OPTIONS)
    assert item.label == "Notifications snoozed until 13:00"
    assert (item.children[0].label, item.children[0].action) == ("Show notifications again", SnoozeFor(0))


def test_the_row_is_there_only_for_those_who_are_notified() -> None:
    def labels(context: TrayContext) -> list[str]:
        return [row.label for row in tray_view(DESIGN, NOW, OPTIONS, context).menu]

    assert "Snooze notifications" in labels(TrayContext(notifies=True))
    assert not any("nooze" in label for label in labels(TrayContext()))


def test_levels_of_a_snoozed_window_are_the_gravest(path: Path) -> None:
    person = Person(path)
    person.sees(LOW)
    person.snoozes(SnoozeWindows(person.alerts[0].snoozable))
    (state,) = person.store.alert_states().values()
    assert (state.level, state.forecast, state.resets_at) == (Level.EMPTY, True, NOW + timedelta(hours=9))
