"""The engine with real threads: everybody at once, nobody blocks another, and no thread is left."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from insides import discoverer, fetch_tasks, pass_unnoticed

from trayquota.core.model import AccountState, FailureKind, Snapshot
from trayquota.core.refresh_policy import Reason
from trayquota.engine.engine import Engine
from trayquota.engine.fetch_pool import TOKEN_REFRESH_S, WORKERS
from trayquota.engine.scheduler import PollInterval
from trayquota.sources.base import Discovery

from .engine_rig import answer
from .engine_rig import credential as credential_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trayquota.core.account_state import AccountRecord, FetchResult
    from trayquota.core.credential import Credential
    from trayquota.net.cancellation import CancelToken

    SetUp = Callable[["Fetchers", int], "Bench"]

PATIENCE_S = 10.0
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class Fetchers:
    """Fetchers that hang for some accounts until they are let go."""

    def __init__(self, hanging: Callable[[str], bool] = lambda _name: False) -> None:
        self._hanging = hanging
        self._changed = threading.Condition()
        self._let_go = threading.Event()
        self.inside = 0
        self.most_inside = 0
        self.fetched: list[str] = []
        self.refreshing: set[str] = set()

    def __call__(
        self, credential: Credential, cancel_token: CancelToken, allow_s: Callable[[float], None]
    ) -> FetchResult:
        name = credential.account.id
        if name in self.refreshing:
            allow_s(TOKEN_REFRESH_S)
        with self._changed:
            self.fetched.append(name)
            self.inside += 1
            self.most_inside = max(self.inside, self.most_inside)
            self._changed.notify_all()
        if self._hanging(name):
            self._let_go.wait()
        with self._changed:
            self.inside -= 1
            self._changed.notify_all()
        return answer(token=credential.login.access_token)

    def until_inside(self, amount: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.inside == amount, PATIENCE_S), self.inside

    def hold(self) -> None:
        """Let nobody go from now on."""
        self._let_go.clear()

    def let_go(self) -> None:
        self._let_go.set()


class Bench:
    """An engine on this thread whose monotonic clock is set by the test."""

    def __init__(self, fetchers: Fetchers, amount: int) -> None:
        self.fetchers = fetchers
        self.seconds = 0.0
        self.published: list[Snapshot] = []
        self._credentials = tuple(credential_of(f"n{number:03}") for number in range(amount))
        self.engine = Engine(
            sources=[self],
            fetch=fetchers,
            store=self,
            clock=lambda: datetime.now(UTC),
            sinks=[self.published.append],
            interval=PollInterval(300.0),
            monotonic=lambda: self.seconds,
        )

    name = "folder"

    def start(self, changed: Callable[[], None]) -> None:
        self.changed = changed

    def is_scan_due(self) -> bool:
        return True

    def discover(self) -> Discovery:
        return Discovery(self._credentials)

    def close(self) -> None:
        pass

    def save(self, records: Mapping[str, AccountRecord], now: datetime) -> None:
        pass

    def refresh(self, reason: Reason = Reason.START) -> None:
        """Refresh as far as to the fetches."""
        self.engine.refresh(reason)
        while discoverer(self.engine).is_running:
            self.engine.step(0.05)

    def pass_time(self, seconds: float) -> None:
        # Both clocks: the engine takes a difference for sleep.
        self.seconds += seconds
        pass_unnoticed(self.engine, seconds)
        self.engine.step(0.0)

    def until(self, predicate: Callable[[Snapshot], bool]) -> Snapshot:
        """Work until what is shown is as wanted."""
        deadline = threading.Event()
        timer = threading.Timer(PATIENCE_S, deadline.set)
        timer.start()
        try:
            while not (self.published and predicate(self.published[-1])):
                assert not deadline.is_set(), self.published[-1:]
                self.engine.step(0.05)
                self.seconds += 0.5
                pass_unnoticed(self.engine, 0.5)
        finally:
            timer.cancel()
            timer.join()
        return self.published[-1]


@pytest.fixture
def set_up() -> Iterator[SetUp]:
    """Makes benches, and clears up whatever happens."""
    benches: list[Bench] = []

    def make(fetchers: Fetchers, amount: int) -> Bench:
        benches.append(Bench(fetchers, amount))
        return benches[-1]

    yield make
    for each in benches:
        each.engine.close()
        each.fetchers.let_go()


def states(snapshot: Snapshot) -> list[AccountState]:
    return [each.state for each in snapshot.accounts]


def test_thirty_two_accounts_are_fetched_at_the_same_time(set_up: SetUp) -> None:
    fetchers = Fetchers(lambda _name: True)
    bench = set_up(fetchers, WORKERS)
    bench.refresh()
    fetchers.until_inside(WORKERS)
    fetchers.let_go()
    assert states(bench.engine.run_until_settled()) == [AccountState.OK] * WORKERS


def test_more_accounts_than_threads_are_fetched_one_after_another(set_up: SetUp) -> None:
    fetchers = Fetchers()
    bench = set_up(fetchers, WORKERS * 4)
    bench.refresh()
    assert states(bench.engine.run_until_settled()) == [AccountState.OK] * (WORKERS * 4)
    assert fetchers.most_inside <= WORKERS
    assert sorted(fetchers.fetched) == [f"claude-n{number:03}.json" for number in range(WORKERS * 4)]


def test_a_fetch_that_hangs_is_reported_within_twenty_seconds_and_delays_no_other(set_up: SetUp) -> None:
    fetchers = Fetchers(lambda name: name.endswith("n000.json"))
    bench = set_up(fetchers, 4)
    bench.refresh()
    bench.until(lambda shown: states(shown).count(AccountState.OK) == 3)
    fetchers.until_inside(1)
    assert states(bench.published[-1])[0] is AccountState.PENDING
    bench.pass_time(20.0)
    snapshot = bench.until(lambda shown: not shown.refreshing)
    first = snapshot.accounts[0]
    assert first.state is AccountState.ERROR
    assert first.failure is not None
    assert first.failure.kind is FailureKind.NETWORK
    fetchers.let_go()


def test_threads_that_hang_do_not_use_up_the_pool(set_up: SetUp) -> None:
    """All threads hang: the accounts that wait for one get a fresh pool, now and the next time."""
    amount = WORKERS + 8
    fetchers = Fetchers(lambda name: int(name[-8:-5]) < WORKERS)
    bench = set_up(fetchers, amount)
    bench.refresh()
    for _ in range(2):
        bench.until(lambda shown: shown.refreshing)
        fetchers.until_inside(WORKERS)
        bench.pass_time(20.0)
        snapshot = bench.until(lambda shown: not shown.refreshing)
        assert states(snapshot) == [AccountState.ERROR] * WORKERS + [AccountState.OK] * 8
        fetchers.let_go()
        fetchers.until_inside(0)
        fetchers.hold()
        bench.refresh(Reason.MANUAL)
    fetchers.let_go()


def test_a_token_refresh_has_more_time_than_a_request(set_up: SetUp) -> None:
    fetchers = Fetchers(lambda _name: True)
    fetchers.refreshing.add("claude-n000.json")
    bench = set_up(fetchers, 1)
    bench.refresh()
    fetchers.until_inside(1)
    bench.pass_time(TOKEN_REFRESH_S - 20)
    assert bench.published[-1].refreshing
    bench.pass_time(40.0)
    assert states(bench.published[-1]) == [AccountState.ERROR]
    fetchers.let_go()


def test_closing_waits_for_no_fetch(set_up: SetUp) -> None:
    fetchers = Fetchers(lambda _name: True)
    bench = set_up(fetchers, WORKERS + 5)
    bench.refresh()
    fetchers.until_inside(WORKERS)
    tasks = list(fetch_tasks(bench.engine).values())
    bench.engine.close()
    assert all(each.cancel_token.is_cancelled for each in tasks)
    assert sum(each.future is not None and each.future.cancelled() for each in tasks) == 5
    fetchers.let_go()


def test_the_loop_takes_requests_from_any_thread_and_ends_when_closed(set_up: SetUp) -> None:
    fetchers = Fetchers()
    shown: list[Snapshot] = []
    condition = threading.Condition()

    def publish(snapshot: Snapshot) -> None:
        assert threading.current_thread() is loop
        with condition:
            shown.append(snapshot)
            condition.notify_all()

    bench = set_up(fetchers, 3)
    engine = Engine(
        sources=[bench],
        fetch=fetchers,
        store=bench,
        clock=lambda: datetime.now(UTC),
        sinks=[publish],
        interval=PollInterval(3600.0),
    )
    loop = threading.Thread(target=engine.run, name="engine")
    loop.start()
    threads = [threading.Thread(target=engine.request, args=(Reason.MANUAL,)) for _ in range(8)]
    threads += [threading.Thread(target=engine.source_changed, args=(bench,)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    try:
        with condition:
            done = condition.wait_for(
                lambda: len(fetchers.fetched) >= 3 and shown and not shown[-1].refreshing, PATIENCE_S
            )
    finally:
        engine.post(engine.close)
        loop.join(PATIENCE_S)
    assert done
    assert not loop.is_alive()
    assert states(shown[-1]) == [AccountState.OK] * 3
