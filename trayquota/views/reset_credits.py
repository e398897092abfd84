"""Resets of limits that an account's owner may ask for, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.text import format_duration
from trayquota.core.translation import ngettext
from trayquota.views.clock_format import format_moment

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.model import ResetCredits
    from trayquota.views.labels import DisplayOptions


def reset_credits_label(resets: ResetCredits, now: datetime, options: DisplayOptions) -> str:
    """Return ``2 limit resets to use · first expires in 3d (Thu 09:00)``."""
    count = resets.available
    label = ngettext("{count} limit reset to use", "{count} limit resets to use", count).format(count=count)
    if resets.expires_at is None or resets.expires_at <= now:
        return label
    left = format_duration((resets.expires_at - now).total_seconds())
    moment = format_moment(resets.expires_at, now, options.clock_format, options.zone)
    form = ngettext("expires in {time} ({moment})", "first expires in {time} ({moment})", count)
    return f"{label} · {form.format(time=left, moment=moment)}"
