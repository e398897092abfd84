"""Where the programs run: a bus with a panel, a provider, and a home of their own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from login_files import login
from session_bus import SessionBus

from trayquota.core.translation import _
from trayquota.settings.language import choose_language, use_language

from .answers import left_percent
from .panel import Panel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .panel import Item

HERE = Path(__file__).parent
FACTS = HERE.parent / "fixtures" / "facts"
FAREWELL_S = 5.0
UNLIMITED = """
from trayquota.core import refresh_policy
refresh_policy.BURST_POLLS = 10**9
from trayquota.cli.main import run
run()
"""
"""The applet without the limit of polls in a row, which a benchmark of thousands of refreshes would wait for."""
FLOOR_ENV = {"PYSTRAY_BACKEND": "dummy"}  # importing pystray opens no X display then


class Program:
    """One that runs.

    Attributes:
        started_s: When it was started, by the monotonic clock.
    """

    def __init__(self, argv: Sequence[str | Path], env: Mapping[str, str], folder: Path, **popen: Any) -> None:
        self._log = (folder / f"{time.monotonic_ns()}.log").open("wb")
        popen = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log, **popen}
        self.started_s = time.monotonic()
        self.process: subprocess.Popen[Any] = subprocess.Popen(
            [str(each) for each in argv], env=dict(env), cwd=folder, **popen
        )

    @property
    def pid(self) -> int:
        pid: int = self.process.pid
        return pid

    def line(self) -> str:
        """The next line of its standard output, where that is a pipe."""
        assert self.process.stdout is not None
        return str(self.process.stdout.readline())

    def said(self) -> str:
        """The end of its standard output and error."""
        return Path(self._log.name).read_text(errors="replace")[-3000:]

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(FAREWELL_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for each in (self._log, self.process.stdin, self.process.stdout):
            if each is not None:
                each.close()


class Provider:
    """The stand-in's process, from outside."""

    def __init__(self, folder: Path) -> None:
        env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        self._program = Program(
            [sys.executable, "-m", "benchmarks.standin"], env, folder, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._program.line())
        self.gateway = f"http://127.0.0.1:{self.port}"

    def end(self) -> None:
        self._program.end()

    def stats(self, query: str = "") -> dict[str, Any]:
        """What was counted; ``delay_ms=200`` has the answers wait."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", f"/-/stats?{query}")
            told: dict[str, Any] = json.loads(connection.getresponse().read())
            return told
        finally:
            connection.close()


class Home:
    """A person's home folder with credentials in it.

    Attributes:
        path: The folder.
        accounts: Where the credentials are.
    """

    def __init__(self, path: Path, accounts: int) -> None:
        self.path = path
        self.accounts = path / ".cli-proxy-api"
        self.accounts.mkdir(mode=0o700, parents=True)
        for each in range(accounts):
            self.add(each)

    def add(self, number: int) -> str:
        """Put an account's file there, half of them Claude's; returns the account's name."""
        provider, name = ("claude", "codex")[number % 2], f"user{number:04}@example.com"
        credential = login(
            provider, name, access=token(name), refresh=f"fake-refresh-{name}", lifetime=timedelta(days=7)
        )
        (self.accounts / f"{provider}-{name}.json").write_text(json.dumps(credential))
        return name

    def configure(self, text: str) -> None:
        """Write the settings."""
        config = self.path / ".config/trayquota/config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(text)

    def remove(self, name: str) -> None:
        for each in self.accounts.glob(f"*-{name}.json"):
            each.unlink()

    def names(self) -> list[str]:
        """Of all accounts."""
        return [each.stem.partition("-")[2] for each in self.accounts.glob("*.json")]


class Stage:
    """A bus, a panel and a provider.

    Attributes:
        python: The interpreter that runs what is measured.
        folder: Temporary.
        locale: Of whoever runs it.
    """

    def __init__(self, folder: Path, python: Path, locale: str) -> None:
        self.python = python
        self.folder = folder
        self.locale = locale
        # The panel finds rows by what they say.
        use_language(choose_language(locale))
        self._bus = SessionBus(folder)
        self._bus.start()
        self.address = self._bus.address
        self.panel = Panel(self.address)
        self.provider = Provider(folder)

    def close(self) -> None:
        self.provider.end()
        self.panel.close()
        self._bus.kill()

    def home(self, accounts: int) -> Home:
        return Home(Path(tempfile.mkdtemp(dir=self.folder, prefix="home-")), accounts)

    def env(self, home: Home | None = None) -> dict[str, str]:
        """A session's environment, and nothing of whoever runs the benchmarks."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home.path if home else self.folder),
            "LANG": f"{self.locale}.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "TRAYQUOTA_GATEWAY": self.provider.gateway,
        }

    def trayquota(self, *arguments: str) -> list[str | Path]:
        """The command as a person types it."""
        script = self.python.with_name("trayquota")
        return [script, *arguments] if script.exists() else [self.python, "-m", "trayquota", *arguments]

    def floor_command(self) -> list[str | Path]:
        return [self.python, HERE / "floor.py"]

    @contextlib.contextmanager
    def running(
        self,
        argv: Sequence[str | Path],
        home: Home | None = None,
        *,
        env: Mapping[str, str] | None = None,
        **popen: Any,
    ) -> Iterator[Program]:
        """A program, for as long as that; ``env`` is added to its session's, ``popen`` is Popen's."""
        self.panel.forget()
        program = Program(argv, {**self.env(home), **(env or {})}, self.folder, **popen)
        try:
            yield program
        except Exception as error:
            error.add_note(f"{argv[0]} said: {program.said()}")
            raise
        finally:
            program.end()

    @contextlib.contextmanager
    def applet(self, home: Home, *, is_limited: bool = True) -> Iterator[Applet]:
        """The applet, after its first refresh; unlimited, each click fetches every account."""
        asked_before = asked(self)
        unlimited: list[str | Path] = [self.python, "-c", UNLIMITED]
        command = self.trayquota() if is_limited else unlimited
        with self.running(command, home) as program:
            applet = Applet(self, home, program, asked_before)
            applet.until_fresh()
            yield applet

    @contextlib.contextmanager
    def floor(self) -> Iterator[Program]:
        """The floor program, in the tray."""
        with self.running(self.floor_command(), env=FLOOR_ENV) as program:
            self.panel.until(lambda item: item.title)
            yield program


class Applet:
    """The applet's program, seen from the panel."""

    def __init__(self, stage: Stage, home: Home, program: Program, asked_before: Mapping[str, int]) -> None:
        self._stage = stage
        self._home = home
        self._asked = dict(asked_before)
        self.program = program

    @property
    def pid(self) -> int:
        return self.program.pid

    def until_fresh(self) -> Item:
        """Return when the panel shows, for every account, the answer to the one request that is new."""
        wanted = {each: left_percent(self._asked.get(each, 0) + 1) for each in self._home.names()}
        item = self._stage.panel.until(
            lambda item: item.is_settled and all(item.left.get(name) == percent for name, percent in wanted.items())
        )
        self._asked |= {each: self._asked.get(each, 0) + 1 for each in wanted}
        return item

    def refresh(self) -> Item:
        """Click "Refresh now"; return when the panel shows every new answer."""
        self._stage.panel.click(_("Refresh now"))
        return self.until_fresh()


@contextlib.contextmanager
def stage(python: Path, locale: str) -> Iterator[Stage]:
    """A stage, for as long as that."""
    if shutil.which("dbus-daemon") is None:
        message = "dbus-daemon is needed: apt-get install dbus"
        raise SystemExit(message)
    with tempfile.TemporaryDirectory(prefix="trayquota-benchmarks-") as folder:
        it = Stage(Path(folder), python, locale)
        try:
            yield it
        finally:
            it.close()


def asked(on: Stage) -> dict[str, int]:
    """How often the provider was asked, by account name."""
    return {each.removeprefix("fake-access-"): count for each, count in on.provider.stats()["asked"].items()}


def token(name: str) -> str:
    return f"fake-access-{name}"
