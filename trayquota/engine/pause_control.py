"""Pausing and resuming accounts while the applet runs: at a click, by the setting, and again where that was undone.

Loaded when there is something to do: with the first click, with the setting, or where accounts are paused already.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from trayquota.core.errors import PauseError
from trayquota.core.pausing import (
    GUARD_S,
    PausePolicy,
    PauseRecord,
    exhausted_until,
    next_resume,
    outdated,
    pause_changes,
)
from trayquota.core.provider_clock import with_local_resets
from trayquota.core.translation import Message, _, marked, message_of
from trayquota.system.log import LoggedErrors
from trayquota.views.pause_alerts import changed_alert, failed_alert

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trayquota.core.credential import Credential
    from trayquota.core.model import Snapshot
    from trayquota.engine.pauser import Pauser
    from trayquota.store.pause_records import PauseRecords
    from trayquota.views.alert import Alert
    from trayquota.views.labels import DisplayOptions

SETTLED_S = 5.0
"""So soon after a change all sources have seen it."""
_RETRY_S = 600.0
_CLOCK_S = 120.0
"""So long after the start the providers' time is waited for."""
_MOST_REPEATS = 3
_LONGEST_WAIT_S = 3600.0
_log = logging.getLogger(__name__)


class PauseDelegate(Protocol):
    """What the control needs of the rest of the program; all but :meth:`post` for the engine's thread."""

    def credential(self, account_id: str) -> Credential | None:
        """Return an account as its source gives it."""

    def post(self, action: Callable[[], object]) -> None:
        """Have the engine's thread run ``action``. From any thread."""

    def check_later(self, why: str, delay_s: float) -> None:
        """Have :meth:`PauseControl.check` called with the newest snapshot then, once for each reason."""

    def discover(self) -> None:
        """Have the accounts discovered, for they have changed."""

    def notify(self, make: Callable[[DisplayOptions], Alert]) -> None:
        """Notify of what the program did, as ``make`` makes it of the options."""

    def notify_problem(self, title: str, message: str) -> None:
        """Notify of what a click could not do."""


class _Change(Struct, frozen=True):
    """A change that is being made.

    Attributes:
        credential: Of the account.
        record: What is recorded of it.
        before: What was recorded before.
        repeats: The change was made before, and undone.
    """

    credential: Credential
    record: PauseRecord
    before: PauseRecord | None = None
    repeats: bool = False

    @property
    def account_id(self) -> str:
        """Of the account."""
        return self.credential.account.id


def start_thread(action: Callable[[], None]) -> None:
    """Run ``action``, which may block, on a thread of its own, that nobody waits for."""
    threading.Thread(target=action, name="pause", daemon=True).start()


class PauseControl:
    """Makes one change of an account at a time. For the engine's thread; what blocks has threads of its own."""

    def __init__(  # noqa: PLR0913 - each is another part of the program
        self,
        delegate: PauseDelegate,
        pauser: Pauser,
        records: PauseRecords,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        knows_time: Callable[[], bool],
        run: Callable[[Callable[[], None]], None] = start_thread,
    ) -> None:
        """Change nothing yet.

        Args:
            delegate: Has the accounts, notifies, and runs what is posted to the engine.
            pauser: Makes the changes.
            records: What was done before.
            clock: The time, aware, UTC.
            monotonic: The monotonic clock; seconds.
            knows_time: Whether the providers' time is known.
            run: Runs what may block.
        """
        self._delegate = delegate
        self._pauser = pauser
        self._records = records
        self._clock = clock
        self._monotonic = monotonic
        self._knows_time = knows_time
        self._run = run
        self._started_s = monotonic()
        self._busy: set[str] = set()
        self._seen: set[str] = set()
        """Numbers of records whose change has been in effect."""
        self._repeats: dict[str, int] = {}
        self._not_before_s: dict[str, float] = {}
        self._notified: set[str] = set()
        """Accounts of which it was said that the program could not change them."""

    def set_paused(self, account_id: str, snapshot: Snapshot, options: DisplayOptions, *, paused: bool) -> None:
        """Pause or resume an account because a person says so; what does not work is said."""
        credential = self._delegate.credential(account_id)
        if credential is None or account_id in self._busy:
            return
        account, before = credential.account, self._records.read().get(account_id)
        until = before.until if before is not None and before.is_of(account) else None
        local = with_local_resets(snapshot)
        for usage in local.accounts:
            end = exhausted_until(usage, self._clock()) if usage.account.id == account_id else None
            until = (end + snapshot.clock_offset).astimezone(UTC) if end is not None else until
        record = PauseRecord(paused, self._clock(), until=until, person=account.person)
        self._start(_Change(credential, record, before), snapshot, options)

    def check(self, snapshot: Snapshot, options: DisplayOptions, *, is_on: bool) -> None:
        """Do what is due by what is known now.

        Args:
            snapshot: The accounts, with how far this machine's clock is off.
            options: How things are named, and which windows do not count.
            is_on: Accounts that have run out are to be paused.
        """
        records, now = self._records.read(), self._clock()
        self._repeat_undone(snapshot, records, options)
        for account_id, (record, new) in outdated(snapshot, records, now).items():
            self._records.replace(account_id, record, new)
        if not snapshot.refreshing:
            knows_time = self._knows_time() or self._monotonic() - self._started_s >= _CLOCK_S
            policy = PausePolicy(is_on, knows_time, options.ignored_windows)
            for change in pause_changes(snapshot, records, now, policy):
                credential = self._delegate.credential(change.account_id)
                if credential is not None and self._is_allowed(change.account_id):
                    person = credential.account.person
                    record = PauseRecord(change.paused, now, is_automatic=True, until=change.until, person=person)
                    self._start(_Change(credential, record, records.get(change.account_id)), snapshot, options)
        due = next_resume(records)
        if due is not None:
            left_s = (due - snapshot.clock_offset - now).total_seconds()
            self._delegate.check_later("a reset", min(max(left_s, SETTLED_S), _LONGEST_WAIT_S))

    def _is_allowed(self, account_id: str) -> bool:
        return account_id not in self._busy and self._monotonic() >= self._not_before_s.get(account_id, 0.0)

    def _repeat_undone(self, snapshot: Snapshot, records: dict[str, PauseRecord], options: DisplayOptions) -> None:
        """Make a change again that an old copy of the account's file has undone."""
        now = self._clock()
        for usage in snapshot.accounts:
            record = records.get(usage.account.id)
            if record is None or usage.account.id in self._busy:
                continue
            if usage.account.paused is record.paused:
                self._seen.add(record.number)
                continue
            is_settled = record.number in self._seen or now - record.at >= timedelta(seconds=SETTLED_S)
            if is_settled and record.is_undone(usage.account, now):
                repeats = self._repeats[record.number] = self._repeats.get(record.number, 0) + 1
                credential = self._delegate.credential(usage.account.id)
                if credential is not None and repeats <= _MOST_REPEATS:
                    self._start(_Change(credential, record, repeats=True), snapshot, options)

    def _start(self, change: _Change, snapshot: Snapshot, options: DisplayOptions) -> None:
        self._busy.add(change.account_id)
        try:
            self._run(partial(self._work, change, snapshot, options))
        except RuntimeError:
            self._done(change, Message("The system has no more threads for this program."), snapshot, options)

    def _work(self, change: _Change, snapshot: Snapshot, options: DisplayOptions) -> None:
        """Make a change, on a thread of its own."""
        problem: str = Message("Something went wrong inside. It will be tried again; please report it.")
        with LoggedErrors(_log, "pausing an account"):
            try:
                self._make(change)
                problem = ""
            except PauseError as error:
                problem = message_of(error)
        self._delegate.post(partial(self._done, change, problem, snapshot, options))

    def _make(self, change: _Change) -> None:
        """Make a change, and record it: a pause before it is made, so that a crash between leaves none unknown.

        What is resumed by itself is recorded afterwards: until then it is to be tried again.

        Raises:
            PauseError: It was not made.
        """
        account_id, record = change.account_id, change.record
        is_resume = record.is_automatic and not record.paused
        if not change.repeats and not is_resume:
            record = self._records.put(account_id, record)
        try:
            self._pauser.set_paused(change.credential, paused=record.paused)
        except PauseError:
            if not change.repeats and not is_resume:
                self._records.replace(account_id, record, change.before)
            raise
        if is_resume and not change.repeats:
            self._records.put(account_id, record)

    def _done(self, change: _Change, problem: str, snapshot: Snapshot, options: DisplayOptions) -> None:
        account_id, record = change.account_id, change.record
        self._busy.discard(account_id)
        if problem:
            _log.warning("an account was not %s", "paused" if record.paused else "resumed")
            self._not_before_s[account_id] = self._monotonic() + _RETRY_S
            self._notify_failed(change, problem, snapshot, options)
            return
        self._notified.discard(account_id)
        self._delegate.discover()
        for delay_s in (SETTLED_S, GUARD_S / 2):
            self._delegate.check_later(f"{delay_s} s after a change", delay_s)
        if record.is_automatic and not change.repeats:
            until = record.until and record.until - snapshot.clock_offset
            self._delegate.notify(partial(changed_alert, account_id, until, snapshot, self._clock()))

    def _notify_failed(self, change: _Change, problem: str, snapshot: Snapshot, options: DisplayOptions) -> None:
        make = partial(failed_alert, change.account_id, problem, snapshot, paused=change.record.paused)
        if not change.record.is_automatic:
            alert = make(options)
            text = _("{title}. {text}").format(title=alert.title, text=alert.body)
            self._delegate.notify_problem(marked("Nothing was changed"), text)
        elif change.account_id not in self._notified:
            self._notified.add(change.account_id)
            self._delegate.notify(make)
