"""``show = "used"``: every percent and bar that people read is turned around, and nothing that programs read."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from trayquota.core.history import AccountHistory, Cycle, EarlyReset, WindowHistory
from trayquota.core.model import AccountState, Level
from trayquota.core.next_account import Lapse
from trayquota.views.advice import lapse_text
from trayquota.views.alerts import check_alerts
from trayquota.views.early_reset import early_reset_alert
from trayquota.views.history_chart import print_charts
from trayquota.views.history_page import history_page
from trayquota.views.json_document import json_document
from trayquota.views.line import format_line, line
from trayquota.views.percents import bar_text, percent_text
from trayquota.views.sparklines import spark_text, turned
from trayquota.views.table import print_table
from trayquota.views.tooltip import tooltip
from trayquota.views.tray import tray_view

from .facts import NOW
from .samples import ADA, BOB, DESIGN, OPTIONS, five_hours, later, snapshot, usage, weekly
from .test_history_views import series

USED = replace(OPTIONS, shows_used=True)
ACCOUNTS = snapshot(usage(ADA, five_hours(42), weekly(9.5)), usage(BOB, five_hours(100, None), weekly(37, "6h")))


@given(st.floats(0, 100) | st.none())
def test_what_is_used_is_what_is_not_left(remaining: float | None) -> None:
    left, used = percent_text(remaining, OPTIONS), percent_text(remaining, USED)
    if remaining is None:
        assert left == used == "?"
        assert bar_text(None, USED) == bar_text(None, OPTIONS) == "▱" * 10
    else:
        assert int(left[:-1]) + int(used[:-1]) == 100
        assert bar_text(remaining, USED) == bar_text(remaining, OPTIONS)[::-1].translate({0x25B0: "▱", 0x25B1: "▰"})


def test_the_icon_shows_what_is_used_at_the_level_of_what_is_left() -> None:
    spec = tray_view(ACCOUNTS, NOW, replace(USED, style="bar")).icon
    assert (spec.percent, spec.level, spec.bars) == (91, Level.CRITICAL, (58, 91))
    empty = tray_view(snapshot(usage(ADA, five_hours(0, None))), NOW, USED).icon
    assert (empty.percent, empty.level) == (100, Level.EMPTY)


def test_tooltip_and_menu_say_what_is_used() -> None:
    view = tray_view(ACCOUNTS, NOW, USED)
    assert tooltip(view).split("\n")[:3] == [
        "91% used: Claude ada@example.com, Weekly",
        "Next: Codex bob@example.org, 63%, resets first",
        "Claude ada@example.com: 5-hour 58% (2h 13m), Weekly 91% (3d 4h)",
    ]
    rows = [row.label.replace("\u2007", " ") for row in view.menu]
    assert any(row.startswith("  ▰▰▰▰▰▰▱▱▱▱  58%  5-hour · resets in") for row in rows)
    assert any(row.startswith("  ▱▱▱▱▱▱▱▱▱▱   0%  5-hour · not started") for row in rows)
    assert view.brief[0] == "Claude ada@example.com 91%"


def test_the_most_constrained_account_stays_the_first() -> None:
    left, used = (tray_view(ACCOUNTS, NOW, options) for options in (OPTIONS, USED))
    assert [text.rpartition(" ")[0] for text in left.brief] == [text.rpartition(" ")[0] for text in used.brief]
    assert left.icon.level is used.icon.level


def test_the_table_says_what_is_used() -> None:
    text = io.StringIO()
    print_table(DESIGN, NOW, USED, Console(file=text, width=120))
    assert "63% used at the most: Codex bob@example.org, Weekly" in text.getvalue()
    assert "left" not in text.getvalue()


def test_notifications_say_what_is_used() -> None:
    _, alert = check_alerts({}, snapshot(usage(ADA, weekly(9.5))), NOW, USED)
    assert alert is not None
    assert alert.body.startswith("91% used, ")
    reset = EarlyReset(ADA.id, "Weekly", 12.0)
    early = early_reset_alert([reset], snapshot(usage(ADA, weekly(88))), USED)
    assert early is not None
    assert early.body == "Reset before its time, with 12% used"


def test_what_lapses_is_what_is_left_and_says_so() -> None:
    lapse = Lapse(usage(BOB, weekly(38)), later("5h"), window=weekly(38))
    assert lapse_text(lapse, NOW, OPTIONS) == "38% of this week on Codex bob@example.org lapses in 5h"
    assert lapse_text(lapse, NOW, USED) == "38% unused of this week on Codex bob@example.org lapses in 5h"


def test_a_line_for_people_is_turned_and_its_data_are_not() -> None:
    found = line(ACCOUNTS, NOW, USED, has_details=True)
    assert format_line(found, "plain") == "91% 3d 4h"
    assert format_line(found, "{percent}") == "9"
    waybar = json.loads(format_line(found, "waybar"))
    assert (waybar["text"], waybar["percentage"], waybar["class"]) == ("91% 3d 4h", 9, "critical")
    assert "Claude ada@example.com: 91%" in waybar["tooltip"]
    assert json.loads(format_line(found, "i3blocks"))["short_text"] == "91%"
    assert json.loads(format_line(found, "json"))["percent"] == 9
    stale = line(snapshot(usage(ADA, five_hours(42), state=AccountState.STALE)), NOW, USED)
    assert format_line(stale, "plain") == "~58% 2h 13m"
    assert json.loads(json_document(ACCOUNTS, NOW))["lowest"]["remaining_percent"] == 9.5


def test_sparklines_are_turned() -> None:
    values = (100, 87, 50, 12, 0, None)
    assert turned(spark_text(values)) == "▁▂▄██ "


def test_the_chart_rises_with_what_is_used() -> None:
    day = timedelta(days=1)
    window = WindowHistory("Weekly", None, series((NOW - 2 * day, 0), (NOW - 1.5 * day, 100), (NOW - day, 50)))
    text = io.StringIO()
    print_charts([AccountHistory(ADA, (window,))], NOW - 2 * day, NOW, USED, Console(file=text, width=26))
    assert text.getvalue().splitlines()[3:6] == [
        " 100%      █████",
        "           █████▄▄▄▄▄▄▄▄▄▄",
        "   0% ▁▁▁▁▁███████████████",
    ]


def test_the_page_says_what_is_used() -> None:
    cycle = Cycle(NOW - timedelta(days=3), 60, NOW + timedelta(days=4))
    window = WindowHistory("Weekly", 7 * 86400, series((NOW - timedelta(days=1), 60)), (cycle,))
    text = re.sub(r"<[^>]+>", "|", history_page([AccountHistory(ADA, (window,))], 42, NOW, USED))
    assert "60% used, resets Sat 12:00" in text
    assert "What was used of Weekly in the last 42 days" in text
    assert "|Used now|" in text
    assert "|Most used|" in text
    assert "|Claude ada@example.com||Weekly||60%|" in text.replace("\n", "")
