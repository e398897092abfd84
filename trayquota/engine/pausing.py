"""What pausing accounts takes of the applet; the rest is loaded when there is something to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.refresh_policy import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.core.model import Snapshot
    from trayquota.core.provider_clock import ProviderClock
    from trayquota.engine.engine import Engine
    from trayquota.engine.pause_control import PauseControl
    from trayquota.sources.proxy_api import ProxySource
    from trayquota.tokens.manager import TokenManager
    from trayquota.views.alert import Alert
    from trayquota.views.labels import DisplayOptions


class Notifier(Protocol):
    """Shows notifications."""

    def notify(self, alert: Alert) -> None:
        """Notify of what the program did, where the person wants that."""

    def notify_problem(self, title: str, message: str) -> None:
        """Notify of what a click could not do."""


class PausingParts(Struct, frozen=True):
    """What pausing is made of: who has the accounts, who changes them, and the time."""

    engine: Engine
    proxies: ProxySource
    token_manager: TokenManager
    provider_clock: ProviderClock
    clock: Callable[[], datetime]


class Pausing:
    """Pauses and resumes accounts in the applet. For the engine's thread; a :class:`~.pause_control.PauseDesk`.

    Attributes:
        is_on: Accounts that have run out are to be paused.
        options: How things are named, and which windows do not count.
    """

    def __init__(self, parts: PausingParts, notifier: Notifier, file: Path, options: DisplayOptions) -> None:
        """Do nothing yet.

        Args:
            parts: Of the program.
            notifier: Shows notifications.
            file: Says what was done before; where it is not there, nothing was.
            options: See the class.
        """
        self.is_on = False
        self.options = options
        self._parts = parts
        self._engine = parts.engine
        self._file = file
        self._control: PauseControl | None = None
        self.post = parts.engine.post
        self.notify = notifier.notify
        self.notify_problem = notifier.notify_problem

    def check(self, snapshot: Snapshot) -> None:
        """Do what is due by a snapshot."""
        if self.is_on or self._control is not None or self._file.exists():
            self._loaded().check(self._with_clock_offset(snapshot), self.options, is_on=self.is_on)

    def set_paused(self, account_id: str, *, paused: bool) -> None:
        """Pause or resume an account because a person says so."""
        snapshot = self._with_clock_offset(self._engine.snapshot)
        self._loaded().set_paused(account_id, snapshot, self.options, paused=paused)

    def credential(self, account_id: str) -> Credential | None:
        """Return an account as its source gives it."""
        return self._engine.credential(account_id)

    def check_later(self, why: str, delay_s: float) -> None:
        """Check again with the newest snapshot after so many seconds; once for each reason."""
        job = f"pauses: {why}"
        self._engine.scheduler.once(job, delay_s, lambda: self.check(self._engine.snapshot), replace=True)

    def discover(self) -> None:
        """Have the accounts discovered, for they have changed."""
        self._engine.refresh(Reason.CHANGED)

    def _with_clock_offset(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, clock_offset=self._parts.provider_clock.offset)

    def _loaded(self) -> PauseControl:
        if self._control is None:
            from trayquota.engine.pause_control import PauseControl
            from trayquota.engine.pauser import Pauser
            from trayquota.store.pause_records import PauseRecords

            parts, records = self._parts, PauseRecords(self._file)
            pauser, provider_clock = Pauser(parts.proxies, parts.token_manager), parts.provider_clock
            self._control = PauseControl(
                self,
                pauser,
                records,
                clock=parts.clock,
                monotonic=time.monotonic,
                knows_time=lambda: provider_clock.is_known,
            )
        return self._control
