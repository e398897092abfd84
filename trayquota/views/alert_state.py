"""What the person was notified of, as it is kept over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.model import Instant, Level
from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from datetime import datetime


class AlertKey(RedactedRepr, Struct, frozen=True):
    """What an alert is about.

    Attributes:
        account_id: The account.
        window: The title of its window; ``None`` for its login.
        person: The tag of whose account it was; empty in what earlier versions wrote.
    """

    repr_fields = ("window",)

    account_id: str
    window: str | None = None
    person: str = ""


class AlertState(Struct, frozen=True):
    """What the person was notified of, for one window in its cycle, or for one account's login.

    Attributes:
        level: The worst level they were notified of.
        resets_at: The end of the cycle; ``None`` when the provider names no reset.
        forecast: Whether they were notified that the window runs out before its reset.
        ends_by: When the cycle is over at the latest, where no reset is named; ``None`` for a login.
    """

    level: Level = Level.PLENTY
    resets_at: Instant | None = None
    forecast: bool = False
    ends_by: Instant | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether the cycle has ended."""
        end = self.resets_at or self.ends_by
        return end is not None and end <= now
