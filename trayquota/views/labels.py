"""States and windows as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.forecast import past_use_forecast, window_forecast
from trayquota.core.model import NATIVE, AccountState, FailureKind, Level
from trayquota.core.text import format_age, format_duration, joined, shorten_middle
from trayquota.core.translation import _, marked, shown
from trayquota.views.clock_format import BRITISH, ClockFormat, format_moment
from trayquota.views.percents import bar_text, percent_column, percent_number, percent_text
from trayquota.views.reset_credits import reset_credits_label
from trayquota.views.window_titles import shown_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, tzinfo

    from trayquota.core.model import Account, AccountUsage, Credits, Failure, QuotaWindow, Snapshot
    from trayquota.core.past_use_forecast import PastUse
    from trayquota.core.work_time import WorkTime
    from trayquota.providers.base import ProxySignIn

BAR_GLYPHS = "▰▱"
NAME_CHARS = 40
"""Of an account's name where a whole line has no limit of its own."""
LEAST_NAME_CHARS = 8
"""Of an account's name where a line has a limit."""
_FAILURE_LABELS = {
    FailureKind.LOGIN_EXPIRED: marked("login expired"),
    FailureKind.SCOPE_MISSING: marked("needs a full login"),
    FailureKind.RATE_LIMITED: marked("asked to pause"),
    FailureKind.PROVIDER_DOWN: marked("provider has trouble"),
    FailureKind.NETWORK: marked("no connection"),
    FailureKind.BLOCKED: marked("blocked by a web page"),
    FailureKind.BAD_ANSWER: marked("answer not understood"),
    FailureKind.NO_WINDOWS: marked("no quotas named"),
    FailureKind.UNREADABLE_FILE: marked("file not readable"),
    FailureKind.REFUSED: marked("refused"),
}


class DisplayOptions(Struct, frozen=True):
    """The settings that decide how things are shown.

    Attributes:
        provider_title: A provider's name for people.
        usage_page: Where a provider shows the same numbers; empty when there is no such page.
        shows_used: Percents and bars say what is used in place of what is left.
        low_percent: With less left than this a quota is low.
        critical_percent: With less left than this it is critical.
        style: The icon's: ``number``, ``ring``, ``bar`` or ``plain``.
        plain_color: The colour of ``plain``: ``light``, ``dark`` or ``auto``.
        is_calm: The icon has no number while there is plenty.
        icon_shows: What the icon is about, as :mod:`.icon_subject` reads it.
        has_tooltip: Whether there is a tooltip.
        icon_counts_down: An empty quota shows the time to its reset in the icon.
        ignored_windows: Titles of windows that do not count for the lowest.
        names: What the person calls accounts, by account id or file name.
        hide_names: Number the accounts that have no such name instead of naming them.
        clock_format: How moments are written.
        zone: The person's time zone; ``None`` is the system's.
        sparklines: What was left over time, by account id and window, for those that have it.
        past_use: What forecasts go by, in the same way; the even pace for all others.
        bar_glyphs: What a bar is made of: a filled and an empty cell, which the font has.
        notifies_lapses: Notify of what is about to lapse unused.
        work_time: When the person works, which forecasts of longer windows go by; ``None`` for at any time.
        proxies: The addresses of those that are connected.
        proxy_sign_in: How a proxy signs a person in at a provider.
        quiet_hours: When the person wants no notification, each day, as in ``22:00-08:00``; empty for never.
    """

    provider_title: Callable[[str], str] = str.title
    usage_page: Callable[[str], str] = lambda _provider: ""
    shows_used: bool = False
    low_percent: float = 25
    critical_percent: float = 10
    style: str = "number"
    plain_color: str = "auto"
    is_calm: bool = False
    icon_shows: str = "lowest"
    has_tooltip: bool = True
    icon_counts_down: bool = True
    ignored_windows: frozenset[str] = frozenset()
    names: Mapping[str, str] = {}
    hide_names: bool = False
    clock_format: ClockFormat = BRITISH
    zone: tzinfo | None = None
    bar_glyphs: str = BAR_GLYPHS
    sparklines: Mapping[tuple[str, str], str] = {}
    past_use: Mapping[tuple[str, str], PastUse] = {}
    notifies_lapses: bool = False
    work_time: WorkTime | None = None
    proxies: tuple[str, ...] = ()
    proxy_sign_in: Callable[[str], ProxySignIn | None] = lambda _provider: None
    quiet_hours: str = ""

    def level(self, remaining_percent: float) -> Level:
        """Return the level of a remaining percent by the person's thresholds; only nothing left is empty."""
        if remaining_percent <= 0:
            return Level.EMPTY
        if remaining_percent < self.critical_percent:
            return Level.CRITICAL
        return Level.LOW if remaining_percent < self.low_percent else Level.PLENTY


def account_label(account: Account, options: DisplayOptions, name_chars: int = NAME_CHARS) -> str:
    """Return ``Claude ada@example.com``, the name in at most ``name_chars`` characters."""
    return f"{options.provider_title(account.provider)} {shorten_middle(account.name, name_chars)}"


def window_subject(account: Account, title: str, options: DisplayOptions) -> str:
    """Return ``Claude ada@example.com, Weekly``."""
    return joined((account_label(account, options), shown_title(title)))


def by_urgency(usages: Iterable[AccountUsage], now: datetime, options: DisplayOptions) -> list[AccountUsage]:
    """Return accounts, those that need the user first, then the most constrained."""

    def rank(usage: AccountUsage) -> tuple[int, float]:
        if needs_user(usage):
            return (0, 0.0)
        lowest = usage.lowest(now, options.ignored_windows)
        return (2, 0.0) if lowest is None else (1, lowest.remaining_percent)

    return sorted(usages, key=rank)


def failure_label(failure: Failure, now: datetime, options: DisplayOptions) -> str:
    """Return a failure in short, with the time of the next try when it is known."""
    label = _(_FAILURE_LABELS[failure.kind])
    is_pause = failure.kind is not FailureKind.LOGIN_EXPIRED
    if is_pause and failure.retry_at is not None and failure.retry_at > now:
        moment = format_moment(failure.retry_at, now, options.clock_format, options.zone)
        return _("{problem} until {moment}").format(problem=label, moment=moment)
    return label


def state_label(usage: AccountUsage, now: datetime, options: DisplayOptions) -> str:
    """Return what has to be said beside the numbers; empty for an account that is fresh."""
    match usage.state:
        case AccountState.DISABLED:
            return _("paused") if usage.account.paused else _("disabled")
        case AccountState.UNSUPPORTED:
            return _("no quota information")
        case AccountState.PENDING:
            return _("asking…")
        case AccountState.OK:
            if usage.failure:
                return failure_label(usage.failure, now, options)
            return credits_label(usage.credits) if usage.credits and not usage.windows else ""
        case AccountState.STALE:
            # Translators: values that are not fresh, as in "from 5 min ago"
            label = _("from {age}").format(age=_age(usage, now))
            return joined((label, failure_label(usage.failure, now, options))) if usage.failure else label
        case AccountState.EXPIRED | AccountState.ERROR:
            return failure_label(usage.failure, now, options) if usage.failure else _("unknown")


def state_lines(usage: AccountUsage, now: datetime, options: DisplayOptions) -> tuple[str, ...]:
    """Return the same as sentences: the label of a state, the whole message of a failure."""
    label = state_label(usage, now, options)
    sentence = _sentence(label)
    failure = usage.failure
    if failure is None:
        return (sentence,) if label else ()
    waits = failure.retry_at is not None and failure.retry_at > now
    message = shown(failure.message)
    return (sentence, message) if usage.state is AccountState.STALE or waits else (message,)


def extra_lines(usage: AccountUsage, now: datetime, options: DisplayOptions) -> tuple[str, ...]:
    """Return sentences on what an account has beside its windows: credits, and resets that its owner may ask for."""
    if not usage.counts:
        return ()
    labels = [credits_label(usage.credits)] if usage.credits and usage.windows else []
    if usage.reset_credits:
        labels.append(reset_credits_label(usage.reset_credits, now, options))
    return tuple(map(_sentence, labels))


def credits_label(money: Credits) -> str:
    """Return ``14.5 credits left``."""
    if money.is_unlimited:
        return _("unlimited credits")
    if money.balance is None:
        return _("paid by credits")
    return _("{amount} credits left").format(amount=f"{money.balance:,.2f}".rstrip("0").rstrip("."))


def lowest_label(usage: AccountUsage, now: datetime, options: DisplayOptions) -> str:
    """Return the percent of the account's window with the least left, or its state where it has none."""
    lowest = usage.lowest(now, options.ignored_windows)
    return state_label(usage, now, options) if lowest is None else percent_text(lowest.remaining_percent, options)


def updated_label(snapshot: Snapshot, now: datetime) -> str:
    """Return how old the newest values are."""
    if snapshot.refreshing:
        return _("Refreshing…")
    if snapshot.updated_at is None:
        return _("Not updated yet")
    return _("Updated {age}").format(age=format_age((now - snapshot.updated_at).total_seconds()))


def window_summary(window: QuotaWindow, now: datetime, answered_at: datetime | None, options: DisplayOptions) -> str:
    """Return a window in short: ``5-hour 42% (2h 13m)``."""
    if window.has_reset(now, answered_at):
        return _("{window} has reset").format(window=shown_title(window.title))
    text = f"{shown_title(window.title)} {percent_text(window.remaining_percent, options)}"
    if window.resets_at is not None and window.resets_at > now:
        return f"{text} ({format_duration((window.resets_at - now).total_seconds())})"
    return _("{window} (not started)").format(window=text) if is_not_started(window) else text


def window_label(
    window: QuotaWindow,
    now: datetime,
    answered_at: datetime | None,
    options: DisplayOptions,
    past_use: PastUse | None = None,
) -> str:
    """Return a window as a menu row; what must line up comes first, for fonts there are proportional.

    Args:
        window: The window.
        now: The moment.
        answered_at: When the provider said so.
        options: How it is shown.
        past_use: What the forecast goes by; ``None`` is the even pace.
    """
    if window.has_reset(now, answered_at):
        return " · ".join((_window_columns(window, None, options), _("has reset, waiting for data")))
    parts = [_window_columns(window, window.remaining_percent, options)]
    if window.resets_at is not None and window.resets_at > now:
        left = format_duration((window.resets_at - now).total_seconds())
        moment = format_moment(window.resets_at, now, options.clock_format, options.zone)
        parts.append(_("resets in {time} ({moment})").format(time=left, moment=moment))
    elif is_not_started(window):
        parts.append(_("not started"))
    if own := past_use_forecast(window, now, past_use, options.work_time):
        likely = percent_number(own.likely_percent)
        parts.append(
            _("{forecast} ({percent} likely)").format(forecast=_end_text(own.runs_out_at, now), percent=likely)
        )
    elif forecast := window_forecast(window, now, options.work_time):
        text = _end_text(forecast.runs_out_at, now)
        parts.append(_("{forecast} by work days").format(forecast=text) if forecast.is_by_work_time else text)
    return " · ".join(parts)


def _window_columns(window: QuotaWindow, remaining: float | None, options: DisplayOptions) -> str:
    columns = f"{bar_text(remaining, options)} {percent_column(remaining, options)}"
    return f"{columns}  {shown_title(window.title)}"


def _end_text(runs_out_at: datetime | None, now: datetime) -> str:
    if runs_out_at is None:
        return _("lasts until reset")
    return _("runs out in {time}").format(time=format_duration((runs_out_at - now).total_seconds()))


def is_not_started(window: QuotaWindow) -> bool:
    """Whether the window begins with the next message: of known length, untouched, without a reset."""
    return window.resets_at is None and window.used_percent == 0 and window.duration_s is not None


def needs_user(usage: AccountUsage) -> bool:
    """Whether this account stays without fresh values until its owner does something here.

    The logins of other programs never do: they are those programs' own concern, and this one only looks on.
    """
    if usage.account.source == NATIVE:
        return False
    if usage.state is AccountState.EXPIRED:
        return True
    is_stale = usage.state is AccountState.STALE
    if is_stale and usage.failure is not None and usage.failure.kind is FailureKind.LOGIN_EXPIRED:
        # Until it is tried again another program may have refreshed the login.
        return usage.failure.retry_at is None
    kinds = {FailureKind.SCOPE_MISSING, FailureKind.UNREADABLE_FILE, FailureKind.REFUSED}
    return usage.failure is not None and usage.failure.kind in kinds


def _sentence(label: str) -> str:
    return label[:1].upper() + label[1:]


def _age(usage: AccountUsage, now: datetime) -> str:
    if usage.updated_at is None:
        return _("an unknown time ago")
    return format_age((now - usage.updated_at).total_seconds())
