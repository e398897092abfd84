"""Six processes of two users in one group, three files of one login, and a proxy that refreshes it at random moments.

A login is lost when, after all have settled, no file of the folder and no journal holds the one token that is not
spent. A few rounds with every run, a thousand with ``-m soak``. Without the right to change users all are one.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from token_rounds import Families, content_of

from trayquota.tokens.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW, MANY, BATCH = 12, 1000, 24
GROUP, USERS = 54321, (12345, 12346)
PROCESSES_PER_USER = 3
PROXY_WITHIN_S, PROXY_WRITES_WITHIN_S = 2.5, 0.6

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="users and modes of Linux")


@pytest.fixture
def families() -> Iterator[Families]:
    with Families() as families:
        yield families


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that others may enter; pytest's own may not be."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


def proxy(path: Path, families: Families, chance: random.Random) -> None:
    """Refresh the login of a file at a random moment, and take a while to write that down."""
    time.sleep(chance.random() * PROXY_WITHIN_S)
    with contextlib.suppress(ValueError, OSError):
        held = json.loads(path.read_bytes())
        new = families.exchange(str(held["refresh_token"]))
        if new is not None:
            time.sleep(chance.random() * PROXY_WRITES_WITHIN_S)
            name, _, number = str(new["refresh_token"]).rpartition("/")
            path.write_text(json.dumps(held | content_of(name, int(number), ended=False)))


def may_change_users() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def give(path: Path, user: int) -> None:
    """Have a file or folder belong to that user and the group of both."""
    if sys.platform != "win32":
        os.chown(path, user, GROUP)


class Rounds:
    """A folder for each round, shared by the group, and the processes."""

    def __init__(self, root: Path, gateway: str) -> None:
        self.root = root
        self.may_change_users = may_change_users()
        self.states = [root / f"state-{number}" for number in range(2)]
        for state, user in zip(self.states, USERS, strict=True):
            state.mkdir(mode=0o700)
            if self.may_change_users:
                give(state, user)
        root.chmod(0o755)
        script = str(Path(__file__).with_name("round_process.py"))
        self.processes = [
            subprocess.Popen(
                [sys.executable, script, str(user if self.may_change_users else -1), str(GROUP), str(state), gateway],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            )
            for user, state in zip(USERS, self.states, strict=True)
            for _ in range(PROCESSES_PER_USER)
        ]

    def prepare(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(mode=0o770)
        owners = {"claude-ada.json": USERS[0], "claude-copy of ada.json": USERS[0], "claude-other.json": USERS[1]}
        for file, owner in owners.items():
            path = folder / file
            path.write_text(json.dumps(content_of(name, 0, ended=True)))
            path.chmod(0o660)
            if self.may_change_users:
                give(path, owner)
        if self.may_change_users:
            give(folder, USERS[0])
        folder.chmod(0o2770)
        return folder

    def run(self, folders: list[Path]) -> int:
        """Have all processes refresh the logins of these folders at once; return how many were called dead."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps([str(folder) for folder in folders]) + "\n")
            process.stdin.flush()
        lines = [process.stdout.readline() for process in self.processes if process.stdout is not None]
        return sum(map(int, lines))

    def close(self) -> None:
        for process in self.processes:
            process.communicate()

    def holds(self, folder: Path, token: str) -> bool:
        """Whether a file or a journal holds a refresh token."""
        for path in folder.glob("*.json"):
            with contextlib.suppress(ValueError):
                if json.loads(path.read_bytes())["refresh_token"] == token:
                    return True
        return any(Journal(state / folder.name / "renewals").has_pair(token) for state in self.states)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_a_login_is_lost_between_processes_users_copies_and_a_proxy(
    count: int, shared: Path, families: Families, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(count)
    rounds, lost, dead = Rounds(shared, families.url), [], 0
    try:
        for first in range(0, count, BATCH):
            folders = [rounds.prepare(f"round-{number}") for number in range(first, min(first + BATCH, count))]
            with ThreadPoolExecutor(len(folders)) as proxies:
                work = [
                    proxies.submit(proxy, folder / "claude-ada.json", families, random.Random(chance.random()))
                    for folder in folders
                ]
                dead += rounds.run(folders)
                for done in work:
                    done.result()
            dead += rounds.run(folders)
            lost += [
                folder.name
                for folder in folders
                if not rounds.holds(folder, f"{folder.name}/{families.newest.get(folder.name, 0)}")
            ]
            left = {path.name for folder in folders for path in folder.iterdir() if path.suffix != ".json"}
            assert left == set(), "something is left beside the files"
    finally:
        rounds.close()
    rotations = sum(families.newest.values())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{count} rounds, {rotations} refreshes, {families.sent_again} spent tokens sent again, "
            f"{len(lost)} lost\n"
        )
    assert lost == []
    assert rotations >= count
