"""``trayquota status --watch`` in a real terminal, tmux's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import in_hours, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provider_stand_in import StandIn

    from .command import Home

ADA = "claude-ada"
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs Debian's tmux")


class Terminal:
    """A shell in a tmux session without a client, in which the command runs."""

    def __init__(self, home: Home, folder: Path, variables: str = "") -> None:
        self._command = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._environment = home.environment | {"TERM": "xterm-256color"}
        self._folder = folder
        watch = f"{sys.executable} -m trayquota status --watch"
        script = f"stty -a >before; {variables} {watch}; code=$?; stty -a >after; echo code=$code; exec sleep 600"
        self._tmux("new-session", "-d", "-x", "100", "-y", "24", "-c", str(folder), script)

    @property
    def screen(self) -> str:
        """What is on it now."""
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def shows(self, words: str) -> str:
        """Wait until it shows them; return all of it."""
        wait_until(lambda: words in self.screen, f"{words!r} in the terminal")
        return self.screen

    def is_restored(self) -> bool:
        """Whether the terminal is again as it was before the command, once that has ended."""
        before, after = ((self._folder / name).read_text() for name in ("before", "after"))
        return before == after and self._tmux("display-message", "-p", "#{alternate_on}#{cursor_flag}") == "01\n"

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run([*self._command, *arguments], env=self._environment, capture_output=True, check=True)
        return done.stdout.decode()


@pytest.fixture
def terminal(home: Home, stand_in: StandIn, tmp_path: Path) -> Iterator[Terminal]:
    answer(home, stand_in, 58)
    terminal = Terminal(home, tmp_path)
    yield terminal
    terminal.close()


def answer(home: Home, stand_in: StandIn, used: float) -> None:
    if not (home.folder / f"{ADA}.json").exists():
        home.add(ADA)
    windows = {name: {"utilization": used, "resets_at": in_hours(2.51)} for name in ("five_hour", "seven_day")}
    stand_in.answer(f"token-{ADA}", Reply(windows))


@needs_tmux
def test_the_table_is_live_resizes_and_quits_with_q(home: Home, stand_in: StandIn, terminal: Terminal) -> None:
    assert "q quits · r refreshes" in terminal.shows("42%  5-hour")
    answer(home, stand_in, 70)
    terminal.press("r")
    terminal.shows("30%  5-hour")
    terminal.resize(30, 4)
    small = terminal.shows("lines in a higher terminal")
    assert len(small.splitlines()) <= 4
    assert "…" in small
    terminal.resize(100, 24)
    terminal.shows("30% left at the least")
    terminal.press("q")
    assert "30%" not in terminal.shows("code=0"), "the table stands in the way of what came before"
    wait_until(terminal.is_restored, "terminal as it was")


@needs_tmux
def test_ctrl_c_quits_as_q_does_and_puts_the_terminal_back(terminal: Terminal) -> None:
    terminal.shows("42%  5-hour")
    terminal.press("C-z")
    terminal.press("C-c")
    terminal.shows("code=0")
    wait_until(terminal.is_restored, "terminal as it was")


@needs_tmux
def test_on_a_terminal_that_cannot_be_drawn_on_it_says_so(home: Home, tmp_path: Path) -> None:
    terminal = Terminal(home, tmp_path, "TERM=dumb")
    terminal.shows("code=2")
    assert "needs a terminal that can be drawn on" in terminal.screen
    terminal.close()


def test_without_a_terminal_it_says_what_there_is_for_bars(home: Home) -> None:
    result = home.run("status", "--watch")
    assert (result.code, result.out) == (2, "")
    assert "trayquota line --watch" in result.err
