"""Moments as locales write them, compared with what Babel makes of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from babel import Locale, localedata
from babel.dates import format_datetime, format_skeleton, format_time

from trayquota.settings.locales import TABLE, time_format
from trayquota.views.clock_format import BRITISH, format_moment

from .facts import NOW
from .make_locales import alone, table, table_row

if TYPE_CHECKING:
    from collections.abc import Iterator

MIDNIGHT = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
COMMON = {"ar_EG", "de_DE", "en_GB", "en_US", "es_MX", "fa_IR", "fr_FR", "ja_JP", "ko_KR", "ru_RU", "zh_Hant_TW"}


@pytest.fixture(scope="module")
def is_complete(request: pytest.FixtureRequest) -> bool:
    """Whether all locales are compared, which takes seconds, instead of a sample."""
    return bool(request.config.getoption("--complete") or os.environ.get("CI"))


@pytest.fixture(scope="module")
def names(*, is_complete: bool) -> list[str]:
    """The locales to compare: all, or those that many use and one of every forty others."""
    every = localedata.locale_identifiers()
    assert len(every) > 1000
    return every if is_complete else sorted({*COMMON, *every[::40]})


def test_the_table_holds_what_babel_knows(names: list[str], *, is_complete: bool) -> None:
    if is_complete:
        assert TABLE.read_text("utf-8") == table()
    rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()]
    fields = {known: tuple(row[1:]) for row in rows for known in row[0].split(" ")}
    for name in names:
        assert fields[name.lower()] == table_row(name), name


@pytest.mark.parametrize(
    ("moment", "locale", "text"),
    [
        (NOW, "en_GB", "12:00"),
        (NOW + timedelta(hours=4, minutes=40), "en_GB", "16:40"),
        (NOW + timedelta(hours=12), "en_GB", "Wed 00:00"),
        (NOW + timedelta(days=6), "en_GB", "Mon 12:00"),
        (NOW + timedelta(days=7), "en_GB", "29 Sept 12:00"),
        (NOW - timedelta(days=1), "en_GB", "21 Sept 12:00"),
        (NOW, "de_DE", "12:00"),
        (NOW + timedelta(days=2), "de_DE", "Do. 12:00"),
        (NOW + timedelta(days=2), "fr_FR.UTF-8@euro", "jeu. 12:00"),
        (NOW + timedelta(days=2), "de-DE", "Do. 12:00"),
        (NOW + timedelta(days=2), "de_XX", "Do. 12:00"),
        (NOW + timedelta(days=2), "no_NO", "tor. 12:00"),
        (NOW, "en_US", "12:00\u202fPM"),
        (NOW + timedelta(hours=12, minutes=5), "en_US", "Wed 12:05\u202fAM"),
        (NOW + timedelta(days=9), "en_US", "Oct 1 12:00\u202fPM"),
        (NOW + timedelta(days=9), "ja_JP.eucJP", "10月1日 12:00"),
        (NOW + timedelta(hours=9), "zh_TW", "晚上9:00"),
        (NOW + timedelta(days=2), "ko_KR", "목 PM 12:00"),
        (NOW + timedelta(days=20), "ko_KR", "10월 12일 PM 12:00"),
        (NOW + timedelta(days=2), "ar_EG", "الخميس 12:00 م"),
        (NOW + timedelta(days=20), "fa_IR", "12 اکتبر 12:00"),
        (NOW + timedelta(days=2), "en_RU", "Thu 12:00"),
        (NOW, "en_150", "12:00"),
    ],
)
def test_moments_as_the_locale_writes_them(moment: datetime, locale: str, text: str) -> None:
    assert format_moment(moment, NOW, time_format(locale), UTC) == text


@pytest.mark.parametrize("locale", ["nowhere", "", "C", "../..", "\0", "x" * 300, "_"])
def test_no_locale_is_an_obstacle(locale: str) -> None:
    assert time_format(locale) == BRITISH


def test_british_is_what_it_is_without_the_table() -> None:
    assert time_format("en_GB") == BRITISH


def expected(locale: Locale) -> Iterator[tuple[datetime, str]]:
    """Moments as Babel writes them: every hour of the day, every other day of the week, days of every month."""
    for hour in range(24):
        moment = MIDNIGHT + timedelta(hours=hour)
        yield moment, format_time(moment, "short", locale=locale)
    time = format_time(MIDNIGHT, "short", locale=locale)
    for day in range(1, 7):
        moment = MIDNIGHT + timedelta(days=day)
        yield moment, f"{format_datetime(moment, 'EEE', locale=locale)} {time}"
    for days in range(7, 365, 29):
        moment = MIDNIGHT + timedelta(days=days)
        yield moment, f"{format_skeleton('MMMd', moment, locale=locale)} {time}"


def test_locales_write_as_babel_does(names: list[str]) -> None:
    for name in names:
        form = time_format(name)
        for moment, text in expected(alone(name)):
            assert format_moment(moment, MIDNIGHT, form, UTC) == text, name
