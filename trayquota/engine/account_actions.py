"""What a person can do with an account of the applet: pause it, resume it, sign in again, copy the command for that.

What does it is loaded when there is something to do.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from trayquota.core.refresh_policy import Reason
from trayquota.core.translation import Message, marked
from trayquota.views.pause_alerts import named
from trayquota.views.tray_view import CopyCommand, SetPaused, SignIn

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.core.model import Snapshot
    from trayquota.core.provider_clock import ProviderClock
    from trayquota.engine.alert_notifier import AlertNotifier
    from trayquota.engine.engine import Engine
    from trayquota.engine.pause_control import PauseControl
    from trayquota.engine.sign_ins import SignIns
    from trayquota.sources.proxy_api import ProxySource
    from trayquota.tokens.manager import TokenManager
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import AccountAction


class Notifier(Protocol):
    """Shows notifications."""

    def notify_problem(self, title: str, message: str) -> None:
        """Notify of what came of a click."""


class Services(Protocol):
    """What that needs: who has the accounts, who changes them, the providers' time."""

    @property
    def engine(self) -> Engine:
        """Has the accounts."""

    @property
    def proxies(self) -> ProxySource:
        """Those that are connected."""

    @property
    def notifier(self) -> AlertNotifier:
        """Notifies of what the program has changed."""

    @property
    def token_manager(self) -> TokenManager:
        """Has the locks of logins."""

    @property
    def provider_clock(self) -> ProviderClock:
        """How far this machine's clock is off."""


class AccountActions:
    """Does it. For the engine's thread; the delegate of what pauses accounts and of what signs people in."""

    def __init__(self, services: Services, notifier: Notifier, file: Path, clock: Callable[[], datetime]) -> None:
        """Do nothing yet; :meth:`configure` comes first.

        Args:
            services: Of the program.
            notifier: Shows notifications.
            file: Says what was done before; where it is not there, nothing was.
            clock: The time, aware, UTC.
        """
        self._services = services
        self._engine = services.engine
        self._clock = clock
        self._file = file
        self._control: PauseControl | None = None
        self._sign_ins: SignIns | None = None
        self.post = services.engine.post
        self.notify = services.notifier.notify_change
        self.notify_problem = notifier.notify_problem

    def configure(self, options: DisplayOptions, *, is_on: bool) -> None:
        """Pause accounts that have run out if ``is_on``; ``options`` say how things are named, and what counts."""
        self._is_on, self._options = is_on, options

    def check(self, snapshot: Snapshot) -> None:
        """Do what is due by a snapshot."""
        if self._is_on or self._control is not None or self._file.exists():
            self._loaded().check(self._with_clock_offset(snapshot), self._options, is_on=self._is_on)

    def run(self, action: AccountAction) -> None:
        """Do what was clicked."""
        match action:
            case SignIn(account_id, server):
                self.sign_in(account_id, server)
            case SetPaused(account_id, paused):
                self.set_paused(account_id, paused=paused)
            case CopyCommand(command):
                threading.Thread(target=self._copy, args=(command,), name="clipboard", daemon=True).start()

    def set_paused(self, account_id: str, *, paused: bool) -> None:
        """Pause or resume an account because a person says so."""
        snapshot = self._with_clock_offset(self._engine.snapshot)
        self._loaded().set_paused(account_id, snapshot, self._options, paused=paused)

    def sign_in(self, account_id: str, server: str) -> None:
        """Sign the person in again with an account, by the proxy at ``server``."""
        credential = self.credential(account_id)
        kind = self._options.proxy_sign_in(credential.account.provider) if credential is not None else None
        if kind is None:
            return
        if self._sign_ins is None:
            from trayquota.engine.sign_ins import SignIns

            self._sign_ins = SignIns(self, self._services.proxies, time.monotonic)
        self._sign_ins.request(server, kind, named(account_id, self._engine.snapshot, self._options)[0])

    def credential(self, account_id: str) -> Credential | None:
        """Return an account as its source gives it."""
        return self._engine.credential(account_id)

    def check_later(self, why: str, delay_s: float) -> None:
        """Check again with the newest snapshot after so many seconds; once for each reason."""
        job = f"pauses: {why}"
        self._engine.scheduler.once(job, delay_s, lambda: self.check(self._engine.snapshot), replace=True)

    def call_after(self, name: str, delay_s: float, action: Callable[[], object]) -> None:
        """Have ``action`` run once after a delay."""
        self._engine.scheduler.once(name, delay_s, action, replace=True)

    def open_page(self, address: str) -> None:
        """Show a page in the browser."""
        from trayquota.system.open import open_page

        open_page(address)

    def signed_in(self) -> None:
        """Have all accounts refreshed, for one has a new login."""
        self._engine.refresh(Reason.MANUAL)

    def discover(self) -> None:
        """Have the accounts discovered, for they have changed."""
        self._engine.refresh(Reason.CHANGED)

    def _copy(self, command: str) -> None:
        """Copy a command and say so. On a thread of its own: it waits for another program."""
        from trayquota.system.clipboard import copy

        is_copied = copy(command)
        title = marked("The sign-in command is copied") if is_copied else marked("The sign-in command was not copied")
        message = Message("Run it in a terminal: {command}", command=command)
        self.post(lambda: self.notify_problem(title, message))

    def _with_clock_offset(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, clock_offset=self._services.provider_clock.offset)

    def _loaded(self) -> PauseControl:
        if self._control is None:
            from trayquota.engine.pause_control import PauseControl
            from trayquota.engine.pauser import Pauser
            from trayquota.store.pause_records import PauseRecords

            services, records = self._services, PauseRecords(self._file)
            provider_clock, pauser = services.provider_clock, Pauser(services.proxies, services.token_manager)
            self._control = PauseControl(
                self,
                pauser,
                records,
                clock=self._clock,
                monotonic=time.monotonic,
                knows_time=lambda: provider_clock.is_known,
            )
        return self._control
