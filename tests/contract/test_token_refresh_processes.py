"""Six processes at once on one expired login: one rotation, and all of them end with the newest pair."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import SingleUseTokens

from .expired_login import MORE, pair_in, write_expired

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = 6
PATIENCE_S = 60


def start(command: Sequence[str], folder: Path, **more: str) -> subprocess.Popen[str]:
    environment = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    places = ("CONFIG", "STATE", "DATA", "CACHE", "RUNTIME")
    environment |= {f"XDG_{name}_HOME": str(folder / name.lower()) for name in places}
    environment |= {"HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}
    environment |= more
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def outputs(started: list[subprocess.Popen[str]]) -> list[str]:
    """What they say in the end; all of them end well."""
    said = [each.communicate(timeout=PATIENCE_S) for each in started]
    assert [(each.returncode, errors) for each, (_, errors) in zip(started, said, strict=True)] == [(0, "")] * COUNT
    return [text for text, _ in said]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "auth" / "claude-ada@example.com.json"


def assert_rotated_once(server: SingleUseTokens, path: Path) -> None:
    assert (server.refreshes, server.refused) == (1, 0)
    assert pair_in(path) == server.newest == ("access-1", "refresh-1")
    content = json.loads(path.read_bytes())
    assert {key: content[key] for key in MORE} == MORE
    assert list(path.parent.iterdir()) == [path]


def test_six_token_managers_refresh_a_token_once(tmp_path: Path, path: Path) -> None:
    script = str(Path(__file__).with_name("refresh_process.py"))
    with SingleUseTokens() as server:
        write_expired(path, server)
        command = [sys.executable, script, "refresh for real", str(path), str(tmp_path / "state"), server.url]
        started = [start(command, tmp_path) for _ in range(COUNT)]
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in started:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        assert outputs(started) == ["access-1"] * COUNT
        assert_rotated_once(server, path)
    assert list((tmp_path / "state" / "renewals").glob("*.journal")) == []


def test_six_programs_refresh_a_token_once(tmp_path: Path, path: Path) -> None:
    with SingleUseTokens() as server:
        write_expired(path, server)
        command = [sys.executable, "-m", "trayquota", "status", "--json", "--dir", str(path.parent)]
        os.environ["TRAYQUOTA_GATEWAY"] = server.url
        try:
            started = [start(command, tmp_path) for _ in range(COUNT)]
        finally:
            del os.environ["TRAYQUOTA_GATEWAY"]
        for said in outputs(started):
            (account,) = json.loads(said)["accounts"]
            assert (account["state"], account["error"]) == ("ok", None)
            assert [each["remaining_percent"] for each in account["windows"]] == [42.0]
        assert_rotated_once(server, path)
