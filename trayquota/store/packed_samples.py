"""A day's samples of one window, four bytes each: the second of the day, and hundredths of a percent used."""

from __future__ import annotations

import struct
import sys
from array import array
from typing import TYPE_CHECKING, Literal

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
_USED, _SECOND = _SAMPLE.pack(_USED_MASK), _SAMPLE.pack((1 << 32 - _USED_BITS) - 1)
"""What is one of the two in a sample, the second once it is shifted."""
LAST_DAY = ((1 << 32) - (1 << 32 - _USED_BITS)) // DAY_S
"""Up to which a moment has four bytes whatever a sample says, in the year 2106."""


def packed(at_s: int, used: int) -> bytes:
    """Return one sample: seconds since 1970, and hundredths of a percent."""
    return _SAMPLE.pack(at_s % DAY_S << _USED_BITS | used)


def series_of(days: Iterable[tuple[int, bytes]]) -> SampleSeries:
    """Return the samples of days, each with its number since 1970 and none later than ``LAST_DAY``, as a series.

    All are taken apart at once, as parts of one long number: a year of many accounts has half a million.

    Raises:
        BrokenHistoryError: The content is.
    """
    contents, begins = [], []
    try:
        for day, content in days:
            contents.append(content)
            begins.append((day * DAY_S).to_bytes(_SAMPLE.size, "little") * (len(content) // _SAMPLE.size))
        joined, added_s = b"".join(contents), b"".join(begins)
    except (AttributeError, TypeError, OverflowError):
        raise BrokenHistoryError from None
    if len(joined) != len(added_s):
        raise BrokenHistoryError
    values, count = _number(joined), len(joined) // _SAMPLE.size
    at_s = (values >> _USED_BITS & _number(_SECOND * count)) + _number(added_s)
    series = SampleSeries()
    series.at_s = _array("I", at_s.to_bytes(len(added_s), "little"))
    # Two bytes are enough, the first two of each.
    series.used = _array("H", (values & _number(_USED * count)).to_bytes(len(added_s), "little"))[::2]
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


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")


def _values(content: bytes) -> array[int]:
    try:
        return _array("I", content)
    except (TypeError, ValueError):
        raise BrokenHistoryError from None


def _array(typecode: Literal["H", "I"], content: bytes) -> array[int]:
    found = array(typecode, content)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _content(values: Iterable[int]) -> bytes:
    return b"".join(map(_SAMPLE.pack, values))
