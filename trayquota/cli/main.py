"""Arguments → a command; exit codes."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, NoReturn

from trayquota import __version__

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from trayquota.core.model import Snapshot
    from trayquota.settings.load import Config

OK, NOT_FRESH, BAD_OPTION, NOTHING_TO_SHOW = 0, 1, 2, 3
_BROKEN = 70
"""The program itself is at fault; what sysexits.h calls EX_SOFTWARE."""
_UNWRITTEN = 74
"""Its EX_IOERR."""


class Options:
    """What the command line says, and what holds when it says nothing."""

    command: str | None = None
    dir: str | None = None
    config: str | None = None
    verbose = False
    backend = "auto"
    json = False
    cached = False
    once = False
    init = False
    switch = "status"


def run() -> NoReturn:
    """Run the command that the process was started with, and end the process."""
    try:
        code = main()
    except SystemExit as ended:  # by the parser, after it has said why
        code = ended.code if isinstance(ended.code, int) else BAD_OPTION
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
    # The tray's own start, with every session, needs no parser.
    if words := sys.argv[1:] if arguments is None else arguments:
        _parser().parse_args(words, options)
    # --help and --version need none of the rest.
    from trayquota.core.errors import Interrupted
    from trayquota.system.shutdown import interruptible
    from trayquota.system.stdout import replace_unencodable

    replace_unencodable()
    try:
        with interruptible():
            return _run(options)
    except Interrupted as interrupted:
        return interrupted.exit_code


def _run(options: Options) -> int:
    from trayquota.core.errors import ConfigError
    from trayquota.system.log import error_location
    from trayquota.system.stdout import disk_full_reason, flush_stdout, silence_stdout

    try:
        code = _COMMANDS[options.command](options)
        flush_stdout()
        return code  # noqa: TRY300 - to write it out is part of what is tried
    except ConfigError as error:
        _say(str(error))
        return BAD_OPTION
    except BrokenPipeError:
        silence_stdout()
        return OK
    except Exception as error:  # noqa: BLE001 - its text may hold a login, so Python must not print it
        if reason := disk_full_reason(error):
            silence_stdout()
            _say(f"what was to be printed could not be written ({reason}).")
            return _UNWRITTEN
        _say(f"something went wrong inside ({error_location(error)}). Please report it.")
        return _BROKEN


def _load(options: Options) -> Config:
    from trayquota.settings.load import load_config

    return load_config(folder=options.dir, config=options.config)


def _tray(options: Options) -> int:
    """Show the tray until it is quit, unless it is shown already; return the exit code."""
    from trayquota.app import App
    from trayquota.core.errors import TrayUnavailable
    from trayquota.system.log import set_up_logging
    from trayquota.system.single_instance import SingleInstance
    from trayquota.tray.backend_choice import choose_backend

    config = _load(options)
    set_up_logging(config.paths.log, verbose=options.verbose)
    instance = SingleInstance(config.paths.state_dir)
    if not instance.claim():
        _say("is running already" + (" and was told to refresh and show itself." if instance.call() else "."))
        return OK
    try:
        app = App(
            config,
            choose_backend(options.backend),
            reload=lambda: _load(options),
            autostart_options=_carried_over(options),
        )
        instance.listen(app.show_yourself)
        return app.run()
    except TrayUnavailable as error:
        _say(str(error))
        return NOTHING_TO_SHOW
    finally:
        instance.release()


def _demo(options: Options) -> int:
    from trayquota.cli.demo import run_demo

    return run_demo(backend=options.backend, once=options.once, verbose=options.verbose)


def _status(options: Options) -> int:
    from trayquota.system.log import set_up_logging

    set_up_logging(None, verbose=options.verbose)
    return print_status(_load(options), as_json=options.json, cached=options.cached)


def _doctor(options: Options) -> int:
    from trayquota.cli.doctor import run_doctor
    from trayquota.system.log import set_up_logging

    set_up_logging(None, verbose=options.verbose)
    return run_doctor(_load(options), options.backend)


def print_status(config: Config, *, as_json: bool, cached: bool = False) -> int:
    """Print how all accounts stand; return the exit code."""
    from trayquota.services import cached_snapshot, refresh_once, utc_now
    from trayquota.system.stdout import flush_stdout
    from trayquota.views.json_document import json_document

    snapshot = cached_snapshot(config) if cached else refresh_once(config)
    if as_json:
        print(json_document(snapshot, utc_now()))
    elif snapshot.accounts:
        _print_table(snapshot, config)
    flush_stdout()
    if snapshot.notice:
        _say(snapshot.notice)
    if not snapshot.accounts:
        return NOTHING_TO_SHOW
    return OK if snapshot.is_fresh else NOT_FRESH


def _print_table(snapshot: Snapshot, config: Config) -> None:
    from rich.console import Console

    from trayquota.services import display_options, utc_now
    from trayquota.views.table import print_table

    if sys.stdout is not None and sys.stdout.isatty():
        print_table(snapshot, utc_now(), display_options(config), Console(highlight=False, soft_wrap=True))
        return
    import io

    # Not straight into a pipe: where its reader leaves early, rich would decide the exit code.
    text = io.StringIO()
    print_table(snapshot, utc_now(), display_options(config), Console(file=text, highlight=False, soft_wrap=True))
    print(text.getvalue(), end="")


def _config(options: Options) -> int:
    """Print the settings in force, with the file's path, as TOML; or write the commented file."""
    from trayquota.core.text import printable
    from trayquota.settings.edit import format_config, write_template
    from trayquota.settings.paths import own_paths

    if options.init:
        path = own_paths(options.config).config
        write_template(path)
        print(f"{printable(str(path))}: written, with every setting explained.")
    else:
        print(format_config(_load(options)), end="")
    return OK


def _autostart(options: Options) -> int:
    from trayquota.core.errors import AutostartError
    from trayquota.core.text import printable
    from trayquota.system.autostart import autostart

    way = autostart(_carried_over(options))
    try:
        if options.switch != "status":
            way.switch_on() if options.switch == "on" else way.switch_off()
    except AutostartError as error:
        _say(str(error))
        return NOT_FRESH
    status = way.status()
    print(f"{'on' if status.is_on else 'off'} ({printable(str(status.place))})")
    if status.problem:
        _say(status.problem)
        return NOT_FRESH
    return OK


def _carried_over(options: Options) -> list[str]:
    """Return the options that a start with the session needs to find the same; it happens in another folder."""
    from trayquota.settings.load import folder_path
    from trayquota.settings.paths import own_paths

    words = []
    if options.dir is not None:
        words += ["--dir", str(folder_path(options.dir))]
    if options.config is not None:
        words += ["--config", str(own_paths(options.config).config)]
    if options.backend != "auto":
        words += ["--backend", options.backend]
    return words


def _say(message: str) -> None:
    from trayquota.core.text import printable

    print(f"trayquota: {printable(message)}", file=sys.stderr)


_COMMANDS = {
    None: _tray,
    "status": _status,
    "demo": _demo,
    "doctor": _doctor,
    "autostart": _autostart,
    "config": _config,
}


def _parser() -> argparse.ArgumentParser:
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

    def add(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=words, description=words, allow_abbrev=False)

    status = add("status", "ask once and print")
    status.add_argument("--json", action="store_true", help="one JSON document on standard output")
    status.add_argument("--cached", action="store_true", help="print the last known values and send nothing")
    demo = add("demo", "the tray with sample accounts, in a temporary folder")
    demo.add_argument("--once", action="store_true", help="print once and leave")
    add("doctor", "what was found and chosen, fit for a bug report")
    add("autostart", "start with the session").add_argument("switch", choices=("on", "off", "status"))
    config = add("config", "print the settings in force")
    config.add_argument("--init", action="store_true", help="write a commented file; one that is there is kept")
    return top


def _add_common(parser: argparse.ArgumentParser) -> None:
    from trayquota.tray.backend_choice import BACKENDS

    parser.add_argument("--dir", metavar="PATH", help="the credentials folder")
    parser.add_argument("--config", metavar="PATH", help="the config file")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happens")
    parser.add_argument("--backend", choices=BACKENDS, help="the kind of tray; 'none' shows nothing")
