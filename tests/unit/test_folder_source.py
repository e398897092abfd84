"""Several credentials folders as one."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import Account
from trayquota.sources.folder import FolderSource
from trayquota.system.watcher import Watcher

from .facts import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.core.credential import Credential

PATIENCE_S = 10.0


def put(folder: Path, name: str, **fields: object) -> Path:
    """Put an account into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    provider, _, person = name.partition("-")
    content = {"type": provider, "email": f"{person}@example.com", "access_token": f"token-{name}"} | fields
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content))
    return path


def found(folders: FolderSource) -> dict[str, Credential]:
    return {each.account.id: each for each in folders.scan(NOW).accounts}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    put(tmp_path / "home", "claude-ada")
    put(tmp_path / "home", "codex-carol")
    return tmp_path / "home"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    put(tmp_path / "work", "claude-bea")
    return tmp_path / "work"


def test_one_folder_is_told_as_it_is(home: Path) -> None:
    accounts = found(FolderSource([home], {}))
    assert list(accounts) == ["claude-ada.json", "codex-carol.json"]
    assert {each.account.folder for each in accounts.values()} == {""}


def test_accounts_of_all_folders_are_sorted_together(home: Path, work: Path) -> None:
    accounts = found(FolderSource([home, work], {}))
    assert list(accounts) == ["claude-ada.json", "claude-bea.json", "codex-carol.json"]
    assert accounts["claude-bea.json"].path == str(work / "claude-bea.json")
    assert [each.account.folder for each in accounts.values()] == ["", str(work), ""]


def test_the_same_folder_twice_is_one(home: Path) -> None:
    assert len(found(FolderSource([home, home], {}))) == 2


def test_files_of_the_same_name_have_ids_of_their_own(tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two", tmp_path / "other" / "two", tmp_path / "third" / "two"]
    for number, place in enumerate(places):
        put(place, "claude-ada", email=f"ada{number}@example.com")
    folders = FolderSource(places, {})
    accounts = found(folders)
    assert list(accounts) == [
        "claude-ada.json",
        "two/claude-ada.json",
        "two-2/claude-ada.json",
        "two-3/claude-ada.json",
    ]
    assert [Path(each.path).parent for each in accounts.values()] == places
    assert found(folders) == accounts, "the same at every look"


def test_providers_that_are_off_count_as_disabled(home: Path, work: Path) -> None:
    folders = FolderSource([home, work], {}, providers_off=["claude"])
    assert {key: each.disabled for key, each in found(folders).items()} == {
        "claude-ada.json": True,
        "claude-bea.json": True,
        "codex-carol.json": False,
    }
    folders.use([home], ["codex"])
    assert {key: each.disabled for key, each in found(folders).items()} == {
        "claude-ada.json": False,
        "codex-carol.json": True,
    }


def test_folders_are_exchanged(home: Path, work: Path) -> None:
    folders = FolderSource([home], {})
    assert "claude-ada.json" in found(folders)
    folders.use([work])
    assert list(found(folders)) == ["claude-bea.json"]


def test_what_is_wrong_with_each_folder_is_told(home: Path, tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.mkdir()
    notice = FolderSource([missing, home, empty], {}).scan(NOW).notice or ""
    assert f"No folder {missing} yet." in notice
    assert f"No accounts in {empty} yet." in notice
    assert str(home) not in notice
    assert FolderSource([home], {}).scan(NOW).notice is None


def test_a_file_that_seems_half_written_in_any_folder_is_looked_at_again(home: Path, work: Path) -> None:
    (work / "claude-bea.json").write_text('{"type": "cl')
    scan = FolderSource([home, work], {}).scan(NOW)
    assert scan.retry_s is not None
    assert [each.account.id for each in scan.accounts] == ["claude-ada.json", "codex-carol.json"]


def test_a_name_that_has_gone_from_a_file_is_remembered(home: Path) -> None:
    put(home, "claude-ada", email="")
    known = {"claude-ada.json": Account("claude-ada.json", "claude", "ada@example.com", "Max 5x")}
    assert found(FolderSource([home], known))["claude-ada.json"].account.name == "ada@example.com"


# Watching.


def places(folders: FolderSource) -> set[str]:
    """What the system is asked to watch."""
    assert folders._watcher is not None
    observer = folders._watcher._observer
    return {each.watch.path for each in observer.emitters} if observer is not None else set()


@pytest.fixture
def calls() -> threading.Event:
    return threading.Event()


@pytest.fixture
def watched(home: Path, work: Path, calls: threading.Event) -> Iterator[FolderSource]:
    """Both folders, looked at twice: the first look leaves the watching to the second."""
    watcher, folders = Watcher(), FolderSource([home, work], {})
    folders.be_watched(watcher, calls.set)
    for _ in range(2):
        folders.scan(NOW)
    yield folders
    watcher.stop()


@pytest.mark.usefixtures("watched")
def test_a_change_in_any_folder_is_noticed(home: Path, work: Path, calls: threading.Event) -> None:
    for folder in (home, work):
        calls.clear()
        put(folder, "claude-dan")
        assert calls.wait(PATIENCE_S)


def test_a_folder_that_was_left_is_no_longer_watched(
    watched: FolderSource, home: Path, work: Path, calls: threading.Event
) -> None:
    watched.use([home])
    watched.scan(NOW)
    assert str(work) not in places(watched)
    watched.use([home, work])
    watched.scan(NOW)
    assert {str(home), str(work)} <= places(watched)
    calls.clear()
    put(work, "claude-dan")
    assert calls.wait(PATIENCE_S)


def test_without_anybody_to_tell_nothing_is_watched(home: Path) -> None:
    before = threading.active_count()
    folders = FolderSource([home], {})
    for _ in range(2):
        folders.scan(NOW)
    assert threading.active_count() == before
