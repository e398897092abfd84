"""The quotas in the headers of Claude's model answers, as a proxy keeps them. Pure: headers in, windows out.

``anthropic-ratelimit-unified-SPAN-utilization`` is a fraction, ``…-reset`` a moment: unix seconds, RFC 3339 or an
HTTP date. The vendor documents neither; they are those seen in ``router-for-me/CLIProxyAPI`` until 2026-11.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from trayquota.core.model import QuotaWindow
from trayquota.providers.values import instant, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_PREFIX = "anthropic-ratelimit-unified"
_SPANS = (
    ("5h", "5-hour", 5 * 3600, None),
    ("7d", "Weekly", 7 * 86400, None),
    ("7d_oi", "Weekly (Fable)", 7 * 86400, "Fable"),
)


def read_header_windows(signals: Mapping[str, str]) -> Iterator[QuotaWindow]:
    """Yield the windows that headers, by lower-case name, state."""
    for span, title, length_s, scope in _SPANS:
        used = share(signals.get(f"{_PREFIX}-{span}-utilization"), 1)
        if used is not None:
            resets_at = _moment(signals.get(f"{_PREFIX}-{span}-reset"))
            yield QuotaWindow(title, used, resets_at, length_s, scope)


def _moment(value: str | None) -> datetime | None:
    known = instant(value)
    if known is not None or value is None:
        return known
    try:
        return instant(parsedate_to_datetime(value).isoformat())
    except (ValueError, OverflowError):
        return None
