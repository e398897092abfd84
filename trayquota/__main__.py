"""What the command ``trayquota`` and ``python -m trayquota`` run; nothing is imported before the signal is seen to."""

import signal


def run() -> None:
    """Run the command that the process was started with, and end the process."""
    # Python would raise in the middle of an import, which ends in a traceback or is passed over. Until a command
    # handles it there is nothing to put in order.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from trayquota.cli import main

    main.run()


if __name__ == "__main__":
    run()
