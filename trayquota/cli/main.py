"""Arguments → a command; exit codes."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from trayquota import __version__
from trayquota.cli.common import ExitCode, Options, say, use_language_of_person
from trayquota.core.translation import _, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


_INTERRUPTED = 130
_LINE_OPTIONS = {"--format", "--dir", "--config"}


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
    # The tray's own start, with every session, needs no parser, nor does what prompts, bars and scripts call.
    if given and not _take_line(given, options) and not _take_status(given, options):
        use_language_of_person(given)
        parser().parse_args(given, options)
    # --help and --version need none of the rest.
    from trayquota.system.clock import avoid_impossible_time_zone
    from trayquota.system.stdout import ignore_empty_terminal, replace_unencodable

    replace_unencodable()
    ignore_empty_terminal()
    avoid_impossible_time_zone()
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


def _take_status(given: Sequence[str], options: Options) -> bool:
    """Take over the options of ``status`` that scripts give, if nothing else is given; return whether that was so."""
    if given[0] != "status" or not set(given[1:]) <= {"--json", "--cached"}:
        return False
    options.command, options.json, options.cached = "status", "--json" in given, "--cached" in given
    return True


def _run(options: Options) -> int:
    from trayquota.core.errors import ConfigError
    from trayquota.system.stdout import disk_full_reason, silence_stdout

    try:
        return _run_and_flush(options)
    except ConfigError as error:
        if options.command == "line":  # only what it prints is for bars and scripts
            use_language_of_person(["--config", options.config] if options.config else [])
        say(shown(error))
        return ExitCode.BAD_OPTION
    except BrokenPipeError:
        silence_stdout()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - its text may hold a login, so Python must not print it
        if reason := disk_full_reason(error):
            silence_stdout()
            say(_("what was to be printed could not be written ({reason}).").format(reason=shown(reason)))
            return ExitCode.NOT_WRITTEN
        from trayquota.system.log import error_location
        from trayquota.system.shortage import shortage

        if short := shortage(error):
            say(_("the system has no more {resource} for this program.").format(resource=shown(short)))
            return ExitCode.SHORTAGE
        say(_("something went wrong inside ({place}). Please report it.").format(place=error_location(error)))
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
            return _further_command(name)
    return run


def _further_command(name: str) -> Callable[[Options], int]:
    """Return what runs one of the commands for which there are clicks in the tray, too."""
    match name:
        case "open":
            from trayquota.cli.open import run
        case "pause" | "resume":
            from trayquota.cli.pause import run
        case "connect" | "disconnect":
            from trayquota.cli.connect import run
        case _:
            from trayquota.cli.applet import run
    return run


def parser() -> argparse.ArgumentParser:
    """Return all commands and options; the man page and the completions are made of it, too."""
    import argparse

    from trayquota.cli.argparse_texts import translate_argparse
    from trayquota.cli.arguments import add_commands, add_common

    translate_argparse()

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            from trayquota.core.text import printable

            super().error(printable(message))

    top = Parser(
        prog="trayquota",
        description=_("The quota that is left on your Claude and Codex accounts, in the tray."),
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    # Understood before and after the command.
    add_common(top)
    add_common(common)
    # argparse does not translate its own words for it.
    version_help = _("show program's version number and exit")
    top.add_argument("--version", action="version", version=f"trayquota {__version__}", help=version_help)
    commands = top.add_subparsers(
        dest="command", metavar="COMMAND", title=_("commands (without one the tray is shown)")
    )

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, parents=[common], help=text, description=text, allow_abbrev=False, argument_default=argparse.SUPPRESS
        )

    add_commands(add)
    return top
