"""The real command in a process and a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from login_files import login
from sample_files import fact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PATIENCE_S = 30.0
_PAUSE_S = 0.02
REFERENCE = datetime(2026, 9, 22, 12, tzinfo=UTC)
"""The moment that all samples are made for."""
T = TypeVar("T")


def in_hours(hours: float) -> str:
    """Return a moment as the proxies write it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")


def wait_until(predicate: Callable[[], T], what: str) -> T:
    """Return the predicate's first truthy value."""
    end = time.monotonic() + PATIENCE_S
    while not (value := predicate()):
        assert time.monotonic() < end, f"no {what}"
        time.sleep(_PAUSE_S)
    return value


@dataclass(frozen=True)
class Result:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which is one JSON document and nothing else."""
        return json.loads(self.out)

    @property
    def accounts(self) -> dict[str, Any]:
        """The accounts of the document, by file name."""
        return {each["id"]: each for each in self.document["accounts"]}


class Running:
    """A command that stays."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def signal(self, name: str) -> None:
        self._process.send_signal(signal.Signals[name])

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ended(self) -> Result:
        """Wait for its end."""
        out, err = self._process.communicate(timeout=PATIENCE_S)
        result = Result(self._process.returncode, out, err)
        assert "Traceback" not in err, err
        return result

    def first_line(self) -> str:
        """Wait for a line on standard output; return it."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def first_error_line_with(self, words: str) -> str:
        """Read standard error until a line has ``words``; return it, or nothing at its end."""
        assert self._process.stderr is not None
        return next((line for line in self._process.stderr if words in line), "")

    def close_output(self) -> None:
        """Leave before its output comes."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.stdout = None

    def kill(self) -> None:
        if self.is_running:
            self._process.kill()
        self._process.communicate()


class Home:
    """A home folder with nothing but a credentials folder, and commands that know no other."""

    def __init__(self, path: Path, gateway: str) -> None:
        self.path = path
        self.folder = path / ".cli-proxy-api"
        self.folder.mkdir(parents=True, mode=0o700)
        self.temporary = path / "tmp"
        self.temporary.mkdir()
        self.environment = {
            "HOME": str(path),
            "USERPROFILE": str(path),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TRAYQUOTA_GATEWAY": gateway,
            "XDG_RUNTIME_DIR": str(path / "no-session"),
        }
        for name in ("CONFIG", "STATE", "DATA", "CACHE"):
            self.environment[f"XDG_{name}_HOME"] = str(path / name.lower())
        if sys.platform == "win32":
            # Python itself needs the first; the others are how the tests' own Python finds the program.
            for name in ("SYSTEMROOT", "PYTHONPATH", "PYTHONPYCACHEPREFIX"):
                self.environment[name] = os.environ.get(name, "")
            self.environment["PYTHONIOENCODING"] = "utf-8"  # of which LANG tells elsewhere
            self.environment["WIN_PD_OVERRIDE_LOCAL_APPDATA"] = str(path / "local")
        self.state = path / ("local" if sys.platform == "win32" else "state") / "trayquota"
        self.config = path / ("local" if sys.platform == "win32" else "config") / "trayquota" / "config.toml"
        self._running: list[Running] = []

    def known(self, name: str) -> Any:
        """What the state file holds of an account; nothing while there is none."""
        place = self.state / "state.json"
        records = json.loads(place.read_text("utf-8"))["accounts"] if place.exists() else []
        return next((record for record in records if record["account"]["id"] == f"{name}.json"), {})

    @property
    def log(self) -> str:
        """What the log file holds."""
        place = self.state / "log/trayquota.log"
        return place.read_text("utf-8") if place.exists() else ""

    def start(self, *arguments: str, code: str | None = None, **environment: str) -> Running:
        """Start the command; ``code`` is run in place of the module, for an accident that no network makes."""
        what = ["-m", "trayquota"] if code is None else ["-c", code]
        process = subprocess.Popen(
            [sys.executable, "-W", "error", *what, *arguments],
            env=self.environment | environment,
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
        )
        self._running.append(Running(process))
        return self._running[-1]

    def run(self, *arguments: str, **environment: str) -> Result:
        """Run the command to its end."""
        return self.start(*arguments, **environment).ended()

    def status(self, *arguments: str, **environment: str) -> Result:
        """Run ``status --json``."""
        return self.run("status", "--json", *arguments, **environment)

    def close(self) -> None:
        for each in self._running:
            each.kill()

    def write(self, name: str, content: Mapping[str, object] | str, mode: int = 0o600) -> Path:
        """Put a file into the credentials folder as CLIProxyAPI does, truncating it in place."""
        path = self.folder / name
        text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"), sort_keys=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def add(self, name: str, **fields: object) -> Path:
        """Put an account into the folder that is like the sample of its provider, with ``fields`` of its own."""
        provider = name.partition("-")[0]
        return self.write(f"{name}.json", login(provider, f"{name}@example.com", access=f"token-{name}") | fields)

    def add_sample(self, name: str) -> Path:
        """Put a sample file into the folder, its moments moved from the samples' time to the present."""
        text = fact_text(name)
        try:
            content = json.loads(text)
        except ValueError:
            return self.write(name, text)
        return self.write(name, {key: _moved(key, value) for key, value in content.items()})


def _moved(key: str, value: object) -> object:
    by = datetime.now(UTC) - REFERENCE
    if key in {"expired", "last_refresh"} and isinstance(value, str):
        return (datetime.fromisoformat(value) + by).isoformat(timespec="seconds")
    if key == "expires" and isinstance(value, float):
        return value + by.total_seconds() * 1000
    return value
