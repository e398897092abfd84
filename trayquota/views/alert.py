"""One notification: what it says, what it is about, and what can be done right there."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.redacted import RedactedRepr
from trayquota.core.translation import _
from trayquota.views.utf16_text import more_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.core.model import Instant, Level
    from trayquota.views.alert_state import AlertKey

_MAX_LINES = 6


class AlertKind(StrEnum):
    """What has happened."""

    LOGIN = "login"
    """A login needs the person."""
    LOW = "low"
    EMPTY = "empty"
    FORECAST = "forecast"
    """It is going to run out before its reset."""
    RESET = "reset"
    EARLY_RESET = "early_reset"
    LAPSE = "lapse"
    """Something paid for is about to end unused."""


class AlertLine(RedactedRepr, Struct, frozen=True):
    """One event.

    Attributes:
        kind: What has happened.
        key: To what.
        level: The highest comes first.
        subject: The account, and which of its windows.
        text: What happened.
        provider: The account's.
        advice: What to do, in place of ``text`` where there is room.
        remaining_percent: What is left of the window, 0–100; ``None`` where that is unknown or not the matter.
        ends_at: The end of the window's cycle, or when it lapses; ``None`` when unknown.
    """

    repr_fields = ("kind", "level", "text", "provider", "advice")

    kind: AlertKind
    key: AlertKey
    level: Level
    subject: str
    text: str
    provider: str
    advice: str = ""
    remaining_percent: float | None = None
    ends_at: Instant | None = None


class Alert(RedactedRepr, Struct, frozen=True):
    """One notification.

    Attributes:
        title: One line.
        body: A line per event; may be empty.
        provider: The one whose page shows more.
        lines: The events, the gravest first.
        anonymous: The same with numbers in place of names, for what leaves the machine.
    """

    repr_fields = ("provider", "lines")

    title: str
    body: str
    provider: str = ""
    lines: tuple[AlertLine, ...] = ()
    anonymous: Alert | None = None

    @property
    def needs_user(self) -> bool:
        """Whether a login needs the person."""
        return any(line.kind is AlertKind.LOGIN for line in self.lines)

    @property
    def snoozable(self) -> tuple[AlertKey, ...]:
        """The windows of which more may be notified before they reset: it can be done without."""
        kinds = {AlertKind.LOW, AlertKind.FORECAST}
        return tuple(line.key for line in self.lines if line.kind in kinds and line.ends_at is not None)

    @property
    def sound(self) -> str:
        """What it sounds like when a quota is empty or back, by the sound naming specification; else nothing.

        Both are in the theme that every other one falls back on:
        https://specifications.freedesktop.org/sound-naming-spec/latest/.
        """
        kinds = {line.kind for line in self.lines}
        return "dialog-warning" if AlertKind.EMPTY in kinds else "complete" if AlertKind.RESET in kinds else ""


def alert_of(lines: Sequence[AlertLine], headline: str) -> Alert | None:
    """Return the one notification of all events; ``None`` of none.

    Args:
        lines: The events.
        headline: The title where there are several, with ``{count}`` of them.
    """
    if not lines:
        return None
    ranked = tuple(sorted(lines, key=lambda line: -line.level))
    first = ranked[0]
    if len(ranked) == 1:
        return Alert(first.subject, first.advice or first.text[:1].upper() + first.text[1:], first.provider, ranked)
    texts = [_("{subject}: {text}").format(subject=line.subject, text=line.text) for line in ranked]
    if len(texts) > _MAX_LINES:
        texts = [*texts[: _MAX_LINES - 1], more_text(len(texts) - _MAX_LINES + 1)]
    return Alert(headline.format(count=len(ranked)), "\n".join(texts), first.provider, ranked)
