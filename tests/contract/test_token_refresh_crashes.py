"""SIGKILL on entering every call of the system that a token refresh makes: nothing is lost, however it ends.

There is one gap that nobody can close, between the provider's answer and the journal's first write. A kill in there
is counted apart.
"""

from __future__ import annotations

import collections
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from provider_stand_in import SingleUseTokens

from trayquota.store.state import StateStore
from trayquota.tokens.journal import Journal
from trayquota.tokens.manager import TokenManager
from trayquota.tokens.pending_tokens import PendingTokens, fingerprint

from .expired_login import MORE, pair_in, write_expired
from .refresh_process import BEGIN, END, known, plainly, read

PATIENCE_S = 60
KILLED = {-9, 137}
# Memory is taken and given back as it happens to be needed; that does not touch what is on the disk.
LEFT_OUT = {"mmap", "munmap", "mprotect", "brk", "madvise", "mremap"}
LINE = re.compile(r"^(?:\d+ +)?(\w+)\(")


@dataclass(frozen=True)
class Fault:
    """A kill on entering the ``when``-th call of a name.

    Attributes:
        is_in_gap: Nobody but the dead process had the new pair then.
    """

    name: str
    when: int
    is_in_gap: bool = False


@dataclass(frozen=True)
class Place:
    """A login, a state folder and a provider of its own."""

    folder: Path
    server: SingleUseTokens

    @property
    def path(self) -> Path:
        return self.folder / "auth" / "claude-ada@example.com.json"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def run(self, what: str, *tracer: str) -> int:
        """Do it in a process of its own; return how that ended."""
        script = str(Path(__file__).with_name("refresh_process.py"))
        command = [*tracer, sys.executable, script, what, str(self.path), str(self.state), self.server.url]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, input=b"go\n", capture_output=True, timeout=PATIENCE_S, check=False, env=environment
        )
        return done.returncode

    def manager(self, *, hours_later: int = 0) -> TokenManager:
        """A manager that has just been started."""
        manager = TokenManager(
            self.state,
            plainly(self.server.url),
            StateStore(self.state / "state.json"),
            lambda: datetime.now(UTC) + timedelta(hours=hours_later),
            threading.Event(),
        )
        manager.files.folders = [self.path.parent]
        return manager


def faults_of(what: str, place: Place, strace: str) -> list[Fault]:
    """Every call between the marks, as a run that nobody disturbs makes them."""
    log = place.folder / "calls"
    assert place.run(what, strace, "-f", "-qq", "-o", str(log), "-e", "trace=%file,%desc") == 0
    counts: collections.Counter[str] = collections.Counter()
    faults: list[Fault] = []
    begun, is_in_gap = False, False
    for line in log.read_text().splitlines():
        found = LINE.match(line)
        if END in line or found is None:
            if END in line:
                break
            continue
        name = found[1]
        counts[name] += 1
        if begun and name not in LEFT_OUT:
            faults.append(Fault(name, counts[name], is_in_gap))
            # What has been handed to the system survives the process.
            is_in_gap = is_in_gap and name != "write"
        if BEGIN in line:
            begun, is_in_gap = True, what == "refresh"
    return faults


def prepare(what: str, place: Place) -> dict[str, object]:
    """Make what there is before: an expired login, and for a recovery a pair that a crash has left."""
    content = write_expired(place.path, place.server)
    place.state.mkdir()
    if what == "recover":
        replaced, base = place.server.newest
        access, refresh = place.server.refresh()
        ends = datetime.now(UTC) + timedelta(hours=8)
        entry = PendingTokens(
            path=os.path.realpath(place.path),
            base=fingerprint(base),
            replaces=fingerprint(replaced),
            access_token=access,
            refresh_token=refresh,
            expired=ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            last_refresh="2026-09-22T12:00:00Z",
        )
        with Journal(place.state / "renewals").reserved(entry.base) as room:
            room.write(entry)
        # And what a crash leaves beside the file.
        (place.path.parent / f".trayquota-{fingerprint(place.path.name)[:16]}-012345678901.tmp").write_bytes(b"{")
    if what == "save":
        StateStore(place.state / "state.json").save({"old.json": known("old.json")}, datetime.now(UTC))
    return content


def bytes_lost(place: Place, before: dict[str, object]) -> int:
    """Start anew after a crash, let the next refresh come, and weigh what is missing in the end."""
    newest = place.server.newest
    place.manager().recover()
    lost = missing(place.path, before | {"access_token": newest[0], "refresh_token": newest[1]})
    rotations = place.server.refreshes
    credential = read(place.path)
    place.manager(hours_later=9).refresh(credential, credential.login)
    assert place.server.refreshes == rotations + 1
    assert pair_in(place.path) == place.server.newest
    assert list(place.path.parent.iterdir()) == [place.path]
    assert list(place.state.glob("renewals/*.journal")) == []
    return lost


def missing(path: Path, wanted: dict[str, object]) -> int:
    found = json.loads(path.read_bytes())
    kept = {key: text for key, text in wanted.items() if key not in {"expired", "last_refresh"}}
    return sum(len(json.dumps({key: text})) for key, text in kept.items() if found.get(key) != text)


def try_fault(what: str, folder: Path, fault: Fault, strace: str) -> int:
    """Return the bytes that a kill has cost."""
    folder.mkdir()
    with SingleUseTokens() as server:
        place = Place(folder, server)
        before = prepare(what, place)
        rotations = server.refreshes + (what == "refresh")
        tracing = ["-f", "-qq", "-o", "/dev/null", "-e", f"trace={fault.name}"]
        killing = f"inject={fault.name}:signal=KILL:when={fault.when}"
        assert place.run(what, strace, *tracing, "-e", killing) in KILLED, fault
        assert server.refreshes == rotations, f"{fault} came too early"
        assert missing(place.path, MORE) == 0
        if what == "save":
            state = StateStore(place.state / "state.json").load()
            return 0 if set(state) in ({"old.json"}, {"old.json", place.path.name}) else 1
        if fault.is_in_gap:
            return missing(place.path, {"refresh_token": server.newest[1]})
        return bytes_lost(place, before)


@pytest.mark.parametrize("what", ["refresh", "recover", "save"])
def test_no_kill_costs_a_byte(
    what: str, tmp_path: Path, strace: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with SingleUseTokens() as server:
        place = Place(tmp_path / "undisturbed", server)
        place.folder.mkdir()
        prepare(what, place)
        faults = faults_of(what, place, strace)
    swap = {"refresh": {"renameat2"}, "recover": {"renameat2"}, "save": set()}[what]
    assert {"fsync", "rename", "write", "openat"} | swap <= {fault.name for fault in faults}
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        lost = list(pool.map(lambda each: try_fault(what, tmp_path / str(each[0]), each[1], strace), enumerate(faults)))
    outside = [cost for fault, cost in zip(faults, lost, strict=True) if not fault.is_in_gap]
    in_gap = len(faults) - len(outside)
    survived = outside.count(0)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{what}: {len(outside)} faults tried, {survived} survived, {sum(outside)} bytes lost"
            f"; {in_gap} more in the gap before the journal's first write\n"
        )
    assert outside == [0] * len(outside), [fault for fault, cost in zip(faults, lost, strict=True) if cost]
    assert [each.message for each in caplog.records if each.name.startswith("trayquota")] == []
    # The gap is as narrow as it can be: the write itself.
    assert in_gap == (what == "refresh")
