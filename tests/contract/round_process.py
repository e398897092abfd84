"""A process of one user that keeps the logins of many folders alive, as a tray does, for as long as it is told to.

Run as a script: ``round_process.py USER GROUP STATE GATEWAY``. Each line on standard input is a JSON array of folders;
it refreshes the logins in each of them, and answers with a line when that is done. ``USER`` -1 stays who it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from trayquota.core.errors import FetchError, UnreadableError
from trayquota.core.model import FailureKind
from trayquota.net.transport import Transport
from trayquota.providers import find_provider
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes
from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager

THREADS = 12
REFRESHES = 3
"""So often each file is looked at."""


def now() -> datetime:
    return datetime.now(UTC)


def refresh(folder: Path, state: Path, transport: Transport) -> int:
    """Do what a start of the program does, with its own part of the state; return how many logins were called dead."""
    own = state / folder.name
    manager = TokenManager(own, transport.send, StateStore(own / "state.json"), now, threading.Event())
    manager.files.folders = [folder]
    manager.recover()
    dead = 0
    for _ in range(REFRESHES):
        accounts = []
        for path in sorted(folder.glob("*.json")):
            with contextlib.suppress(UnreadableError, OSError):
                source = parse_fields(read_bytes(path))
                accounts += [read_account(path, source)] if source is not None else []
        manager.replace_spent(accounts)
        for account in accounts:
            login, _ = manager.current_tokens(account)
            if login.is_expired(now()):
                try:
                    manager.refresh(account, login)
                except FetchError as error:
                    dead += error.failure.kind is FailureKind.LOGIN_EXPIRED
    return dead


def main(user: int, group: int, state: Path, gateway: str) -> None:
    find_provider("claude")
    # Another user may not be able to read what Python is made of.
    for module in ("ctypes", "email.utils", "encodings.idna", "trayquota.net.exchange", "filelock", "stringprep"):
        import_module(module)
    transport = Transport(now, gateway=gateway)
    if sys.platform != "win32" and user >= 0:
        os.setgroups([group])
        os.setgid(group)
        os.setuid(user)
    os.umask(0o007)
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            folders = [Path(path) for path in json.loads(line)]
            dead = sum(pool.map(lambda folder: refresh(folder, state, transport), folders))
            sys.stdout.write(f"{dead}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
