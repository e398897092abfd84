"""``trayquota history``: what was left over time."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.cli.common import ExitCode, load, say
from trayquota.core.errors import HistoryError
from trayquota.services import cached_snapshot, display_options, utc_now
from trayquota.system.log import set_up_logging
from trayquota.views.display_names import with_display_names

if TYPE_CHECKING:
    from trayquota.cli.common import Options
    from trayquota.core.history import AccountHistory
    from trayquota.settings.load import Config
    from trayquota.store.history import HistoryStore

_CHART_DAYS = 7


def run(options: Options) -> int:
    """Print what is recorded, or remove it; return the exit code."""
    from trayquota.store.history import HistoryStore

    set_up_logging(None, verbose=options.verbose)
    config = load(options)
    store = HistoryStore(config.paths.history)
    try:
        if options.forget:
            return _forget(store)
        return _print_history(config, store, options)
    except HistoryError as error:
        say(f"the history cannot be used: {error}.")
        return ExitCode.CONCERN


def _print_history(config: Config, store: HistoryStore, options: Options) -> int:
    is_data = options.json or options.csv
    days = options.days if options.days is not None else None if is_data else _CHART_DAYS
    histories = read_histories(config, store, days, options.account, shows_names=is_data)
    if options.json:
        from trayquota.views.history_data import history_json

        print(history_json(histories))
    elif options.csv:
        from trayquota.views.history_data import history_csv

        print(history_csv(histories), end="")
    elif histories:
        _print_chart(histories, days or _CHART_DAYS, config)
    if not histories:
        return _say_nothing_recorded(config, options)
    return ExitCode.OK


def read_histories(
    config: Config, store: HistoryStore, days: int | None, name: str | None = None, *, shows_names: bool
) -> tuple[AccountHistory, ...]:
    """Return what is recorded.

    Args:
        config: The settings in force.
        store: The history.
        days: Only of so many days; ``None`` is all.
        name: Of one account, by its name or file without regard to case.
        shows_names: Accounts keep the names that they have, also where the person wants them numbered.

    Raises:
        HistoryError: It cannot be read.
    """
    now = utc_now()
    snapshot = cached_snapshot(config)
    since = now - timedelta(days=days) if days is not None else None
    histories = store.read([usage.account for usage in snapshot.accounts], since, now)
    if name is not None:
        wanted = name.casefold()
        histories = tuple(
            history
            for history in histories
            if wanted in {history.account.id.casefold(), history.account.name.casefold()}
        )
    if shows_names:
        return histories
    shown = with_display_names(snapshot, display_options(config))
    names = {usage.account.id: usage.account for usage in shown.accounts}
    return tuple(replace(history, account=names.get(history.account.id, history.account)) for history in histories)


def _say_nothing_recorded(config: Config, options: Options) -> int:
    if options.account is not None:
        say(f"nothing is recorded of {options.account}.")
    elif not config.settings.history:
        say("nothing is recorded: the setting history is false.")
    else:
        say("nothing is recorded yet. The applet records while it runs.")
    return ExitCode.NOTHING_TO_SHOW


def _print_chart(histories: tuple[AccountHistory, ...], days: int, config: Config) -> None:
    from rich.console import Console

    from trayquota.views.history_chart import print_charts

    now, options = utc_now(), display_options(config)
    start = now - timedelta(days=days)
    if sys.stdout is not None and sys.stdout.isatty():
        print_charts(histories, start, now, options, Console(highlight=False))
        return
    # Not straight into a pipe: where its reader leaves early, rich would decide the exit code.
    text = io.StringIO()
    print_charts(histories, start, now, options, Console(file=text, highlight=False))
    print(text.getvalue(), end="")


def _forget(store: HistoryStore) -> int:
    if not store.forget():
        say("there is no history.")
        return ExitCode.NOTHING_TO_SHOW
    print("The history is removed.")
    return ExitCode.OK
