"""A day's samples of one window, four bytes each: the second of the day, and hundredths of a percent used."""

from __future__ import annotations

import struct
from array import array
from itertools import chain, repeat
from typing import TYPE_CHECKING

from trayquota.core.history import SampleSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAY_S = 86400
_HOUR_S = 3600
_USED_BITS = 14
"""Enough for 10,000 hundredths."""
_USED_MASK = (1 << _USED_BITS) - 1
_SAMPLE = struct.Struct("<I")


def packed(at_s: int, used: int) -> bytes:
    """Return one sample: seconds since 1970, and hundredths of a percent."""
    return _SAMPLE.pack(at_s % DAY_S << _USED_BITS | used)


def series_of(days: Sequence[tuple[int, bytes]]) -> SampleSeries:
    """Return the samples of days, each with its number since 1970, as a series.

    Raises:
        struct.error: The content is broken.
    """
    values = _values(b"".join(content for _, content in days))
    begins = chain.from_iterable(repeat(day * DAY_S, len(content) // _SAMPLE.size) for day, content in days)
    series = SampleSeries()
    series.at_s = array("q", [begin + (value >> _USED_BITS) for begin, value in zip(begins, values, strict=True)])
    series.used = array("H", [value & _USED_MASK for value in values])
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


def _values(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // _SAMPLE.size}I", content)


def _content(values: Iterable[int]) -> bytes:
    return b"".join(map(_SAMPLE.pack, values))
