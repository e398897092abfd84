"""A notification of all accounts, with the answers to a refresh that was begun for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.engine.engine import Engine

_ANSWERS_S = 5.0
"""How long the notification waits for the answers."""


class StatusNotification:
    """Notifies once the answers are there, or after a time without them. Belongs to the engine's thread."""

    def __init__(self, engine: Engine, notify: Callable[[], None]) -> None:
        """Wait for the answers of ``engine``; ``notify`` shows the notification."""
        self._engine = engine
        self._notify = notify
        self._is_awaited = False

    def await_answers(self) -> None:
        """Notify with the answers to the refresh under way."""
        self._is_awaited = True
        self._engine.call_later("answers", _ANSWERS_S, self._finish)

    def published(self) -> None:
        """Take in that a snapshot was published."""
        if not self._engine.is_refreshing:
            self._finish()

    def _finish(self) -> None:
        if self._is_awaited:
            self._is_awaited = False
            self._notify()
