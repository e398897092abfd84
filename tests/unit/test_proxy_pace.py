"""How often a proxy's accounts are asked in an hour: idle ones at the usual pace, busy ones hardly ever."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Executor, Future
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from insides import begin_ticking

from trayquota.core.refresh_policy import Reason
from trayquota.engine.engine import Engine
from trayquota.engine.fetcher import Fetcher
from trayquota.engine.scheduler import PollInterval
from trayquota.net.transport import Transport
from trayquota.sources.management_api import Clocks, ManagementApi
from trayquota.sources.proxy_api import ProxySource
from trayquota.sources.proxy_server import ProxyServer
from trayquota.store.refused_keys import RefusedKeyFile
from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager

from .engine_rig import INTERVAL_S, START
from .proxy_stand_in import KEY, ProxyStandIn, entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.account_state import AccountRecord

IDLE, BUSY = "claude-idle@example.com.json", "claude-busy@example.com.json"
TICKS = 60
"""An hour's, each with a list."""


class InlinePool(Executor):
    """Runs what is submitted at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_running_or_notify_cancel()
        done.set_result(fn(*args))
        return done


class Hours:
    """The engine with one proxy, whose clocks a test moves on."""

    def __init__(self, folder: Path, stand_in: ProxyStandIn) -> None:
        self.seconds = 0.0
        self.stand_in = stand_in
        self.transport = Transport(lambda: self.now)
        refused = RefusedKeyFile(folder / "refused-keys.json")
        clocks = Clocks(lambda: self.now, lambda: self.seconds)

        def connect(address: str) -> ManagementApi:
            return ManagementApi(address, lambda: KEY, self.transport.send_to_server, refused, clocks)

        source = ProxySource([stand_in.url], lambda address: ProxyServer(address, connect, (), clocks))
        store, closing = StateStore(folder / "state.json"), threading.Event()
        manager = TokenManager(folder, self.transport.send, store, lambda: self.now, closing)
        self.engine = Engine(
            sources=[source],
            fetch=Fetcher(self.transport.send, manager, lambda: self.now, senders={source.name: source.send}),
            store=self,
            clock=lambda: self.now,
            interval=PollInterval(INTERVAL_S, random.Random(1)),
            monotonic=lambda: self.seconds,
            make_pool=InlinePool,
            run_discovery=lambda action: action(),
        )

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def save(self, records: Mapping[str, AccountRecord], now: datetime) -> None:
        """Keep nothing."""

    def run(self, hours: int, before_step: Callable[[], None]) -> None:
        begin_ticking(self.engine)
        self.engine.request(Reason.START)
        end = self.seconds + hours * 3600
        while self.seconds < end:
            before_step()
            self.engine.step(0.0)
            # Two floating clocks: without a little more a moment might never come.
            self.seconds += 0.0 if self.engine.has_posts else max(min(self.engine.wait_s, end - self.seconds), 1e-6)
        self.engine.close()
        self.transport.close()

    def asked(self, name: str) -> int:
        return sum(request["auth_index"] == f"index-of-{name}" for request in self.stand_in.asked)


def test_in_an_hour_an_idle_account_is_asked_twelve_times_a_busy_one_once(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(IDLE), entry(BUSY))
    signals = {
        "Anthropic-Ratelimit-Unified-5h-Utilization": "0.5",
        "Anthropic-Ratelimit-Unified-5h-Reset": "4000000000",
    }
    with stand_in:
        hours = Hours(tmp_path, stand_in)

        def work() -> None:
            """Have the proxy just have seen an answer for one of the two."""
            seen = {"observed_at": hours.now.isoformat(), "signals": signals}
            stand_in.entries = [entry(IDLE), entry(BUSY, quota=seen)]

        hours.run(2, work)
    assert stand_in.violations == []
    per_hour = {name: hours.asked(name) / 2 for name in (IDLE, BUSY)}
    assert 11 <= per_hour[IDLE] <= 12, per_hour
    assert per_hour[BUSY] == 1, per_hour
    assert TICKS <= stand_in.lists / 2 <= TICKS + 12, "one a minute, and one with each refresh"
