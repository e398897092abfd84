"""Desktop entries that start the applet with the session."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trayquota.system import assets
from trayquota.system import autostart as module
from trayquota.system.autostart import (
    DesktopEntry,
)
from trayquota.system.desktop_entry import command_of

from .autostart_programs import program
from .platforms import posix_names

ODD = [
    "plain",
    "two words",
    " edges ",
    'dou"ble',
    "sin'gle",
    "back\\slash",
    "trailing\\",
    "\\s\\n",
    "100%",
    "%f %U%%",
    "$HOME",
    "`ls`",
    "#;&|<>*?()~",
    "a=b",
    "tab\there",
    "line\nHidden=true\n[Other]",
    "return\r",
    "ünïcode ☃ 日本",
    "next\x85line\u2028",
]


def main_group(content: str) -> configparser.SectionProxy:
    """Return the keys of an entry, read as the specification says."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # keys tell case apart
    parser.read_string(content)
    assert parser.sections() == ["Desktop Entry"]
    return parser["Desktop Entry"]


def words_of(line: str) -> list[str]:
    """Return the words of ``Exec``, read as the specification says: string, then quoting, then field codes."""
    escapes = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    text = re.sub(r"\\(.)", lambda found: escapes[found[1]], line)
    words, at = [], 0
    while at < len(text):
        found = re.compile(r'(?:"((?:[^"`$\\]|\\["`$\\])*)"|([^\s"\'\\><~|&;$*?#()`]+))(?: |\Z)', re.ASCII).match(
            text, at
        )
        assert found, f"against the specification: {text[at:]!r}"
        word = found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1])
        assert not re.search("%[^%]", word.replace("%%", ""))
        words.append(word.replace("%%", "%"))
        at = found.end()
    return words


def started(line: str) -> list[str]:
    """Return what the words of ``Exec`` start in the end; a shell in between does no more than that."""
    words = words_of(line)
    assert not {"=", "%"}.intersection(words[0])
    return words[3:] if words[:3] == ["/bin/sh", "-c", 'exec "$0" "$@"'] else words


# Desktop entries.


def test_switching_on_and_off_writes_and_removes_the_entry(tmp_path: Path) -> None:
    way = DesktopEntry(tmp_path / "config", [program(tmp_path)])
    place = str(tmp_path / "config" / "autostart" / "trayquota.desktop")
    assert way.status() == module.Status(is_on=False, place=place)
    way.switch_on()
    way.switch_on()
    assert way.status() == module.Status(is_on=True, place=place)
    assert [each.name for each in Path(place).parent.iterdir()] == ["trayquota.desktop"]
    way.switch_off()
    way.switch_off()
    assert way.status() == module.Status(is_on=False, place=place)
    assert list(Path(place).parent.iterdir()) == []


def test_the_entry_is_one_of_an_application(tmp_path: Path) -> None:
    way = DesktopEntry(tmp_path, [program(tmp_path)])
    way.switch_on()
    keys = main_group(Path(way.status().place).read_text("utf-8"))
    assert (keys["Type"], keys["Name"], keys["Terminal"]) == ("Application", "trayquota", "false")
    assert "Hidden" not in keys
    assert Path(keys["Icon"]).is_absolute()
    assert Path(keys["Icon"]).is_file()


def test_without_its_artwork_the_entry_names_no_icon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path)
    way = DesktopEntry(tmp_path, [program(tmp_path)])
    way.switch_on()
    assert "Icon" not in main_group(Path(way.status().place).read_text("utf-8"))


@posix_names
@pytest.mark.parametrize("name", ODD)
def test_paths_with_special_characters_survive_the_quoting(tmp_path: Path, name: str) -> None:
    words = [program(tmp_path / name), "--dir", name]
    way = DesktopEntry(tmp_path, words)
    way.switch_on()
    status = way.status()
    assert (status.is_on, status.problem) == (True, None)
    assert started(main_group(Path(status.place).read_text("utf-8"))["Exec"]) == words


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
@example([""])
@example(["%", "=", ""])
def test_any_arguments_survive_the_quoting(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        way = DesktopEntry(Path(folder), words)
        way.switch_on()
        content = Path(way.status().place).read_bytes().decode()
    assert started(main_group(content)["Exec"]) == words
    assert command_of(main_group(content)["Exec"]) == words


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-validate is not installed")
@pytest.mark.parametrize("name", ODD)
def test_desktop_file_validate_accepts_the_entry(tmp_path: Path, name: str) -> None:
    way = DesktopEntry(tmp_path, [program(tmp_path / name), name])
    way.switch_on()
    done = subprocess.run(
        ["desktop-file-validate", way.status().place],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_moved_virtual_environment_is_reported(tmp_path: Path) -> None:
    old, new = program(tmp_path / "old env"), program(tmp_path / "new env")
    DesktopEntry(tmp_path, [old]).switch_on()
    way = DesktopEntry(tmp_path, [new])
    status = way.status()
    assert status.is_on
    assert status.problem is not None
    assert "another installation" in status.problem
    shutil.rmtree(tmp_path / "old env")
    status = way.status()
    assert status.is_on
    assert status.problem is not None
    assert "gone" in status.problem
    assert "trayquota autostart on" in status.problem
    way.switch_on()
    assert way.status().problem is None


def test_a_virtual_environment_without_permission_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = DesktopEntry(tmp_path, [program(tmp_path)])
    way.switch_on()
    monkeypatch.setattr(os, "access", lambda *_args, **_more: False)
    assert "gone" in (way.status().problem or "")


HEAD = "[Desktop Entry]\nType=Application\n"


@posix_names
@pytest.mark.parametrize(
    ("content", "is_on", "problem"),
    [
        (HEAD + "Exec={program}\n", True, ""),
        (HEAD + "Exec = {program} %U\n", True, ""),
        (HEAD + "Exec={program}\nHidden=true\n", False, ""),
        (HEAD + "Exec={program}\nHidden = true\n", False, ""),
        (HEAD + "Exec={program}\nHidden=false\n", True, ""),
        (HEAD + "Exec={program}\n#Hidden=true\n", True, ""),
        (HEAD + "Exec={program}\nX-GNOME-Autostart-enabled=false\n", False, ""),
        (HEAD + "Exec={program}\n[Desktop Action x]\nExec=x\nHidden=true\n", True, ""),
        (HEAD + "Exec={program} --dir elsewhere\n", True, ""),
        (HEAD + "Exec=python3 -m trayquota\n", True, "another installation"),
        (HEAD, True, "names no program"),
        ('[Desktop Entry]\nExec="no-such-program end\n', True, "gone"),
        ("", True, "names no program"),
        ("\ud800\udcff nonsense", True, "names no program"),
    ],
)
def test_an_entry_that_somebody_else_wrote_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, problem: str, *, is_on: bool
) -> None:
    words = [program(tmp_path / "bin")]
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    path = tmp_path / "autostart" / "trayquota.desktop"
    path.parent.mkdir()
    path.write_bytes(content.replace("{program}", words[0]).encode("utf-8", "surrogatepass"))
    status = DesktopEntry(tmp_path, words).status()
    assert status.is_on is is_on
    assert problem in (status.problem or "")
    assert bool(problem) == bool(status.problem)


def test_an_entry_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "autostart" / "trayquota.desktop").mkdir(parents=True)
    status = DesktopEntry(tmp_path, ["x"]).status()
    assert not status.is_on
    assert "cannot be read" in (status.problem or "")
