"""``trayquota demo``: sample accounts and a stand-in for the providers on loopback, all in a temporary folder."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.app import App
from trayquota.cli.main import print_status
from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import TrayUnavailable
from trayquota.core.model import Account, QuotaWindow
from trayquota.settings.load import Config, load_config
from trayquota.settings.paths import Paths
from trayquota.store.state import StateStore
from trayquota.system.log import set_up_logging
from trayquota.tray.backend_choice import choose_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERVAL_S = 4.0
"""So often the demo asks its own stand-in; real providers are asked every few minutes."""
_HOUR_S = 3600
_WEEK_S = 7 * 24 * _HOUR_S
_EMPTY_FOR_S = 15
_CYCLE_S = 60


def run_demo(*, backend: str = "auto", once: bool = False, verbose: bool = False) -> int:
    """Show the tray, or with ``once`` the table, against sample accounts; return the exit code.

    Where no tray can be shown the table is printed instead.
    """
    with tempfile.TemporaryDirectory(prefix="trayquota-demo-") as folder, stand_in() as gateway:
        config = sample(Path(folder), gateway)
        set_up_logging(config.paths.log, verbose=verbose)
        if not once:
            try:
                tray = App(
                    config,
                    choose_backend(backend),
                    reload=lambda: _read(config.paths),
                    interval_s=INTERVAL_S,
                )
                print("Six sample accounts are in the tray now. Quit from its menu, or with Ctrl-C.", flush=True)
                return tray.run()
            except TrayUnavailable as error:
                words = f"trayquota: {error}\nHere are the sample accounts as a table instead:\n"
                print(words, file=sys.stderr, flush=True)
        return print_status(config, as_json=False)


def sample(folder: Path, gateway: str) -> Config:
    """Return a configuration with six sample accounts under ``folder``, one in every state."""
    credentials = folder / "cli-proxy-api"
    credentials.mkdir(mode=0o700)
    now = datetime.now(UTC)
    later, earlier = _stamp(now + timedelta(hours=7)), _stamp(now - timedelta(hours=2))
    for name, ends, disabled in (
        ("claude-ada@example.com", later, False),
        ("claude-bea@example.org", later, False),
        ("claude-dan@example.com", later, False),
        ("codex-carol@example.com-plus", later, False),
        ("codex-erin@example.org-pro", earlier, False),
        ("codex-fay@example.com-team", later, True),
    ):
        provider, person = name.split("-")[:2]
        content = {
            "type": provider,
            "email": person,
            "access_token": f"sample-{person}",
            "refresh_token": "",
            "account_id": person,
            "expired": ends,
            "disabled": disabled,
        }
        path = credentials / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        path.chmod(0o600)
    places = Paths(folder / "config.toml", folder / "state", folder / "data", folder / "log")
    _remember_stale(StateStore(places.state), now)
    written = {"folder": str(credentials), "gateway": gateway, "renew_logins": False}
    places.config.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in written.items()), "utf-8")
    return _read(places)


def _read(places: Paths) -> Config:
    """Return the demo's settings; the person's own have no say in it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TRAYQUOTA_")}
    return replace(load_config(config=str(places.config), environment=environment), paths=places)


def _remember_stale(store: StateStore, now: datetime) -> None:
    """Leave last known values for the account whose provider never answers in the demo."""
    updated = now - timedelta(minutes=25)
    account = Account("claude-dan@example.com.json", "claude", "dan@example.com")
    windows = (
        QuotaWindow("5-hour", 37.0, now + timedelta(hours=3, minutes=4), 5 * _HOUR_S),
        QuotaWindow("Weekly", 52.0, now + timedelta(days=4, hours=6), _WEEK_S),
    )
    known = AccountRecord(account, polled_at=updated, updated_at=updated, windows=windows)
    store.save({account.id: known}, now)


@contextmanager
def stand_in() -> Iterator[str]:
    """Serve made-up answers of the providers on loopback; give the gateway's address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="stand-in")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked has left before the answer."""


class _Handler(BaseHTTPRequestHandler):
    """Answers as the providers would; what is used moves with the time since the program's start."""

    protocol_version = "HTTP/1.1"
    started_s = time.monotonic()

    def do_GET(self) -> None:
        person = self.headers.get("Authorization", "").removeprefix("Bearer sample-")
        if self.path.endswith("/profile"):
            self._send(200, _PROFILES.get(person, {}))
            return
        answer = _ANSWERS.get(person)
        if answer is None:
            self._send(503, {"type": "error", "error": {"type": "overloaded_error", "message": "sample"}})
        else:
            self._send(200, answer(time.monotonic() - self.started_s))

    def _send(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def _ada(elapsed_s: float) -> object:
    """Plenty, slowly used."""
    return {
        "five_hour": _bucket(18 + elapsed_s / 10 % 30, 2 * _HOUR_S + 780),
        "seven_day": _bucket(31 + elapsed_s / 60 % 20, 3 * 86400),
        "limits": [
            {
                "kind": "weekly_scoped",
                "percent": 12,
                "resets_at": _stamp(datetime.now(UTC) + timedelta(days=3)),
                "scope": {"model": {"display_name": "Fable"}},
            }
        ],
    }


def _bea(elapsed_s: float) -> object:
    """Low, and falling from 24 % to 5 % within a minute, then afresh."""
    return {
        "five_hour": _bucket(76 + elapsed_s % _CYCLE_S / 3, 47 * 60),
        "seven_day": _bucket(41, 4 * 86400 + 9 * _HOUR_S),
    }


def _carol(elapsed_s: float) -> object:
    """Empty, until its window starts afresh."""
    into_s = elapsed_s % (4 * _CYCLE_S)
    empty = into_s < _EMPTY_FOR_S
    return {
        "plan_type": "plus",
        "rate_limit": {
            "limit_reached": empty,
            "primary_window": {
                "used_percent": 100 if empty else 2 + into_s / 8,
                "limit_window_seconds": 5 * _HOUR_S,
                "reset_after_seconds": _EMPTY_FOR_S - into_s if empty else 5 * _HOUR_S - into_s,
            },
            "secondary_window": {
                "used_percent": 63,
                "limit_window_seconds": _WEEK_S,
                "reset_after_seconds": 4 * 86400,
            },
        },
    }


_PROFILES = {
    "ada@example.com": {
        "account": {"has_claude_max": True, "has_claude_pro": False},
        "organization": {"rate_limit_tier": "default_claude_max_20x"},
    },
    "bea@example.org": {"account": {"has_claude_max": False, "has_claude_pro": True}},
}
_ANSWERS = {"ada@example.com": _ada, "bea@example.org": _bea, "carol@example.com": _carol}


def _bucket(used: float, left_s: float) -> object:
    return {"utilization": round(used, 1), "resets_at": _stamp(datetime.now(UTC) + timedelta(seconds=left_s))}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
