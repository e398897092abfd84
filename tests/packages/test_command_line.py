"""The man page and the completions that .packaging/ makes of the parsers are whole, valid, and complete."""

from __future__ import annotations

import argparse
import os
import re
import select
import shutil
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from trayquota.cli.main import parser
from trayquota.settings.config import Settings
from trayquota.settings.declarations import declarations

from .tools import PACKAGING, run, run_python

if TYPE_CHECKING:
    from pathlib import Path

assert sys.platform != "win32", "there is neither man nor such a shell"
WAIT_S = 60.0
"""For a shell on a machine that is busy."""
RUN_CONTROL = """
trayquota() { printf '<%s>' "$@"; echo; }
PS1='rea''dy> '
"""
"""Prints what a completed line has become."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    page = run_python(PACKAGING / "manual.py", environment={"SOURCE_DATE_EPOCH": "86400"})
    (folder / "trayquota.1").write_text(page, "utf-8")
    run_python(PACKAGING / "completions.py", folder)
    return folder


def words() -> dict[str, set[str]]:
    """The options of each command by the parsers, and with the empty name what stands before a command."""
    found: dict[str, set[str]] = {}
    pending = [("", parser())]
    while pending:
        name, command = pending.pop()
        found[name] = {option for action in command._actions for option in action.option_strings}
        for action in command._actions:
            if isinstance(action, argparse._SubParsersAction):
                found[name] |= set(action.choices)
                pending += action.choices.items()
    assert {"history", "--version"} <= found[""]
    assert "--days" in found["history"]
    return found


def test_every_command_and_option_is_in_the_man_page(made: Path) -> None:
    top, *sections = (made / "trayquota.1").read_text("utf-8").replace(r"\-", "-").split("\n.SS ")
    described = {section.partition("\n")[0]: section for section in sections}
    common = words()[""] - set(described)
    for name, expected in words().items():
        text = described[name] if name else top
        assert [word for word in expected - common - set(described) if word not in text] == [], name
    assert described.keys() == words().keys() - {""}


def test_bash_completes_every_command_and_option(made: Path) -> None:
    script = ["source trayquota.bash"]
    for name in words():
        line = ["trayquota", *filter(None, [name]), "-"]
        script.append(f"COMP_WORDS=({' '.join(line)}) COMP_CWORD={len(line) - 1} COMPREPLY=()")
        script.append(f"_shtab_trayquota; echo {name}: ${{COMPREPLY[@]}}")
    script.append("COMP_WORDS=(trayquota '') COMP_CWORD=1 COMPREPLY=(); _shtab_trayquota; echo : ${COMPREPLY[@]}")
    completed: dict[str, set[str]] = {}
    for line_said in run("bash", "-c", "\n".join(script), folder=made).splitlines():
        name, _, found = line_said.partition(":")
        completed.setdefault(name, set()).update(found.split())
    assert completed == words()


def test_zsh_completes_every_command_and_option(made: Path) -> None:
    completed = set(re.findall(r"[\w-]+", (made / "_trayquota").read_text("utf-8")))
    assert set().union(*words().values()) - completed == set()


def test_the_man_page_names_every_setting_and_the_day_that_it_was_made_for(made: Path) -> None:
    page = (made / "trayquota.1").read_text("utf-8")
    assert [key for key in declarations(Settings) if rf"\fB{key}\fR = " not in page] == []
    assert page.startswith(".TH TRAYQUOTA 1 1970-01-02 ")


@pytest.mark.parametrize(
    "check", [["groff", "-ww", "-man", "-Tutf8", "-z"], ["mandoc", "-T", "lint"]], ids=lambda check: str(check[0])
)
def test_the_man_page_has_no_warnings(check: list[str], made: Path) -> None:
    if shutil.which(check[0]) is None:
        pytest.skip(f"{check[0]} is not installed")
    done = subprocess.run([*check, made / "trayquota.1"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_command_and_an_option_are_completed_at_a_prompt(shell: str, made: Path, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    if shell == "bash":
        (tmp_path / "rc").write_text(f"{RUN_CONTROL}source '{made}/trayquota.bash'\n")
        command = [program, "--noprofile", "--rcfile", str(tmp_path / "rc"), "-i"]
    else:
        load = f"fpath=('{made}' $fpath); autoload -Uz compinit; compinit -u -D\n"
        (tmp_path / ".zshrc").write_text(f"unsetopt global_rcs; {RUN_CONTROL}{load}")
        command = [program, "-d", "-i"]
    said = _typed(command, tmp_path, ["trayquota hist\t", "--da\t", "3\r"])
    assert "<history><--days><3>" in said


def test_fish_completes_every_command_and_option(made: Path, tmp_path: Path) -> None:
    program = shutil.which("fish")
    if program is None:
        pytest.skip("fish is not installed")
    script = ["source trayquota.fish", "complete -C 'trayquota '"]
    for name in words():
        script += [f"echo {name}:", f"complete -C 'trayquota {name} -'"]
    environment = {"HOME": str(tmp_path)}
    said = run(program, "--no-config", "-c", "\n".join(script), folder=made, environment=environment)
    completed: dict[str, set[str]] = {"": set()}
    name = ""
    for line in said.splitlines():
        if line.endswith(":"):
            name = line[:-1]
        else:
            completed.setdefault(name, set()).add(line.partition("\t")[0])
    assert completed == words()


def _typed(command: list[str], home: Path, keys: list[str]) -> str:
    """Type into an interactive shell once it is ready; return all that it has printed until it has run a line."""
    ours, theirs = os.openpty()
    environment = {"HOME": str(home), "ZDOTDIR": str(home), "PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C"}
    with closing(os.fdopen(ours, "rb+", buffering=0)) as terminal:
        shell = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=home, start_new_session=True
        )
        os.close(theirs)
        try:
            said = _read_until(terminal.fileno(), "ready> ")
            terminal.write("".join(keys).encode())
            return said + _read_until(terminal.fileno(), ">\r\n")
        finally:
            shell.kill()
            shell.wait()


def _read_until(descriptor: int, mark: str) -> str:
    said, deadline = "", time.monotonic() + WAIT_S
    while mark not in said:
        assert select.select([descriptor], [], [], deadline - time.monotonic())[0], said
        said += os.read(descriptor, 4096).decode(errors="replace")
    return said
