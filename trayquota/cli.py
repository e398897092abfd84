"""Arguments → a command; exit codes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from trayquota import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.config import Config

OK, NOT_FRESH, BAD_OPTION, NOTHING_TO_SHOW = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` name; return the exit code."""
    options = _parser().parse_args(arguments)
    from trayquota.config import ConfigError, load  # noqa: PLC0415 - --help and --version need none of it

    try:
        if options.command == "demo":
            from trayquota.demo import run_demo  # noqa: PLC0415

            return run_demo(backend=options.backend, once=options.once, verbose=options.verbose)
        config = load(folder=options.dir, config=options.config)
        match options.command:
            case "status":
                return _status(config, options)
            case "doctor":
                from trayquota.doctor import run_doctor  # noqa: PLC0415

                return run_doctor(config, options.backend)
            case _:
                return run_tray(config, options.backend, verbose=options.verbose)
    except ConfigError as error:
        print(f"trayquota: {error}", file=sys.stderr)
        return BAD_OPTION
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        sys.stderr.close()
        return OK


def run_tray(config: Config, backend: str, *, verbose: bool, interval_s: float | None = None) -> int:
    """Show the tray until it is quit; return the exit code."""
    from trayquota.app import App, leave_behind  # noqa: PLC0415
    from trayquota.log import set_up  # noqa: PLC0415
    from trayquota.tray.backend import choose  # noqa: PLC0415
    from trayquota.tray.errors import TrayUnavailable  # noqa: PLC0415

    set_up(config.places.log, verbose=verbose)
    try:
        code = App(config, choose(backend), interval_s=interval_s).run()
    except TrayUnavailable as error:
        print(f"trayquota: {error}", file=sys.stderr)
        code = NOTHING_TO_SHOW
    leave_behind(code)
    return code


def _status(config: Config, options: argparse.Namespace) -> int:
    from trayquota.app import leave_behind  # noqa: PLC0415
    from trayquota.log import set_up  # noqa: PLC0415

    set_up(None, verbose=options.verbose)
    code = print_status(config, as_json=options.json, cached=options.cached)
    leave_behind(code)
    return code


def print_status(config: Config, *, as_json: bool, cached: bool = False) -> int:
    """Print how all accounts stand; return the exit code."""
    from trayquota.app import cached_snapshot, look_of, refresh_once, utc_now  # noqa: PLC0415
    from trayquota.report import document, is_fresh, print_table  # noqa: PLC0415

    snapshot = cached_snapshot(config) if cached else refresh_once(config)
    if as_json:
        print(document(snapshot, utc_now()))
    elif snapshot.accounts:
        from rich.console import Console  # noqa: PLC0415 - heavy

        print_table(snapshot, utc_now(), look_of(config), Console(highlight=False, soft_wrap=True))
    if snapshot.notice:
        print(f"trayquota: {snapshot.notice}", file=sys.stderr)
    sys.stdout.flush()
    if not snapshot.accounts:
        return NOTHING_TO_SHOW
    return OK if is_fresh(snapshot) else NOT_FRESH


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="trayquota", description="The quota that is left on your Claude and Codex accounts, in the tray."
    )
    common = argparse.ArgumentParser(add_help=False)
    _add_common(top, folder=None, verbose=False, backend="auto")
    # Understood after the command as well; left out there they must not undo what was said before it.
    _add_common(common, folder=argparse.SUPPRESS, verbose=argparse.SUPPRESS, backend=argparse.SUPPRESS)
    top.add_argument("--version", action="version", version=f"trayquota {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands (without one the tray is shown)")
    status = commands.add_parser("status", parents=[common], help="ask once and print")
    status.add_argument("--json", action="store_true", help="one JSON document on standard output")
    status.add_argument("--cached", action="store_true", help="print the last known values and send nothing")
    demo = commands.add_parser("demo", parents=[common], help="the tray with sample accounts, in a temporary folder")
    demo.add_argument("--once", action="store_true", help="print once and leave")
    commands.add_parser("doctor", parents=[common], help="what was found and chosen, fit for a bug report")
    return top


def _add_common(parser: argparse.ArgumentParser, *, folder: str | None, verbose: object, backend: str) -> None:
    from trayquota.tray.backend import BACKENDS  # noqa: PLC0415

    parser.add_argument("--dir", metavar="PATH", default=folder, help="the credentials folder")
    parser.add_argument("--config", metavar="PATH", default=folder, help="the config file")
    parser.add_argument("-v", "--verbose", action="store_true", default=verbose, help="tell what happens")
    parser.add_argument("--backend", choices=BACKENDS, default=backend, help="the kind of tray; 'none' shows nothing")
