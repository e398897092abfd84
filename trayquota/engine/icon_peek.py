"""What the icon shows for a moment: the wheel over it goes through all that it could be about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NEVER_POLLED

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def shown(self, options: DisplayOptions) -> str:
        """Return what the icon is about now; the options have the person's own choice."""
        return options.icon_shows if self._shown is None else self._shown

    def scroll(self, steps: int, options: DisplayOptions) -> None:
        """Show the next choice, or with a negative number the one before."""
        found = choices(self._engine.snapshot, options.icon_shows)
        at = found.index(self._shown) if self._shown in found else 0
        self._shown = found[(at + (1 if steps > 0 else -1)) % len(found)]
        self._engine.call_later("icon", _SECONDS, self._end)
        self._show_anew()

    def _end(self) -> None:
        self._shown = None
        self._show_anew()


def choices(snapshot: Snapshot, icon_shows: str) -> tuple[str, ...]:
    """Return what the icon can be about, the person's own choice first: the lowest, the next account, each account."""
    ids = [usage.account.id for usage in snapshot.accounts if usage.state not in NEVER_POLLED]
    return tuple(dict.fromkeys((icon_shows, "lowest", "next", *ids)))
