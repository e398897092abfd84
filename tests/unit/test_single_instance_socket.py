"""Where the first process listens, and who can reach it there."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.system import endpoint
from trayquota.system.single_instance import SingleInstance

from .platforms import posix_sockets
from .replies import answering

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("session", "nothing_is_left")


def own_folder(temporary: Path) -> Path:
    user = 0
    if sys.platform != "win32":
        user = os.getuid()
    return temporary / f"trayquota-{user}"


@posix_sockets
def test_the_socket_is_among_the_session_s_files(tmp_path: Path, session: Path) -> None:
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.listen(answering())
    (path,) = session.iterdir()
    assert stat.S_ISSOCK(path.stat().st_mode)
    instance.release()
    assert list(session.iterdir()) == []


@posix_sockets
@pytest.mark.parametrize("umask", [0o000, 0o277, 0o777], ids=oct)
def test_the_socket_can_be_reached_by_its_owner_under_every_umask(tmp_path: Path, session: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        instance = SingleInstance(tmp_path)
        assert instance.claim()
        instance.listen(answering())
    finally:
        os.umask(before)
    (path,) = session.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SingleInstance(tmp_path).call()
    instance.release()


@posix_sockets
@pytest.mark.parametrize("reason", ["none", "relative", "open to others", "too long", "a link"])
def test_where_the_session_has_no_private_folder_the_temporary_one_s_own_is_used(
    tmp_path: Path, session: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    stated = {"none": "", "relative": "run", "too long": str(session / ("x" * 90)), "a link": str(session / "link")}
    if reason == "open to others":
        session.chmod(0o755)
    (session / ("x" * 90)).mkdir(0o700)
    (session / "target").mkdir(0o700)
    (session / "link").symlink_to("target")
    monkeypatch.setenv("XDG_RUNTIME_DIR", stated.get(reason, str(session)))
    monkeypatch.setattr(endpoint, "_USER_FOLDERS", str(session / "nobody"))
    monkeypatch.setattr(endpoint, "_TEMPORARY", str(session))
    monkeypatch.setenv("TMPDIR", str(session))
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.listen(answering())
    own = own_folder(session)
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    assert len(list(own.iterdir())) == 1
    assert SingleInstance(tmp_path).call()
    instance.release()
    assert list(own.iterdir()) == []


@posix_sockets
def test_a_temporary_folder_of_that_name_that_others_can_enter_is_not_used(
    tmp_path: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setattr(endpoint, "_USER_FOLDERS", str(session / "nobody"))
    monkeypatch.setattr(endpoint, "_TEMPORARY", str(session))
    monkeypatch.setenv("TMPDIR", str(session))
    own = own_folder(session)
    own.mkdir()
    own.chmod(0o777)
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.listen(answering())
    assert list(own.iterdir()) == []
    assert stat.S_IMODE(own.stat().st_mode) == 0o777
    assert not SingleInstance(tmp_path).call()
    instance.release()


@posix_sockets
def test_a_socket_that_somebody_listens_on_is_left_to_them(tmp_path: Path, session: Path) -> None:
    """As where locks do not work, and both take themselves for the first."""
    calls: list[str] = []
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    first.listen(answering(lambda: calls.append("first")))
    second.listen(answering(lambda: calls.append("second")))
    assert SingleInstance(tmp_path).call()
    second.release()
    assert SingleInstance(tmp_path).call()
    first.release()
    assert calls == ["first", "first"]
    assert list(session.iterdir()) == []
