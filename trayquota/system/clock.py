"""This machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time, aware, UTC."""
    return datetime.now(UTC)
