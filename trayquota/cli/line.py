"""``trayquota line``: one line for a status bar or a prompt, from the last known values; nothing is sent.

A prompt waits for it, so it imports nothing that it does not need: no provider, no parser of credential files, and what
``--watch`` needs only then.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, load
from trayquota.store.last_values import Shown, last_values
from trayquota.system.clock import utc_now
from trayquota.views.labels import DisplayOptions
from trayquota.views.line import LineFormat, check_format, format_line, line

if TYPE_CHECKING:
    from trayquota.cli.common import Options
    from trayquota.core.model import Snapshot
    from trayquota.settings.load import Config
    from trayquota.store.last_values import LastValues

_MINUTE_S = 60.0
_BEYOND_S = 0.05
"""So long after the turn of a minute it is past it by every clock."""


def run(options: Options) -> int:
    """Print the line, with ``--watch`` anew whenever it changes; return the exit code.

    Raises:
        ConfigError: Of a format that there is not, or of the settings.
    """
    form = check_format(options.format)
    config = load(options)
    if options.watch:
        _watch(config, form)
    values = _values(config)
    print(_line(values.snapshot, config, form))
    return ExitCode.OK if values.has_accounts else ExitCode.NOTHING_TO_SHOW


def _watch(config: Config, form: str) -> None:
    """Print a line whenever it changes, until a signal or the reader's end."""
    import threading

    from trayquota.system.changes import changes_of
    from trayquota.system.stdout import wait_unread

    printed = None
    with changes_of(config.paths.state) as changed:

        def wake_when_unread() -> None:
            if wait_unread():
                changed.set()

        # A bar that was ended must not leave this behind until the next line, which may never come.
        threading.Thread(target=wake_when_unread, name="reader", daemon=True).start()
        while not wait_unread(0):
            changed.clear()
            values = _values(config)
            text = _line(values.snapshot, config, form)
            if text != printed:
                print(text, flush=True)
                printed = text
            changed.wait(_next_change_s(values.snapshot, config))


def _next_change_s(snapshot: Snapshot, config: Config) -> float | None:
    """Return after how many seconds the line may be another by time alone; ``None`` for never."""
    now, max_age = utc_now(), _max_age(config)
    waits = [
        (usage.updated_at + max_age - now).total_seconds()
        for usage in snapshot.accounts
        if usage.updated_at is not None and usage.updated_at + max_age > now
    ]
    lowest = snapshot.lowest(now, config.settings.ignore_windows)
    if lowest is not None and lowest.window.resets_at is not None:
        waits.append((lowest.window.resets_at - now).total_seconds() % _MINUTE_S)
    return max(min(waits), 0.0) + _BEYOND_S if waits else None


def _values(config: Config) -> LastValues:
    settings = config.settings
    shown = Shown(config.folders, settings.connected_proxies, settings.native_logins, settings.providers_off)
    return last_values(config.paths.state, shown, utc_now(), _max_age(config))


def _line(snapshot: Snapshot, config: Config, form: str) -> str:
    is_for_waybar = form.startswith(LineFormat.WAYBAR)
    found = line(snapshot, utc_now(), _display_options(config, form), has_details=is_for_waybar)
    return format_line(found, form)


def _max_age(config: Config) -> timedelta:
    return timedelta(minutes=2 * config.settings.interval_minutes)


def _display_options(config: Config, form: str) -> DisplayOptions:
    """Return the settings that decide how a line looks; titles and times only where it has them."""
    settings = config.settings
    options = DisplayOptions(
        shows_used=settings.show == "used",
        low_percent=settings.low_percent,
        critical_percent=settings.critical_percent,
        ignored_windows=frozenset(settings.ignore_windows),
        names=settings.names,
        hide_names=settings.hide_emails,
    )
    if not form.startswith((LineFormat.WAYBAR, LineFormat.JSON)) and "{provider}" not in form:
        return options
    from msgspec.structs import replace

    from trayquota.providers import provider_title
    from trayquota.settings.language import clock_format

    return replace(options, provider_title=provider_title, clock_format=clock_format(config.locale))
