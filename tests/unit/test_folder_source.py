"""Several credentials folders as one."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from insides import observer_of

from trayquota.core.model import Account
from trayquota.providers import ProviderSwitches
from trayquota.sources.folder import FolderSource
from trayquota.sources.folder_scan import display_path
from trayquota.system.watcher import Watcher

from .facts import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


def source(
    *folders: Path,
    last_known: Mapping[str, Account] | None = None,
    watcher: Watcher | None = None,
    off: Iterable[str] = (),
    on: Iterable[str] = (),
) -> FolderSource:
    return FolderSource(folders, last_known or {}, lambda: NOW, watcher, switches=ProviderSwitches.of(off, on))


def found(folders: FolderSource) -> dict[str, Credential]:
    return {each.account.id: each for each in folders.discover().accounts}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    put(tmp_path / "home", "claude-ada")
    put(tmp_path / "home", "codex-carol")
    return tmp_path / "home"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    put(tmp_path / "work", "claude-bea")
    return tmp_path / "work"


def test_accounts_of_a_single_folder_keep_their_ids(home: Path) -> None:
    accounts = found(source(home))
    assert list(accounts) == ["claude-ada.json", "codex-carol.json"]
    assert {each.account.folder for each in accounts.values()} == {""}


def test_accounts_of_all_folders_are_sorted_together(home: Path, work: Path) -> None:
    accounts = found(source(home, work))
    assert list(accounts) == ["claude-ada.json", "claude-bea.json", "codex-carol.json"]
    assert accounts["claude-bea.json"].path == str(work / "claude-bea.json")
    assert [each.account.folder for each in accounts.values()] == ["", str(work), ""]


def test_the_same_folder_twice_is_scanned_once(home: Path) -> None:
    assert len(found(source(home, home))) == 2


def test_files_of_the_same_name_have_ids_of_their_own(tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two", tmp_path / "other" / "two", tmp_path / "third" / "two"]
    for number, place in enumerate(places):
        put(place, "claude-ada", email=f"ada{number}@example.com")
    folders = source(*places)
    accounts = found(folders)
    assert list(accounts) == [
        "claude-ada.json",
        "two/claude-ada.json",
        "two-2/claude-ada.json",
        "two-3/claude-ada.json",
    ]
    assert [Path(each.path).parent for each in accounts.values()] == places
    assert found(folders) == accounts, "the same at every look"


def test_accounts_of_a_provider_that_is_off_are_disabled(home: Path, work: Path) -> None:
    folders = source(home, work, off=["claude"])
    assert {key: each.disabled for key, each in found(folders).items()} == {
        "claude-ada.json": True,
        "claude-bea.json": True,
        "codex-carol.json": False,
    }
    folders.configure([home], ProviderSwitches.of(["codex"], []))
    assert {key: each.disabled for key, each in found(folders).items()} == {
        "claude-ada.json": False,
        "codex-carol.json": True,
    }


def test_accounts_of_a_provider_that_is_off_by_default_are_disabled_until_it_is_on(home: Path) -> None:
    put(home, "meta-jo", type="meta", dca_token="dca:token")
    assert found(source(home))["meta-jo.json"].disabled
    assert not found(source(home, on=["meta"]))["meta-jo.json"].disabled
    assert found(source(home, off=["meta"], on=["meta"]))["meta-jo.json"].disabled


def test_other_folders_replace_the_accounts(home: Path, work: Path) -> None:
    folders = source(home)
    assert "claude-ada.json" in found(folders)
    folders.configure([work])
    assert list(found(folders)) == ["claude-bea.json"]


def test_the_notice_names_each_folder_with_a_problem(home: Path, tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.mkdir()
    notice = source(missing, home, empty).discover().notice or ""
    assert f"No folder {display_path(missing)} yet." in notice
    assert f"No accounts in {display_path(empty)} yet." in notice
    assert str(home) not in notice
    assert source(home).discover().notice is None


def test_a_file_that_seems_half_written_in_any_folder_is_discovered_again(home: Path, work: Path) -> None:
    (work / "claude-bea.json").write_text('{"type": "cl')
    scan = source(home, work).discover()
    assert scan.retry_s is not None
    assert [each.account.id for each in scan.accounts] == ["claude-ada.json", "codex-carol.json"]


def test_a_name_that_has_gone_from_a_file_is_taken_from_the_state(home: Path) -> None:
    put(home, "claude-ada", email="")
    known = {"claude-ada.json": Account("claude-ada.json", "claude", "ada@example.com", "Max 5x")}
    assert found(source(home, last_known=known))["claude-ada.json"].account.name == "ada@example.com"


# Watching.


def places(watcher: Watcher) -> set[str]:
    """What the system is asked to watch."""
    observer = observer_of(watcher)
    return {each.watch.path for each in observer.emitters} if observer is not None else set()


@pytest.fixture
def calls() -> threading.Event:
    return threading.Event()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.stop()


@pytest.fixture
def watched(home: Path, work: Path, calls: threading.Event, watcher: Watcher) -> FolderSource:
    """Both folders, started and discovered."""
    folders = source(home, work, watcher=watcher)
    folders.start(calls.set)
    folders.discover()
    return folders


def test_folders_that_are_watched_well_are_scanned_every_five_minutes(watched: FolderSource) -> None:
    assert [watched.is_scan_due() for _ in range(6)] == [False] * 4 + [True, False]


def test_folders_are_scanned_every_minute_once_their_watch_has_ended(watched: FolderSource, watcher: Watcher) -> None:
    watcher.stop()
    assert watched.is_scan_due()


def test_folders_with_a_file_that_cannot_be_used_are_scanned_every_minute(watched: FolderSource, home: Path) -> None:
    (home / "claude-broken.json").write_text("{")
    watched.discover()
    assert watched.is_scan_due()


def test_folders_that_nothing_watches_are_scanned_every_minute(home: Path) -> None:
    folders = source(home)
    folders.discover()
    assert folders.is_scan_due()


@pytest.mark.usefixtures("watched")
def test_a_change_in_any_folder_is_noticed(home: Path, work: Path, calls: threading.Event) -> None:
    for folder in (home, work):
        calls.clear()
        put(folder, "claude-dan")
        assert calls.wait(PATIENCE_S)


def test_a_folder_that_was_left_is_no_longer_watched(
    watched: FolderSource, watcher: Watcher, home: Path, work: Path, calls: threading.Event
) -> None:
    watched.configure([home])
    watched.discover()
    assert str(work) not in places(watcher)
    watched.configure([home, work])
    watched.discover()
    assert {str(home), str(work)} <= places(watcher)
    calls.clear()
    put(work, "claude-dan")
    assert calls.wait(PATIENCE_S)


def test_nothing_is_watched_before_it_is_started(home: Path) -> None:
    before = threading.active_count()
    source(home, watcher=Watcher()).discover()
    assert threading.active_count() == before


def test_nothing_is_watched_after_it_is_closed(home: Path, calls: threading.Event) -> None:
    folders = source(home, watcher=Watcher())
    folders.start(calls.set)
    folders.close()
    before = threading.active_count()
    folders.discover()
    assert threading.active_count() == before


def test_other_folders_or_providers_are_reported_as_a_change_and_the_same_are_not(home: Path, work: Path) -> None:
    calls: list[None] = []
    folders = source(home)
    folders.start(lambda: calls.append(None))
    folders.configure([home])
    assert not calls
    folders.configure([home, work])
    folders.configure([work, home])
    folders.configure([work, home], ProviderSwitches.of(["codex"], []))
    assert len(calls) == 3
