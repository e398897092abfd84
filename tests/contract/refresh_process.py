"""A process of its own that refreshes a login, or puts things in order, and can be killed at it.

Run as a script: ``refresh_process.py WHAT FILE STATE_DIR GATEWAY``. It says when it is ready, waits for a line, does
its work, and prints the access token that came of it.
"""

from __future__ import annotations

import http.client
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

# What happens later happens without imports, so that every run does the same.
import filelock

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import Account, QuotaWindow
from trayquota.providers import find_provider
from trayquota.providers.base import Request, Response
from trayquota.sources.credential_file import parse_fields, read_account
from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.core.credential import Credential

BEGIN = "/nowhere/the-moment-has-come"
END = "/nowhere/and-has-gone"


def now() -> datetime:
    return datetime.now(UTC)


def mark(name: str) -> None:
    """Make a call that a tracer can find."""
    Path(name).exists()


def plainly(gateway: str) -> Callable[..., Response]:
    """Send with as few calls of the system as can be, and mark the moment when the answer is there."""
    port = int(gateway.rpartition(":")[2])

    def send(request: Request, *, proxy_url: str | None = None) -> Response:
        del proxy_url
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        line.request(request.method, "/" + request.url.removeprefix("https://"), request.body, dict(request.headers))
        answer = line.getresponse()
        body = answer.read()
        line.close()
        mark(BEGIN)
        return Response(answer.status, {}, body, now())

    return send


def through_the_transport(gateway: str) -> Callable[..., Response]:
    from trayquota.net.transport import Transport

    return Transport(now, gateway=gateway).send


def main(what: str, path: Path, state: Path, gateway: str) -> None:
    filelock.FileLock(state / "warm-up.lock")
    find_provider("claude")
    send = through_the_transport(gateway) if what == "refresh for real" else plainly(gateway)
    store = StateStore(state / "state.json")
    manager = TokenManager(state, send, store, now, threading.Event())
    manager.files.folders = [path.parent]
    credential = read(path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if what == "recover":
        mark(BEGIN)
        manager.recover()
    elif what == "save":
        mark(BEGIN)
        store.save({path.name: known(path.name)}, now())
    else:
        sys.stdout.write(manager.refresh(credential, credential.login).access_token)
    mark(END)


def known(name: str) -> AccountRecord:
    return AccountRecord(Account(name, "claude", "ada@example.com"), now(), now(), (QuotaWindow("5-hour", 58.0),))


def read(path: Path) -> Credential:
    source = parse_fields(path.read_bytes())
    assert source is not None
    return read_account(path, source)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
