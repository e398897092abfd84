"""One credential file: what lies in the folder, and its bytes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import UnreadableError
from trayquota.sources.credential_file import LARGEST_BYTES, parse_fields, read_bytes

from . import facts

if TYPE_CHECKING:
    from pathlib import Path

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@pytest.mark.parametrize(
    "content",
    [
        b'{"hello": "world"}',
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"claude"',
        b'{"type": 7}',
        b'{"type": ""}',
        b'{"type": " \\u0000"}',
        b'{"type": null}',
        b'{"type": ["a"]}',
    ],
)
def test_json_without_a_type_is_no_account(content: bytes) -> None:
    assert parse_fields(content) is None


def test_the_file_of_the_facts_that_is_no_account() -> None:
    assert parse_fields(facts.content("cred_not_an_account.json")) is None


@pytest.mark.parametrize(
    "content",
    [
        *(facts.content(name) for name in facts.names("credential-broken")),
        b" \n",
        b"\0" * 512,
        b'{"type": "claude", "email": "\xe4da@example.com"}',
        b"\x89PNG\r\n\x1a\n",
        b"[" * 100_000,
        b"type: claude",
        b'{"type": "claude"}{',
    ],
)
def test_what_is_no_whole_json_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_fields(content)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_of_json_are_read(encoding: str) -> None:
    assert parse_fields('{"type": "claude", "note": "\u00e4"}'.encode(encoding)) == {"type": "claude", "note": "\u00e4"}


@pytest.mark.parametrize("cut", range(0, 330, 7))
def test_no_beginning_of_a_file_is_taken_for_the_file(cut: int) -> None:
    content = facts.content("cred_claude.json").strip()[:cut]
    with pytest.raises(UnreadableError):
        parse_fields(content)


def unreadable_why(path: Path) -> str:
    with pytest.raises(UnreadableError) as caught:
        read_bytes(path)
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content in (b"", b"\r\n\x1a\0", b"x" * LARGEST_BYTES):
        path.write_bytes(content)
        assert read_bytes(path) == content


def test_what_is_gone_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "a.json")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    unreadable_why(tmp_path)


@pytest.mark.parametrize("size", [LARGEST_BYTES + 1, 30 << 20])
def test_a_large_file_is_not_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(size)
    assert "1 MiB" in unreadable_why(path)


@needs_posix
def test_links_are_followed_and_lead_somewhere_or_not(tmp_path: Path) -> None:
    target, link, loop = tmp_path / "target", tmp_path / "link.json", tmp_path / "loop.json"
    target.write_bytes(b"{}")
    link.symlink_to(target)
    assert read_bytes(link) == b"{}"
    target.unlink()
    assert "link" in unreadable_why(link)
    loop.symlink_to(loop)
    unreadable_why(loop)


@needs_posix
def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    pipe, device = tmp_path / "pipe.json", tmp_path / "zero.json"
    if sys.platform != "win32":
        os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for each in (pipe, device):
        assert "regular file" in unreadable_why(each)


@needs_posix
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    path.chmod(0)
    assert "permission" in unreadable_why(path)
