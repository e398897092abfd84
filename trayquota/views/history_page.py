"""The history → one page: no script, nothing from elsewhere, a table with each picture."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from trayquota.core.history import SHORT_WINDOW_S, lowest_between, lowest_remaining
from trayquota.core.hourly_use import LocalClock, hourly_use
from trayquota.core.past_use_backtest import proven_past_use
from trayquota.core.text import format_duration
from trayquota.core.translation import _, language_in_force, ngettext, pgettext, writing_direction
from trayquota.views.clock_format import format_moment
from trayquota.views.history_chart import now_mark, window_summary
from trayquota.views.history_outlook import Outlook, outlook, tightest
from trayquota.views.history_parts import AccountPart, Figure, Section, Table
from trayquota.views.history_pictures import (
    Bar,
    Line,
    Mark,
    cycles_picture,
    heat_picture,
    line_picture,
    timeline_picture,
)
from trayquota.views.history_texts import amount_now, extreme_caption, extreme_heading, line_description, outages_text
from trayquota.views.labels import account_label
from trayquota.views.percents import percent_number, percent_text, shown_number, shown_share
from trayquota.views.window_titles import shown_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trayquota.core.history import AccountHistory, Cycle, WindowHistory
    from trayquota.views.labels import DisplayOptions

_POINTS, _SHORT_POINTS = 126, 168
"""Of a line: more would not be seen, and a page of many accounts takes its size from them. Seven days have hours."""
_SHORT_DAYS = 7
"""So many days are drawn of a window that has several cycles a day."""
_DAILY_DAYS = 45
"""A table of more days has a row for each week."""
_MAX_CYCLES = 24
_PROFILE = timedelta(days=56)


def history_page(histories: Sequence[AccountHistory], days: int, now: datetime, options: DisplayOptions) -> str:
    """Return the page of the last ``days`` days."""
    loader = PackageLoader("trayquota", "views")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    writer = _Writer(histories, days, now, options)
    return environment.get_template("history_page.html").render(
        _=_,
        language=language_in_force().replace("_", "-"),
        direction=writing_direction(),
        subtitle=writer.subtitle(),
        resets=writer.resets(histories),
        accounts=[writer.account(number, history) for number, history in enumerate(histories)],
    )


class _Writer:
    """Makes the parts of a page that share its span of time and how things are named."""

    def __init__(self, histories: Sequence[AccountHistory], days: int, now: datetime, options: DisplayOptions) -> None:
        self._days = days
        self._now = now
        self._options = options
        self._clock = LocalClock(options.zone)
        self._moments: dict[tuple[datetime, bool], str] = {}
        """Most are of two cycles: the end of one, and the begin of another."""
        self._percents: dict[int, str] = {}
        """Each is shown hundreds of times."""
        self._spans: dict[int, tuple[list[float], list[str]]] = {}
        self._tightest = {id(window) for window in tightest(histories)}

    def subtitle(self) -> str:
        form = ngettext(
            "{count} days until {moment}. Made by trayquota on this machine; nothing in this page is loaded from "
            "elsewhere.",
            "{count} days until {moment}. Made by trayquota on this machine; nothing in this page is loaded from "
            "elsewhere.",
            self._days,
        )
        return form.format(count=self._days, moment=self.moment(self._now, with_date=True))

    def account(self, number: int, history: AccountHistory) -> AccountPart:
        name = f"account-{number}"
        sections = [
            self._window(f"{name}-{index}", window) for index, window in enumerate(history.windows) if window.samples
        ]
        if history.windows:
            sections.append(self._hours(f"{name}-hours", history.windows))
        if history.outages:
            sections.append(self._outages(history))
        return AccountPart(name, account_label(history.account, self._options), tuple(sections))

    def resets(self, histories: Sequence[AccountHistory]) -> Figure | None:
        """Return when each window that runs resets, the next one first."""
        found = sorted(
            (cycle.resets_at, account_label(history.account, self._options), window.title, cycle)
            for history in histories
            for window in history.windows
            if (cycle := window.running_cycle) and cycle.resets_at is not None and cycle.resets_at > self._now
        )
        if not found:
            return None
        end = found[-1][0]
        span = (end - self._now).total_seconds()
        bars, rows = [], []
        for resets_at, account, title, cycle in found:
            share = percent_text(cycle.unused_percent, self._options)
            left_s = (resets_at - self._now).total_seconds()
            when = _("{moment}, in {time}").format(moment=self.moment(resets_at), time=format_duration(left_s))
            shown = shown_title(title)
            bars.append(Bar(account, left_s / span, f"{shown} {share} · {when}"))
            rows.append((account, shown, share, when))
        labels = (Mark(0, now_mark()), Mark(1, self.moment(end)))
        headings = (_("Account"), _("Window"), amount_now(self._options), _("Resets"))
        table = Table(_("When each window resets"), headings, tuple(rows))
        form = ngettext(
            "{count} window resets between now and {moment}.",
            "{count} windows reset between now and {moment}.",
            len(found),
        )
        description = form.format(count=len(found), moment=self.moment(end))
        return Figure("resets", description, _safe(timeline_picture(bars, labels, "resets")), table)

    def _window(self, name: str, window: WindowHistory) -> Section:
        is_tight = id(window) in self._tightest
        past = proven_past_use(window, self._now, self._clock) if is_tight else None
        expected = outlook(window, self._now, past, self._options, self.moment)
        figures = [self._line(f"{name}-line", window, expected)]
        if ended := [cycle for cycle in window.cycles if cycle.ended_at is not None]:
            figures.append(self._cycles(f"{name}-cycles", shown_title(window.title), ended))
        summary = _("{sentence}.").format(sentence=window_summary(window))
        return Section(shown_title(window.title), f"{expected.text} {summary}", tuple(figures))

    def _line(self, name: str, window: WindowHistory, expected: Outlook) -> Figure:
        is_short = window.duration_s is not None and window.duration_s < SHORT_WINDOW_S
        days, points = (min(self._days, _SHORT_DAYS), _SHORT_POINTS) if is_short else (self._days, _POINTS)
        start, running = self._now - timedelta(days=days), window.running_cycle
        resets_at = running.resets_at if running else None
        # There is room for the future, as much as the running cycle takes.
        end = min(max(resets_at or self._now, self._now), self._now + timedelta(days=days) / 3)
        span = (end - start).total_seconds() or 1.0
        now = (self._now - start).total_seconds() / span
        line = Line(
            self._shares(lowest_remaining(window.samples, start, self._now, points)),
            now,
            [Mark(0, self._date(start)), Mark(now, now_mark())],
            [
                Mark((cycle.ended_at - start).total_seconds() / span, is_early=cycle.ended_early)
                for cycle in _ended_since(window, start)
                if cycle.ended_at is not None and cycle.ended_at <= self._now
            ],
            (
                min(1.0, (expected.until - start).total_seconds() / span),
                shown_share(expected.left_percent, self._options),
            )
            if expected.until is not None
            else None,
        )
        early, title = sum(mark.is_early for mark in line.resets), shown_title(window.title)
        description = line_description(title, days, len(line.resets), early, self._options)
        headings = (pgettext("the first day of a row", "From"), extreme_heading(self._options))
        table = Table(extreme_caption(title, self._options), headings, tuple(self._rows(window, days)))
        return Figure(name, description, _safe(line_picture(line, name)), table)

    def _shares(self, remaining: list[float | None]) -> list[float | None]:
        if not self._options.shows_used:
            return remaining
        return [None if left is None else shown_share(left, self._options) for left in remaining]

    def _rows(self, window: WindowHistory, days: int) -> Iterator[tuple[str, str]]:
        if days not in self._spans:
            self._spans[days] = self._new_spans(days)
        edges_s, dates = self._spans[days]
        for begin, least in zip(dates, lowest_between(window.samples, edges_s), strict=True):
            if least is not None:
                yield begin, self._percent(shown_number(least, self._options))

    def _new_spans(self, days: int) -> tuple[list[float], list[str]]:
        """Return the days or weeks that tables have a row for: their edges in seconds since 1970, and their dates."""
        step = 1 if days <= _DAILY_DAYS else 7
        today = self._now.astimezone(self._options.zone).date()
        first = today - timedelta(days=(days - 1) // step * step)
        begins = [self._midnight(first + timedelta(days=number)) for number in range(0, days + step, step)]
        return [begin.timestamp() for begin in begins], [self._date(begin) for begin in begins[:-1]]

    def _cycles(self, name: str, title: str, ended: Sequence[Cycle]) -> Figure:
        shown = ended[-_MAX_CYCLES:]
        rows = tuple(
            (
                self.moment(cycle.started_at, with_date=True),
                self._end(cycle),
                self._percent(round(cycle.used_percent)),
                self._percent(round(cycle.unused_percent)),
            )
            for cycle in reversed(shown)
        )
        headings = (_("Began"), _("Ended"), _("Used"), _("Left unused"))
        table = Table(_("Cycles of {window}").format(window=title), headings, rows)
        form = ngettext(
            "The last {count} cycles of {window}: used, and above it left unused.",
            "The last {count} cycles of {window}: used, and above it left unused.",
            len(shown),
        )
        description = form.format(count=len(shown), window=title)
        picture = cycles_picture([cycle.used_percent for cycle in shown], name)
        return Figure(name, description, _safe(picture), table)

    def _hours(self, name: str, windows: Sequence[WindowHistory]) -> Section:
        """Return when an account is used, by its window with the shortest cycles: it says most of single hours."""
        window = min(windows, key=lambda window: window.duration_s or SHORT_WINDOW_S * 32)
        since = self._now - min(_PROFILE, timedelta(days=self._days))
        rates = hourly_use(window.samples, since, self._now, self._clock).mean_rates()
        cells = ["–" if rate is None else f"{rate:.1f}" for rate in rates]
        rows = tuple((f"{hour}:00", *cells[hour::24]) for hour in range(24))
        days = self._options.clock_format.days
        table = Table(_("Percent points used in an hour, on average"), (_("Hour"), *days), rows)
        description = _(
            "What is used of {window} at each hour of the week: the stronger the colour, the more;"
            " empty where nobody looked or nothing was left."
        ).format(window=shown_title(window.title))
        picture = _safe(heat_picture(rates, name, days))
        return Section(_("When it is used"), "", (Figure(name, description, picture, table),))

    def _outages(self, history: AccountHistory) -> Section:
        kinds: dict[str, list[float]] = {}
        for outage in history.outages:
            lasted_s = ((outage.ended_at or self._now) - outage.began_at).total_seconds()
            kinds.setdefault(outage.kind.value.replace("_", " "), []).append(lasted_s)
        return Section(_("Refreshes that failed"), outages_text(kinds), ())

    def _percent(self, number: int) -> str:
        if number not in self._percents:
            self._percents[number] = percent_number(number)
        return self._percents[number]

    def _end(self, cycle: Cycle) -> str:
        moment = self.moment(cycle.ended_at or self._now, with_date=True)
        return _("{moment}, early").format(moment=moment) if cycle.ended_early else moment

    def moment(self, moment: datetime, *, with_date: bool = False) -> str:
        key = (moment, with_date)
        if key not in self._moments:
            options = self._options
            # With a date it is as of another day than today.
            now = moment + timedelta(days=2) if with_date else self._now
            self._moments[key] = format_moment(moment, now, options.clock_format, options.zone)
        return self._moments[key]

    def _date(self, moment: datetime) -> str:
        return self._options.clock_format.day(moment.astimezone(self._options.zone))

    def _midnight(self, day: date) -> datetime:
        """Return when a day begins in the person's time zone."""
        begin = datetime.combine(day, time())
        return begin.astimezone() if self._options.zone is None else begin.replace(tzinfo=self._options.zone)


def _ended_since(window: WindowHistory, start: datetime) -> list[Cycle]:
    """Return the cycles that ended after a moment; the last one may be running."""
    earlier = takewhile(lambda cycle: cycle.ended_at is None or cycle.ended_at >= start, reversed(window.cycles))
    return list(earlier)[::-1]


def _safe(picture: str) -> Markup:
    """Return a picture as it is: drawsvg has escaped the texts in it."""
    return Markup(picture)  # noqa: S704 - see above
