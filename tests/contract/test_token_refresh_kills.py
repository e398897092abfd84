"""SIGKILL at the tray and at ``status``, on entering every call of the system between a provider's answer and the end
of what is done with it: nothing is lost, but in the gap between the answer and the journal's first byte.

A few of them with every run, all of them with ``-m soak``.
"""

from __future__ import annotations

import collections
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from provider_stand_in import CLAUDE_TOKEN, SingleUseTokens

from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager

from .command import wait_until
from .expired_login import MORE, pair_in, write_expired
from .refresh_process import plainly
from .test_token_refresh_processes import start

if TYPE_CHECKING:
    from collections.abc import Sequence

KILLED = -9
"""What a process returns that SIGKILL has ended."""
PATIENCE_S = 60
FEW = 16
"""So many kills with every run."""
VICTIMS = {"status": ["status", "--json"], "tray": ["--backend", "none"]}
CALL = re.compile(r"^(\d+) +(\w+)\(")
JOURNAL = re.compile(r"^(\d+) +write\(\d+<[^>]*\.journal>.*(?:= \d+|(<unfinished \.\.\.>))$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. write resumed>.*= \d+$")
SETTLED = re.compile(r"^\d+ +rename\w*\(.*\.spent")
AFTERWARDS = 10
"""So many more calls are looked at once the pair is settled."""


class Call(NamedTuple):
    """The ``when``-th call of a name by one thread."""

    name: str
    when: int


class Victim:
    """A program that waits for the answer to its token refresh, with a tracer at it."""

    def __init__(self, what: str, folder: Path, server: SingleUseTokens, tracing: Sequence[str]) -> None:
        self.folder, self.server = folder, server
        self.path = folder / "auth" / "claude-ada@example.com.json"
        self.log = folder / "calls"
        folder.mkdir()
        write_expired(self.path, server)
        server.hold()
        command = [sys.executable, "-m", "trayquota", *VICTIMS[what], "--dir", str(self.path.parent)]
        self.process = start(command, folder, TRAYQUOTA_GATEWAY=server.url)
        server.until(lambda asked: any(request.place == CLAUDE_TOKEN for request in asked))
        arguments = [*tracing, "-f", "-qq", "-y", "-o", str(self.log), "-p", str(self.process.pid)]
        self.tracer = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
        wait_until(self._is_traced, "tracer")
        server.let_go()

    def _is_traced(self) -> bool:
        """Whether the tracer is at every thread, or has killed the program already."""
        if self.process.poll() is not None:
            return True
        tasks = Path(f"/proc/{self.process.pid}/task")
        try:
            return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks.iterdir())
        except (FileNotFoundError, ProcessLookupError):  # a thread has just ended
            return False

    def lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE_S)
        self.tracer.wait(PATIENCE_S)

    def has_written_journal(self) -> bool:
        """Whether a write into the journal has come to its end."""
        begun = set()
        for line in self.lines():
            if found := JOURNAL.match(line):
                if found[2] is None:
                    return True
                begun.add(found[1])
            elif (found := RESUMED.match(line)) and found[1] in begun:
                return True
        return False

    def is_settled(self) -> bool:
        return any(map(SETTLED.match, self.lines()))


def calls_of(what: str, folder: Path, strace: str) -> list[Call]:
    """Every call that a run which nobody disturbs makes until its pair is settled, and a few more."""
    with SingleUseTokens() as server:
        victim = Victim(what, folder, server, [strace, "-e", "trace=%file,%desc"])
        wait_until(victim.is_settled, "settled pair")
        victim.end()
        lines = victim.lines()
    end = next(number for number, line in enumerate(lines) if SETTLED.match(line)) + AFTERWARDS
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for line in lines[:end]:
        if found := CALL.match(line):
            counts[found[1], found[2]] += 1
    most: dict[str, int] = {}
    for (_thread, name), count in counts.items():
        most[name] = max(count, most.get(name, 0))
    return [Call(name, when) for name, count in sorted(most.items()) for when in range(1, count + 1)]


def kill_at(what: str, folder: Path, call: Call, strace: str) -> str:
    """Kill a victim at a call; return how that ended: survived, gap, missed or lost."""
    tracing = [strace, "-e", "trace=write,rename,renameat2," + call.name]
    tracing += ["-e", f"inject={call.name}:signal=KILL:when={call.when}"]
    with SingleUseTokens() as server:
        victim = Victim(what, folder, server, tracing)
        give_up = time.monotonic() + PATIENCE_S
        while victim.process.poll() is None and not victim.is_settled():
            assert time.monotonic() < give_up
            time.sleep(0.02)
        was_killed = victim.process.poll() == KILLED
        victim.end()
        was_killed = was_killed or victim.process.returncode == KILLED
        had_journal = victim.has_written_journal()
        manager = TokenManager(
            folder / "state" / "trayquota",
            plainly(server.url),
            StateStore(folder / "state" / "trayquota" / "state.json"),
            lambda: datetime.now(UTC),
            threading.Event(),
        )
        manager.files.folders = [victim.path.parent]
        manager.recover()
        if pair_in(victim.path) != server.newest:
            return "lost" if had_journal else "gap"
        assert [path.name for path in victim.path.parent.iterdir()] == [victim.path.name]
        assert MORE.items() <= json.loads(victim.path.read_bytes()).items()
        return "survived" if was_killed else "missed"


def sweep(what: str, tmp_path: Path, strace: str, few: int | None) -> collections.Counter[str]:
    calls = calls_of(what, tmp_path / "undisturbed", strace)
    chosen = calls if few is None else calls[:: max(1, len(calls) // few)]
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        ends = list(pool.map(lambda each: kill_at(what, tmp_path / str(each[0]), each[1], strace), enumerate(chosen)))
    assert [call for call, end in zip(chosen, ends, strict=True) if end == "lost"] == []
    return collections.Counter(ends)


@pytest.mark.parametrize("few", [FEW, pytest.param(None, marks=pytest.mark.soak)])
@pytest.mark.parametrize("what", list(VICTIMS))
def test_a_kill_costs_a_login(
    what: str, few: int | None, tmp_path: Path, strace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = sweep(what, tmp_path, strace, few)
    with capsys.disabled():
        sys.stdout.write(f"\n{what}: {ends.total()} kills, {dict(ends)}\n")
    assert ends["lost"] == 0
    assert ends["survived"] > ends.total() // 2
