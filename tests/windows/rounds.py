"""One round of login safety on Windows: the program with a login that has expired, and all that befalls both.

A login is lost when, after all has settled, no file of the folder and no journal holds the one token that is not spent.
What no program can close is left out: a kill between the provider's answer and the journal's first byte. A kill waits
until that has passed.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from provider_stand_in import CLAUDE_TOKEN, Asked, Reply
from token_rounds import Families, content_of

from trayquota.tokens.journal import Journal

from .actor import CTRL_CLOSE, CTRL_LOGOFF, Program
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from .actor import Actor

FILES = ("claude-ada.json", "claude-copy of ada.json")
NOBODY, READERS = 0, 1
ENDS = ("by itself", "killed", "console closed", "session ended")
INTERFERENCE = ("nothing", "held open", "signed in", "refreshed by the proxy")
WITHIN_S = 3.5
"""What others do begins so soon after the program's start, which takes two seconds and more under Wine."""


class Provider(Families):
    """Answers each refresh when its login's time has come, but has counted it at once.

    Attributes:
        delays_s: How long the answer takes, by a login's name.
        granted: The number of the newest token that a program was given, by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.delays_s: dict[str, float] = {}
        self.granted: dict[str, int] = {}
        self._closed: set[str] = set()

    @contextlib.contextmanager
    def closed(self, name: str) -> Iterator[None]:
        """Refresh no token of that name meanwhile."""
        with self._condition:
            self._closed.add(name)
        try:
            yield
        finally:
            with self._condition:
                self._closed.discard(name)

    def take(self, asked: Asked) -> Reply:
        reply = super().take(asked)
        if asked.place == CLAUDE_TOKEN:
            time.sleep(self.delays_s.get(_name(asked.token), 0))
        return reply

    def _reply_to(self, asked: Asked) -> Reply:
        name = _name(asked.token).removeprefix("access-")
        if asked.place != CLAUDE_TOKEN:
            newest = f"access-{name}/{self.newest.get(name, 0)}"
            known = {"five_hour": {"utilization": 58.0, "resets_at": None}}
            return Reply(known) if asked.token == newest else Reply({}, HTTPStatus.UNAUTHORIZED)
        if name in self._closed:
            return Reply({}, HTTPStatus.SERVICE_UNAVAILABLE)
        reply = super()._reply_to(asked)
        if reply.status == HTTPStatus.OK:
            self.granted[name] = self.newest[name]
        return reply


def _name(token: str) -> str:
    return token.rpartition("/")[0]


@dataclass(frozen=True)
class Plan:
    """What happens in a round; moments are in seconds after the program's start.

    Attributes:
        program: Which of the two.
        end: How it ends.
        end_after_s: So long after the provider was first asked.
        answer_s: How long the provider takes.
        others_s: When other processes refresh the same login.
        interference: What else happens, to the file ``file``, at ``at_s``.
        way: How the file is written then.
        sharing: With whom it is shared while it is held open, for ``held_s``.
    """

    name: str
    program: str
    end: str
    end_after_s: float
    answer_s: float
    others_s: tuple[float, ...]
    interference: str
    file: str
    at_s: float
    way: str
    sharing: int
    held_s: float


def plan(number: int, name: str, chance: random.Random) -> Plan:
    """Return a round's plan: all ends meet all interference, in turn, the rest is chance."""
    return Plan(
        name=name,
        program=("status", "tray")[number // 16 % 2],
        end=ENDS[number % 4],
        end_after_s=chance.random() * 2,
        answer_s=chance.random() * 1.5,
        others_s=tuple(chance.random() * WITHIN_S for _ in range(chance.randrange(3))),
        interference=INTERFERENCE[number // 4 % 4],
        file=chance.choice(FILES),
        at_s=chance.random() * WITHIN_S,
        way=chance.choice(("in place", "moved")),
        sharing=chance.choice((NOBODY, READERS)),
        held_s=0.1 + chance.random() * 4,
    )


class Round:
    """A plan carried out in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path, provider: Provider, actors: Sequence[Actor]) -> None:
        self.plan = plan
        self._provider = provider
        self._actors = actors
        self._program = Program(actors[0], folder, provider.url)
        self._journal = Journal(self._program.state / "renewals")
        self._path = self._program.accounts / plan.file

    def run(self, helpers: Executor) -> list[str]:
        """Do it; return what was lost or broken."""
        plan = self.plan
        self._provider.delays_s[plan.name] = plan.answer_s
        for file in FILES:
            (self._program.accounts / file).write_text(json.dumps(content_of(plan.name, 0, ended=True)))
        self._program.start(*(("status", "--json") if plan.program == "status" else ()))
        under_way = [
            self._actors[number % len(self._actors)].begin("refresh", *self._places(), after_s)
            for number, after_s in enumerate(plan.others_s)
        ]
        match plan.interference:
            case "held open":
                place = windows_path(self._path)
                under_way.append(self._actors[-1].begin("hold", place, plan.sharing, plan.at_s, plan.held_s))
            case "signed in":
                text = json.dumps(content_of(f"{plan.name}-theirs", 0, ended=False))
                under_way.append(self._actors[-1].begin("write", windows_path(self._path), text, plan.way, plan.at_s))
            case "refreshed by the proxy":
                under_way.append(helpers.submit(self._refresh_as_proxy))
        self._end()
        for each in under_way:
            each.result()
        for actor in self._actors:
            actor.do("refresh", *self._places(), 0)
        return list(self._problems())

    def _places(self) -> tuple[str, str]:
        return windows_path(self._program.accounts), windows_path(self._program.state)

    def _refresh_as_proxy(self) -> None:
        """Refresh the login of the file at some moment, and take a while to write that down."""
        time.sleep(self.plan.at_s)
        held = json.loads(self._path.read_bytes())
        new = self._provider.exchange(str(held["refresh_token"]))
        if new is not None:
            number = int(str(new["refresh_token"]).rpartition("/")[2])
            text = json.dumps(content_of(self.plan.name, number, ended=False))
            self._actors[-1].do("write", windows_path(self._path), text, self.plan.way, 0.3)

    def _end(self) -> None:
        """End the program as planned."""
        plan, program = self.plan, self._program
        is_tray = plan.program == "tray"
        if plan.end != "by itself" or is_tray:
            wait_until(lambda: self._provider.newest.get(plan.name), "refresh of the login")
            time.sleep(plan.end_after_s)
        match plan.end:
            case "killed":
                wait_until(self._kill, "moment that costs nothing")
            case "console closed":
                program.do("close_console", CTRL_CLOSE)
            case "session ended" if is_tray:
                assert program.do("end_session") is False, "the end of the session was refused"
            case "session ended":
                program.do("close_console", CTRL_LOGOFF)
            case _ if is_tray:
                wait_until(lambda: program.do("has_windows"), "icon")
                program.do("quit")
        code, _, err = program.end()
        if plan.end == "by itself":
            assert "Traceback" not in err, err
            assert code in {0, 1}, (code, err)

    def _kill(self) -> bool:
        """Kill the program, unless a pair is on its way to the journal."""
        name = self.plan.name
        with self._provider.closed(name):
            granted = self._provider.granted.get(name)
            is_safe = granted is None or self._journal.has_pair(f"{name}/{granted}")
            if is_safe:
                self._program.do("kill")
        return is_safe

    def _problems(self) -> Iterator[str]:
        name, accounts = self.plan.name, self._program.accounts
        left = {path.name for path in accounts.iterdir()} - set(FILES)
        if left:
            yield f"left beside the files: {left}"
        held = {}
        for file in FILES:
            try:
                held[file] = json.loads((accounts / file).read_bytes())["refresh_token"]
            except (OSError, ValueError) as error:
                yield f"{file} is broken: {type(error).__name__}"
        newest = f"{name}/{self._provider.newest.get(name, 0)}"
        if newest not in held.values() and not self._journal.has_pair(newest):
            yield f"lost: {newest}; the files hold {held}"
        if self.plan.interference == "signed in" and held.get(self.plan.file) != f"{name}-theirs/0":
            yield f"a newer login was overwritten: {held}"
