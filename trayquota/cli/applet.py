"""``trayquota refresh``, ``show``, ``snooze``, ``sign-in`` and ``quit``: what clicks do, for a running applet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, say
from trayquota.core.text import printable
from trayquota.core.translation import _, marked
from trayquota.settings.paths import own_paths
from trayquota.system.single_instance import SingleInstance

if TYPE_CHECKING:
    from trayquota.cli.common import Options

_WITHOUT = {
    "refresh": marked("no applet is running. `trayquota status` refreshes by itself."),
    "show": marked("no applet is running. `trayquota status` prints the same."),
}


def run(options: Options) -> int:
    """Have the running applet do it; return the exit code."""
    command = str(options.command)
    # Not the settings: a mistake in their file must keep nobody from ending the applet.
    applet = SingleInstance(own_paths(options.config).state_dir)
    reply = applet.call(" ".join(filter(None, (command, _detail(options)))))
    if reply is None:
        is_there = applet.is_taken()
        without = _(_WITHOUT.get(command, marked("no applet is running.")))
        say(_("the running applet cannot be reached.") if is_there else without)
        return ExitCode.PROBLEM
    if reply.is_ending:
        say(_("the running applet ends as soon as a refresh of a login that is under way is written down."))
        return ExitCode.PROBLEM
    if not reply.is_done:
        say(reply.text)
        return ExitCode.PROBLEM
    if reply.text:
        print(printable(reply.text))
    return ExitCode.OK


def _detail(options: Options) -> str:
    match options.command:
        case "snooze":
            return options.until
        case "sign-in":
            return str(options.account)
        case _:
            return ""
