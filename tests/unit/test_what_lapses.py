"""What lapses: windows, subscriptions and resets that end soon, the earliest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountUsage, ResetCredits
from trayquota.core.next_account import lapses

from .facts import NOW
from .samples import WEEK_S, A, B, C, five_hours, later, opus, passed, stale, usage, weekly

if TYPE_CHECKING:
    from collections.abc import Callable


def subscribed(ends_in: str) -> AccountUsage:
    return usage(replace(B, subscription_ends_at=later(ends_in)), weekly(50, "6d"))


def with_resets(expires_in: str | None) -> AccountUsage:
    credits_left = ResetCredits(2, later(expires_in) if expires_in else None)
    return replace(usage(C, weekly(50, "6d")), reset_credits=credits_left)


def test_what_lapses_comes_earliest_first() -> None:
    usages = [usage(A, five_hours(90, "1h"), weekly(38, "5h")), subscribed("2d"), with_resets("6h")]
    found = lapses(usages, NOW)
    assert [(lapse.usage.account.id, lapse.ends_at) for lapse in found] == [
        (A.id, later("5h")),
        (C.id, later("6h")),
        (B.id, later("2d")),
    ]
    assert [(lapse.window and lapse.window.title, lapse.reset_credits) for lapse in found] == [
        ("Weekly", 0),
        (None, 2),
        (None, 0),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: usage(A, weekly(38, "25h")),
        lambda: usage(A, weekly(0, "5h")),
        lambda: usage(A, weekly(None, "5h")),
        lambda: usage(A, passed(weekly(38))),
        lambda: usage(A, five_hours(90, "1h")),
        lambda: usage(A, opus(38, "5h")),
        lambda: stale(A, weekly(38, "5h")),
        lambda: subscribed("8d"),
        lambda: with_resets("8d"),
        lambda: with_resets(None),
    ],
)
def test_nothing_lapses_soon(make: Callable[[], AccountUsage]) -> None:
    assert lapses([make()], NOW) == []


def test_an_ignored_week_does_not_lapse() -> None:
    assert weekly(38).duration_s == WEEK_S
    assert lapses([usage(A, weekly(38, "5h"))], NOW, {"Weekly"}) == []
