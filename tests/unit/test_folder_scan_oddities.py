"""Strange folders, and strange things in them: nothing stops the rest."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from trayquota.core.model import FailureKind
from trayquota.sources.folder_scan import FolderScanner, display_path
from trayquota.sources.retrying_file import WRITE_GRACE_S
from trayquota.system.home import home_folder

from .platforms import links, no_wine
from .scanning import ADA, look, names, problems, settled

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def test_a_folder_that_comes_and_goes_takes_its_accounts_along(tmp_path: Path) -> None:
    folder = tmp_path / "accounts"
    scanner = FolderScanner(folder)
    for round_s in (0, 10):
        missing = look(scanner, round_s)
        assert (missing.accounts, missing.retry_s) == ((), None)
        assert "accounts" in (missing.notice or "")
        folder.mkdir()
        assert "No accounts" in (look(scanner, round_s + 1).notice or "")
        (folder / "claude.json").write_bytes(ADA)
        found = look(scanner, round_s + 2)
        assert (names(found), found.notice) == (["ada@example.com"], None)
        shutil.rmtree(folder)


@no_wine
def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_bytes(ADA)
    scanner = FolderScanner(place)
    assert "not a folder" in (look(scanner).notice or "")
    place.unlink()
    place.mkdir()
    (place / "claude.json").write_bytes(ADA)
    assert names(look(scanner)) == ["ada@example.com"]


@needs_posix
def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "accounts"
    folder.mkdir()
    (folder / "claude.json").write_bytes(ADA)
    scanner = FolderScanner(folder)
    assert names(look(scanner)) == ["ada@example.com"]
    shutil.rmtree(folder)
    folder.symlink_to(folder)
    found = look(scanner)
    assert found.accounts == ()
    assert "cannot be read" in (found.notice or "")


@needs_posix
def test_odd_files_do_not_harm_the_others(tmp_path: Path) -> None:
    (tmp_path / "claude.json").write_bytes(ADA)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "device.json").symlink_to("/dev/zero")
    (tmp_path / "dangling.json").symlink_to("nowhere")
    (tmp_path / "loop.json").symlink_to("loop.json")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(30 << 20)
    (tmp_path / "binary.json").write_bytes(bytes(range(256)))
    (tmp_path / "latin.json").write_bytes('{"type": "claude", "email": "\u00e4"}'.encode("latin-1"))
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    (tmp_path / "token.json").write_bytes(b'{"type": "claude", "access_token": "a\\u0000\\r\\nb"}')
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "to-folder.json").symlink_to("folder.json")
    scanner = FolderScanner(tmp_path)
    assert names(look(scanner)) == ["ada@example.com", "token.json"]
    found = look(scanner, WRITE_GRACE_S)
    assert set(problems(found).values()) == {FailureKind.UNREADABLE_FILE}
    assert sorted(problems(found)) == [
        f"{name}.json" for name in ("binary", "dangling", "deep", "device", "large", "latin", "loop", "pipe", "token")
    ]


@needs_posix
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_that_may_not_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "claude.json").write_bytes(ADA)
    (tmp_path / "claude.json").chmod(0)
    assert problems(settled(FolderScanner(tmp_path))) == {"claude.json": FailureKind.UNREADABLE_FILE}
    tmp_path.chmod(0)
    assert "cannot be read" in (look(FolderScanner(tmp_path)).notice or "")
    tmp_path.chmod(0o700)


@links
def test_a_link_is_read_as_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere", tmp_path / "claude.json"
    target.write_bytes(ADA)
    link.symlink_to(target)
    scanner = FolderScanner(tmp_path)
    assert names(look(scanner)) == ["ada@example.com"]
    target.write_bytes(ADA.replace(b"ada@", b"evelyn@"))
    assert names(look(scanner, 10)) == ["evelyn@example.com"]


def test_a_thousand_files_are_all_found(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"claude-{number}.json").write_bytes(ADA.replace(b"ada@", b"%d@" % number))
    scanner = FolderScanner(tmp_path)
    assert len(look(scanner).accounts) == 1000
    (tmp_path / "claude-7.json").unlink()
    assert len(look(scanner, 10).accounts) == 999


def test_paths_in_the_home_folder_are_shown_with_a_tilde() -> None:
    assert display_path(Path.home() / ".cli-proxy-api") == str(Path("~") / ".cli-proxy-api")
    assert display_path(Path("elsewhere")) == "elsewhere"


@pytest.mark.skipif(sys.platform == "win32", reason="it is another variable there")
def test_without_the_variable_a_path_is_shown_in_another_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    assert display_path(home_folder() / "accounts") == str(Path("~/accounts"))
