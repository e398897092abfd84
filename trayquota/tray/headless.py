"""The backend ``none``: everything runs, nothing is shown; for tests and measurements."""

from __future__ import annotations

from queue import SimpleQueue
from typing import ClassVar

from .base import BaseIcon


class Icon(BaseIcon):
    """An icon that is not shown anywhere. ``run()`` blocks until ``stop()``."""

    HAS_DEFAULT_ACTION: ClassVar[bool] = False
    HAS_MENU: ClassVar[bool] = False
    HAS_MENU_RADIO: ClassVar[bool] = False
    HAS_NOTIFICATION: ClassVar[bool] = False

    # Not a threading.Event: a signal handler may stop us while this very thread holds the event's lock.
    _end: SimpleQueue[None] | None = None

    def _begin(self) -> None:
        self._end = SimpleQueue()

    def _loop(self) -> None:
        if self._end is not None:
            self._mark_ready()
            self._end.get()

    def _stop(self) -> None:
        if self._end is not None:
            self._end.put(None)

    def _show(self) -> None:
        pass

    def _hide(self) -> None:
        pass

    def _update_icon(self) -> None:
        self._icon_valid = True

    def _update_title(self) -> None:
        pass

    def _update_menu(self) -> None:
        pass

    def _notify(self, message: str, title: str | None = None) -> None:
        pass

    def _remove_notification(self) -> None:
        pass
