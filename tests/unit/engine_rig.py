"""An engine driven by hand: its clocks, its folder and its fetchers do what a test says, and nothing else."""

from __future__ import annotations

import math
import random
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from insides import begin_ticking
from msgspec.structs import replace

from trayquota.core.account_state import FetchResult
from trayquota.core.credential import Credential, Tokens
from trayquota.core.model import Account, AccountState, Failure, FailureKind, QuotaWindow, Usage
from trayquota.core.person import person
from trayquota.core.refresh_policy import Reason
from trayquota.engine.engine import Engine
from trayquota.engine.scheduler import PollInterval
from trayquota.sources.base import Discovery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.model import AccountUsage, Snapshot
    from trayquota.net.cancellation import CancelToken

T = TypeVar("T")

START = datetime(2026, 9, 22, 12, tzinfo=UTC)
INTERVAL_S = 300.0
LONGEST_S = INTERVAL_S * 1.1
"""The interval with the most jitter."""


def credential(name: str, provider: str = "claude", *, token: str | None = None, **more: Any) -> Credential:
    """Return what a file says; ``more`` are fields of the credential or of its login."""
    login = {key: more.pop(key) for key in ("account_id", "expires_at", "refresh_token") if key in more}
    key, email = f"{provider}-{name}.json", f"{name}@example.com"
    return Credential(
        Account(key, provider, email, person=person(account=login.get("account_id"), name=email)),
        f"/nowhere/{key}",
        Tokens(token or f"token-{name}", **login),
        **more,
    )


def answer(
    used: float = 58.0, *, resets_at: datetime | None = None, plan: str | None = None, token: str = ""
) -> FetchResult:
    """Return a good answer with one window."""
    return FetchResult(Usage((QuotaWindow("5-hour", used, resets_at, 18000),), plan), access_token=token)


def failure(kind: FailureKind = FailureKind.PROVIDER_DOWN, *, token: str = "") -> FetchResult:
    """Return an answer that is none."""
    return FetchResult(error=Failure(kind, f"{kind} happened"), access_token=token)


def pause(retry_after_s: float = 0.0) -> FetchResult:
    """Return a 429."""
    return replace(failure(FailureKind.RATE_LIMITED), is_rate_limited=True, retry_after_s=retry_after_s)


class ManualFetch:
    """A fetch on the pool, waiting for the test to begin and to finish it."""

    def __init__(self, future: Future[Any], run: Callable[[], Any], credential: Credential) -> None:
        self.future = future
        self._run = run
        self.credential = credential
        self.result: FetchResult | Exception | None = None

    def begin(self) -> None:
        """Have it under way."""
        assert self.future.set_running_or_notify_cancel(), "it was cancelled before it began"

    def finish(self) -> None:
        self.future.set_result(self._run())


class ManualPool(Executor):
    """Pools without threads, one after the other."""

    def __init__(self) -> None:
        self.fetches: list[ManualFetch] = []
        self.is_shut = True

    def reopened(self) -> ManualPool:
        self.is_shut = False
        return self

    def submit(self, fn: Callable[..., T], /, *args: Any, **_kwargs: Any) -> Future[T]:
        assert not self.is_shut
        future: Future[T] = Future()
        self.fetches.append(ManualFetch(future, lambda: fn(*args), args[0].credential))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.is_shut = True


class Rig:
    """The engine and all that is around it."""

    def __init__(self, *credentials: Credential, records: Mapping[str, AccountRecord] | None = None) -> None:
        self.now = START
        self.seconds = 1000.0
        self.scan_result = Discovery(credentials)
        self.scan_error: Exception | None = None
        self.scans = 0
        self.published: list[Snapshot] = []
        self.second_sink: list[Snapshot] = []
        self.show_error: Exception | None = None
        self.saved: list[dict[str, AccountRecord]] = []
        self.save_error: Exception | None = None
        self.ticks = 0
        self.steps = 0
        self.pool = ManualPool()
        self.is_slow = False
        self.has_scan_each_minute = True
        self.discoveries: list[Callable[[], None]] = []
        self._running: ManualFetch | None = None
        self.engine = Engine(
            sources=[self],
            fetch=self._fetch,
            store=self,
            clock=lambda: self.now,
            sinks=[self._publish, self.second_sink.append],
            interval=PollInterval(INTERVAL_S, random.Random(1)),
            records=records,
            on_tick=self._tick,
            monotonic=lambda: self.seconds,
            make_pool=self.pool.reopened,
            run_discovery=self._run_discovery,
        )

    # What the engine calls.

    name = "folder"

    def start(self, changed: Callable[[], None]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def is_scan_due(self) -> bool:
        return self.has_scan_each_minute

    def discover(self) -> Discovery:
        self.scans += 1
        if self.scan_error is not None:
            raise self.scan_error
        return self.scan_result

    def save(self, records: Mapping[str, AccountRecord], now: datetime) -> None:
        assert now == self.now
        self.saved.append(dict(records))
        if self.save_error is not None:
            raise self.save_error

    def _publish(self, snapshot: Snapshot) -> None:
        self.published.append(snapshot)
        if self.show_error is not None:
            raise self.show_error

    def _run_discovery(self, action: Callable[[], None]) -> None:
        if self.is_slow:
            self.discoveries.append(action)
        else:
            action()

    def _tick(self) -> None:
        self.ticks += 1

    def _fetch(
        self, credential: Credential, cancel_token: CancelToken, allow_s: Callable[[float], None]
    ) -> FetchResult:
        assert self._running is not None
        assert self._running.credential is credential
        result = self._running.result
        if isinstance(result, Exception):
            raise result
        assert result is not None
        return result

    # What a test does.

    def begin_run(self) -> None:
        """Begin as the applet does."""
        begin_ticking(self.engine)
        self.refresh(Reason.START)

    def refresh(self, reason: Reason = Reason.MANUAL) -> None:
        self.engine.request(reason)
        self.step()

    def step(self) -> None:
        self.steps += 1
        self.engine.step(0.0)
        while self.engine.has_posts:
            self.engine.step(0.0)

    def change(self, *credentials: Credential, **scan: Any) -> None:
        """Have something else in the folder, and the watcher notice."""
        self.scan_result = Discovery(credentials, **scan)
        self.engine.source_changed(self)
        self.step()
        self.pass_time(0.2)

    def pending(self, *keys: str) -> list[ManualFetch]:
        """Return the fetches that are not finished; of ``keys``, or all."""
        return [
            each
            for each in self.pool.fetches
            if not each.future.done() and (not keys or each.credential.account.id in keys)
        ]

    @property
    def fetching(self) -> list[str]:
        """The ids of the accounts that are being fetched, in the order of submission."""
        return [each.credential.account.id for each in self.pending()]

    def begin(self, key: str) -> ManualFetch:
        work = self.pending(key)[-1]
        work.begin()
        return work

    def finish(self, work: ManualFetch, result: FetchResult | Exception) -> None:
        """Have a fetch that was begun finished."""
        work.result, self._running = result, work
        work.finish()
        self.step()

    def answer(self, key: str, result: FetchResult | Exception | None = None) -> None:
        self.finish(self.begin(key), result or answer())

    def answer_all(self, result: FetchResult | None = None) -> None:
        for key in self.fetching:
            self.answer(key, result)

    def pass_time(self, seconds: float) -> None:
        """Let time go by as the engine's loop would: it is woken when something is due."""
        if self.engine.has_posts:
            self.step()
        end = self.seconds + seconds
        while self.seconds < end:
            self.wake(end - self.seconds)

    def wake(self, at_most_s: float = math.inf) -> None:
        """Let time go by until the engine wakes up by itself."""
        slice_s = min(at_most_s, self.engine.wait_s)
        # Two floating clocks: without a little more a moment might never come.
        slice_s = max(slice_s, 1e-6)
        self.now += timedelta(seconds=slice_s)
        self.seconds += slice_s
        self.step()

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: only the clock on the wall goes on."""
        self.set_clock(seconds)
        self.step()

    def set_clock(self, by_s: float) -> None:
        self.now += timedelta(seconds=by_s)

    @property
    def snapshot(self) -> Snapshot:
        """What is shown."""
        return self.published[-1]

    def usage(self, key: str) -> AccountUsage:
        return next(each for each in self.snapshot.accounts if each.account.id == key)

    def state(self, key: str) -> AccountState:
        return self.usage(key).state
