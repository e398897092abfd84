"""Writing a new pair into a credential file."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from login_files import NEW, OLD, THEIRS
from msgspec.structs import replace

from trayquota.core.errors import TokenWriteError
from trayquota.tokens import prepared_file, writer
from trayquota.tokens.prepared_file import PreparedFile
from trayquota.tokens.writer import can_write_tokens

from .hostile import values
from .token_writing import assert_alone, before_replacing, content, entry, write

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")


@pytest.fixture(autouse=True)
def nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes here."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "claude-ada@example.com.json"
    path.write_text(json.dumps(OLD))
    return path


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=8), values(), max_size=6))
def test_all_other_keys_stay_as_they_are(tmp_path_factory: pytest.TempPathFactory, more: dict[str, object]) -> None:
    path = tmp_path_factory.mktemp("auth") / "claude.json"
    source = {**more, **OLD}
    path.write_text(json.dumps(source))
    try:
        write(path)
    except TokenWriteError:
        # Infinity and its like, which other readers choke on.
        assert content(path) == source or "Infinity" in path.read_text() or "NaN" in path.read_text()
        assert not can_write_tokens(json.loads(path.read_text()), "old-refresh")
    else:
        assert content(path) == {**json.loads(json.dumps(source), parse_constant=lambda _: None), **NEW}
        assert list(content(path)) == [*source, "last_refresh"] or "last_refresh" in more
    assert_alone(path)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 123456789012345678901234567890}',
        '{"a": -0.0, "b": 1e300, "c": 0.1}',
        '{"a": "\\u00e9\\ud83d\\ude00\\ud800\\u0000\\u2028\\"\\\\"}',
        '{"é": "\U0001f600", "": {"": []}}',
        '{\n  "a" : [ 1 ,\n 2 ]\n}\n',
    ],
)
def test_odd_but_good_values_stay(path: Path, text: str) -> None:
    more = json.loads(text)
    path.write_text(json.dumps({**more, **OLD}, indent=2))
    write(path)
    assert content(path) == {**more, **OLD, **NEW}


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o400])
def test_the_mode_stays(path: Path, mode: int) -> None:
    path.chmod(mode)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_file_loses_its_group(path: Path) -> None:
    if sys.platform != "win32":
        try:
            os.chown(path, -1, 54321)
        except PermissionError:
            pytest.skip("may not give files away here")
    write(path)
    assert path.stat().st_gid == 54321


@posix
def test_a_file_of_another_user_is_written(path: Path) -> None:
    if sys.platform != "win32":
        try:
            os.chown(path, 12345, -1)
        except PermissionError:
            pytest.skip("may not give files away here")
    with pytest.raises(TokenWriteError, match="belongs to another user"):
        write(path)
    assert content(path) == OLD
    assert_alone(path)


def set_attribute(path: Path, name: str, value: bytes) -> None:
    if sys.platform == "linux":
        try:
            os.setxattr(path, name, value)
        except OSError:
            pytest.skip("this file system has no such attributes")
    else:
        pytest.skip("an attribute of Linux")


def attribute(path: Path, name: str) -> bytes:
    if sys.platform == "linux":
        return os.getxattr(path, name)
    raise NotImplementedError


def test_further_attributes_stay(path: Path) -> None:
    set_attribute(path, "user.note", b"mine")
    write(path)
    assert attribute(path, "user.note") == b"mine"


def access_list() -> bytes:
    """Version 2: owner rw-, user 12345 r--, group ---, mask r--, others ---."""
    rows = [(1, 6, 2**32 - 1), (2, 4, 12345), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1)]
    parts = [(2).to_bytes(4, "little")]
    for kind, rights, who in rows:
        parts += [kind.to_bytes(2, "little"), rights.to_bytes(2, "little"), who.to_bytes(4, "little")]
    return b"".join(parts)


def test_an_access_list_stays_and_its_group_gets_no_more_than_it_had(path: Path) -> None:
    """The file's group shows the list's mask; without the list it would be granted what one program is."""
    set_attribute(path, "system.posix_acl_access", access_list())
    before = attribute(path, "system.posix_acl_access")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write(path)
    assert attribute(path, "system.posix_acl_access") == before


def test_nobody_is_let_in_by_the_access_list_that_the_folder_gives_to_new_files(path: Path) -> None:
    path.chmod(0o640)
    set_attribute(path.parent, "system.posix_acl_default", access_list())
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with pytest.raises(OSError, match=os.strerror(errno.ENODATA)):
        attribute(path, "system.posix_acl_access")


@pytest.mark.parametrize("call", ["fchmod", "fchown", "listxattr", "setxattr"])
def test_file_systems_without_such_things_are_written_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "not here")

    monkeypatch.setattr(os, call, refuse, raising=False)
    write(path)
    assert content(path)["refresh_token"] == "new-refresh"


def test_a_name_of_the_greatest_length_is_written(tmp_path: Path) -> None:
    path = tmp_path / f"{'a' * 250}.json"
    path.write_text(json.dumps(OLD))
    write(path)
    assert content(path)["refresh_token"] == "new-refresh"
    assert_alone(path)


def test_no_temporary_file_looks_like_an_account(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    before_replacing(monkeypatch, lambda: seen.extend(each.name for each in path.parent.iterdir()))
    write(path)
    (temporary,) = set(seen) - {path.name}
    assert temporary.startswith(".")
    assert not temporary.lower().endswith(".json")


# What is not overwritten.


@pytest.mark.parametrize(
    "source",
    [
        THEIRS,
        {**OLD, **NEW},
        {"type": "claude", "token": {"refresh_token": "old-refresh"}},
        {**OLD, "refresh_token": ""},
        {**OLD, "refresh_token": None},
        {**OLD, "refresh_token": ["old-refresh"]},
    ],
)
def test_another_login_or_the_same_pair_is_left_alone(path: Path, source: dict[str, object]) -> None:
    path.write_text(json.dumps(source))
    before = path.read_bytes()
    assert not write(path)
    assert path.read_bytes() == before
    assert_alone(path)


def test_a_token_that_stays_is_written_only_over_the_access_token_it_was_asked_with(path: Path) -> None:
    stays = replace(entry(path), refresh_token="old-refresh")
    assert write(path, stays)
    assert content(path)["access_token"] == "new-access"
    for theirs in ({**OLD, "access_token": "their-access"}, {**OLD, "access_token": None}):
        path.write_text(json.dumps(theirs))
        assert not write(path, stays)
        assert content(path) == theirs


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"", "cannot be read at the moment"),
        (b'{"type": "cla', "cannot be read at the moment"),
        (b"\xff\xfe", "cannot be read at the moment"),
        (b"[" * 100000, "cannot be read at the moment"),
        (b" " * ((1 << 20) + 1), "cannot be read at the moment"),
        (b"[]", "no longer holds an account"),
        (b'{"refresh_token": "old-refresh"}', "no longer holds an account"),
        (b'{"type": "claude", "refresh_token": "old-refresh", "x": 1e999}', "JSON cannot carry"),
        (b'{"type": "claude", "refresh_token": "old-refresh", "x": %s1%s}' % (b"[" * 480, b"]" * 480), ""),
        (None, "cannot be read at the moment"),
    ],
)
def test_what_cannot_be_read_or_written_back_stays(path: Path, held: bytes | None, words: str) -> None:
    path.unlink()
    if held is not None:
        path.write_bytes(held)
    if words:
        with pytest.raises(TokenWriteError, match=words):
            write(path)
        assert (path.read_bytes() if held is not None else None) == held
        assert list(path.parent.iterdir()) == ([path] if held is not None else [])
    else:
        write(path)
        assert content(path)["refresh_token"] == "new-refresh"


def test_depths_that_can_be_read_but_not_written_are_no_accident(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise RecursionError

    monkeypatch.setattr(json, "dumps", fail)
    with pytest.raises(TokenWriteError, match="JSON cannot carry"):
        write(path)
    assert not can_write_tokens(OLD, "old-refresh")


@pytest.mark.parametrize("call", ["open", "write", "fsync", "swap"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_fails_is_not_named_or_the_file_is_not_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, reason: int
) -> None:
    before, original = path.read_bytes(), os.open

    def fail(*_: object) -> bytes | None:
        raise OSError(reason, os.strerror(reason))

    def refuse_to_make(name: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            fail()
        return original(name, flags, mode)

    with monkeypatch.context() as patched:
        if call == "swap":
            patched.setattr(PreparedFile, "swap", fail)
            patched.setattr(writer, "write_in_place", fail)
        elif call == "open" and sys.platform == "win32":
            patched.setattr(prepared_file, "create_file", fail)
        else:
            patched.setattr(os, call, refuse_to_make if call == "open" else fail)
        with pytest.raises(TokenWriteError, match=os.strerror(reason).lower()):
            write(path)
    assert path.read_bytes() == before
    assert_alone(path)


@pytest.mark.parametrize("key", ["accessToken", "token", "Token"])
def test_a_file_of_another_form_is_given_a_second_access_token(key: str) -> None:
    source = {name: value for name, value in OLD.items() if name != "access_token"}
    assert not can_write_tokens({**source, key: "old-access"}, OLD["refresh_token"])
    assert can_write_tokens({**OLD, key: "old-access"}, OLD["refresh_token"])
