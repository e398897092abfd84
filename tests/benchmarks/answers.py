"""What the stand-in answers, so that who looks at the tray can tell which answer is shown."""

from __future__ import annotations

WEEKLY_USED = 7
"""Percent, always."""


def used_percent(asked: int) -> int:
    """The 5-hour window's used percent in the answer to an account's request number ``asked``, from 1."""
    return 10 + asked % 89


def left_percent(asked: int) -> int:
    """What is shown of it."""
    return 100 - used_percent(asked)
