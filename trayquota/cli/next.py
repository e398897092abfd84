"""``trayquota next``: the account to use now, for scripts and agents.

Served from the state that a running applet keeps, without a request; what is too old is fetched. While it waits, a
change of the state wakes it.
"""

from __future__ import annotations

import json
import logging
import math
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.cli.common import ExitCode, load, say
from trayquota.cli.snapshots import last_known, refresh_once
from trayquota.core.next_account import Candidate, Demand, applying, is_open, next_account, relief
from trayquota.core.provider_clock import with_local_resets
from trayquota.core.text import joined
from trayquota.core.translation import _, shown
from trayquota.settings.display import display_options
from trayquota.system.changes import changes_of
from trayquota.system.clock import utc_now
from trayquota.system.log import set_up_logging
from trayquota.views.advice import relief_line
from trayquota.views.display_names import named_usages
from trayquota.views.json_document import instant_text, number
from trayquota.views.labels import account_label, state_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trayquota.cli.common import Options
    from trayquota.core.model import AccountUsage, Snapshot
    from trayquota.settings.load import Config

_log = logging.getLogger(__name__)
_SCHEMA = 1
_FETCH_REST_S = 60.0
"""No account is polled by this command more often, however the state looks."""
_SLEEP_S = 300.0
"""The longest wait without a look: timers stand still while the machine sleeps."""


class Choice(Struct, frozen=True):
    """The accounts to choose from, and the one that was chosen.

    Attributes:
        usages: With display names; in the contract's order.
        names: The accounts' own names, by id.
        candidate: The one to use; ``None`` where none has room.
        now: When it was chosen.
    """

    usages: Sequence[AccountUsage]
    names: Mapping[str, str]
    candidate: Candidate | None
    now: datetime

    def unknown(self, demand: Demand) -> list[AccountUsage]:
        """Return those of which it is unknown whether they have room."""
        return [usage for usage in self.usages if is_open(usage, self.now, demand)]


def run(options: Options) -> int:
    """Print the account to use now; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    config = load(options)
    demand = Demand(options.min, options.model, frozenset(config.settings.ignore_windows))
    deadline_s = time.monotonic() + options.wait
    with changes_of(config.paths.state) as changed:
        values = _Values(config)
        if options.fresh:
            values.fetch()
        while True:
            changed.clear()
            snapshot = values.read()
            choice = _choose(snapshot, options, demand, config)
            left_s = deadline_s - time.monotonic()
            if choice.candidate is not None or not choice.usages or left_s <= 0:
                break
            _log.info("waiting for an account with room")
            changed.wait(min(left_s, values.next_look_s()))
    if not choice.usages:
        say(shown(snapshot.notice) if snapshot.notice else _("there is no such account."))
        return ExitCode.NOTHING_TO_SHOW
    return _print(choice, demand, config, as_json=options.json)


class _Values:
    """The last known values, fetched anew when they are too old."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._fetched: Snapshot | None = None
        self._fetched_s = -math.inf
        self._due_at: datetime | None = None

    def read(self) -> Snapshot:
        """Return the values; from a request only where nobody else has made it in time."""
        known = last_known(self._config)
        self._due_at = known.due_at
        if known.due_at is None or known.due_at > utc_now():
            return known.snapshot
        # Where the state cannot be written, what was fetched is not in it.
        return self._fetched if self._fetched is not None and self._rest_s() > 0 else self.fetch()

    def fetch(self) -> Snapshot:
        """Return the values as they are now."""
        self._fetched_s = time.monotonic()
        self._fetched = refresh_once(self._config)
        return self._fetched

    def next_look_s(self) -> float:
        """Return after how many seconds the values may be too old."""
        due_s = _SLEEP_S if self._due_at is None else (self._due_at - utc_now()).total_seconds()
        return min(max(due_s, self._rest_s(), 1.0), _SLEEP_S)

    def _rest_s(self) -> float:
        return self._fetched_s + _FETCH_REST_S - time.monotonic()


def _choose(snapshot: Snapshot, options: Options, demand: Demand, config: Config) -> Choice:
    """Return the choice among the accounts that the options name, which may be by id, name or display name."""
    now, names = utc_now(), {usage.account.id: usage.account.name for usage in snapshot.accounts}
    named = named_usages(options.account, with_local_resets(snapshot), display_options(config))
    usages = [usage for _own, usage in named if options.provider in {None, usage.account.provider}]
    return Choice(usages, names, next_account(usages, now, demand), now)


def _print(choice: Choice, demand: Demand, config: Config, *, as_json: bool) -> int:
    candidate = choice.candidate
    if as_json:
        print(json.dumps(_document(choice, demand), indent=2))
    elif candidate is not None:
        print(candidate.usage.account.name)
    if candidate is not None:
        return ExitCode.OK
    say(_reason(choice, demand, config))
    return ExitCode.UNKNOWN if choice.unknown(demand) else ExitCode.PROBLEM


def _reason(choice: Choice, demand: Demand, config: Config) -> str:
    """Say who has room first, or why that is unknown."""
    options, now = display_options(config), choice.now
    unknown = choice.unknown(demand)
    if unknown:
        states = joined(
            f"{account_label(usage.account, options)} ({_why_unknown(usage, now, demand, config)})" for usage in unknown
        )
        return _("it is unknown whether there is room: {accounts}.").format(accounts=states)
    found = relief(choice.usages, now, demand)
    if found is None:
        return _("no account has room.")
    # Translators: {relief} is as in "Fri 14:00: Claude work is back"
    return _("no account has room. {relief}.").format(relief=relief_line(found, now, options))


def _why_unknown(usage: AccountUsage, now: datetime, demand: Demand, config: Config) -> str:
    if usage.windows and not applying(usage, demand):
        return _("it has windows of single models: name one with --model")
    return state_label(usage, now, display_options(config)) or _("waiting for data")


def _document(choice: Choice, demand: Demand) -> dict[str, object]:
    candidate, first = choice.candidate, relief(choice.usages, choice.now, demand)
    account = candidate and candidate.usage.account
    return {
        "schema": _SCHEMA,
        "account": account and account.id,
        "provider": account and account.provider,
        "name": account and choice.names[account.id],
        "remaining_percent": candidate and number(candidate.remaining_percent),
        "lapses_at": candidate and instant_text(candidate.lapses_at),
        "relief": None
        if candidate or choice.unknown(demand) or first is None
        else {"account": first.usage.account.id, "at": instant_text(first.at)},
    }
