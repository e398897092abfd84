"""``trayquota`` without a command: the tray applet, once per user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.app import App
from trayquota.cli.common import ExitCode, autostart_options, load, say
from trayquota.core.errors import TrayUnavailableError
from trayquota.core.translation import Message, _, shown
from trayquota.system.log import set_up_logging
from trayquota.system.single_instance import SingleInstance
from trayquota.tray.backend_choice import choose_backend

if TYPE_CHECKING:
    from trayquota.cli.common import Options

_PAGE_S = 60


def run(options: Options) -> int:
    """Show the tray until it is quit, unless it is shown already; return the exit code."""
    config = load(options)
    set_up_logging(config.paths.log, verbose=options.verbose)
    instance = SingleInstance(config.paths.state_dir)
    if not instance.claim():
        # Translators: stands behind "trayquota: "
        message = _("is running already and was told to refresh and show itself.")
        say(_("is running already but cannot be reached.") if instance.call() is None else message)
        return ExitCode.OK
    try:
        app = App(
            config,
            choose_backend(options.backend),
            reload=lambda: load(options),
            autostart_options=autostart_options(options),
            open_history=lambda: open_history(options),
        )
        instance.listen(app.answer)
        return app.run()
    except TrayUnavailableError as error:
        say(shown(error))
        return ExitCode.NOTHING_TO_SHOW
    finally:
        instance.release()


def open_history(options: Options) -> str | None:
    """Have the page of the history made and shown by another process; return why it is not.

    What makes the page would stay in this one's memory.
    """
    import subprocess

    from trayquota.system.autostart import start_command

    try:
        done = subprocess.run(
            start_command(["history", "--open", *autostart_options(options)]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PAGE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Message("The page could not be made ({reason}).", reason=type(error).__name__)
    if done.returncode == ExitCode.OK:
        return None
    said = done.stderr.strip().rpartition("\n")[2].removeprefix("trayquota: ")
    if said:
        return f"{said[:1].upper()}{said[1:]}"
    return Message("The page could not be made (exit code {code}).", code=done.returncode)
