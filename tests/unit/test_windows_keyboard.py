"""Keys in a console of Windows."""

from __future__ import annotations

import msvcrt
import os
import signal
import sys

import pytest

from trayquota.core.errors import Interrupted
from trayquota.system import keyboard
from trayquota.system.shutdown import interruptible

assert sys.platform == "win32"

PAGE_DOWN, INSERT, F10 = "\xe0Q", "\xe0R", "\0D"
WAITS, WAIT_S = 20, 1.0


def test_page_down_quits_or_insert_refreshes() -> None:
    typed = iter(f"a{PAGE_DOWN}b{INSERT}{F10}q")
    assert list(keyboard.characters(lambda: next(typed, ""))) == ["a", "b", "q"]


def test_ctrl_c_is_a_key_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter("r\x03")
    monkeypatch.setattr(msvcrt, "getwch", lambda: next(typed, ""))
    monkeypatch.setattr(keyboard, "has_keyboard", lambda: True)
    with pytest.raises(Interrupted) as caught, interruptible(), keyboard.Keys() as pressed:
        wait_in_vain(pressed)
    assert caught.value.exit_code == 128 + signal.SIGINT


def test_the_null_device_counts_as_somebody_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert sys.stdin.isatty()
        assert not keyboard.has_keyboard()


def wait_in_vain(pressed: keyboard.Keys) -> None:
    for _ in range(WAITS):
        pressed.wait(WAIT_S)
