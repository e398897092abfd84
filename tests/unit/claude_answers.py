"""Claude's answers, and what the provider reads in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.providers.claude_usage import read_windows

from . import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.model import QuotaWindow

LATER = "2026-09-27T16:00:00Z"
LATER_AT = datetime(2026, 9, 27, 16, tzinfo=UTC)


def read(answer: Mapping[str, object]) -> list[QuotaWindow]:
    return read_windows(answer, facts.NOW)


def used(answer: Mapping[str, object]) -> dict[str, float | None]:
    """Return the used percents by title, in order."""
    return {window.title: window.used_percent for window in read(answer)}


def limit(kind: str | None, percent: object, resets_at: str | None = LATER, **more: object) -> dict[str, object]:
    return {"kind": kind, "percent": percent, "resets_at": resets_at, "scope": None, "is_active": False} | more
