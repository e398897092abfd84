"""Whether a person has the menu open, as far as hosts signal it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_OPEN_AT_MOST_S: Final = 120.0
"""For hosts that say when the menu is opened, but not when it is closed; after this time it counts as closed."""
_OPENING_S: Final = 0.3
"""Where closing is not signalled, what was held back until then is published while the menu opens. After this time a
person may be aiming at a row."""


class MenuOpening:
    """Follows one menu from opening to closing. Belongs to the loop's thread.

    - GNOME's AppIndicator extension sends Event ``opened``, then ``AboutToShow``, and ``closed`` in the end
      (``dbusMenu.js``, github.com/ubuntu/gnome-shell-extension-appindicator).
    - Plasma and LXQt send ``AboutToShow``, then ``opened``, and ``closed`` in the end
      (``libdbusmenuqt/dbusmenuimporter.cpp``, github.com/KDE/plasma-workspace).
    - GTK hosts send ``AboutToShowGroup``, and nothing when the menu is closed (``libdbusmenu-gtk/menu.c``,
      github.com/AyatanaIndicators/libdbusmenu); ``AboutToShow`` alone may also come from a host that is only
      building its menu.

    So a host that has ever sent ``closed`` is believed to send it always, and needs no deadline.

    Args:
        on_opened: Called when the menu opens.
        on_closed: Called when it has closed, or may be about to open after a closing that was not signalled.
    """

    def __init__(self, on_opened: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """See the class."""
        self._on_opened = on_opened
        self._on_closed = on_closed
        self._signals_closing = False
        self._is_announced = False
        self._deadline: asyncio.TimerHandle | None = None

    def opened(self) -> None:
        """Take in the event ``opened`` of the whole menu."""
        self.cancel_deadline()
        self._is_announced = True
        if not self._signals_closing:
            self._deadline = asyncio.get_running_loop().call_later(_OPEN_AT_MOST_S, self.reset)
        self._on_opened()

    def closed(self) -> None:
        """Take in the event ``closed`` of the whole menu."""
        self._signals_closing = True
        self.reset()

    def about_to_show(self) -> None:
        """Take in ``AboutToShow``: it counts as closed until now, unless this belongs to an ``opened`` before it."""
        if self._is_announced:
            self._is_announced = False
        else:
            self.reset()

    def about_to_show_group(self) -> None:
        """Take in ``AboutToShowGroup``: it opens, and was closed before."""
        self.reset()
        self._deadline = asyncio.get_running_loop().call_later(_OPENING_S, self.opened)

    def reset(self) -> None:
        """Count the menu as closed."""
        self.cancel_deadline()
        self._is_announced = False
        self._on_closed()

    def new_host(self) -> None:
        """Forget what the last host used to signal."""
        self._signals_closing = False
        self.reset()

    def cancel_deadline(self) -> None:
        """Leave no timer behind."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
