"""No ``repr`` names a person or shows a secret, for it ends up in logs and tracebacks."""

from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import Account, AccountState, AccountUsage, Failure, FailureKind, QuotaWindow, Snapshot
from trayquota.settings.config import Settings
from trayquota.settings.edit import write_template
from trayquota.system.log import set_up_logging
from trayquota.system.single_instance import SingleInstance
from trayquota.views.alerts import check_alerts
from trayquota.views.labels import DisplayOptions
from trayquota.views.tray import tray_view

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
PERSON = "canary@example.com"
FAILED = Failure(FailureKind.LOGIN_EXPIRED, "Sign in again.")
ACCOUNT = Account(f"claude-{PERSON}.json", "claude", PERSON, folder=f"/home/{PERSON}")
SNAPSHOT = Snapshot(
    (
        AccountUsage(ACCOUNT, AccountState.OK, (QuotaWindow("5-hour", 95.0),), updated_at=NOW),
        AccountUsage(ACCOUNT, AccountState.EXPIRED, failure=FAILED),
    )
)


def test_no_repr_names_a_person() -> None:
    states, alert = check_alerts({}, SNAPSHOT, NOW, DisplayOptions())
    assert alert is not None
    assert states
    shown = tray_view(SNAPSHOT, NOW, DisplayOptions())
    assert PERSON in shown.headline
    for each in (ACCOUNT, SNAPSHOT, SNAPSHOT.lowest(NOW), shown, alert):
        assert PERSON not in repr(each)


def test_no_repr_shows_the_login_of_a_proxy() -> None:
    assert "canary" not in repr(Settings(proxy="http://me:canary@127.0.0.1:8080"))


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no modes there")
def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    set_up_logging(tmp_path / "a" / "b" / "trayquota.log", verbose=False)
    try:
        instance = SingleInstance(tmp_path / "c" / "d")
        assert instance.claim()
        instance.release()
        write_template(tmp_path / "e" / "f" / "config.toml")
        made = [each for each in tmp_path.rglob("*") if each.is_dir()]
        assert [stat.S_IMODE(each.stat().st_mode) for each in made] == [0o700] * 6
    finally:
        set_up_logging(None, verbose=False)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no modes there")
def test_a_settings_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_template(tmp_path / "config.toml")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
