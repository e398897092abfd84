"""What the tests of the rewrite share: a login, the pair that follows it, and others who write meanwhile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from trayquota.tokens.journal import PendingTokens, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

NEW = {
    "access_token": "new-access",
    "refresh_token": "new-refresh",
    "expired": "2026-09-22T20:00:00Z",
    "last_refresh": "2026-09-22T12:00:00Z",
}
OLD = {
    "access_token": "old-access",
    "refresh_token": "old-refresh",
    "type": "claude",
    "expired": "2026-09-22T12:00:00Z",
}
THEIRS = {**OLD, "access_token": "their-access", "refresh_token": "their-refresh"}


def entry(path: Path) -> PendingTokens:
    return PendingTokens(path=str(path), base=fingerprint("old-refresh"), replaces=fingerprint("old-access"), **NEW)


def content(path: Path) -> dict[str, object]:
    return dict(json.loads(path.read_bytes()))


def assert_alone(path: Path) -> None:
    assert list(path.parent.iterdir()) == [path]


def before_replacing(monkeypatch: pytest.MonkeyPatch, *deeds: Callable[[], object]) -> None:
    """Do something between the last look at the file and the moment it is replaced, once each."""
    original, left = os.replace, list(deeds)

    def replace_file(source: str, target: str) -> None:
        if left:
            left.pop(0)()
        original(source, target)

    monkeypatch.setattr(os, "replace", replace_file)


def while_writing(monkeypatch: pytest.MonkeyPatch, *deeds: Callable[[], object]) -> None:
    """Do something between the first look at the file and the last, once each."""
    original, left = os.fsync, list(deeds)

    def sync(handle: int) -> None:
        if left:
            left.pop(0)()
        original(handle)

    monkeypatch.setattr(os, "fsync", sync)
