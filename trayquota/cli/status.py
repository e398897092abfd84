"""``trayquota status``: how all accounts stand, printed once."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, load, say
from trayquota.cli.snapshots import cached_snapshot, refresh_once
from trayquota.core.provider_clock import with_local_resets
from trayquota.core.translation import shown
from trayquota.settings.display import display_options
from trayquota.system.clock import utc_now
from trayquota.system.log import set_up_logging
from trayquota.system.stdout import print_text

if TYPE_CHECKING:
    from trayquota.cli.common import Options
    from trayquota.core.model import Snapshot
    from trayquota.settings.load import Config


def run(options: Options) -> int:
    """Print how all accounts stand; return the exit code."""
    if options.watch:
        from trayquota.cli.watch import run as watch

        return watch(options)
    set_up_logging(None, verbose=options.verbose)
    return print_status(load(options), as_json=options.json, cached=options.cached)


def print_status(config: Config, *, as_json: bool = False, cached: bool = False) -> int:
    """Print how all accounts stand; return the exit code.

    Args:
        config: The settings in force.
        as_json: Print the JSON document in place of the table.
        cached: Print the last known values, and send nothing.
    """
    output = ["trayquota.views.json_document"] if as_json else ["rich.console", "trayquota.views.table"]
    snapshot = cached_snapshot(config) if cached else refresh_once(config, *output)
    if as_json:
        from trayquota.views.json_document import json_document

        document = json_document(snapshot, utc_now(), config.settings.ignore_windows, config.work_time)
        print_text(f"{document}\n")
    elif snapshot.accounts:
        _print_table(snapshot, config)
    if snapshot.notice:
        say(shown(snapshot.notice))
    if not snapshot.accounts:
        return ExitCode.NOTHING_TO_SHOW
    return ExitCode.OK if snapshot.is_fresh else ExitCode.PROBLEM


def _print_table(snapshot: Snapshot, config: Config) -> None:
    from rich.console import Console

    from trayquota.views.table import print_table

    now, options = utc_now(), display_options(config)
    snapshot = with_local_resets(snapshot)
    if sys.stdout is not None and sys.stdout.isatty():
        print_table(snapshot, now, options, Console(highlight=False, soft_wrap=True))
        return
    # Not straight into a pipe: where its reader leaves early, rich would decide the exit code.
    text = io.StringIO()
    print_table(snapshot, now, options, Console(file=text, highlight=False, soft_wrap=True))
    print_text(text.getvalue())
