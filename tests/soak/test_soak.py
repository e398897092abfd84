"""Ten thousand refreshes with faults of every kind: nothing grows, and the end is as true as the beginning.

The parts are the real ones: files, scanner, logins' manager with its journal, transport over loopback sockets, engine,
view and a headless icon. Only the clocks are made up, so that weeks pass in two minutes.
"""

from __future__ import annotations

import gc
import json
import os
import random
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from insides import discoverer, fetch_tasks

from trayquota.core.model import AccountState, Snapshot
from trayquota.core.refresh_policy import Reason
from trayquota.engine.engine import Engine
from trayquota.engine.fetcher import Fetcher
from trayquota.engine.scheduler import PollInterval
from trayquota.net.transport import Transport
from trayquota.sources.folder import FolderSource
from trayquota.store.state import StateStore
from trayquota.system.shutdown import join_fetchers
from trayquota.tokens.manager import TokenManager
from trayquota.tray.headless import Icon
from trayquota.tray.presenter import TrayPresenter
from trayquota.views.labels import DisplayOptions
from trayquota.views.tray import tray_view

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="counts by /proc"),
]
REFRESHES = int(os.environ.get("TRAYQUOTA_SOAK_REFRESHES", "10000"))
WARM_UP = 1000
STEP_S = 301.0
ACCOUNTS = 4


def answer(status: int, content: object, kind: str = "application/json") -> bytes:
    body = (content if isinstance(content, str) else json.dumps(content)).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


FAULTS = {
    "cut short": answer(200, {"five_hour": {"utilization": 1}})[:-7],
    "reset": b"",
    "no HTTP": b"\x00\xff nonsense\r\n\r\n",
    "web page": answer(403, "<html>gate</html>", kind="text/html"),
    "not JSON": answer(200, "{ not json"),
    "no windows": answer(200, []),
    "trouble": answer(503, {}),
    "pause": answer(429, {}),
}
KINDS = [*["well"] * len(FAULTS), *FAULTS]


class FaultyProvider:
    """Serves tokens and quotas on loopback, wrongly as often as rightly."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.gateway = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.is_well = False
        self.served: Counter[str] = Counter()
        self._valid: dict[str, str] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="provider")
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            # One exchange per connection and one at a time: the cheapest server there is.
            with connection, suppress(OSError):
                self._exchange(connection)

    def _exchange(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        head, _, body = request.partition(b"\r\n\r\n")
        if b"/v1/oauth/token" in head:
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            while len(body) < length:
                body += connection.recv(65536)
            connection.sendall(self._refreshed(body.decode()))
        else:
            connection.sendall(self._usage())

    def _refreshed(self, form: str) -> bytes:
        spent = dict(pair.split("=") for pair in form.split("&"))["refresh_token"]
        person, _, number = spent.partition("-")
        with self._lock:
            if self._valid.setdefault(person, spent) != spent:
                self.served["invalid_grant"] += 1
                return answer(400, {"error": "invalid_grant"})
            self._valid[person] = f"{person}-{int(number) + 1}"
        self.served["refreshed"] += 1
        tokens = {"access_token": f"a-{self._valid[person]}", "refresh_token": self._valid[person], "expires_in": 28800}
        return answer(200, tokens)

    def _usage(self) -> bytes:
        kind = "well" if self.is_well else self._random.choice(KINDS)
        self.served[kind] += 1
        quotas = {"five_hour": {"utilization": self._random.uniform(0, 100), "resets_at": None}}
        return FAULTS[kind] if kind in FAULTS else answer(200, quotas)


class Applet:
    """The program on made-up clocks, driven refresh by refresh."""

    def __init__(self, folder: Path, gateway: str) -> None:
        self.files = folder / "accounts"
        self.files.mkdir()
        self.passed_s = 0.0
        self.failed: list[BaseException] = []
        self._random = random.Random(7)
        store = StateStore(folder / "state" / "state.json")
        transport = Transport(self.now, gateway=gateway)
        manager = TokenManager(
            folder / "state",
            lambda request, *, proxy_url: transport.send(request, proxy_url=proxy_url),
            store,
            self.now,
            threading.Event(),
        )
        self._icon = Icon("soak")
        self._presenter = TrayPresenter(self._icon, "statusnotifier", lambda _action: None)
        self.engine = Engine(
            sources=[FolderSource([self.files], {}, self.now)],
            fetch=Fetcher(transport.send, manager, self.now),
            store=store,
            clock=self.now,
            sinks=[self._publish],
            interval=PollInterval(300.0, random.Random(3)),
            monotonic=lambda: self.passed_s,
        )
        for number in range(ACCOUNTS):
            self.write(number)

    def now(self) -> datetime:
        return datetime(2026, 9, 22, 12, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    def _publish(self, snapshot: Snapshot) -> None:
        self._presenter.show(tray_view(snapshot, self.now(), DisplayOptions()))

    def path(self, number: int) -> Path:
        return self.files / f"claude-p{number}@example.com.json"

    def write(self, number: int) -> None:
        """Write an account anew, with the login that its provider would give it, unless it has one."""
        path = self.path(number)
        kept = {}
        with suppress(OSError, ValueError):
            kept = json.loads(path.read_text())
        fresh = {
            "type": "claude",
            "email": f"p{number}@example.com",
            "access_token": f"a-p{number}-0",
            "refresh_token": f"p{number}-0",
            "expired": "2026-09-22T13:00:00Z",
        }
        path.write_text(json.dumps({**fresh, **kept, "note": self._random.random()}))

    def disturb(self) -> None:
        """Do to a file what its other writers do."""
        number = self._random.randrange(ACCOUNTS)
        match self._random.randrange(6):
            case 0:
                (self.files / "half.json").write_text('{"type": "cla')
            case 1:
                (self.files / "half.json").unlink(missing_ok=True)
            case 2:
                content = json.loads(self.path(number).read_text())
                content["disabled"] = not content.get("disabled", False)
                self.path(number).write_text(json.dumps(content))
            case 3:
                self.write(number)
            case 4:
                (self.files / "codex-new@example.com.json").write_text('{"type": "codex", "access_token": "x"}')
            case _:
                (self.files / "codex-new@example.com.json").unlink(missing_ok=True)

    def refresh(self, reason: Reason) -> Snapshot:
        self.passed_s += STEP_S
        self.engine.refresh(reason)
        # Not until all is settled: what waits for the clock here waits for the next refresh.
        while fetch_tasks(self.engine) or discoverer(self.engine).is_running or self.engine.has_posts:
            self.engine.step(0.01)
        self.engine.step(0)
        return self.engine.snapshot

    def close(self) -> None:
        self.engine.close()
        join_fetchers()


@pytest.fixture
def provider() -> Iterator[FaultyProvider]:
    server = FaultyProvider(11)
    yield server
    server.close()


def sizes() -> tuple[int, int, int]:
    """Return how many threads and descriptors there are, and the kilobytes that no file is behind.

    What a file is behind is shared with other programs, so how much of it counts depends on what else is running.
    """
    gc.collect()
    rollup = Path("/proc/self/smaps_rollup").read_text()
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Anonymous:"))
    # Fetchers go when nobody is asked any more, some of them a moment later.
    others = [each for each in threading.enumerate() if not each.name.startswith("fetch")]
    return len(others), len(list(Path("/proc/self/fd").iterdir())), own


def test_ten_thousand_refreshes_with_faults_leave_no_trace(tmp_path: Path, provider: FaultyProvider) -> None:
    applet = Applet(tmp_path, provider.gateway)
    chance = random.Random(5)
    # As the applet does: else the collector goes by all that the tests themselves have imported.
    gc.collect()
    gc.freeze()
    before = sizes()
    for done in range(REFRESHES):
        if done == min(WARM_UP, REFRESHES // 2):
            before = sizes()
        if chance.random() < 0.1:
            applet.disturb()
        applet.refresh(chance.choice([Reason.SCHEDULE, Reason.MANUAL]))
    after = sizes()
    gc.unfreeze()
    fetchers = [each for each in threading.enumerate() if each.name.startswith("fetch")]
    provider.is_well = True
    (applet.files / "half.json").unlink(missing_ok=True)
    (applet.files / "codex-new@example.com.json").unlink(missing_ok=True)
    for number in range(ACCOUNTS):
        content = json.loads(applet.path(number).read_text())
        applet.path(number).write_text(json.dumps({**content, "disabled": False}))
    for _ in range(30):
        last = applet.refresh(Reason.MANUAL)
    applet.close()
    print(f"\nsoak: {REFRESHES} refreshes, answers {dict(provider.served)}; threads, files, kB: {before} -> {after}")
    assert [each.state for each in last.accounts] == [AccountState.OK] * ACCOUNTS
    assert provider.served["refreshed"] > REFRESHES // 200
    assert provider.served["invalid_grant"] == 0
    assert after[:2] == before[:2]
    assert len(fetchers) <= ACCOUNTS + 1
    assert after[2] - before[2] < 4096
