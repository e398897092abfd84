"""Quotas out of an answer whose form nobody knows: a guess by the words in it.

Only here a number up to 1 is read as a fraction. Objects are visited depth first in the order of the JSON.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from trayquota.core.model import QuotaWindow
from trayquota.providers.values import after, fields, instant, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_TITLES = (
    ("5-hour", ("5h", "5-hour", "five")),
    ("Weekly", ("weekly", "week", "7d")),
    ("Full", ("full", "premium", "paid")),
    ("Session", ("standard", "session")),
)
_RANK = ("5-hour", "Session", "Weekly", "Monthly", "Full")
_MOST_OBJECTS = 2000
_MOST_WORDS = 500
_LONGEST_WORD = 200


def guess_windows(answer: object, received_at: datetime) -> tuple[QuotaWindow, ...]:
    """Return what looks like quota windows, best known titles first.

    The first object per title counts, and only with a percent or a reset of its own. The key under which an
    object stands does not name it.
    """
    found: dict[str, QuotaWindow] = {}
    for each in _objects(answer):
        title = _title(each)
        if title is None or title in found:
            continue
        used, resets_at = _used_percent(each), _reset(each, received_at)
        if used is not None or resets_at is not None:
            found[title] = QuotaWindow(title, used, resets_at)
    return tuple(sorted(found.values(), key=lambda window: _RANK.index(window.title)))


def _objects(root: object) -> Iterator[Mapping[str, object]]:
    waiting, seen = [root], 0
    while waiting and seen < _MOST_OBJECTS:
        each = waiting.pop()
        if isinstance(each, dict):
            seen += 1
            yield fields(each)
            waiting.extend(reversed(each.values()))
        elif isinstance(each, list):
            waiting.extend(reversed(each))


def _title(source: Mapping[str, object]) -> str | None:
    words = " ".join(_words(source)).lower()
    return next((title for title, pieces in _TITLES if any(piece in words for piece in pieces)), None)


def _words(source: object) -> list[str]:
    """Return the keys and texts in ``source``, nested ones too; only the beginning of a flood."""
    words: list[str] = []
    waiting = [source]
    while waiting and len(words) < _MOST_WORDS:
        each = waiting.pop()
        if isinstance(each, str):
            words.append(each[:_LONGEST_WORD])
        elif isinstance(each, dict):
            pairs = islice(each.items(), _MOST_WORDS)
            waiting.extend(reversed([part for pair in pairs for part in pair]))
        elif isinstance(each, list):
            waiting.extend(reversed(each[:_MOST_WORDS]))
    return words


def _used_percent(source: Mapping[str, object]) -> float | None:
    """Return the used percent; of several keys ``used_percent`` counts most, what is left is inverted last."""
    named = [key for key in source if any(word in key.lower() for word in ("percent", "%"))]
    named += [key for key in source if any(word in key.lower() for word in ("usage", "used", "fraction"))]

    def trust(key: str) -> int:
        name = key.lower()
        if any(word in name for word in ("remaining", "left")):
            return 3
        return 0 if name == "used_percent" else 1 if "used" in name else 2

    percents = [key for key in named if number(source[key]) is not None]
    # A key that says percent beats one that only says usage, whatever else they say.
    percents.sort(key=lambda key: (trust(key) == 3, "percent" not in key.lower() and "%" not in key, trust(key)))
    for key in percents:
        value = number(source[key])
        if value is not None:
            share = value * 100 if value <= 1 else value
            share = min(100.0, max(0.0, share))
            return 100.0 - share if trust(key) == 3 else share
    return None


def _reset(source: Mapping[str, object], received_at: datetime) -> datetime | None:
    """Return the reset; a moment is preferred to a distance."""
    keys = sorted((key for key in source if "reset" in key.lower()), key=lambda key: "after" in key.lower())
    for key in keys:
        relative = "after" in key.lower() and number(source[key]) is not None
        moment = after(source[key], received_at) if relative else instant(source[key])
        if moment is not None:
            return moment
    return None
