"""The end of a console or of the session comes while the provider has a refresh token and has not answered yet.

Wine ends the programs of a console that is closed without the event that Windows sends; so the routine which that event
begins at is started in the program, by another process, as Windows does. Messages of the session's end are sent by a
process, too; in ``test_log_off.py`` Wine itself does it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from token_rounds import content_of

from .actor import CTRL_CLOSE, Actor, Program
from .rounds import Provider
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .wine import Wine

SLOW_S = 1.0
ENDS: dict[str, tuple[list[str], str, list[int]]] = {
    "status-console": (["status"], "close_console", [CTRL_CLOSE]),
    "tray-console": ([], "close_console", [CTRL_CLOSE]),
    "tray-session": ([], "end_session", []),
}
"""How each is started, and what ends it."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A provider that takes its time with tokens."""
    with Provider() as provider:
        provider.delays_s = dict.fromkeys(ENDS, SLOW_S)
        yield provider


@pytest.fixture(scope="module")
def actor(wine: Wine, provider: Provider) -> Iterator[Actor]:
    with Actor(wine, provider.url) as actor:
        yield actor


@pytest.fixture(scope="module")
def programs(actor: Actor, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Program]:
    """The programs, at the same time, each ended while its login was being refreshed; by how they were."""
    programs = {}
    for name, (arguments, _, _) in ENDS.items():
        programs[name] = Program(actor, tmp_path_factory.mktemp("end"), provider.url)
        path = write_expired(programs[name].accounts, name)
        actor.do("restrict", windows_path(path))
        programs[name].start(*arguments)
    for name, (_, act, values) in ENDS.items():
        until_refreshing(provider, name)
        is_refused = programs[name].do(act, *values)
        assert not is_refused
    return programs


def until_refreshing(provider: Provider, name: str) -> None:
    wait_until(lambda: provider.newest.get(name), f"refresh of {name}")


def write_expired(accounts: Path, name: str) -> Path:
    path = accounts / "claude-ada.json"
    path.write_text(json.dumps(content_of(name, 0, ended=True)))
    return path


@pytest.mark.parametrize("name", ENDS)
def test_the_login_that_is_being_refreshed_is_lost(name: str, programs: dict[str, Program], actor: Actor) -> None:
    path = programs[name].accounts / "claude-ada.json"
    assert json.loads(path.read_bytes())["refresh_token"] == f"{name}/1"
    other = path.with_name("other")
    other.touch()
    default = actor.do("access_list", windows_path(other))
    actor.do("restrict", windows_path(other))
    restricted = actor.do("access_list", windows_path(other))
    assert actor.do("access_list", windows_path(path)) == restricted != default, "its access list is another"


def test_a_folder_of_the_program_has_an_access_list_of_its_own(programs: dict[str, Program], actor: Actor) -> None:
    state = programs["tray-session"].state
    plain = state.with_name("plain")
    actor.do("make_folder", windows_path(plain))
    assert actor.do("access_list", windows_path(state)) == actor.do("access_list", windows_path(plain))
