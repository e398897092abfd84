"""The sentences and headings of the history's page that depend on whether it says what is left or what is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.text import format_duration
from trayquota.core.translation import _, marked, ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trayquota.views.labels import DisplayOptions

_OUTAGES = {
    "login expired": marked("login expired"),
    "scope missing": marked("scope missing"),
    "rate limited": marked("rate limited"),
    "provider down": marked("provider down"),
    "network": marked("network"),
    "blocked": marked("blocked"),
    "bad answer": marked("bad answer"),
    "no windows": marked("no windows"),
    "unreadable file": marked("unreadable file"),
    "refused": marked("refused"),
}
"""Why refreshes failed, as it is recorded."""


def amount_now(options: DisplayOptions) -> str:
    """Return the heading of what is shown of a window now."""
    return _("Used now") if options.shows_used else _("Left now")


def extreme_heading(options: DisplayOptions) -> str:
    """Return the heading of the extremes of each day or week."""
    return _("Most used") if options.shows_used else _("Least left")


def extreme_caption(window: str, options: DisplayOptions) -> str:
    """Return what a table of extremes is about."""
    form = _("The most that was used of {window}") if options.shows_used else _("The least that was left of {window}")
    return form.format(window=window)


def line_description(window: str, days: int, resets: int, early: int, options: DisplayOptions) -> str:
    """Return what the picture of a window over time shows.

    Args:
        window: Its title, as it is shown.
        days: So many days until now.
        resets: How often it was reset in them.
        early: How many of these were before their time.
        options: Whether it shows what is left or what is used.
    """
    if options.shows_used:
        form = ngettext(
            "What was used of {window} in the last {days} days: {count} resets, as triangles",
            "What was used of {window} in the last {days} days: {count} resets, as triangles",
            resets,
        )
    else:
        form = ngettext(
            "What was left of {window} in the last {days} days: {count} resets, as triangles",
            "What was left of {window} in the last {days} days: {count} resets, as triangles",
            resets,
        )
    text = form.format(window=window, days=days, count=resets)
    if not early:
        return _("{sentence}.").format(sentence=text)
    form = ngettext(
        "{sentence}; {count} of them before their time, as diamonds.",
        "{sentence}; {count} of them before their time, as diamonds.",
        early,
    )
    return form.format(sentence=text, count=early)


def outages_text(lengths_s: Mapping[str, Sequence[float]]) -> str:
    """Return how often refreshes failed and for how long, by the kind of failure."""
    texts = [
        ngettext("{kind} {count} time, {time} in all", "{kind} {count} times, {time} in all", len(lengths)).format(
            kind=_(_OUTAGES.get(kind, kind)), count=len(lengths), time=format_duration(sum(lengths))
        )
        for kind, lengths in sorted(lengths_s.items())
    ]
    text = "; ".join(texts)
    return _("{sentence}.").format(sentence=text[:1].upper() + text[1:])
