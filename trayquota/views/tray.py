"""Snapshot, moment and display options → all that the tray shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.views.display_names import with_display_names
from trayquota.views.icon import icon_spec
from trayquota.views.labels import needs_user
from trayquota.views.menu import menu_items
from trayquota.views.tooltip import brief_lines, headline, tooltip_lines
from trayquota.views.tray_view import TrayView

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.model import Snapshot
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import MenuItem


def tray_view(
    snapshot: Snapshot,
    now: datetime,
    options: DisplayOptions,
    *,
    settings: MenuItem | None = None,
    problem: str | None = None,
) -> TrayView:
    """Return what the tray shows for ``snapshot`` at ``now``.

    Args:
        snapshot: The accounts.
        now: The moment.
        options: How things are shown.
        settings: A submenu with the settings, where there are any to make.
        problem: What is wrong with the settings.
    """
    snapshot = with_display_names(snapshot, options)
    lowest = snapshot.lowest(now, options.ignored_windows)
    return TrayView(
        icon=icon_spec(snapshot, lowest, options, now),
        headline=headline(snapshot, lowest, now, options),
        lines=tuple(tooltip_lines(snapshot, now, options)),
        brief=tuple(brief_lines(snapshot, now, options)),
        menu=tuple(menu_items(snapshot, now, options, settings, problem)),
        needs_attention=any(needs_user(usage) for usage in snapshot.accounts),
    )
