"""Text made fit to show; durations, ages and moments as text."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.text import clean, format_age, format_duration
from trayquota.views.clock_format import BRITISH, format_moment

from .facts import NOW
from .hostile import ANY_TEXT, assert_clean


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  a \t b\r\nc\u2028d\u00a0e ", "a b c d e"),
        ("a\0b\x1bc\x7f", "abc"),
        ("\u202eevil\u202c \u2066x\u2069 \u200f", "evil x"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("sur\ud800rogate \ue000private", "surrogate private"),
        ("R&D <b>_x_</b> %s {0}", "R&D <b>_x_</b> %s {0}"),
        ("\u00e4\u65e5\u672c", "\u00e4\u65e5\u672c"),
        ("\0\u202e \n", ""),
        ("\u3164\u2800\u115f\u1160\uffa0", ""),
        ("ada\u3164\u2800", "ada"),
        ("a" + "\u0301" * 50 + "b" + "\u0489" * 9 + "\u20dd", "a" + "\u0301" * 3 + "b" + "\u0489" * 3),
        ("\u0301\u0302 \u0301a", "a"),
        ("e\u0323\u0302 \u0e01\u0e34\u0e48", "e\u0323\u0302 \u0e01\u0e34\u0e48"),
        ("", ""),
    ],
)
def test_text_becomes_one_harmless_line(text: str, line: str) -> None:
    assert clean(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [("abcde", "abcde"), ("abcdef", "abcd…"), ("abc def", "abc…"), ("a\0b\0c\0d\0e", "abcde"), ("x" * 10**6, "xxxx…")],
)
def test_long_text_is_shortened(text: str, line: str) -> None:
    assert clean(text, 5) == line


@given(ANY_TEXT | st.text(), st.integers(1, 200))
def test_clean_text_stays_as_it_is(text: str, limit: int) -> None:
    line = clean(text, limit)
    if line:
        assert_clean(line, limit)
    assert clean(line, limit) == line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "under 1m"),
        (-5, "under 1m"),
        (59.9, "under 1m"),
        (60, "1m"),
        (119, "1m"),
        (45 * 60, "45m"),
        (3600, "1h"),
        (3600 * 2 + 13 * 60 + 59, "2h 13m"),
        (86399, "23h 59m"),
        (86400, "1d"),
        (86400 + 59 * 60, "1d"),
        (3 * 86400 + 4 * 3600 + 1800, "3d 4h"),
        (400 * 86400, "400d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3600, "an unknown time ago"),
        (-60, "an unknown time ago"),
        (-59, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (47 * 3600 + 3599, "47 h ago"),
        (48 * 3600, "2 days ago"),
        (86400 * 30, "30 days ago"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_longer_age_never_reads_as_a_shorter_one(one: float, other: float) -> None:
    def minutes(text: str) -> int:
        parts = [] if text == "under 1m" else text.split()
        return sum(int(each[:-1]) * {"d": 1440, "h": 60, "m": 1}[each[-1]] for each in parts)

    low, high = sorted((one, other))
    assert minutes(format_duration(low)) <= minutes(format_duration(high)) <= high / 60


TOKYO, NEW_YORK = timezone(timedelta(hours=9)), timezone(timedelta(hours=-4))


def test_moments_are_those_of_the_persons_zone() -> None:
    moment = NOW + timedelta(hours=2, minutes=30)
    assert format_moment(moment, NOW, BRITISH, TOKYO) == "23:30"
    assert format_moment(moment + timedelta(hours=1), NOW, BRITISH, TOKYO) == "Wed 00:30"
    assert format_moment(moment, NOW, BRITISH, NEW_YORK) == "10:30"
