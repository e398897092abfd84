"""The titles of windows, which are names for scripts and settings, in the person's language."""

from __future__ import annotations

from trayquota.core.translation import _, marked

TITLES = (
    marked("Session"),
    marked("Daily"),
    marked("Weekly"),
    marked("Monthly"),
    marked("Yearly"),
    marked("Quota"),
    marked("Other"),
    marked("Credits"),
    marked("Monthly credits"),
    marked("Cloud session credits"),
    marked("Extra usage"),
    marked("Spend limit"),
    marked("On-demand"),
    marked("Overage"),
)
"""Those that the providers here give; any other is shown as it is."""


def shown_title(title: str) -> str:
    """Return ``Woche (Opus)`` for ``Weekly (Opus)`` in German; what is in brackets is a name."""
    base, bracket, scope = title.partition(" (")
    count, _dash, unit = base.partition("-")
    if count.isdigit() and unit == "minute":
        # Translators: a window of so many minutes, as in "30-minute"
        base = _("{minutes}-minute").format(minutes=count)
    elif count.isdigit() and unit == "hour":
        # Translators: a window of so many hours, as in "5-hour"
        base = _("{hours}-hour").format(hours=count)
    elif count.isdigit() and unit == "day":
        # Translators: a window of so many days, as in "2-day"
        base = _("{days}-day").format(days=count)
    else:
        base = _(base)
    return f"{base}{bracket}{scope}"
