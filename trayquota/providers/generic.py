"""Quotas out of an answer whose form nobody knows: a guess by the words in it.

Only here a number up to 1 is read as a fraction. Objects are visited depth first in the order of the JSON.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from trayquota.core.model import QuotaWindow
from trayquota.providers.values import after, instant, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_TITLES = (
    ("5-hour", frozenset({"5h", "5hour", "5hours", "5hr", "five"})),
    ("Weekly", frozenset({"weekly", "week", "7d", "7day", "7days"})),
    ("Full", frozenset({"full", "premium", "paid"})),
    ("Session", frozenset({"standard", "session"})),
)
_RANK = ("5-hour", "Session", "Weekly", "Monthly", "Full")
_NO_QUOTA = re.compile(r"promo|referral|discount|coupon|offer|deal|credit|balance|mail", re.IGNORECASE)
"""What stands under such a key, or says so itself, is advertising, money or a person, and is no window."""
_WORD = re.compile(r"[0-9]+[ _-]?(?:hours?|days?|hr?|d)(?![^\W_])|[^\W_]+")
_MOST_OBJECTS = 2000
_MOST_WORDS = 500
_LONGEST_WORD = 200


def guess_windows(answer: object, received_at: datetime) -> tuple[QuotaWindow, ...]:
    """Return what looks like quota windows, best known titles first.

    The first object per title counts, and only with a percent or a reset of its own. The key under which an
    object stands does not name it.
    """
    found: dict[str, QuotaWindow] = {}
    for source in _objects(answer):
        title = _title(source)
        if title is None or title in found:
            continue
        used, resets_at = _used_percent(source), _reset(source, received_at)
        if used is not None or resets_at is not None:
            found[title] = QuotaWindow(title, used, resets_at)
    return tuple(sorted(found.values(), key=lambda window: _RANK.index(window.title)))


def _objects(root: object) -> Iterator[Mapping[str, object]]:
    """Yield all objects that may be about quotas, depth first, without their entries that are not."""
    waiting, seen = [root], 0
    while waiting and seen < _MOST_OBJECTS:
        value = waiting.pop()
        if isinstance(value, dict):
            seen += 1
            source = {key: entry for key, entry in value.items() if not _NO_QUOTA.search(key)}
            yield source
            waiting.extend(reversed(source.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def _title(source: Mapping[str, object]) -> str | None:
    if any(isinstance(value, str) and _NO_QUOTA.search(value[:_LONGEST_WORD]) for value in source.values()):
        return None
    words = {re.sub("[ _-]", "", word) for text in _texts(source) for word in _WORD.findall(text.lower())}
    return next((title for title, known in _TITLES if words & known), None)


def _texts(source: object) -> list[str]:
    """Return the keys and texts in ``source``, nested ones too; only the beginning of a flood."""
    texts: list[str] = []
    waiting = [source]
    while waiting and len(texts) < _MOST_WORDS:
        value = waiting.pop()
        if isinstance(value, str):
            if "@" not in value:
                texts.append(value[:_LONGEST_WORD])
        elif isinstance(value, dict):
            pairs = (pair for pair in islice(value.items(), _MOST_WORDS) if not _NO_QUOTA.search(pair[0]))
            waiting.extend(reversed([part for pair in pairs for part in pair]))
        elif isinstance(value, list):
            waiting.extend(reversed(value[:_MOST_WORDS]))
    return texts


def _used_percent(source: Mapping[str, object]) -> float | None:
    """Return the used percent; of several keys ``used_percent`` counts most, what is left is inverted last."""
    named = [key for key in source if any(word in key.lower() for word in ("percent", "%"))]
    named += [key for key in source if any(word in key.lower() for word in ("usage", "used", "fraction"))]

    def trust(key: str) -> int:
        name = key.lower()
        if any(word in name for word in ("remaining", "left")):
            return 3
        return 0 if name == "used_percent" else 1 if "used" in name else 2

    percents = [key for key in named if _share(source[key]) is not None]
    # A key that says percent beats one that only says usage, whatever else they say.
    percents.sort(key=lambda key: (trust(key) == 3, "percent" not in key.lower() and "%" not in key, trust(key)))
    for key in percents:
        share = _share(source[key])
        if share is not None:
            return 100.0 - share if trust(key) == 3 else share
    return None


def _share(value: object) -> float | None:
    """Return a percent; a number up to 1 without a percent sign is a fraction."""
    share = number(value)
    return percent(share * 100 if share is not None and 0 <= share <= 1 else value)


def _reset(source: Mapping[str, object], received_at: datetime) -> datetime | None:
    """Return the reset; a moment is preferred to a distance."""
    keys = sorted((key for key in source if "reset" in key.lower()), key=lambda key: "after" in key.lower())
    for key in keys:
        relative = "after" in key.lower() and number(source[key]) is not None
        moment = after(source[key], received_at) if relative else instant(source[key])
        if moment is not None:
            return moment
    return None
