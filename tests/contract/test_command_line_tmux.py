"""``trayquota line`` in a real tmux."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import in_hours, wait_until

assert sys.platform != "win32"  # there it is not collected, nor checked
import termios  # noqa: E402 - not there on Windows

if TYPE_CHECKING:
    from pathlib import Path

    from provider_stand_in import StandIn

    from .command import Home

ADA = "claude-ada"


class Tmux:
    """A real one on a terminal of its own, with a line in its status bar."""

    def __init__(self, folder: Path, environment: dict[str, str], line: str) -> None:
        config = folder / "tmux.conf"
        options = (("status-right-length", "150"), ("status-interval", "1"), ("status-right", f'"#({line})"'))
        config.write_text("".join(f"set -g {name} {value}\n" for name, value in options))
        self._command = ["tmux", "-S", str(folder / "tmux"), "-f", str(config)]
        self._environment = environment | {"TERM": "xterm-256color"}
        self._screen, terminal = os.openpty()
        os.set_blocking(self._screen, False)
        termios.tcsetwinsize(terminal, (5, 220))
        self._client = subprocess.Popen(
            [*self._command, "new-session", "sleep 600"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=self._environment,
            start_new_session=True,
        )
        os.close(terminal)
        self._seen = b""

    def shown(self) -> str:
        """Return all that was ever drawn."""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._screen, 65536):
                self._seen += piece
        return self._seen.decode(errors="replace")

    def close(self) -> None:
        subprocess.run([*self._command, "kill-server"], env=self._environment, check=False, capture_output=True)
        self._client.wait(30)
        os.close(self._screen)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs Debian's tmux")
def test_tmux_shows_it_and_runs_nothing_that_a_name_says(home: Home, stand_in: StandIn, tmp_path: Path) -> None:
    marker = home.path / "run"
    home.add(ADA, email=f"#(touch {marker})#{{pid}}")
    stand_in.answer(f"token-{ADA}", Reply({"five_hour": {"utilization": 93, "resets_at": in_hours(2.51)}}))
    assert home.status().code == 0
    # A single percent sign in tmux's status is for the time.
    line = f"{sys.executable} -m trayquota line --format 'tmux:{{percent}}%% {{account}}'"
    tmux = Tmux(tmp_path, home.environment, line)
    try:
        wait_until(lambda: f"7% #(touch {marker})#{{pid}}" in tmux.shown(), "line in tmux")
        assert not marker.exists()
    finally:
        tmux.close()
