"""The page of the history: readable for everybody, and nothing in it from elsewhere."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, timedelta
from functools import cache
from gettext import NullTranslations

import pytest
from msgspec.structs import replace

from trayquota.cli.demo_history import write_sample_history
from trayquota.core.history import AccountHistory, Cycle, Outage, WindowHistory
from trayquota.core.hourly_use import LocalClock, hourly_use
from trayquota.core.model import FailureKind
from trayquota.core.translation import use_catalogue
from trayquota.store.history import HistoryStore
from trayquota.views.history_page import history_page

from .facts import NOW
from .page_reading import Page, contrast, schemes
from .samples import ADA, BOB, OPTIONS
from .test_history_views import series

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK_S, FIVE_HOURS_S = 7 * 86400, 5 * 3600


def weekly(*cycles: Cycle) -> WindowHistory:
    samples = series((NOW - 20 * DAY, 30), (NOW - 3 * DAY, 0), (NOW - 2 * DAY, 20), (NOW - HOUR, 60))
    return WindowHistory("Weekly", WEEK_S, samples, cycles)


ENDED = Cycle(NOW - 20 * DAY, 30, NOW - 13 * DAY, NOW - 13 * DAY)
EARLY = Cycle(NOW - 13 * DAY, 80, NOW - 2 * DAY, NOW - 3 * DAY, ended_early=True)
RUNNING = Cycle(NOW - 3 * DAY, 60, NOW + 4 * DAY)
HISTORY = AccountHistory(
    ADA,
    (weekly(ENDED, EARLY, RUNNING), WindowHistory("5-hour", FIVE_HOURS_S, series((NOW - HOUR, 10)))),
    (Outage(FailureKind.NETWORK, NOW - 5 * DAY, NOW - 5 * DAY + 2 * HOUR),),
)


@cache
def content(*histories: AccountHistory, days: int = 42) -> str:
    return history_page(histories or (HISTORY,), days, NOW, OPTIONS)


@cache
def page() -> Page:
    return Page(content())


def test_nothing_is_loaded_and_nothing_runs() -> None:
    names = {name for name, _ in page().tags}
    assert names.isdisjoint({"script", "img", "link", "iframe", "object", "embed", "image", "use", "form", "base"})
    for _, attributes in page().tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset", "style"}]
        assert attributes.get("href", "#").startswith("#")
    addresses = set(re.findall(r"https?://[^\s\"'<]+", content()))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, "names of languages alone"
    assert "url(" not in content()
    assert "@import" not in content()
    (policy,) = [tag["content"] for tag in page().all("meta") if "http-equiv" in tag]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_every_picture_has_a_description_and_a_table_beside_it() -> None:
    pictures = page().all("svg")
    assert len(pictures) == len(page().all("figure")) == len(page().all("table")) == 5
    for picture in pictures:
        assert picture["role"] == "img"
        assert page().ids.count(picture["aria-labelledby"]) == 1
    assert all(scope in {"col", "row"} for scope in (cell["scope"] for cell in page().all("th")))
    assert len(page().all("caption")) == len(pictures)


def test_the_keyboard_reaches_everything_and_headings_leave_out_no_level() -> None:
    links = [tag["href"].removeprefix("#") for tag in page().all("a")]
    assert set(links) <= set(page().ids)
    assert len(page().ids) == len(set(page().ids))
    assert len(page().all("summary")) == len(page().all("details"))
    assert all(tag["tabindex"] == "0" and tag["aria-label"] for tag in page().all("div"))
    levels = [int(name[1]) for name, _ in page().tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page().all("html") == [{"lang": "en"}]


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_and_graphics_stand_out_in_light_and_dark(scheme: int) -> None:
    colours = schemes(content())[scheme]
    for text in ("text", "quiet", "line"):
        assert contrast(colours[text], colours["back"]) >= 4.5, text
    for graphic in ("line", "quiet", "warn"):
        assert contrast(colours[graphic], colours["back"]) >= 3, graphic
    assert contrast(colours["line"], colours["unused"]) >= 3, "used beside unused"


def test_nothing_on_the_page_is_bound_to_a_side_where_one_reads_from_the_right() -> None:
    [style] = re.findall(r"<style>(.*?)</style>", content(), re.DOTALL)
    assert re.findall(r"[^{};]*\b(?:left|right)\b[^;}]*", style) == []
    # Where a text is anchored goes by the direction, and the time in the pictures runs from the left.
    [of_pictures] = re.findall(r"^svg \{.*\}$", style, re.MULTILINE)
    assert "direction: ltr;" in of_pictures


class _PercentFirst(NullTranslations):
    """As Turkish writes percents."""

    def gettext(self, message: str) -> str:
        return "%{number}" if message == "{number}%" else message


def test_the_axes_say_percents_as_the_language_writes_them() -> None:
    use_catalogue(_PercentFirst(), "tr")
    try:
        axes = re.findall(r"<text[^>]*>([0-9%]+)</text>", history_page([HISTORY], 42, NOW, OPTIONS))
    finally:
        use_catalogue(None)
    assert set(axes) == {"%0", "%50", "%100"}


def test_a_long_name_in_the_timeline_leaves_no_room_for_when_its_window_resets() -> None:
    long_name = replace(ADA, name="somebody.with.a.long.name@example.com")
    lines = re.findall(
        r'<text[^>]*class="(?:row|label)"[^>]*>(.*?)</text>', content(replace(HISTORY, account=long_name))
    )
    assert lines[2:4] == [f"Claude {long_name.name}", "Weekly 40% · Sat 12:00, in 4d"]


def test_it_says_what_was_used_what_comes_and_what_failed() -> None:
    text = " ".join(page().text.split())
    assert "40% left, resets Sat 12:00; at this pace it runs out Thu 12:00." in text
    assert "Weekly: 2 cycles ended, on average 55% used, 45% left unused." in text
    assert "1 of them before their time" in text
    assert "Network 1 time, 2h in all." in text


def test_the_tables_have_what_the_pictures_show() -> None:
    text = re.sub(r"<[^>]+>", "|", content())
    assert "|19 Sept 12:00, early||80%||20%|" in text.replace("\n", "")
    assert "|Claude ada@example.com||Weekly||40%||Sat 12:00, in 4d|" in text.replace("\n", "")


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;"])
def test_names_and_titles_are_text(hostile: str) -> None:
    window = replace(weekly(ENDED, RUNNING), title=hostile)
    found = Page(content(AccountHistory(replace(ADA, name=hostile), (window,))))
    assert {name for name, _ in found.tags}.isdisjoint({"script", "img", "b"})
    assert hostile in found.text


def test_one_account_needs_no_list_of_accounts_and_two_do() -> None:
    assert page().all("nav") == []
    assert len(Page(content(HISTORY, replace(HISTORY, account=BOB))).all("nav")) == 1


def test_a_window_without_a_sample_and_an_account_without_a_cycle_make_a_page_too() -> None:
    for history in (
        AccountHistory(ADA),
        AccountHistory(ADA, (WindowHistory("Weekly"),)),
        AccountHistory(ADA, (WindowHistory("Weekly", None, series((NOW, 100))),)),
    ):
        Page(content(history))


def test_the_usual_week_is_what_was_used_at_each_hour_by_the_hours_that_were_watched() -> None:
    begin = NOW.replace(hour=9)
    samples = series((begin, 0), (begin + HOUR, 12), (begin + 2 * HOUR, 12), (begin + 3 * HOUR, 3))
    rates = hourly_use(samples, begin, NOW, LocalClock(UTC)).mean_rates()
    tuesday = 24
    assert rates[tuesday + 8 : tuesday + 13] == [None, 12, 0, 3, None]


def test_the_sample_history_has_six_weeks_of_four_people_with_an_early_reset(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = HistoryStore(tmp_path_factory.mktemp("sample") / "history.sqlite3")
    write_sample_history(store.path, NOW)
    histories = store.read([], None, NOW)
    assert len(histories) == 4
    for history in histories:
        for window in history.windows:
            days = (window.samples.at_s[-1] - window.samples.at_s[0]) / 86400
            assert 38 < days < 42
            assert len(window.cycles) >= 6
    assert sum(cycle.ended_early for history in histories for window in history.windows for cycle in window.cycles) == 1
    Page(content(*histories))


def test_the_table_beside_a_picture_of_seven_days_has_these_seven_days() -> None:
    samples = series(*((NOW - days * DAY, days) for days in range(40, 0, -1)))
    history = AccountHistory(
        ADA, tuple(WindowHistory(title, s, samples) for title, s in (("A", FIVE_HOURS_S), ("B", WEEK_S)))
    )
    tables = content(history).split("<tbody>")
    assert [table.split("</tbody>")[0].count("<tr>") for table in tables[1:3]] == [7, 41]


def test_what_is_in_a_table_is_escaped() -> None:
    hostile = replace(ADA, name="<b>&")
    running = Cycle(NOW - DAY, 60, NOW + 4 * DAY)
    page_text = content(AccountHistory(hostile, (WindowHistory("<i>", WEEK_S, series((NOW, 3)), (running,)),)))
    assert "<b>" not in page_text
    assert "<i>" not in page_text
    assert "<td>&lt;i&gt;</td>" in page_text
