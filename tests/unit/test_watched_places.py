"""Where to watch for a folder or a file, links included."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from trayquota.system import watched_places
from trayquota.system.watched_places import Place, places

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(os.path.realpath(tmp_path))


def found(path: Path, *, is_file: bool = False) -> list[tuple[str, bool, set[str], bool]]:
    return [
        (place.path, place.has_accounts, set(place.names), place.is_written) for place in places(path, is_file=is_file)
    ]


def linked(path: Path, target: Path | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def test_a_folder_is_watched_for_its_files_and_its_parent_for_the_folder(root: Path) -> None:
    folder = root / "accounts"
    folder.mkdir()
    (folder / "claude.json").touch()
    assert found(folder) == [(str(folder), True, set(), False), (str(root), False, {"accounts"}, False)]


def test_for_a_missing_folder_or_file_the_nearest_parent_is_watched(root: Path) -> None:
    for is_file in (False, True):
        assert found(root / "a" / "b", is_file=is_file) == [(str(root), False, {"a"}, False)]


def test_a_file_is_watched_in_its_folder_for_what_is_written_too(root: Path) -> None:
    (root / "config.toml").touch()
    assert found(root / "config.toml", is_file=True) == [(str(root), False, {"config.toml"}, True)]


def test_each_link_on_the_way_is_watched_and_the_file_in_the_end(root: Path) -> None:
    real = root / "real" / "file"
    real.parent.mkdir()
    real.touch()
    linked(root / "second" / "link", "../real/file")
    first = linked(root / "first" / "link", root / "second" / "link")
    assert found(first, is_file=True) == [
        (str(root / "real"), False, {"file"}, True),
        (str(root / "first"), False, {"link"}, False),
        (str(root / "second"), False, {"link"}, False),
    ]


def test_one_place_serves_all_that_matters_in_a_folder(root: Path) -> None:
    folder = root / "accounts"
    for name in ("ada", "bob"):
        linked(folder / f"{name}.json", f"../dotfiles/{name}")
    linked(folder / "kay.json", "..data/kay.json")
    linked(folder / "..data", "..2026")
    (folder / "..2026").mkdir()
    (root / "dotfiles").mkdir()
    assert found(folder) == [
        (str(folder), True, {"..data"}, False),
        (str(root), False, {"accounts"}, False),
        (str(root / "dotfiles"), False, {"ada", "bob"}, True),
        (str(folder / "..2026"), False, {"kay.json"}, True),
    ]


@pytest.mark.parametrize("target", ["loop.json", "../nowhere/x", "ada.json", "/", "", "\udcff"])
def test_links_that_lead_nowhere_are_no_accident(root: Path, target: str) -> None:
    folder = root / "accounts"
    folder.mkdir()
    (folder / "ada.json").touch()
    if target:
        linked(folder / "loop.json", os.fsencode(target).decode("utf-8", "surrogateescape"))
    assert found(folder)[0][:2] == (str(folder), True)


def test_links_into_more_folders_than_are_watched_are_left_to_the_next_scan(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_places, "_MOST_FOLDERS", 4)
    for number in range(20):
        linked(root / "accounts" / f"{number:02}.json", root / f"{number:02}" / "file")
        (root / f"{number:02}").mkdir()
    assert len(found(root / "accounts")) <= 6


def test_what_matters_of_a_place() -> None:
    place = Place("/a", has_accounts=True, names=frozenset({"..data"}), is_written=False, identity=(1, 1, True))
    for path in ("/a", "/a/..data", "/a/x.json", "/a/X.JSON"):
        assert place.matters(path, is_folder=False)
    for path in ("/a/x", "/a/.x.json", "/a/..data_tmp"):
        assert not place.matters(path, is_folder=False)
    assert not place.matters("/a/x.json", is_folder=True)
    assert place.matters("/a/..data", is_folder=True)
