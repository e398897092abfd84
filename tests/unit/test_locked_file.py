"""Files that several processes change: no change of another one is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.core.pausing import PauseRecord
from trayquota.store.pause_records import PauseRecords
from trayquota.store.refused_keys import RefusedKeyFile
from trayquota.system.file_lock import lock_held

from .facts import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_S = 20.0
SERVER = "https://proxy.example.com"
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def refuse(folder: Path, key: str) -> None:
    RefusedKeyFile(folder / "refused-keys.json").refuse(SERVER, key)


def refused(folder: Path) -> list[str]:
    keys = RefusedKeyFile(folder / "refused-keys.json")
    return [key for key in ("first", "second") if keys.is_refused(SERVER, key)]


def pause(folder: Path, account_id: str) -> None:
    PauseRecords(folder / "pauses.json").put(account_id, PauseRecord(paused=True, at=NOW))


def paused(folder: Path) -> list[str]:
    return sorted(PauseRecords(folder / "pauses.json").read())


@pytest.mark.parametrize(
    ("name", "change", "changes"), [("refused-keys", refuse, refused), ("pauses", pause, paused)], ids=str
)
def test_what_another_process_changes_at_the_same_time_is_kept(
    name: str,
    change: Callable[[Path, str], None],
    changes: Callable[[Path], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_waiting, may_go_on = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        is_waiting.set()
        assert may_go_on.wait(PATIENCE_S)

    monkeypatch.setattr("trayquota.store.locked_file.time.sleep", wait)
    other = tmp_path / "other"
    change(other, "first")
    with lock_held(tmp_path / f"{name}.lock") as is_held:
        assert is_held
        thread = threading.Thread(target=change, args=(tmp_path, "second"))
        thread.start()
        waited = is_waiting.wait(PATIENCE_S)
        (other / f"{name}.json").replace(tmp_path / f"{name}.json")
    may_go_on.set()
    thread.join(PATIENCE_S)
    assert waited, "it did not wait for whoever holds the lock"
    assert changes(tmp_path) == ["first", "second"]
