from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from trayquota.sources.base import Discovery
from trayquota.sources.scan_throttle import ScanThrottle, is_local
from trayquota.system import mounts

if TYPE_CHECKING:
    from trayquota.system.watcher import Watcher

SOUND = Discovery()


class FakeWatcher:
    is_well = True


@pytest.fixture
def watcher() -> FakeWatcher:
    return FakeWatcher()


def due(scans: ScanThrottle, watcher: FakeWatcher | None, minutes: int) -> list[bool]:
    return [scans.is_due(cast("Watcher | None", watcher)) for _ in range(minutes)]


def test_each_scan_is_made_until_a_first_discovery(watcher: FakeWatcher) -> None:
    assert due(ScanThrottle(), watcher, 3) == [True] * 3


def test_one_scan_in_five_is_made_where_changes_are_reported(watcher: FakeWatcher, tmp_path: Path) -> None:
    scans = ScanThrottle()
    scans.discovered(SOUND, [tmp_path])
    assert due(scans, watcher, 10) == [False, False, False, False, True] * 2


def test_each_scan_is_made_without_a_watch(tmp_path: Path) -> None:
    scans = ScanThrottle()
    scans.discovered(SOUND, [tmp_path])
    assert due(scans, None, 3) == [True] * 3


def test_each_scan_is_made_while_the_watch_has_trouble(watcher: FakeWatcher, tmp_path: Path) -> None:
    scans = ScanThrottle()
    scans.discovered(SOUND, [tmp_path])
    watcher.is_well = False
    assert due(scans, watcher, 3) == [True] * 3


@pytest.mark.parametrize("found", [Discovery(notice="No folder yet."), Discovery(retry_s=5.0)], ids=["notice", "retry"])
def test_each_scan_is_made_while_something_is_wrong_there(
    found: Discovery, watcher: FakeWatcher, tmp_path: Path
) -> None:
    scans = ScanThrottle()
    scans.discovered(found, [tmp_path])
    assert due(scans, watcher, 3) == [True] * 3


@pytest.mark.skipif("sys.platform != 'linux'", reason="mounts as Linux names them")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/x", True),
        ("/mnt/nas", False),
        ("/mnt/nas/people/a", False),
        ("/mnt/nasty", True),
        ("/mnt/with space/a", False),
        ("/mnt/nas/disk/a", True),
        ("/mnt/over", False),
    ],
)
def test_a_folder_of_another_machine_is_known_by_its_mount(
    path: str, expected: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "2 1 0:50 / /mnt/nas rw,relatime shared:3 - nfs4 nas.example.com:/ rw\n"
        "3 1 0:51 / /mnt/with\\040space rw master:1 shared:4 - fuse.sshfs a rw\n"
        "4 2 8:2 / /mnt/nas/disk rw - xfs /dev/sdb1 rw\n"
        "5 1 8:3 / /mnt/over rw - ext4 /dev/sdc1 rw\n"
        "6 5 0:52 / /mnt/over rw - cifs //nas.example.com/x rw\n"
    )
    monkeypatch.setattr(mounts, "_MOUNTS", mountinfo)
    assert is_local(Path(path)) is expected


@pytest.mark.skipif("sys.platform != 'linux'", reason="mounts as Linux names them")
def test_a_folder_counts_as_another_machines_when_nobody_names_mounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "_MOUNTS", tmp_path / "none")
    assert not is_local(tmp_path)
