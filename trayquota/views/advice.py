"""Snapshot → what to do next, in words: which account to use, who is back first, what lapses unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.model import NEVER_POLLED
from trayquota.core.next_account import Demand, is_open, lapses, next_account, relief
from trayquota.core.redacted import RedactedRepr
from trayquota.core.text import format_duration
from trayquota.core.translation import _, ngettext, pgettext
from trayquota.views.clock_format import format_moment
from trayquota.views.labels import LEAST_NAME_CHARS, NAME_CHARS, account_label
from trayquota.views.percents import percent_number, percent_text, whole_percent
from trayquota.views.window_titles import shown_title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trayquota.core.model import Account, AccountUsage, QuotaWindow, Snapshot
    from trayquota.core.next_account import Candidate, Lapse, Relief
    from trayquota.views.labels import DisplayOptions

_DAY_S = 24 * 3600


class Advice(RedactedRepr, Struct, frozen=True):
    """What to do next.

    Attributes:
        line: The next account, else who is back first; empty where neither is to be said.
        brief: The same where a line has few characters.
        next_id: The id of the next account, to be marked; empty where there is no choice.
        lapses: A line for each thing that lapses soon, the earliest first.
    """

    repr_fields = ()

    line: str = ""
    brief: str = ""
    next_id: str = ""
    lapses: tuple[str, ...] = ()


NO_ADVICE = Advice()


def next_mark() -> str:
    """Return what stands behind the name of the account to use next, in lists."""
    return pgettext("the account to use next", "next")


def find_next(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> Candidate | None:
    """Return the account to use next by the person's settings; ``None`` where none has room."""
    return next_account(snapshot.accounts, now, Demand(ignored=options.ignored_windows))


def advise(
    snapshot: Snapshot,
    candidate: Candidate | None,
    now: datetime,
    options: DisplayOptions,
    *,
    max_chars: int | None = None,
) -> Advice:
    """Return what to do next; with a single account there is nothing to choose.

    Args:
        snapshot: The accounts.
        candidate: The one to use next, as :func:`find_next` finds it.
        now: The moment.
        options: How things are named, and what does not count.
        max_chars: What the brief line has at most, by shortening the name.
    """
    lapse_lines = tuple(
        lapse_text(lapse, now, options) for lapse in lapses(snapshot.accounts, now, options.ignored_windows)
    )
    if candidate is None:
        found = _relief(snapshot.accounts, now, options)
        if found is None:
            return Advice(lapses=lapse_lines)
        line, brief = (relief_line(found, now, options, chars) for chars in (None, max_chars))
        return Advice(line, brief, lapses=lapse_lines)
    if sum(usage.state not in NEVER_POLLED for usage in snapshot.accounts) < 2:
        return Advice(lapses=lapse_lines)
    line, brief = next_line(candidate, options), next_line(candidate, options, max_chars)
    return Advice(line, brief, candidate.usage.account.id, lapse_lines)


def next_line(candidate: Candidate, options: DisplayOptions, max_chars: int | None = None) -> str:
    """Return ``Next: Claude work, 62%, resets first``."""
    percent = percent_text(candidate.remaining_percent, options)
    form = _("Next: {account}, {percent}, resets first") if candidate.lapses_first else _("Next: {account}, {percent}")
    return _line(lambda label: form.format(account=label, percent=percent), candidate.usage.account, options, max_chars)


def relief_line(found: Relief, now: datetime, options: DisplayOptions, max_chars: int | None = None) -> str:
    """Return ``Fri 14:00: Claude work is back``."""
    moment = format_moment(found.at, now, options.clock_format, options.zone)
    form = _("{moment}: {account} is back")
    return _line(lambda label: form.format(account=label, moment=moment), found.usage.account, options, max_chars)


def lapse_text(lapse: Lapse, now: datetime, options: DisplayOptions) -> str:
    """Return ``38% of this week on Codex work lapses in 5h``, or the like for resets and a subscription."""
    label, left = account_label(lapse.usage.account, options), format_duration((lapse.ends_at - now).total_seconds())
    if lapse.window is not None:
        # What lapses is what is left, whatever is shown elsewhere.
        unused = percent_number(whole_percent(lapse.window.remaining_percent or 0))
        form = _unused_form(lapse.window) if options.shows_used else _left_form(lapse.window)
        return form.format(percent=unused, account=label, time=left, window=shown_title(lapse.window.title))
    if count := lapse.reset_credits:
        form = ngettext(
            "{count} limit reset to use on {account}; lapses in {time}",
            "{count} limit resets to use on {account}; lapses in {time}",
            count,
        )
        return form.format(count=count, account=label, time=left)
    moment = format_moment(lapse.ends_at, now, options.clock_format, options.zone)
    form = _("The subscription of {account} ends in {time} ({moment})")
    return form.format(account=label, time=left, moment=moment)


def _relief(usages: Sequence[AccountUsage], now: datetime, options: DisplayOptions) -> Relief | None:
    """Return who is back first; ``None`` where somebody may have room already."""
    demand = Demand(ignored=options.ignored_windows)
    return None if any(is_open(usage, now, demand) for usage in usages) else relief(usages, now, demand)


def _line(line: Callable[[str], str], account: Account, options: DisplayOptions, max_chars: int | None) -> str:
    label = account_label(account, options)
    if max_chars is not None and (excess := len(line(label)) - max_chars) > 0:
        label = account_label(account, options, max(LEAST_NAME_CHARS, min(len(account.name), NAME_CHARS) - excess))
    return line(label)


def _left_form(window: QuotaWindow) -> str:
    if _is_week(window):
        return _("{percent} of this week on {account} lapses in {time}")
    if _is_month(window):
        return _("{percent} of this month on {account} lapses in {time}")
    return _("{percent} of {window} on {account} lapses in {time}")


def _unused_form(window: QuotaWindow) -> str:
    if _is_week(window):
        return _("{percent} unused of this week on {account} lapses in {time}")
    if _is_month(window):
        return _("{percent} unused of this month on {account} lapses in {time}")
    return _("{percent} unused of {window} on {account} lapses in {time}")


def _is_week(window: QuotaWindow) -> bool:
    return (window.duration_s or 0) <= 8 * _DAY_S


def _is_month(window: QuotaWindow) -> bool:
    return 27 <= (window.duration_s or 0) / _DAY_S <= 32
