"""``trayquota status --watch``: the table, live in the terminal; it is refreshed as in the tray."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from trayquota.cli.common import ExitCode, load, say
from trayquota.core.errors import Interrupted
from trayquota.core.refresh_policy import Reason
from trayquota.core.translation import _, marked, ngettext, shown
from trayquota.services import build_services
from trayquota.settings.display import display_options
from trayquota.system.clock import utc_now
from trayquota.system.keyboard import Keys
from trayquota.system.log import set_up_logging
from trayquota.views.table import table_lines

if TYPE_CHECKING:
    from trayquota.cli.common import Options
    from trayquota.core.model import Snapshot
    from trayquota.services import Services
    from trayquota.settings.load import Config

_MINUTE_S = 60.0
_GRACE_S = 0.8
_HINT = marked("q quits · r refreshes")


def run(options: Options) -> int:
    """Show the table until the person quits; return the exit code, as the last table has it."""
    config = load(options)
    console = Console(highlight=False)
    if sys.stdout is None or not console.is_terminal or console.is_dumb_terminal:
        say(_("status --watch needs a terminal that can be drawn on; for a bar there is trayquota line --watch."))
        return ExitCode.BAD_OPTION
    # What would be logged would stand in the table.
    set_up_logging(None, verbose=False)
    with Keys() as keys:
        services = build_services(config, show=lambda _snapshot: keys.wake())
        engine = threading.Thread(target=services.engine.run, name="engine")
        try:
            services.engine.prepare()
            services.engine.request(Reason.START)
            engine.start()
            _show(services, config, console, keys)
        except Interrupted as interrupted:
            if not interrupted.is_by_keyboard:  # which is a way to quit as good as q
                raise
        finally:
            _close(services, engine)
    snapshot = services.engine.snapshot
    if snapshot.notice:
        say(shown(snapshot.notice))
    if not snapshot.accounts:
        return ExitCode.NOTHING_TO_SHOW
    return ExitCode.OK if snapshot.is_fresh else ExitCode.PROBLEM


def _show(services: Services, config: Config, console: Console, keys: Keys) -> None:
    """Draw the table anew whenever it may be another one."""
    options = display_options(config)
    with Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        while True:
            snapshot = services.with_local_resets(services.engine.snapshot)
            lines = list(table_lines(snapshot, utc_now(), options))
            live.update(fitting(lines, console.size.height, snapshot), refresh=True)
            match keys.wait(_MINUTE_S):
                case "q" | "Q":
                    return
                case "r" | "R":
                    services.engine.request(Reason.MANUAL)


def fitting(lines: list[Text], height: int, snapshot: Snapshot) -> Group:
    """Return as many lines as the terminal has room for, and below them what the keys do."""
    parts = [_("Refreshing…")] if snapshot.refreshing else []
    if snapshot.notice and not lines:
        lines = [Text(shown(snapshot.notice))]
    room = max(1, height - 2)
    left_out = len(lines) - room
    if left_out > 0:
        form = ngettext("+{count} lines in a higher terminal", "+{count} lines in a higher terminal", left_out)
        parts = [form.format(count=left_out)]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines[:room], Text(" · ".join((*parts, _(_HINT))), style="dim", no_wrap=True, overflow="ellipsis"))


def _close(services: Services, engine: threading.Thread) -> None:
    services.closing.set()
    if engine.ident is None:
        services.engine.close()
    else:
        services.engine.post(services.engine.close)
        engine.join(_GRACE_S)
    services.watcher.stop()
    services.finish_token_refreshes()
