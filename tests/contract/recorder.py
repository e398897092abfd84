"""What happened, in order, and waiting for it: on a condition with a deadline, never by sleeping."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE_S = 10.0


class Recorder(Generic[T]):
    """A list that threads add to and others wait on."""

    def __init__(self) -> None:
        self._seen: list[T] = []
        self._condition = threading.Condition()

    @property
    def seen(self) -> list[T]:
        with self._condition:
            return list(self._seen)

    def add(self, what: T) -> None:
        with self._condition:
            self._seen.append(what)
            self._condition.notify_all()

    def until(self, predicate: Callable[[list[T]], object]) -> list[T]:
        """Everything seen, once ``predicate`` holds for it."""
        with self._condition:
            held = self._condition.wait_for(lambda: predicate(self._seen), PATIENCE_S)
            assert held, f"waited in vain; seen: {self._seen}"
            return list(self._seen)

    def until_there_are(self, amount: int) -> list[T]:
        return self.until(lambda seen: len(seen) >= amount)
