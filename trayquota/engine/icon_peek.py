"""What an icon shows for a moment: the wheel over it goes through all that it could be about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NEVER_POLLED
from trayquota.views.icon_subject import LOWEST, NEXT, account_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from trayquota.core.model import Snapshot
    from trayquota.engine.engine import Engine
    from trayquota.views.labels import DisplayOptions

_SECONDS = 5.0


class IconPeek:
    """Goes through the choices, and back to the person's own after some seconds. Belongs to the engine's thread."""

    def __init__(self, engine: Engine, show_anew: Callable[[], None]) -> None:
        """Show what the setting says; ``show_anew`` is called whenever that changes."""
        self._engine = engine
        self._show_anew = show_anew
        self._shown: str | None = None
        self._icon = 0

    def shown(self, options: DisplayOptions, icon: int = 0) -> str:
        """Return what an icon is about now, by its number; the options have the person's own choice."""
        return options.icon_shows if self._shown is None or icon != self._icon else self._shown

    def scroll(self, steps: int, options: DisplayOptions, icon: int, account_ids: Collection[str]) -> None:
        """Show the next choice, or with a negative number the one before, in the icon that is about these accounts."""
        found = choices(self._engine.snapshot, options.icon_shows, account_ids)
        shown = self.shown(options, icon)
        at = found.index(shown) if shown in found else 0
        self._shown, self._icon = found[(at + (1 if steps > 0 else -1)) % len(found)], icon
        self._engine.call_later("icon", _SECONDS, self._end)
        self._show_anew()

    def _end(self) -> None:
        self._shown = None
        self._show_anew()


def choices(snapshot: Snapshot, icon_shows: str, account_ids: Collection[str]) -> tuple[str, ...]:
    """Return what an icon of these accounts can be about, the person's own choice first.

    The lowest, the next account, each account; of a single account the lowest and each window.
    """
    of_icon = (usage for usage in snapshot.accounts if usage.account.id in account_ids)
    shown = [usage for usage in of_icon if usage.state not in NEVER_POLLED]
    if len(shown) == 1:
        [usage] = shown
        windows = (account_choice(usage.account.id, window.title) for window in usage.windows)
        return tuple(dict.fromkeys((icon_shows, LOWEST, *windows)))
    return tuple(dict.fromkeys((icon_shows, LOWEST, NEXT, *(usage.account.id for usage in shown))))
