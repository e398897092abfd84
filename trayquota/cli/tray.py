"""``trayquota`` without a command: the tray applet, once per user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.app import App
from trayquota.cli.common import ExitCode, autostart_options, load, say
from trayquota.core.errors import TrayUnavailableError
from trayquota.system.log import set_up_logging
from trayquota.system.single_instance import SingleInstance
from trayquota.tray.backend_choice import choose_backend

if TYPE_CHECKING:
    from trayquota.cli.common import Options


def run(options: Options) -> int:
    """Show the tray until it is quit, unless it is shown already; return the exit code."""
    config = load(options)
    set_up_logging(config.paths.log, verbose=options.verbose)
    instance = SingleInstance(config.paths.state_dir)
    if not instance.claim():
        reached = "and was told to refresh and show itself" if instance.call() else "but cannot be reached"
        say(f"is running already {reached}.")
        return ExitCode.OK
    try:
        app = App(
            config,
            choose_backend(options.backend),
            reload=lambda: load(options),
            autostart_options=autostart_options(options),
        )
        instance.listen(app.refresh_and_notify)
        return app.run()
    except TrayUnavailableError as error:
        say(str(error))
        return ExitCode.NOTHING_TO_SHOW
    finally:
        instance.release()
