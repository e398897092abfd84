"""Waiting for something to become true, with a deadline and a name for what was awaited."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PAUSE_S = 0.05


def wait_until(predicate: Callable[[], T], what: str, deadline_s: float = 20.0) -> T:
    """Return the predicate's first truthy value.

    Raises:
        AssertionError: It stayed falsy; says what was awaited and what came last.
    """
    end = time.monotonic() + deadline_s
    while not (value := predicate()):
        if time.monotonic() > end:
            message = f"no {what} within {deadline_s:g} s; last answer: {value!r}"
            raise AssertionError(message)
        time.sleep(PAUSE_S)
    return value


def wait_until_settled(read: Callable[[], T], for_s: float, what: str, deadline_s: float = 20.0) -> T:
    """Return a value that has been read again and again for so long without a change.

    Raises:
        AssertionError: It went on changing.
    """
    last, since = read(), time.monotonic()

    def is_settled() -> bool:
        nonlocal last, since
        value = read()
        if value != last:
            last, since = value, time.monotonic()
        return time.monotonic() - since >= for_s

    wait_until(is_settled, f"{what} at rest", deadline_s)
    return last
