"""What the unit tests share."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from trayquota.system import watcher as watch

from .loopback_servers import nothing_left_behind
from .token_files import TokenRig
from .watched_folders import NotingHandler, Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A session bus is Linux's, nor is dbus-fast installed elsewhere; and there is what only Windows has.
collect_ignore = []
if sys.platform != "linux":
    collect_ignore += [
        "test_statusnotifier_entries.py",
        "test_statusnotifier_layout.py",
        "test_statusnotifier_pixmap.py",
        "test_tray_wire_text.py",
    ]
if sys.platform != "win32":
    collect_ignore += [
        "test_windows_files.py",
        "test_windows_fonts.py",
        "test_windows_keyboard.py",
        "test_windows_sharing.py",
    ]
JOIN_S = 10.0

# How long an example takes says more about the machine than about the program.
# Wine is slow; what is found by chance is found by the examples of every run on Linux.
settings.register_profile("unit", deadline=None, max_examples=100 if sys.platform != "win32" else 20)
settings.load_profile("unit")


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Fail when a test leaves a thread."""
    before = set(threading.enumerate())
    yield
    for each in set(threading.enumerate()) - before:
        each.join(JOIN_S)
    assert [each.name for each in set(threading.enumerate()) - before] == []


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """Fail when a test leaves a thread or a socket."""
    with nothing_left_behind():
        yield


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The private folder of a session, with a path as short as usual."""
    with tempfile.TemporaryDirectory(prefix="tq") as folder:
        path = tmp_path_factory.mktemp("temp")
        monkeypatch.setenv("TMPDIR", str(path))
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield type(path)(folder)


@pytest.fixture
def watch_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Watched]]:
    """Watches folders, and stops in the end."""
    monkeypatch.setattr(watch, "_Handler", NotingHandler)
    found: list[Watched] = []

    def start(folder: Path) -> Watched:
        found.append(Watched(folder))
        return found[-1]

    yield start
    for each in found:
        each.watcher.stop()


@pytest.fixture
def watched(tmp_path: Path, watch_folder: Callable[[Path], Watched]) -> Watched:
    """A credentials folder, watched."""
    folder = tmp_path / "home" / ".cli-proxy-api"
    folder.mkdir(parents=True)
    return watch_folder(folder)


@pytest.fixture
def token_rig(tmp_path: Path) -> TokenRig:
    """A person with a Claude login in a file, and a provider of single-use tokens."""
    return TokenRig(tmp_path)


@pytest.fixture
def expired(token_rig: TokenRig) -> TokenRig:
    """The same with a login whose access token has ended."""
    token_rig.expire()
    return token_rig


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, with nothing in it."""
    for name in [each for each in os.environ if each.startswith(("XDG_", "TRAYQUOTA_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(home / "local"))
    return home
