"""Standard output that takes any text."""

from __future__ import annotations

import io
import sys

import pytest

from trayquota.system import stdout as terminal

LINE = "  ▰▰▱  42%\u2007 5-hour · resets in 2h 13m… – zoë 漢\n"


def written(encoding: str, monkeypatch: pytest.MonkeyPatch, errors: str = "strict") -> bytes:
    raw = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="\n"))
        terminal.replace_unencodable()
        sys.stdout.write(LINE)
        assert terminal.flush_stdout()
        return raw.getvalue()


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_utf_8_output_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    assert written("utf-8", monkeypatch, errors).decode() == LINE


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", "  ##-  42%  5-hour - resets in 2h 13m... - zo? ?\n"),
        ("latin-1", "  ##-  42%  5-hour · resets in 2h 13m... - zoë ?\n"),
        ("cp1252", "  ##-  42%  5-hour · resets in 2h 13m… – zoë ?\n"),
    ],
)
def test_unencodable_characters_become_plain_ones(
    encoding: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert written(encoding, monkeypatch).decode(encoding) == expected


def test_a_lone_surrogate_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8", newline="\n"))
        terminal.replace_unencodable()
        sys.stdout.write("a\udcffb\n")
        terminal.flush_stdout()
        assert raw.getvalue() == b"a?b\n"


def test_a_long_text_whose_reader_has_left_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    class Left(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    ended = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Left())
        patch.setattr(terminal, "silence_stdout", lambda: ended.append("silenced"))
        terminal.print_text(LINE)
    assert ended == ["silenced"]


def test_a_missing_standard_output_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        terminal.replace_unencodable()
        terminal.print_text(LINE)
        assert terminal.flush_stdout()


def test_a_replaced_standard_output_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        terminal.replace_unencodable()
        sys.stdout.write(LINE)
        assert terminal.flush_stdout()
