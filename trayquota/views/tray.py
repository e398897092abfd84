"""Snapshot, moment and display options → all that the tray shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.views.advice import advise, find_next
from trayquota.views.display_names import with_display_names
from trayquota.views.icon import icon_spec
from trayquota.views.icon_subject import icon_subject
from trayquota.views.labels import needs_user
from trayquota.views.menu import account_room, account_rows, arrange, menu_items
from trayquota.views.snooze_menu import snooze_menu_item
from trayquota.views.tooltip import brief_lines, headline, tooltip_lines
from trayquota.views.tray_context import TrayContext
from trayquota.views.tray_view import TrayView

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.model import Snapshot
    from trayquota.views.icon_subject import IconSubject
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import MenuItem


_NO_CONTEXT = TrayContext()


def tray_view(
    snapshot: Snapshot, now: datetime, options: DisplayOptions, context: TrayContext = _NO_CONTEXT
) -> TrayView:
    """Return what the tray shows for ``snapshot`` at ``now``.

    Args:
        snapshot: The accounts.
        now: The moment.
        options: How things are shown.
        context: What else decides.
    """
    snapshot = with_display_names(snapshot, options)
    if (ids := context.account_ids) is not None:
        snapshot = replace(snapshot, accounts=tuple(usage for usage in snapshot.accounts if usage.account.id in ids))
    candidate = find_next(snapshot, now, options)
    subject = icon_subject(snapshot, candidate, now, options)
    advice = advise(snapshot, candidate, now, options, max_chars=context.limits.tooltip_chars)
    context = replace(context, advice=advice, snooze=_snooze(subject, now, options, context))
    accounts = account_rows(snapshot, now, options, next_id=advice.next_id)
    if context.arrangement is None:
        arrangement = arrange(snapshot, accounts, now, options, account_room(snapshot, context))
    else:
        arrangement = context.arrangement.adapted(accounts)
    return TrayView(
        icon=icon_spec(snapshot, subject, options, now),
        headline=headline(subject.snapshot, subject.window, now, options),
        advice=advice.brief,
        lines=tuple(tooltip_lines(snapshot, now, options)),
        brief=tuple(brief_lines(snapshot, now, options, context.limits.tooltip_chars)),
        menu=tuple(menu_items(snapshot, accounts, arrangement, now, context)),
        needs_attention=any(needs_user(usage) for usage in snapshot.accounts),
        arrangement=arrangement,
        has_tooltip=options.has_tooltip,
    )


def _snooze(subject: IconSubject, now: datetime, options: DisplayOptions, context: TrayContext) -> MenuItem | None:
    if not context.notifies:
        return None
    resets_at = subject.window.window.resets_at if subject.window else None
    return snooze_menu_item(context.snoozed_until, resets_at, now, options)
