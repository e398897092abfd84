"""``trayquota demo``: sample accounts and a stand-in for the providers on loopback, all in a temporary folder."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.app import App
from trayquota.cli.common import say
from trayquota.cli.demo_answers import OTHER_ACCOUNTS
from trayquota.cli.demo_provider import stand_in
from trayquota.cli.history import open_page
from trayquota.cli.status import print_status
from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import TrayUnavailableError
from trayquota.core.model import Account, QuotaWindow
from trayquota.core.translation import _, shown
from trayquota.settings.language import use_language_of
from trayquota.settings.load import Config, load_config
from trayquota.settings.paths import Paths
from trayquota.store.state import StateStore
from trayquota.system.clock import utc_now
from trayquota.system.log import set_up_logging
from trayquota.tokens.pending_tokens import timestamp
from trayquota.tray.backend_choice import choose_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.cli.common import Options

_INTERVAL_S = 4.0
"""So often the demo polls its own stand-in; real providers are polled every few minutes."""


def run(options: Options) -> int:
    """Show the tray, or with ``--once`` the table, against sample accounts; return the exit code.

    Where no tray can be shown the table is printed instead.
    """
    with (
        tempfile.TemporaryDirectory(prefix="trayquota-demo-") as folder,
        stand_in() as gateway,
        _logging_to(Path(folder, "log", "trayquota.log"), verbose=options.verbose),
    ):
        config = sample_config(Path(folder), gateway)
        if not options.once:
            try:
                return _run_tray(config, options.backend)
            except TrayUnavailableError as error:
                say(shown(error))
                print(_("Here are the sample accounts as a table instead:\n"), file=sys.stderr, flush=True)
        return print_status(config)


def _run_tray(config: Config, backend: str) -> int:
    with suppress(ImportError):  # by a Python without SQLite
        from trayquota.cli.demo_history import write_sample_history

        write_sample_history(config.paths.history, utc_now())
    tray = App(
        config,
        choose_backend(backend),
        reload=lambda: _load(config.paths),
        interval_s=_INTERVAL_S,
        open_history=lambda: open_page(config),
    )
    print(_("Sixteen sample accounts are in the tray now. Quit from its menu, or with Ctrl-C."), flush=True)
    return tray.run()


@contextmanager
def _logging_to(path: Path, *, verbose: bool) -> Iterator[None]:
    """Keep a log, and close it before its folder goes: Windows removes no file that is open."""
    set_up_logging(path, verbose=verbose)
    try:
        yield
    finally:
        set_up_logging(None, verbose=verbose)


def sample_config(folder: Path, gateway: str) -> Config:
    """Return the settings for sample accounts under ``folder``: every state and provider, answered by ``gateway``."""
    credentials = folder / "cli-proxy-api"
    credentials.mkdir(mode=0o700)
    now = utc_now()
    later, earlier = timestamp(now + timedelta(hours=7)), timestamp(now - timedelta(hours=2))
    for name, expires_at, disabled in (
        ("claude-ada@example.com", later, False),
        ("claude-bea@example.org", later, False),
        ("claude-dan@example.com", later, False),
        ("codex-carol@example.com-plus", later, False),
        ("codex-erin@example.org-pro", earlier, False),
        ("codex-fay@example.com-team", later, True),
    ):
        provider, person = name.split("-")[:2]
        _write_account(credentials / f"{name}.json", provider, person, expired=expires_at, disabled=disabled)
    for person, account in OTHER_ACCOUNTS.items():
        path = credentials / f"{account.file_type}-{person}.json"
        _write_account(path, account.file_type, person, expired=later, **account.fields)
    paths = Paths(folder / "config.toml", folder / "state", folder / "data", folder / "log")
    _save_stale_account(StateStore(paths.state), now)
    settings = {"folder": str(credentials), "gateway": gateway, "renew_logins": False, "providers_on": ["meta"]}
    # The person's own logins are no samples.
    settings["native_logins"] = "off"
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    paths.config.write_text("".join(lines), "utf-8")
    return _load(paths)


def _write_account(path: Path, file_type: str, person: str, **fields: object) -> None:
    content = {
        "type": file_type,
        "email": person,
        "access_token": f"sample-{person}",
        "refresh_token": "",
        "account_id": person,
    }
    path.write_text(json.dumps(content | fields), encoding="utf-8")
    path.chmod(0o600)


def _load(paths: Paths) -> Config:
    """Return the demo's settings, without those of the person."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TRAYQUOTA_")}
    config = replace(load_config(config=str(paths.config), environment=environment), paths=paths)
    use_language_of(config)
    return config


def _save_stale_account(store: StateStore, now: datetime) -> None:
    """Leave last known values for the account whose provider never answers in the demo."""
    updated_at = now - timedelta(minutes=25)
    account = Account("claude-dan@example.com.json", "claude", "dan@example.com")
    windows = (
        QuotaWindow("5-hour", 37.0, now + timedelta(hours=3, minutes=4), 18000),
        QuotaWindow("Weekly", 52.0, now + timedelta(days=4, hours=6), 604800),
    )
    record = AccountRecord(account, polled_at=updated_at, updated_at=updated_at, windows=windows)
    store.save({account.id: record}, now)
