"""The history as text and data."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta

from rich.console import Console

from trayquota.core.history import AccountHistory, Cycle, SampleSeries, WindowHistory, lowest_remaining
from trayquota.views.history_chart import print_charts, window_summary
from trayquota.views.history_data import history_csv, history_json
from trayquota.views.sparklines import spark_text

from .facts import NOW
from .samples import ADA, OPTIONS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def series(*samples: tuple[datetime, float]) -> SampleSeries:
    found = SampleSeries()
    for at, used in samples:
        found.at_s.append(int(at.timestamp()))
        found.used.append(round(used * 100))
    return found


def test_a_sample_holds_until_the_next_and_the_least_in_a_span_counts() -> None:
    samples = series((NOW - 10 * HOUR, 20), (NOW - 7 * HOUR, 60), (NOW - 6.5 * HOUR, 10))
    assert lowest_remaining(samples, NOW - 8 * HOUR, NOW, 4) == [40, 90, 90, 90]


def test_nothing_is_known_before_the_first_sample_nor_a_day_after_the_last() -> None:
    samples = series((NOW - 4 * DAY, 20))
    assert lowest_remaining(samples, NOW - 5 * DAY, NOW, 5) == [None, 80, 80, None, None]
    assert lowest_remaining(series(), NOW - DAY, NOW, 3) == [None] * 3


def test_a_sample_of_long_before_the_span_says_nothing_about_it() -> None:
    assert lowest_remaining(series((NOW - 9 * DAY, 20)), NOW - DAY, NOW, 2) == [None, None]


def test_sparklines_rise_with_what_is_left() -> None:
    assert spark_text([0, 12, 13, 50, 99.9, 100, None]) == "▁▁▂▅██ "


def test_the_summary_counts_cycles_that_have_ended() -> None:
    cycles = (Cycle(NOW - 2 * DAY, 61, ended_at=NOW - DAY), Cycle(NOW - DAY, 20, ended_at=NOW), Cycle(NOW, 100))
    summary = window_summary(WindowHistory("Weekly", cycles=cycles))
    assert summary == "Weekly: 2 cycles ended, on average 40% used, 60% left unused"


def test_charts_have_the_width_of_the_terminal_and_a_thin_line_where_nothing_is_left() -> None:
    window = WindowHistory("Weekly", None, series((NOW - 2 * DAY, 0), (NOW - 1.5 * DAY, 100), (NOW - DAY, 50)))
    text = io.StringIO()
    console = Console(file=text, width=26, highlight=False)
    print_charts([AccountHistory(ADA, (window,))], NOW - 2 * DAY, NOW, OPTIONS, console)
    assert [line.rstrip() for line in text.getvalue().splitlines()] == [
        "Claude ada@example.com",
        "  Weekly: no cycle has",
        "  ended yet",
        " 100% █████",
        "      █████     ▄▄▄▄▄▄▄▄▄▄",
        "   0% █████▁▁▁▁▁██████████",
        "      20 Sept          now",
    ]


def test_a_terminal_without_a_width_has_no_chart() -> None:
    window = WindowHistory("Weekly", None, series((NOW - DAY, 50)))
    text = io.StringIO()
    print_charts([AccountHistory(ADA, (window,))], NOW - 2 * DAY, NOW, OPTIONS, Console(file=text, width=0))
    assert "     ▄▄▄▄▄" in text.getvalue()


def test_documents_state_unknown_ends_as_null_and_round_nothing_away() -> None:
    window = WindowHistory("Weekly", None, series((NOW, 33.33)), (Cycle(NOW, 33.33),))
    (account,) = json.loads(history_json([AccountHistory(ADA, (window,))]))["accounts"]
    assert account["windows"] == [
        {
            "title": "Weekly",
            "samples": [{"at": "2026-09-22T12:00:00Z", "remaining_percent": 66.67}],
            "cycles": [
                {
                    "started_at": "2026-09-22T12:00:00Z",
                    "ended_at": None,
                    "used_percent": 33.33,
                    "ended_early": False,
                }
            ],
        }
    ]


def test_no_cell_is_a_formula() -> None:
    window = WindowHistory("=1+1", None, series((NOW, 40)))
    assert history_csv([AccountHistory(ADA, (window,))]).splitlines() == [
        "account,provider,name,window,at,remaining_percent",
        "claude-ada@example.com.json,claude,ada@example.com,'=1+1,2026-09-22T12:00:00Z,60.0",
    ]
