"""What the commands share: their options, exit codes, and messages to standard error."""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from trayquota.core.errors import ConfigError
from trayquota.core.translation import _, use_catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.settings.load import Config


_MAX_DAYS = 36_500
_MAX_NUMBER = 10_000
_MINUTES = {"m": 1, "h": 60, "d": 1440}


BACKENDS = ("auto", "statusnotifier", "appindicator", "gtk", "xorg", "win32", "darwin", "none")
"""What ``--backend`` takes."""


class ExitCode(IntEnum):
    """How a command ended; all below 70 are part of the public contract."""

    OK = 0
    PROBLEM = 1
    """It was done, but something is not as it should be: an account not fresh, a finding to look at."""
    BAD_OPTION = 2
    NOTHING_TO_SHOW = 3
    """No accounts, or no tray."""
    UNKNOWN = 4
    """There may be an account with room, but that is not known."""
    INTERNAL_ERROR = 70
    """The program itself is at fault; what sysexits.h calls EX_SOFTWARE."""
    SHORTAGE = 71
    """The system has too little of what it takes: its EX_OSERR."""
    NOT_WRITTEN = 74
    """There was no room for the output; its EX_IOERR."""


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
    days: int | None = None
    account: str | None = None
    csv = False
    forget = False
    html: str | None = None
    open = False
    min = 1.0
    provider: str | None = None
    model: str | None = None
    wait = 0.0
    fresh = False
    format = "plain"
    watch = False
    url = ""
    insecure = False
    force = False
    until = ""
    set: tuple[str, ...] | list[str] = ()
    what = "folder"
    name: str | None = None


def load(options: Options) -> Config:
    """Return the settings in force, and have texts in the language they name; raises ``ConfigError``."""
    from trayquota.settings.load import load_config

    config = load_config(folder=options.dir, config=options.config)
    if options.command == "line":  # scripts and bars read it
        use_catalogue(None)
    else:
        from trayquota.settings.language import use_language_of

        use_language_of(config)
    return config


def use_language_of_person(given: Sequence[str]) -> None:
    """Have help and complaints about the command line in the person's language, as far as that can be known so early.

    Args:
        given: The command line, which may name a config file.
    """
    from trayquota.settings.language import choose_language, use_language, use_language_of
    from trayquota.settings.load import load_config

    if "--version" in given:
        return
    named = [value for name, value in pairwise(given) if name == "--config"]
    named += [word.removeprefix("--config=") for word in given if word.startswith("--config=")]
    try:
        use_language_of(load_config(config=named[-1] if named else None))
    except ConfigError:  # said once the command line is understood
        use_language(choose_language(""))


def day_count(text: str) -> int:
    """Return the value of an option that counts days.

    Raises:
        ArgumentTypeError: It is no number of days.
    """
    from argparse import ArgumentTypeError

    days = _whole_number(text, _MAX_DAYS)
    if days is None:
        message = _("expected a whole number of days from 1 to {most}").format(most=_MAX_DAYS)
        raise ArgumentTypeError(message)
    return days


def snooze_end(text: str) -> str:
    """Return the value of ``snooze`` as an applet understands it: a word, or minutes; ``off`` is none.

    Raises:
        ArgumentTypeError: It is neither.
    """
    from argparse import ArgumentTypeError

    if text in {"reset", "tomorrow"}:
        return text
    if text == "off":
        return "0"
    number, unit = _whole_number(text[:-1], _MAX_NUMBER), text[-1:]
    if number is None or unit not in _MINUTES:
        message = _("expected reset, tomorrow, off, or a time as in 90m, 2h or 3d")
        raise ArgumentTypeError(message)
    return str(number * _MINUTES[unit])


def _whole_number(text: str, most: int) -> int | None:
    """Return the number that a text is, from 1 to ``most``; ``None`` when it is none."""
    # Python itself refuses to read thousands of digits.
    is_number = text.isascii() and text.isdigit() and len(text.lstrip("0")) <= len(str(most))
    number = int(text.lstrip("0") or "0") if is_number else 0
    return number if 1 <= number <= most else None


def say(message: str) -> None:
    """Print a message to standard error; where nobody takes it, the exit code says enough."""
    from trayquota.core.text import printable

    with suppress(OSError):
        print(f"trayquota: {printable(message)}", file=sys.stderr)


def autostart_options(options: Options) -> list[str]:
    """Return the options that a start with the session needs to find the same; it happens in another folder."""
    from trayquota.settings.load import folder_path
    from trayquota.settings.paths import own_paths

    arguments = []
    if options.dir is not None:
        arguments += ["--dir", str(folder_path(options.dir))]
    if options.config is not None:
        arguments += ["--config", str(own_paths(options.config).config)]
    if options.backend != "auto":
        arguments += ["--backend", options.backend]
    return arguments
