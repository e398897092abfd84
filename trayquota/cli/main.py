"""Arguments → a command; exit codes."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from trayquota import __version__
from trayquota.cli.common import ExitCode, Options, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


_INTERRUPTED = 130
_LINE_OPTIONS = {"--format", "--dir", "--config"}
_ACCOUNT_HELP = "its name or id"
_LINE_HELP = "plain, waybar, polybar, i3blocks, tmux, json, or a template such as '{percent}%% {account}'"


def run() -> NoReturn:
    """Run the command that the process was started with, and end the process."""
    try:
        code = main()
    except SystemExit as ended:  # by the parser, after it has said why
        code = ended.code if isinstance(ended.code, int) else ExitCode.BAD_OPTION
    except (ImportError, OSError, MemoryError):  # before there is anything that could say more
        os.write(2, b"trayquota: the system has too few open files or too little memory to start it.\n")
        os._exit(ExitCode.SHORTAGE)
    except KeyboardInterrupt:  # where nothing has to be put in order, as in a single line
        os._exit(_INTERRUPTED)
    if "trayquota.system.shutdown" not in sys.modules:
        # A single line, or what the parser says: no thread or log of ours was ever begun.
        with suppress(OSError, ValueError, AttributeError):  # whoever read it may have gone
            sys.stdout.flush()
        os._exit(code)
    from trayquota.system.shutdown import exit_now

    exit_now(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` name; return the exit code."""
    # Imports leave next to no garbage, and a command ends before it would count; the tray switches it on again.
    gc.disable()
    if sys.stderr is None:  # type: ignore[unreachable, unused-ignore] # closed, or a windowed program on Windows
        from trayquota.system.stdout import replace_closed_stderr  # type: ignore[unreachable, unused-ignore]

        replace_closed_stderr()
    options = Options()
    given = sys.argv[1:] if arguments is None else arguments
    # The tray's own start, with every session, needs no parser, nor does a prompt's line.
    if given and not _take_line(given, options):
        parser().parse_args(given, options)
    # --help and --version need none of the rest.
    from trayquota.system.stdout import replace_unencodable

    replace_unencodable()
    if options.command == "line" and not options.watch:
        return _run(options)
    from trayquota.core.errors import Interrupted
    from trayquota.system.shutdown import interruptible

    try:
        with interruptible():
            return _run(options)
    except Interrupted as interrupted:
        return interrupted.exit_code


def _take_line(given: Sequence[str], options: Options) -> bool:
    """Take over the options of ``line`` if nothing else is given; return whether that was so."""
    if given[0] != "line" or len(given) % 2 == 0:
        return False
    pairs = list(zip(given[1::2], given[2::2], strict=True))
    if not all(name in _LINE_OPTIONS and not value.startswith("-") for name, value in pairs):
        return False
    options.command = "line"
    for name, value in pairs:
        setattr(options, name.removeprefix("--"), value)
    return True


def _run(options: Options) -> int:
    from trayquota.core.errors import ConfigError
    from trayquota.system.stdout import disk_full_reason, silence_stdout

    try:
        return _run_and_flush(options)
    except ConfigError as error:
        say(str(error))
        return ExitCode.BAD_OPTION
    except BrokenPipeError:
        silence_stdout()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - its text may hold a login, so Python must not print it
        if reason := disk_full_reason(error):
            silence_stdout()
            say(f"what was to be printed could not be written ({reason}).")
            return ExitCode.NOT_WRITTEN
        from trayquota.system.log import error_location
        from trayquota.system.shortage import shortage

        if short := shortage(error):
            say(f"the system has no more {short} for this program.")
            return ExitCode.SHORTAGE
        say(f"something went wrong inside ({error_location(error)}). Please report it.")
        return ExitCode.INTERNAL_ERROR


def _run_and_flush(options: Options) -> int:
    from trayquota.system.stdout import flush_stdout

    code = _command(options.command)(options)
    flush_stdout()
    return code


def _command(name: str | None) -> Callable[[Options], int]:
    """Return what runs a command; only that one is imported."""
    match name:
        case "status":
            from trayquota.cli.status import run
        case "demo":
            from trayquota.cli.demo import run
        case "doctor":
            from trayquota.cli.doctor import run
        case "line":
            from trayquota.cli.line import run
        case "next":
            from trayquota.cli.next import run
        case "autostart":
            from trayquota.cli.autostart import run
        case "history":
            from trayquota.cli.history import run
        case "config":
            from trayquota.cli.config import run
        case None:
            from trayquota.cli.tray import run
        case _:
            return _command_of_two(name)
    return run


def _command_of_two(name: str) -> Callable[[Options], int]:
    """Return what runs a command that has a counterpart."""
    if name in {"pause", "resume"}:
        from trayquota.cli.pause import run
    else:
        from trayquota.cli.connect import run
    return run


def parser() -> argparse.ArgumentParser:
    """Return all commands and options; the man page and the completions are made of it, too."""
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            from trayquota.core.text import printable

            super().error(printable(message))

    top = Parser(
        prog="trayquota",
        description="The quota that is left on your Claude and Codex accounts, in the tray.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    # Understood before and after the command.
    _add_common(top)
    _add_common(common)
    top.add_argument("--version", action="version", version=f"trayquota {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands (without one the tray is shown)")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            parents=[common],
            help=text,
            description=text,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )

    _add_commands(add)
    return top


def _add_commands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Declare all commands; ``add`` takes a name and one line of help."""
    _add_status(add("status", "refresh once and print"))
    _add_next(add("next", "the account to use now, by name"))
    _add_line(add("line", "one line for a status bar or a prompt, from the last known values"))
    demo = add("demo", "the tray with sample accounts, in a temporary folder")
    demo.add_argument("--once", action="store_true", help="print once and leave")
    add("doctor", "what was found and chosen, fit for a bug report")
    add("autostart", "start with the session").add_argument("switch", choices=("on", "off", "status"))
    _add_history(add("history", "what was left over time"))
    config = add("config", "print the settings in force")
    config.add_argument("--init", action="store_true", help="write a commented file; one that is there is kept")
    _add_pause(add("pause", "take an account out of its proxy's rotation"))
    add("resume", "put a paused account back").add_argument("account", metavar="ACCOUNT", help=_ACCOUNT_HELP)
    _add_connect(add("connect", "show the accounts of a CLIProxyAPI by its management API; asks for the key"))
    disconnect = add("disconnect", "forget a CLIProxyAPI and its key")
    disconnect.add_argument("url", metavar="URL", nargs="?", help="needed when several are connected")


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--cached", action="store_true", help="print the last known values and send nothing")
    parser.add_argument("--watch", action="store_true", help="keep the table live in the terminal until q or Ctrl-C")


def _add_line(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", metavar="NAME|TEMPLATE", help=_LINE_HELP)
    parser.add_argument("--watch", action="store_true", help="print a new line whenever it changes")


def _add_pause(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", metavar="ACCOUNT", help=_ACCOUNT_HELP)
    parser.add_argument("--force", action="store_true", help="do so even if its proxy has no other of the provider")


def _add_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="as in https://proxy.example.com:8317")
    parser.add_argument("--insecure", action="store_true", help="send the key over plain http beyond this machine")


def _add_history(parser: argparse.ArgumentParser) -> None:
    from trayquota.cli.common import day_count

    parser.add_argument("--days", type=day_count, metavar="N", help="only the last N days; a chart shows 7")
    parser.add_argument("--account", metavar="NAME", help="only this account, by its name or file")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON document on standard output")
    output.add_argument("--csv", action="store_true", help="one sample a row on standard output")
    output.add_argument("--html", metavar="FILE", help="a page with pictures, written into that file")
    output.add_argument("--open", action="store_true", help="the same, shown in the browser")
    output.add_argument("--forget", action="store_true", help="remove all that is recorded")


def _add_next(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--min", type=_number("a percent from 0 to 100", 100), metavar="PERCENT", help="left in every window; 1"
    )
    parser.add_argument("--provider", type=str.lower, metavar="P", help="among the accounts of this provider")
    parser.add_argument("--account", metavar="NAME", help="this account, by name or id")
    parser.add_argument("--model", type=_name, metavar="M", help="windows of this model count as well")
    parser.add_argument(
        "--wait", type=_number("seconds", 10**9), metavar="SECONDS", help="wait so long until there is one"
    )
    parser.add_argument("--fresh", action="store_true", help="ask the providers first")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def _name(text: str) -> str:
    import argparse

    if not any(letter.isalnum() for letter in text):
        message = f"expected a name, not {text!r}"
        raise argparse.ArgumentTypeError(message)
    return text


def _number(expected: str, most: float) -> Callable[[str], float]:
    """Return what reads a number from 0 to ``most``."""

    def read(text: str) -> float:
        import argparse

        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= most:
            message = f"expected {expected}, not {text!r}"
            raise argparse.ArgumentTypeError(message)
        return value

    return read


def _add_common(parser: argparse.ArgumentParser) -> None:
    from trayquota.cli.common import BACKENDS

    parser.add_argument("--dir", metavar="PATH", help="the credentials folder")
    parser.add_argument("--config", metavar="PATH", help="the config file")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happens")
    parser.add_argument("--backend", choices=BACKENDS, help="the kind of tray; 'none' shows nothing")
