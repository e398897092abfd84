"""The providers' time: this machine's clock, corrected by what the dates of their answers say.

A clock that is hours off makes good tokens look expired, and the times until resets wrong. Nothing else goes by the
providers' time: what this machine has done and seen is dated by its own clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trayquota.core.model import AccountUsage, Snapshot

_IGNORED_S = 120.0
"""Less than this may be the way of the answer, or a clock that is as good as others."""
_SAME_CLOCK_S = 60.0
"""A clock that was not set keeps its distance from the monotonic clock better than that."""
_VALID_FOR_S = 3600.0
"""So long nothing else is believed about the same clock: a single server whose clock is wrong must not make it jump."""
_NO_TIME = timedelta(0)


class ClockOffset(Struct, frozen=True):
    """How far a clock is off, and which clock that is.

    Attributes:
        offset_s: The providers' time minus this machine's; seconds.
        base_s: This machine's time minus its monotonic clock: it changes when the clock is set, or the machine starts.
        measured_s: On the monotonic clock.
    """

    offset_s: float
    base_s: float
    measured_s: float


class ProviderClock:
    """The providers' time, for any thread: what it keeps is replaced as a whole."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        measured: Callable[[ClockOffset], None] = lambda _offset: None,
        known: ClockOffset | None = None,
    ) -> None:
        """Correct ``clock``.

        Args:
            clock: The machine's own, aware, UTC.
            monotonic: Seconds.
            measured: Called with each new offset.
            known: What an earlier run has measured.
        """
        self._clock = clock
        self._monotonic = monotonic
        self._measured = measured
        self._known = known

    @property
    def offset(self) -> timedelta:
        """How much the providers' time is ahead; zero when less than two minutes, or not known of this clock."""
        known = self._known
        if known is None or not self._is_about_this_clock(known) or abs(known.offset_s) < _IGNORED_S:
            return _NO_TIME
        return timedelta(seconds=known.offset_s)

    @property
    def is_known(self) -> bool:
        """Whether the providers' time has been measured by this machine's clock as it is set."""
        return self._known is not None and self._is_about_this_clock(self._known)

    def now(self) -> datetime:
        """Return the providers' time."""
        return self._clock() + self.offset

    def observe(self, headers: Mapping[str, str]) -> None:
        """Measure the offset by the ``Date`` of an answer that has just come, unless a cache may have kept it.

        Args:
            headers: By lower-case name.
        """
        known = self._known
        is_known = known is not None and self._is_about_this_clock(known)
        if is_known and known is not None and 0 <= self._monotonic() - known.measured_s < _VALID_FOR_S:
            return
        sent_at = _date(headers.get("date")) if "age" not in headers else None
        if sent_at is not None:
            now = self._clock()
            self._known = ClockOffset((sent_at - now).total_seconds(), self._base_s(), self._monotonic())
            self._measured(self._known)

    def _is_about_this_clock(self, known: ClockOffset) -> bool:
        return abs(self._base_s() - known.base_s) < _SAME_CLOCK_S

    def _base_s(self) -> float:
        return self._clock().timestamp() - self._monotonic()


def with_local_resets(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot on this machine's clock, however wrong: resets and ends too, as all other times in it are."""
    if not snapshot.clock_offset:
        return snapshot
    return replace(snapshot, accounts=tuple(_local(usage, snapshot.clock_offset) for usage in snapshot.accounts))


def _local(usage: AccountUsage, offset: timedelta) -> AccountUsage:
    windows = tuple(
        replace(window, resets_at=window.resets_at and window.resets_at - offset) for window in usage.windows
    )
    account, resets = usage.account, usage.reset_credits
    if account.subscription_ends_at is not None:
        account = replace(account, subscription_ends_at=account.subscription_ends_at - offset)
    if resets is not None and resets.expires_at is not None:
        resets = replace(resets, expires_at=resets.expires_at - offset)
    return replace(usage, account=account, windows=windows, reset_credits=resets)


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
