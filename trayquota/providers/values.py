"""Numbers, percents, instants and texts out of JSON that may hold anything.

Every reader returns ``None`` for what it cannot make sense of; none raises.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from trayquota.core.text import TITLE_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = r"[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?"
_LEAST_PERCENT, _MOST_PERCENT = -100.0, 10_000.0
"""A percent beyond these is no measurement that went a little over its scale, but nonsense."""
_LEAST_FRACTION, _MOST_FRACTION = -100.0, 2.0
"""The same for what is left."""
_MOST_OF_ANYTHING = 1e12
_MS_FROM = 1e10
"""From here on an epoch number counts milliseconds: as seconds it would lie beyond the year 2286."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_S = 10 * 366 * 86400


def parse_json(body: bytes) -> object:
    """Return what ``body`` says.

    ``NaN`` and ``Infinity`` read as ``None``.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    try:
        return json.loads(body, parse_constant=lambda _name: None)
    except RecursionError:
        message = "nested too deeply"
        raise ValueError(message) from None


def fields(value: object) -> Mapping[str, object]:
    """Return ``value`` when it is a JSON object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """Return ``value`` when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def number(value: object) -> float | None:
    """Return a finite number from a number or from its digits as text; a boolean is none."""
    if isinstance(value, str):
        digits = value.strip()
        value = float(digits) if re.fullmatch(_NUMBER, digits) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def percent(value: object) -> float | None:
    """Return a number that is stated in percent, limited to 0–100; 1.0 is one percent.

    Text may end in one percent sign. ``-1e308`` and the like are unknown: limited to 0 they would promise a whole
    quota.
    """
    result = number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    if result is None or not _LEAST_PERCENT <= result <= _MOST_PERCENT:
        return None
    return min(100.0, max(0.0, result))


def fraction(value: object) -> float | None:
    """Return what is left as a fraction, limited to 0–1; 1.0 is the whole.

    What is far beyond the whole is in another unit, or nonsense: limited to 1 it would promise a whole quota.
    """
    result = number(value)
    if result is None or not _LEAST_FRACTION <= result <= _MOST_FRACTION:
        return None
    return min(1.0, max(0.0, result))


def amount(value: object) -> float | None:
    """Return an amount of money or of things; ``None`` when it is negative or absurdly large."""
    result = number(value)
    return result if result is not None and 0 <= result <= _MOST_OF_ANYTHING else None


def share(part: object, total: object) -> float | None:
    """Return which percent of ``total`` an amount is, at most 100; ``None`` when either makes no sense."""
    amount_of_part, amount_of_total = amount(part), amount(total)
    if amount_of_part is None or not amount_of_total:
        return None
    return min(100.0, amount_of_part / amount_of_total * 100)


def whole(value: object) -> int | None:
    """Return a number of seconds as a whole number, ``None`` unless it is at least 1 and below ten years."""
    result = number(value)
    return round(result) if result is not None and 0.5 < result < _LONGEST_S else None


def instant(value: object) -> datetime | None:
    """Return a moment in UTC from ISO 8601 text or epoch seconds or milliseconds (number or digits).

    Text without a zone is UTC; its letters may be small (RFC 3339). Moments before 2000 or after 2199 are nobody's
    quota and read as unknown.
    """
    seconds = number(value)
    try:
        if seconds is not None:
            result = datetime.fromtimestamp(seconds / 1000 if seconds > _MS_FROM else seconds, UTC)
        elif isinstance(value, str):
            result = datetime.fromisoformat(value.strip()[:64].upper())
            result = result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return result if _EARLIEST <= result < _LATEST else None


def after(value: object, start: datetime) -> datetime | None:
    """Return the moment ``value`` seconds after ``start``; ``None`` for negative or absurd lengths."""
    seconds = number(value)
    if seconds is None or not 0 <= seconds < _LONGEST_S:
        return None
    return start + timedelta(seconds=seconds)


def text(value: object, limit: int = TITLE_LIMIT) -> str | None:
    """Return non-empty text as one clean line, else ``None``."""
    return (clean(value, limit) or None) if isinstance(value, str) else None


def exact_text(value: object) -> str | None:
    """Return non-empty text as it is, for what is sent back, else ``None``."""
    return value if isinstance(value, str) and value else None


def first(source: Mapping[str, object], *keys: str) -> object:
    """Return the value of the first of ``keys`` that is there and not null."""
    for key in keys:
        if (value := source.get(key)) is not None:
            return value
    return None


def jwt_claims(token: object) -> Mapping[str, object]:
    """Return the claims of a JSON web token, unverified; empty for anything else."""
    if not isinstance(token, str) or token.count(".") != 2 or len(token) > 65536:
        return {}
    middle = token.split(".")[1]
    try:
        return fields(parse_json(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))
    except (ValueError, binascii.Error):
        return {}
