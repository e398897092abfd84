"""The submenu that holds notifications back for a while."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from trayquota.core.translation import _
from trayquota.views.clock_format import format_moment
from trayquota.views.tray_view import MenuItem, SnoozeFor, SnoozeUntil

if TYPE_CHECKING:
    from trayquota.views.labels import DisplayOptions

SNOOZE = "snooze"
"""The submenu's key, and the beginning of its rows' keys."""
_MORNING = time(8)


def snooze_menu_item(
    snoozed_until: datetime | None, resets_at: datetime | None, now: datetime, options: DisplayOptions
) -> MenuItem:
    """Return the submenu.

    Args:
        snoozed_until: Until when they are held back; ``None`` when they are not.
        resets_at: The reset of the window that the icon shows; ``None`` when unknown.
        now: The moment.
        options: How moments are written, and where.
    """

    def until(moment: datetime) -> str:
        return format_moment(moment, now, options.clock_format, options.zone)

    tomorrow = tomorrow_morning(now, options)
    rows = [
        MenuItem(_("For 1 hour"), SnoozeFor(60)),
        MenuItem(
            _("Until tomorrow ({moment})").format(moment=until(tomorrow)),
            SnoozeUntil(tomorrow),
            key=f"{SNOOZE} tomorrow",
        ),
    ]
    if resets_at is not None and resets_at > now:
        label = _("Until the reset ({moment})").format(moment=until(resets_at))
        rows.insert(0, MenuItem(label, SnoozeUntil(resets_at), key=f"{SNOOZE} reset"))
    if snoozed_until is None:
        return MenuItem(_("Snooze notifications"), children=tuple(rows), key=SNOOZE)
    rows.insert(0, MenuItem(_("Show notifications again"), SnoozeFor(0)))
    label = _("Notifications snoozed until {moment}").format(moment=until(snoozed_until))
    return MenuItem(label, children=tuple(rows), key=SNOOZE)


def tomorrow_morning(now: datetime, options: DisplayOptions) -> datetime:
    """Return eight o'clock of the person's next day."""
    local = now.astimezone(options.zone)
    morning = datetime.combine(local.date() + timedelta(days=1), _MORNING, options.zone)
    return morning.astimezone(now.tzinfo)
