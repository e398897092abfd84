"""Starting with the session as the menu shows and switches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class AutostartSwitch:
    """Knows whether the program starts with the session. For one thread."""

    def __init__(self, options: Sequence[str] | None) -> None:
        """Start with ``options``; without them nothing is read, and the menu has no such row."""
        self._options = options
        self.is_on: bool | None = None
        """As last checked; ``None`` before, and where there is no such row."""

    def check(self) -> None:
        """Read it anew. What would not start counts as off: switching on repairs it."""
        from trayquota.system.autostart import autostart

        if self._options is not None:
            status = autostart().status()
            self.is_on = status.is_on and status.problem is None

    def switch(self, *, on: bool) -> None:
        """Switch it on or off.

        Raises:
            AutostartError: That is not possible. It has been checked anew.
        """
        from trayquota.system.autostart import autostart

        try:
            platform = autostart(self._options or ())
            platform.switch_on() if on else platform.switch_off()
        finally:
            self.check()
