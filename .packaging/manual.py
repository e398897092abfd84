"""The man page, made of the parsers and of the declared settings: ``python .packaging/manual.py > trayquota.1``."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota import __version__
from trayquota.cli.main import parser
from trayquota.settings.config import Settings
from trayquota.settings.declarations import declarations
from trayquota.settings.edit import toml_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDTH = 76
"""Of the page's source; a line of more than 80 bytes is complained of."""


def manual(released: datetime) -> str:
    """Return the page ``trayquota(1)``, in man(7), of a program that was released then."""
    top = parser()
    lines = [f'.TH TRAYQUOTA 1 {released:%Y-%m-%d} "trayquota {_roff(__version__)}" "User Commands"', ".nh", ".ad l"]
    lines += _section("NAME", _text(f"trayquota - {(top.description or '').rstrip('.')}"))
    lines += _section("SYNOPSIS", _text(" ".join(top.format_usage().removeprefix("usage: ").split())))
    lines += _section("DESCRIPTION", _text(f"{top.description} Without a command the tray is shown."))
    common = [action for action in top._actions if action.option_strings]
    lines += _section("OPTIONS", _actions(top, common))
    lines += _section("COMMANDS", _commands(top, {option for action in common for option in action.option_strings}))
    lines += _section("SETTINGS", _settings())
    return "\n".join(lines) + "\n"


def subcommands(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command, by its name."""
    [commands] = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(commands.choices)


def _section(title: str, body: Iterable[str]) -> list[str]:
    return [f".SH {title}", *body]


def _commands(top: argparse.ArgumentParser, common: set[str]) -> Iterator[str]:
    """Describe each command, with those of its arguments that are not every command's."""
    for name, command in subcommands(top).items():
        yield f".SS {_roff(name)}"
        yield from _text(command.description or "")
        own = [action for action in command._actions if common.isdisjoint(action.option_strings)]
        yield from _actions(command, own)


def _actions(command: argparse.ArgumentParser, actions: Iterable[argparse.Action]) -> Iterator[str]:
    formatter = command._get_formatter()
    for action in actions:
        yield ".TP"
        yield _bold(formatter._format_action_invocation(action))
        yield from _text(formatter._expand_help(action) if action.help else "")


def _settings() -> Iterator[str]:
    yield from _text("The keys of config.toml; trayquota config says where it is, and config --init writes it.")
    for name, declared in declarations(Settings).items():
        yield ".TP"
        yield f"{_bold(name)} = {_roff(toml_value(declared.default))}"
        yield from _text(declared.description)


def _text(text: str) -> list[str]:
    """Return a paragraph's lines, none of which starts a request."""
    lines = textwrap.wrap(_roff(text), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [rf"\&{line}" if line.startswith(".") else line for line in lines]


def _bold(text: str) -> str:
    return rf"\fB{_roff(text)}\fR"


def _roff(text: str) -> str:
    r"""Return what prints as ``text``: a backslash is ``\e``, ``-`` a minus that can be copied, others by number."""
    escapes = {"\\": r"\e", "-": r"\-", "'": r"\(aq", '"': r"\(dq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
    return "".join(escapes.get(char, char if char.isascii() else rf"\[u{ord(char):04X}]") for char in text)


def release_date() -> datetime:
    """Return ``SOURCE_DATE_EPOCH``, else today."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


if __name__ == "__main__":
    sys.stdout.write(manual(release_date()))
