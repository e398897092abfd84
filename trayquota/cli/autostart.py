"""``trayquota autostart on|off|status``: start with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, autostart_options, say
from trayquota.core.errors import AutostartError
from trayquota.core.text import printable
from trayquota.core.translation import shown
from trayquota.system.autostart import autostart

if TYPE_CHECKING:
    from trayquota.cli.common import Options


def run(options: Options) -> int:
    """Switch it, and print whether it is on; return the exit code."""
    entry = autostart(autostart_options(options))
    try:
        if options.switch == "on":
            entry.switch_on()
        elif options.switch == "off":
            entry.switch_off()
    except AutostartError as error:
        say(shown(error))
        return ExitCode.PROBLEM
    status = entry.status()
    print(f"{'on' if status.is_on else 'off'} ({printable(str(status.place))})")
    if status.problem:
        say(shown(status.problem))
        return ExitCode.PROBLEM
    return ExitCode.OK
