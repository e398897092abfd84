"""Completions for bash, zsh and fish, made of the parsers: ``python .packaging/completions.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import shtab
from manual import subcommands

from trayquota.cli.main import parser

if TYPE_CHECKING:
    import argparse

FILES = {"bash": "trayquota.bash", "zsh": "_trayquota", "fish": "trayquota.fish"}
"""What each shell's file is called."""
_PATHS = {"PATH", "FILE"}
"""Metavars of options that take a path."""


def write_completions(folder: Path) -> list[Path]:
    """Write a file for each shell into ``folder``; return them."""
    top = parser()
    for each in (top, *subcommands(top).values()):
        _complete_paths(each)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for shell, name in FILES.items():
        path = folder / name
        path.write_text(shtab.complete(top, shell), "utf-8", newline="\n")
        written.append(path)
    return written


def _complete_paths(command: argparse.ArgumentParser) -> None:
    for action in command._actions:
        if action.metavar in _PATHS:
            action.complete = shtab.FILE  # type: ignore[attr-defined] # where shtab looks for it


if __name__ == "__main__":
    for path in write_completions(Path(sys.argv[1])):
        print(path)
