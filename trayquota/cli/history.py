"""``trayquota history``: what was left over time."""

from __future__ import annotations

import errno
import io
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.cli.common import ExitCode, Options, load, say
from trayquota.cli.open import SEARCH_S, report_opened
from trayquota.cli.snapshots import cached_snapshot
from trayquota.core.errors import HistoryError, UnusableFileError
from trayquota.core.text import printable
from trayquota.core.translation import Message, _, marked, shown
from trayquota.settings.display import display_options
from trayquota.system.clock import utc_now
from trayquota.system.files import private_folder, real_path, write_atomic
from trayquota.system.log import set_up_logging
from trayquota.system.open import open_file
from trayquota.system.stdout import disk_full_reason
from trayquota.views.display_names import is_named, with_display_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trayquota.core.history import AccountHistory
    from trayquota.settings.load import Config
    from trayquota.store.history import HistoryStore

_CHART_DAYS = 7
PAGE_DAYS = 42
_SHORT_DAYS = 56
"""Of windows with several cycles a day: eight weeks of their hours are on the page, and seven days of all the rest."""
NEEDS_EXTRA = marked('the page needs two more libraries: install them with "pip install trayquota[history]".')


def run(options: Options) -> int:
    """Print what is recorded, or remove it; return the exit code."""
    try:
        from trayquota.store.history import HistoryStore
    except ImportError:
        say(_("there is no history: this Python has no SQLite."))
        return ExitCode.NOTHING_TO_SHOW
    set_up_logging(None, verbose=options.verbose)
    config = load(options)
    store = HistoryStore(config.paths.history, lambda text: say(shown(text)))
    try:
        if options.forget:
            return _forget(store, config.paths.history_page)
        if options.html is not None or options.open:
            return _write_page(config, store, options)
        return _print_history(config, store, options)
    except HistoryError as error:
        say(_("the history cannot be used: {reason}.").format(reason=shown(error)))
        return ExitCode.PROBLEM


def _write_page(config: Config, store: HistoryStore, options: Options) -> int:
    from trayquota.settings.paths import user_path

    days = options.days if options.days is not None else PAGE_DAYS
    histories = read_histories(config, store, Wanted(days, min(days, _SHORT_DAYS), options.account))
    if not histories:
        return _say_nothing_recorded(config, options)
    try:
        path = user_path(options.html) if options.html is not None else config.paths.history_page
        write_page(path, histories, days, config)
    except ValueError:
        say(_("--html: expected the path of a file, not {path}.").format(path=repr(options.html)))
        return ExitCode.BAD_OPTION
    except ImportError:
        say(_(NEEDS_EXTRA))
        return ExitCode.PROBLEM
    except OSError as error:
        if disk_full_reason(error):
            raise
        reason = shown(error.strerror or type(error).__name__)
        say(_("the page could not be written: {reason}.").format(reason=reason))
        return ExitCode.PROBLEM
    print(printable(str(path)))
    return report_opened(is_opened=open_file(path, SEARCH_S)) if options.open else ExitCode.OK


def open_page(config: Config) -> str | None:
    """Write the page and show it in the browser; return where it is said why that cannot be."""
    from trayquota.store.history import HistoryStore

    options = Options()
    options.open = True
    try:
        code = _write_page(config, HistoryStore(config.paths.history), options)
    except HistoryError as error:
        return Message("The history cannot be used: {reason}.", reason=error)
    return None if code == ExitCode.OK else Message("Why is said in the terminal.")


def write_page(path: Path, histories: Sequence[AccountHistory], days: int, config: Config) -> None:
    """Write the page for its owner alone.

    Raises:
        ImportError: What it is made with is not installed.
        OSError: The file cannot be written.
    """
    from trayquota.views.history_page import history_page

    content = history_page(histories, days, utc_now(), display_options(config)).encode("utf-8", "replace")
    if path == config.paths.history_page:
        private_folder(path.parent)
    path = real_path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):  # a device would be replaced
        raise UnusableFileError(errno.ENOTSUP, Message("not a regular file"))
    write_atomic(path, content)


def _print_history(config: Config, store: HistoryStore, options: Options) -> int:
    is_data = options.json or options.csv
    days = options.days if options.days is not None else None if is_data else _CHART_DAYS
    histories = read_histories(config, store, Wanted(days, days, options.account, is_data))
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


class Wanted(Struct, frozen=True):
    """What is to be read.

    Attributes:
        days: Only of so many days; ``None`` is all.
        short_days: The same of windows with several cycles a day.
        account: Of one account, as a person calls it.
        is_data: It is for a script: accounts have their own names.
    """

    days: int | None
    short_days: int | None
    account: str | None
    is_data: bool = False


def read_histories(config: Config, store: HistoryStore, wanted: Wanted) -> tuple[AccountHistory, ...]:
    """Return what is recorded.

    Raises:
        HistoryError: It cannot be read.
    """
    now = utc_now()
    snapshot = cached_snapshot(config)
    since, short_since = (
        now - timedelta(days=days) if days is not None else None for days in (wanted.days, wanted.short_days)
    )
    histories = store.read([usage.account for usage in snapshot.accounts], since, now, short_since)
    display = with_display_names(snapshot, display_options(config))
    shown = {usage.account.id: usage.account for usage in display.accounts}
    named = [(history, shown.get(history.account.id, history.account)) for history in histories]
    if (name := wanted.account) is not None:
        named = [(history, account) for history, account in named if is_named(name, account, history.account.name)]
    return tuple(history if wanted.is_data else replace(history, account=account) for history, account in named)


def _say_nothing_recorded(config: Config, options: Options) -> int:
    if options.account is not None:
        say(_("nothing is recorded of {account}.").format(account=options.account))
    elif not config.settings.history:
        say(_("nothing is recorded: the setting history is false."))
    else:
        say(_("nothing is recorded yet. The applet records while it runs."))
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


def _forget(store: HistoryStore, page: Path) -> int:
    """Remove the history with the page that ``--open`` has made of it, which has names in it; return the exit code."""
    had_page = page.exists()
    try:
        page.unlink(missing_ok=True)
    except OSError as error:
        raise HistoryError(error.strerror or type(error).__name__) from None
    if not store.forget() and not had_page:
        say(_("there is no history."))
        return ExitCode.NOTHING_TO_SHOW
    print(_("The history is removed."))
    return ExitCode.OK
