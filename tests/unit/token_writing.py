"""What the tests of writing tokens share: a login, the pair that follows it, and others who write meanwhile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from login_files import NEW, OLD

from trayquota.system.native_files import exchange_files
from trayquota.tokens import prepared_file
from trayquota.tokens.pending_tokens import PendingTokens, fingerprint
from trayquota.tokens.writer import write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def login_in(folder: Path) -> Path:
    """Return a file with the old login, alone in a folder of its own."""
    path = folder / "auth" / "claude-ada@example.com.json"
    path.parent.mkdir()
    path.write_text(json.dumps(OLD))
    return path


def entry(path: Path, **other: str) -> PendingTokens:
    return PendingTokens(
        path=str(path), base=fingerprint("old-refresh"), replaces=fingerprint("old-access"), **{**NEW, **other}
    )


def write(path: Path, pair: PendingTokens | None = None) -> bool:
    """Write the pair that follows the old one."""
    new = pair or entry(path)

    def successor(refresh: str, access: str) -> PendingTokens | None:
        is_same = new.is_rotated or fingerprint(access) == new.replaces
        return new if fingerprint(refresh) == new.base and is_same else None

    return write_tokens(path, successor, path.parent.with_name(path.parent.name + "-records"))


def content(path: Path) -> dict[str, object]:
    return dict(json.loads(path.read_bytes()))


def assert_alone(path: Path) -> None:
    assert list(path.parent.iterdir()) == [path]


def before_replacing(monkeypatch: pytest.MonkeyPatch, *actions: Callable[[], object]) -> None:
    """Do something between the last look at the file and the moment another takes its place, once each."""
    original, left = exchange_files, list(actions)

    def exchange(first: Path, second: Path) -> None:
        if left:
            left.pop(0)()
        original(first, second)

    monkeypatch.setattr(prepared_file, "exchange_files", exchange)


def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a system, or a file system, where no two files can be exchanged."""

    def refuse(_first: Path, _second: Path) -> None:
        raise NotImplementedError

    monkeypatch.setattr(prepared_file, "exchange_files", refuse)


def while_writing(monkeypatch: pytest.MonkeyPatch, *actions: Callable[[], object]) -> None:
    """Do something between the first look at the file and the last, once each."""
    original, left = os.fsync, list(actions)

    def sync(handle: int) -> None:
        if left:
            left.pop(0)()
        original(handle)

    monkeypatch.setattr(os, "fsync", sync)
