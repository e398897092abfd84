"""Where forecasts from a person's own use are shown, and in which words."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.history import AccountHistory, Cycle, WindowHistory
from trayquota.core.model import AccountState, AccountUsage, QuotaWindow, Snapshot
from trayquota.core.past_use_backtest import proven_past_use
from trayquota.core.work_time import WorkTime
from trayquota.views.history_outlook import tightest
from trayquota.views.history_page import history_page
from trayquota.views.json_document import json_document
from trayquota.views.labels import window_label
from trayquota.views.tray import tray_view

from .page_reading import Page
from .samples import ADA, OPTIONS
from .test_past_use_forecast import DAY, HOUR, MONDAY, WEEK, WEEK_S, cycles, noons, past_of

if TYPE_CHECKING:
    from datetime import timedelta

BEGIN = MONDAY + 8 * WEEK
PAST = past_of(noons(8, 40, days=2), BEGIN)
"""All of a week's use is on Monday and Tuesday, at noon."""


def label(used: float, since_begin: timedelta) -> str:
    now, window = BEGIN + since_begin, QuotaWindow("Weekly", used, BEGIN + WEEK, WEEK_S)
    return window_label(window, now, now, OPTIONS, PAST).split(" · ")[-1]


def test_a_row_says_how_likely_it_is() -> None:
    assert label(80, 2 * DAY) == "lasts until reset (90% likely)"
    assert label(60, 14 * HOUR) == "runs out in 22h 48m (90% likely)"


def test_work_days_that_are_set_go_before_it() -> None:
    now, window = BEGIN + 2 * DAY, QuotaWindow("Weekly", 80, BEGIN + WEEK, WEEK_S)
    options = replace(OPTIONS, work_time=WorkTime(frozenset(range(5)), zone=UTC))
    assert window_label(window, now, now, options, PAST).endswith("by work days")
    assert "likely" not in window_label(window, now, now, options, PAST)


def test_the_menu_goes_by_it_where_there_is_one_and_data_for_scripts_by_the_even_pace() -> None:
    now = BEGIN + 14 * HOUR
    window = QuotaWindow("Weekly", 60.0, BEGIN + WEEK, WEEK_S)
    snapshot = Snapshot((AccountUsage(ADA, AccountState.OK, (window,), updated_at=now),))
    options = replace(OPTIONS, past_use={(ADA.id, "Weekly"): PAST})
    rows = [
        next(item.label for item in tray_view(snapshot, now, shown).menu if "% " in item.label)
        for shown in (OPTIONS, options)
    ]
    assert [row.split(" · ")[-1] for row in rows] == ["runs out in 9h 20m", label(60, 14 * HOUR)]
    assert '"runs_out_at": "2026-04-27T23:20:00Z"' in json_document(snapshot, now)


def habits(used: float) -> WindowHistory:
    running = Cycle(BEGIN, used, BEGIN + WEEK)
    samples = noons(8, 40, days=2)
    samples.at_s.append(int((BEGIN + DAY).timestamp()))
    samples.used.append(round(used * 100))
    return WindowHistory("Weekly", WEEK_S, samples, (*cycles(8), running))


def page(used: float, since_begin: timedelta) -> Page:
    return Page(history_page([AccountHistory(ADA, (habits(used),))], 42, BEGIN + since_begin, OPTIONS))


def test_the_page_says_that_it_is_from_the_persons_own_use_and_draws_it() -> None:
    lasts = page(80, 2 * DAY)
    assert "by your own use at these hours of the week it probably lasts until then (90% likely)" in lasts.text
    assert len([line for line in lasts.tags if line[1].get("class") == "forecast"]) == 1
    assert "it probably runs out Tue 12:48 (90% likely)" in page(60, 14 * HOUR).text


def test_a_page_of_many_accounts_looks_at_the_windows_with_the_least_left() -> None:
    histories = [AccountHistory(ADA, (habits(percent),)) for percent in range(10, 90)]
    chosen = [window.cycles[-1].used_percent for window in tightest(histories)]
    assert chosen == list(range(89, 73, -1))
    assert proven_past_use(histories[0].windows[0], BEGIN + DAY, PAST.clock) is not None
