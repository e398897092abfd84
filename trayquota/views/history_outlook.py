"""What is left of a window now, and where that leads: by the person's own use where that is better."""

from __future__ import annotations

from heapq import nsmallest
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.forecast import past_use_forecast, window_forecast
from trayquota.core.model import QuotaWindow
from trayquota.core.translation import _
from trayquota.views.percents import amount_text, percent_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from trayquota.core.history import AccountHistory, WindowHistory
    from trayquota.core.past_use_forecast import PastUse
    from trayquota.views.labels import DisplayOptions

_MOST_OWN = 16
"""Windows on a page with forecasts from the person's own use: as many as four accounts have. More would take long."""


class Outlook(Struct, frozen=True):
    """What is to be expected of a window.

    Attributes:
        text: In a sentence.
        until: When it runs out, or else is reset; ``None`` without a forecast.
        left_percent: What is left then, 0–100.
    """

    text: str
    until: datetime | None = None
    left_percent: float = 0.0


def tightest(histories: Iterable[AccountHistory]) -> list[WindowHistory]:
    """Return the windows with the least left, as many as there is time to make forecasts for."""
    running = (
        (cycle.unused_percent, number, window)
        for number, window in enumerate(chain.from_iterable(history.windows for history in histories))
        if (cycle := window.running_cycle)
    )
    return [window for _left, _number, window in nsmallest(_MOST_OWN, running)]


def outlook(
    history: WindowHistory,
    now: datetime,
    past: PastUse | None,
    options: DisplayOptions,
    moment: Callable[[datetime], str],
) -> Outlook:
    """Return what is to be expected of a window.

    Args:
        history: The window's.
        now: The moment.
        past: What the forecast goes by; ``None`` is the even pace.
        options: How it is shown.
        moment: How a moment is written.
    """
    cycle = history.running_cycle
    if cycle is None or cycle.resets_at is None:
        return Outlook(_("No cycle runs now."))
    window = QuotaWindow(history.title, cycle.used_percent, cycle.resets_at, history.duration_s)
    amount, resets = amount_text(window.remaining_percent, options), moment(cycle.resets_at)
    if own := past_use_forecast(window, now, past, options.work_time):
        text = _own_form(own.runs_out_at).format(
            amount=amount,
            resets=resets,
            runs_out=own.runs_out_at and moment(own.runs_out_at),
            percent=percent_number(own.likely_percent),
        )
        return Outlook(text, own.runs_out_at or cycle.resets_at, own.left_percent)
    even = window_forecast(window, now, options.work_time)
    if even is None:
        return Outlook(_("{amount}, resets {resets}.").format(amount=amount, resets=resets))
    if even.runs_out_at is not None:
        form = _("{amount}, resets {resets}; at this pace it runs out {runs_out}.")
        runs_out = moment(even.runs_out_at)
        return Outlook(form.format(amount=amount, resets=resets, runs_out=runs_out), even.runs_out_at)
    left = max(0.0, 100 - cycle.used_percent * 100 / even.expected_used_percent)
    form = _("{amount}, resets {resets}; at this pace it lasts until then.")
    return Outlook(form.format(amount=amount, resets=resets), cycle.resets_at, left)


def _own_form(runs_out_at: datetime | None) -> str:
    if runs_out_at is None:
        return _(
            "{amount}, resets {resets}; by your own use at these hours of the week it probably lasts until then "
            "({percent} likely)."
        )
    return _(
        "{amount}, resets {resets}; by your own use at these hours of the week it probably runs out {runs_out} "
        "({percent} likely)."
    )
