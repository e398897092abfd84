"""A day's samples of one window, four bytes each: the second of the day, and hundredths of a percent used."""

from __future__ import annotations

import struct
import sys
from array import array
from typing import TYPE_CHECKING

from trayquota.core.errors import BrokenHistoryError
from trayquota.core.history import SampleSeries

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY_S = 86400
_HOUR_S = 3600
_USED_BITS = 14
"""Enough for 10,000 hundredths."""
_USED_MASK = (1 << _USED_BITS) - 1
_SAMPLE = struct.Struct("<I")


def packed(at_s: int, used: int) -> bytes:
    """Return one sample: seconds since 1970, and hundredths of a percent."""
    return _SAMPLE.pack(at_s % DAY_S << _USED_BITS | used)


def series_of(days: Iterable[tuple[int, bytes]]) -> SampleSeries:
    """Return the samples of days, each with its number since 1970, as a series.

    Raises:
        BrokenHistoryError: The content is.
    """
    series = SampleSeries()
    for day, content in days:
        values, begin_s = _values(content), day * DAY_S
        try:
            series.at_s.fromlist([begin_s + (value >> _USED_BITS) for value in values])
        except OverflowError:
            raise BrokenHistoryError from None
        series.used.fromlist([value & _USED_MASK for value in values])
    return series


def until(content: bytes, last_s: int) -> bytes:
    """Return a day's samples up to a second of the day."""
    return _content(value for value in _values(content) if value >> _USED_BITS <= last_s)


def last_sample(day: int, content: bytes) -> tuple[int, int]:
    """Return the last sample of a day: seconds since 1970, and hundredths of a percent."""
    value = _values(content)[-1]
    return day * DAY_S + (value >> _USED_BITS), value & _USED_MASK


def hourly(content: bytes) -> bytes:
    """Return the last sample of each hour."""
    by_hour = {(value >> _USED_BITS) // _HOUR_S: value for value in _values(content)}
    return _content(by_hour.values())


def _values(content: bytes) -> array[int]:
    try:
        values = array("I", content)
    except (TypeError, ValueError):
        raise BrokenHistoryError from None
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _content(values: Iterable[int]) -> bytes:
    return b"".join(map(_SAMPLE.pack, values))
