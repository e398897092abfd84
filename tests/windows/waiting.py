"""Waiting for something to become true, with a deadline and a name for what was awaited."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_PAUSE_S = 0.05


def wait_until(predicate: Callable[[], T | None], what: str, deadline_s: float = 60.0) -> T:
    """Return the predicate's first truthy value.

    Raises:
        AssertionError: It stayed falsy.
    """
    end = time.monotonic() + deadline_s
    while not (value := predicate()):
        assert time.monotonic() < end, f"no {what} within {deadline_s:g} s"
        time.sleep(_PAUSE_S)
    return value
