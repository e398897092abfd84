"""Snapshot → one line for a status bar or a prompt, its names escaped for that bar."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from trayquota.core.errors import ConfigError
from trayquota.core.model import AccountState
from trayquota.core.text import escape_markup, format_duration
from trayquota.core.translation import Message
from trayquota.views.advice import advise, find_next
from trayquota.views.display_names import with_display_names
from trayquota.views.labels import account_label, lowest_label
from trayquota.views.percents import percent_text, whole_percent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trayquota.core.model import LiveWindow, Snapshot
    from trayquota.core.next_account import Candidate
    from trayquota.views.labels import DisplayOptions

_UNKNOWN = "unknown"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_COLOURS = {"low": "#e5a50a", "critical": "#e01b24", "empty": "#e01b24"}
"""By level; without one the bar's own."""
FIELDS = ("percent", "account", "provider", "window", "resets_in", "level", "next")


class LineFormat(StrEnum):
    """Who reads the line."""

    PLAIN = "plain"
    WAYBAR = "waybar"
    POLYBAR = "polybar"
    I3BLOCKS = "i3blocks"
    TMUX = "tmux"
    JSON = "json"


class Line(Struct, frozen=True):
    """What a line is made of.

    Attributes:
        percent: The lowest remaining one; ``None`` for unknown.
        account: The name of its account.
        provider: Its provider's title.
        window: The title of its window.
        resets_in: How long until its reset; empty when unknown.
        level: ``plenty``, ``low``, ``critical``, ``empty`` or ``unknown``.
        next: The name of the account to use next; empty where none has room.
        is_stale: The percent is from an earlier refresh.
        details: For a tooltip: what to do next, then a line per account.
        shown: The percent as people see it, left or used.
    """

    percent: int | None = None
    account: str = ""
    provider: str = ""
    window: str = ""
    resets_in: str = ""
    level: str = _UNKNOWN
    next: str = ""
    is_stale: bool = False
    details: tuple[str, ...] = ()
    shown: str = "?"

    @property
    def text(self) -> str:
        """The least that a bar shows: ``42% 2h 13m``, with ``~`` before a percent from an earlier refresh."""
        return f"{'~' if self.is_stale else ''}{self.shown} {self.resets_in}".rstrip()


def line(snapshot: Snapshot, now: datetime, options: DisplayOptions, *, has_details: bool = False) -> Line:
    """Return what a line is made of, of the window with the least left."""
    snapshot = with_display_names(snapshot, options)
    candidate = find_next(snapshot, now, options)
    next_name = candidate.usage.account.name if candidate else ""
    details = tuple(_details(snapshot, candidate, now, options)) if has_details else ()
    lowest = snapshot.lowest(now, options.ignored_windows)
    if lowest is None:
        return Line(next=next_name, details=details)
    account = lowest.usage.account
    return Line(
        percent=whole_percent(lowest.remaining_percent),
        shown=percent_text(lowest.remaining_percent, options),
        account=account.name,
        provider=options.provider_title(account.provider),
        window=lowest.window.title,
        resets_in=_resets_in(lowest, now),
        level=options.level(lowest.remaining_percent).name.lower(),
        next=next_name,
        is_stale=lowest.usage.state is AccountState.STALE,
        details=details,
    )


def format_line(found: Line, form: str) -> str:
    """Return the line, without a line break.

    Args:
        found: What it is made of.
        form: What :func:`check_format` has passed.
    """
    bar, template = _split(form)
    text, colour = _text(found, bar, template), _COLOURS.get(found.level)
    match bar:
        case LineFormat.WAYBAR:
            return _waybar(found, text)
        case LineFormat.POLYBAR:
            return f"%{{F{colour}}}{text}%{{F-}}" if colour else text
        case LineFormat.TMUX:
            return f"#[fg={colour}]{text}#[default]" if colour else text
        case LineFormat.I3BLOCKS:
            block = {"full_text": text, "short_text": found.shown}
            return _json(block | ({"color": colour} if colour else {}))
        case LineFormat.JSON:
            return _json({"schema": 1} | {name: getattr(found, name) for name in FIELDS} | {"stale": found.is_stale})
        case LineFormat.PLAIN:
            return text


def check_format(form: str) -> str:
    """Return ``form`` if it is a format's name, a template of the known fields alone, or ``NAME:TEMPLATE``.

    Raises:
        ConfigError: It is not; the text says what was expected.
    """
    if form in set(LineFormat):
        return form
    import string

    try:
        parts = list(string.Formatter().parse(_split(form)[1]))
    except ValueError:
        parts = []
    names = {name for _, name, _, _ in parts if name is not None}
    is_plain = not any(spec or conversion for _, _, spec, conversion in parts)
    if "\n" in form or not names or not is_plain or not names <= set(FIELDS):
        fields = " ".join(f"{{{name}}}" for name in FIELDS)
        expected = Message(
            "{names}, or a template such as {template}", names=", ".join(LineFormat), template=f"'{fields}'"
        )
        raise ConfigError(Message("{key}: expected {expected}.", key="--format", expected=expected))
    return form


def _split(form: str) -> tuple[LineFormat, str]:
    """Return the bar, and the template of its text; an empty one is the usual text."""
    name, colon, template = form.partition(":")
    if name in set(LineFormat) and (colon or form == name):
        return LineFormat(name), template
    return LineFormat.PLAIN, form


def _text(found: Line, bar: LineFormat, template: str) -> str:
    """Return the text, with names and titles escaped for the bar; what the person has put around them is theirs."""
    if not template:
        return found.text
    escape = _ESCAPES.get(bar, str)
    values = {name: escape(getattr(found, name)) for name in FIELDS if name != "percent"}
    # Bytes that the terminal's encoding does not know are in it as lone surrogates, which no document can hold.
    template = template.encode(errors="replace").decode()
    return template.format_map(values | {"percent": "?" if found.percent is None else found.percent})


def escape_polybar(text: str) -> str:
    """Return ``text`` for Polybar, which knows no escape for its tags: what begins one is parted."""
    return text.replace("%{", "% {")


def escape_tmux(text: str) -> str:
    """Return ``text`` for tmux, where a doubled sign stands for itself."""
    return text.replace("#", "##")


# Waybar takes what it shows for markup.
_ESCAPES = {LineFormat.WAYBAR: escape_markup, LineFormat.POLYBAR: escape_polybar, LineFormat.TMUX: escape_tmux}


def _waybar(found: Line, text: str) -> str:
    value = {
        "text": text,
        "tooltip": escape_markup("\n".join(found.details)),
        "class": found.level,
        "alt": "stale" if found.is_stale else found.level,
    }
    return _json(value | ({} if found.percent is None else {"percentage": found.percent}))


def _details(snapshot: Snapshot, candidate: Candidate | None, now: datetime, options: DisplayOptions) -> Iterator[str]:
    if advice := advise(snapshot, candidate, now, options).line:
        yield advice
    for usage in snapshot.accounts:
        yield f"{account_label(usage.account, options)}: {lowest_label(usage, now, options)}"


def _resets_in(lowest: LiveWindow, now: datetime) -> str:
    at = lowest.window.resets_at
    return format_duration((at - now).total_seconds()) if at is not None and at > now else ""


def _json(value: object) -> str:
    """Return a document in ASCII: on Windows what goes into a pipe is in a code page."""
    return _NOT_ASCII.sub(_in_ascii, msgspec.json.encode(value).decode())


def _in_ascii(found: re.Match[str]) -> str:
    return "\\u" + found[0].encode("utf-16-be").hex("-", 2).replace("-", "\\u")
