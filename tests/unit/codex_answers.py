"""Codex's answers, and what the provider reads in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.providers.codex import PROVIDER

from . import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.model import Usage

HOUR_S, DAY_S = 3600, 86400
RESET_S = 1790089954
RESET = datetime(2026, 9, 22, 15, 12, 34, tzinfo=UTC)
LATER_S = 1790524800
LATER = datetime(2026, 9, 27, 16, tzinfo=UTC)


def read(answer: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Usage:
    return facts.fetched(PROVIDER, facts.answer(answer, headers=headers))


def used(answer: Mapping[str, object], headers: Mapping[str, str] | None = None) -> dict[str, float | None]:
    """Return the used percents by title, in order."""
    return {window.title: window.used_percent for window in read(answer, headers).windows}


def slot(percent: object, length_s: int | None = 5 * HOUR_S, reset_at: int | None = RESET_S) -> dict[str, object]:
    return {"used_percent": percent, "limit_window_seconds": length_s, "reset_at": reset_at}


def limit(primary: object, secondary: object = None, **more: object) -> dict[str, object]:
    return {"primary_window": primary, "secondary_window": secondary, **more}
