"""What happens on Windows to the program and its files: acts of another process there, called from here."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .wine import ROOT, windows_path

if TYPE_CHECKING:
    from .wine import Wine

ACT_S = 90.0
CTRL_CLOSE, CTRL_LOGOFF = 2, 5


class Actor:
    """Another process on Windows; see ``actor_process.py`` for its acts."""

    def __init__(self, wine: Wine, gateway: str) -> None:
        path = ";".join(map(windows_path, (ROOT, ROOT / "tests")))
        script = windows_path(Path(__file__).with_name("actor_process.py"))
        self._process = wine.start(
            windows_path(wine.python), script, gateway, stdin=subprocess.PIPE, environment={"PYTHONPATH": path}
        )
        self._numbers = itertools.count()
        self._open: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="actor")
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(ACT_S)
        self._reader.join()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdout.close()
        self._process.stderr.close()

    def begin(self, act: str, *arguments: object) -> Future[Any]:
        """Begin an act; what comes of it."""
        done: Future[Any] = Future()
        assert self._process.stdin is not None
        with self._lock:
            number = next(self._numbers)
            self._open[number] = done
            self._process.stdin.write(json.dumps([number, act, *arguments]) + "\n")
            self._process.stdin.flush()
        return done

    def do(self, act: str, *arguments: object) -> Any:
        """Do it; return what comes of it.

        Raises:
            AssertionError: It failed; says why.
        """
        return self.begin(act, *arguments).result(ACT_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            number, result, problem = json.loads(line)
            done = self._open.pop(number)
            if problem:
                done.set_exception(AssertionError(problem))
            else:
                done.set_result(result)
        for done in self._open.values():
            done.set_exception(AssertionError("the process on Windows has ended"))


class Program:
    """The program, started by an actor, with a credentials folder and a place for its own files."""

    _numbers = itertools.count()

    def __init__(self, actor: Actor, folder: Path, gateway: str, **environment: str) -> None:
        self.accounts, self._local = folder / "accounts", folder / "local"
        self.accounts.mkdir(parents=True)
        self.state = self._local / "trayquota"
        self._actor = actor
        self._number = next(self._numbers)
        self._environment = {
            "TRAYQUOTA_DIR": windows_path(self.accounts),
            "TRAYQUOTA_GATEWAY": gateway,
            "WIN_PD_OVERRIDE_LOCAL_APPDATA": windows_path(self._local),
            **environment,
        }

    def start(self, *arguments: str) -> None:
        self._actor.do("start", self._number, arguments, self._environment)

    def do(self, act: str, *arguments: object) -> Any:
        """Have something happen to it."""
        return self._actor.do(act, self._number, *arguments)

    def end(self, timeout_s: float = ACT_S / 2) -> tuple[int, str, str]:
        """Wait for its end; return its exit code and what it has printed."""
        code, out, err = self._actor.do("end", self._number, timeout_s)
        return code, out, err
