"""``status``: its command line without the parser, and what it loads while answers are awaited."""

from __future__ import annotations

import builtins
import json
import threading
from typing import TYPE_CHECKING

import pytest
from login_files import login

from trayquota.cli.common import Options
from trayquota.cli.main import _take_status, parser
from trayquota.cli.snapshots import refresh_once
from trayquota.core.model import AccountState
from trayquota.settings.load import load_config

from . import facts
from .loopback_servers import Server, Visit, answer

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 20.0


def values(options: Options) -> dict[str, object]:
    """Return all that a command line says, and what it leaves as it is."""
    return {name: getattr(options, name) for name in vars(Options) if not name.startswith("_")}


@pytest.mark.parametrize("given", ["status", "status --json", "status --cached", "status --cached --json"])
def test_what_scripts_call_is_understood_without_the_parser_as_with_it(given: str) -> None:
    taken, parsed = Options(), Options()
    assert _take_status(given.split(), taken)
    parser().parse_args(given.split(), parsed)
    assert values(taken) == values(parsed)


@pytest.mark.parametrize("given", ["status --watch", "status --jso", "--json status", "line --json", "status x"])
def test_every_other_command_line_is_left_to_the_parser(given: str) -> None:
    options = Options()
    assert not _take_status(given.split(), options)
    assert values(options) == values(Options())


@pytest.mark.usefixtures("no_thread_is_left")
def test_what_follows_the_answers_is_loaded_while_they_are_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "claude-ada.json").write_text(json.dumps(login("claude", "ada@example.com", access="fake-access")))
    loaded = threading.Event()
    (tmp_path / "needed_after.py").write_text("loaded.set()")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(builtins, "loaded", loaded, raising=False)
    usage = json.dumps(facts.load("claude_usage_basic.json")).encode()

    def answer_once_loaded(visit: Visit) -> None:
        if loaded.wait(PATIENCE_S):
            visit.send(answer(usage))

    with Server(answer_once_loaded) as server:
        environment = {"TRAYQUOTA_GATEWAY": server.url}
        snapshot = refresh_once(load_config(folder=str(tmp_path), environment=environment), "needed_after")
    assert [usage.state for usage in snapshot.accounts] == [AccountState.OK]
