"""Which account is to be used next, and who has room first: checked by hand, situation by situation."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow
from trayquota.core.next_account import Demand, is_for_model, is_open, next_account, relief

from .facts import NOW
from .samples import A, B, C, five_hours, later, opus, passed, stale, usage, weekly


def spark(left: float | None, resets_in: str | None = "1h") -> QuotaWindow:
    return replace(five_hours(left, resets_in), title="5-hour (GPT-5.3-Codex-Spark)", scope="GPT-5.3-Codex-Spark")


def monthly(left: float | None, resets_in: str | None = "20d") -> QuotaWindow:
    """Return a window whose length no provider states."""
    return replace(weekly(left, resets_in), title="Monthly", duration_s=None)


def extra(left: float) -> QuotaWindow:
    return QuotaWindow("Extra usage", 100 - left, is_extra=True)


def without_windows(account: Account, state: AccountState) -> AccountUsage:
    return usage(account, state=state)


class Situation(NamedTuple):
    """Accounts in the contract's order, and what is the next one's id, if there is one."""

    name: str
    usages: tuple[AccountUsage, ...]
    wanted: Account | None
    demand: Demand = Demand()


SITUATIONS = (
    Situation("no accounts", (), None),
    Situation("one account with room", (usage(A, five_hours(42), weekly(80)),), A),
    Situation("one account, a short window empty", (usage(A, five_hours(0), weekly(80)),), None),
    Situation("one account, the week empty", (usage(A, five_hours(42), weekly(0)),), None),
    Situation("under one percent is no room", (usage(A, five_hours(0.9), weekly(80)),), None),
    Situation("one percent is room", (usage(A, five_hours(1), weekly(80)),), A),
    Situation(
        "the week that resets first, though the other has more left",
        (usage(A, five_hours(90), weekly(95, "4d")), usage(B, five_hours(30), weekly(20, "1d"))),
        B,
    ),
    Situation(
        "the week decides, not the five hours that reset first",
        (usage(A, five_hours(50, "10m"), weekly(50, "5d")), usage(B, five_hours(50, "4h"), weekly(50, "2d"))),
        B,
    ),
    Situation(
        "the first to lapse has no room in the short window",
        (usage(A, five_hours(0), weekly(50, "1d")), usage(B, five_hours(50), weekly(50, "5d"))),
        B,
    ),
    Situation(
        "same reset, the tighter one is used up",
        (usage(A, five_hours(80), weekly(60)), usage(B, five_hours(30), weekly(70))),
        B,
    ),
    Situation(
        "same reset, same rest, the contract's order",
        (usage(A, five_hours(40), weekly(60)), usage(B, five_hours(60), weekly(40))),
        A,
    ),
    Situation(
        "an unknown reset comes last",
        (usage(A, weekly(50, None)), usage(B, weekly(50, "6d"))),
        B,
    ),
    Situation(
        "unknown resets only: the tighter one",
        (usage(A, weekly(50, None)), usage(B, weekly(40, None))),
        B,
    ),
    Situation(
        "a week that has not started has no reset",
        (usage(A, five_hours(100, None), weekly(100, None)), usage(B, five_hours(5), weekly(5, "6d"))),
        B,
    ),
    Situation(
        "stale values are no ground",
        (stale(A, five_hours(90), weekly(90, "1h")), usage(B, weekly(20, "6d"))),
        B,
    ),
    Situation("stale alone", (stale(A, five_hours(90), weekly(90)),), None),
    Situation(
        "an expired login",
        (usage(A, weekly(90, "1h"), state=AccountState.EXPIRED), usage(B, weekly(20, "6d"))),
        B,
    ),
    Situation("a disabled account", (usage(A, weekly(90), state=AccountState.DISABLED),), None),
    Situation(
        "an error and one without a quota source",
        (without_windows(A, AccountState.ERROR), without_windows(B, AccountState.UNSUPPORTED)),
        None,
    ),
    Situation("before the first answer", (without_windows(A, AccountState.PENDING),), None),
    Situation("fresh, by its plan without windows", (without_windows(A, AccountState.OK),), None),
    Situation(
        "a reset has come since: what is left now is unknown",
        (usage(A, passed(five_hours(90)), weekly(50, "1d")), usage(B, weekly(50, "6d"))),
        B,
    ),
    Situation(
        "an unknown percent is no room",
        (usage(A, five_hours(None), weekly(50, "1d")), usage(B, weekly(50, "6d"))),
        B,
    ),
    Situation(
        "an empty model does not count without --model",
        (usage(A, five_hours(50), weekly(50, "1d"), opus(0)), usage(B, weekly(50, "6d"))),
        A,
    ),
    Situation(
        "an empty model counts with --model",
        (usage(A, five_hours(50), weekly(50, "1d"), opus(0)), usage(B, weekly(50, "6d"), opus(10))),
        B,
        Demand(model="opus"),
    ),
    Situation(
        "another model does not count",
        (usage(A, weekly(50, "1d"), opus(0)), usage(B, weekly(50, "6d"), opus(10))),
        A,
        Demand(model="claude-sonnet-4-5"),
    ),
    Situation(
        "nothing but windows of models",
        (usage(A, opus(50)), usage(B, weekly(50, "6d"))),
        B,
    ),
    Situation(
        "at least so much in every window",
        (usage(A, five_hours(19), weekly(90, "1d")), usage(C, five_hours(60, "1h"), weekly(20, "6d"), spark(0))),
        C,
        Demand(min_percent=20),
    ),
    Situation(
        "an ignored title and money on top do not count",
        (usage(A, five_hours(0), weekly(50, "1d"), extra(0)), usage(B, weekly(50, "6d"))),
        A,
        Demand(ignored={"5-hour"}),
    ),
    Situation(
        "a month of unknown length is longer than five hours",
        (usage(A, five_hours(50, "1h"), monthly(50, "20d")), usage(B, weekly(50, "6d"))),
        B,
    ),
)


def test_there_are_thirty_situations() -> None:
    assert len({situation.name for situation in SITUATIONS}) == 30


@pytest.mark.parametrize("situation", SITUATIONS, ids=[situation.name for situation in SITUATIONS])
def test_the_next_account_is_the_one_found_by_hand(situation: Situation) -> None:
    found = next_account(situation.usages, NOW, situation.demand)
    assert (found and found.usage.account) == situation.wanted


def test_what_is_left_is_of_the_tightest_window_and_lapses_with_the_longest() -> None:
    found = next_account([usage(A, five_hours(62, "1h"), weekly(80, "2d"), opus(3))], NOW)
    assert found is not None
    assert (found.remaining_percent, found.lapses_at, found.lapses_first) == (62, later("2d"), False)


@pytest.mark.parametrize(
    ("other", "is_first"),
    [
        (usage(B, weekly(50, "3d")), True),
        (usage(B, weekly(50, None)), True),
        (usage(B, weekly(99, "2d")), False),
        (usage(B, weekly(0, "3d")), False),
    ],
)
def test_it_lapses_first_only_before_another_with_room(other: AccountUsage, *, is_first: bool) -> None:
    found = next_account([usage(A, weekly(50, "2d")), other], NOW)
    assert found is not None
    assert found.lapses_first is is_first


@pytest.mark.parametrize(("used", "left"), [(99.2, 0.8), (100 * (1 - 0.58), 58)])
def test_an_account_with_just_as_much_left_as_is_needed_has_room(used: float, left: float) -> None:
    found = next_account((usage(A, QuotaWindow("Weekly", used)),), NOW, Demand(min_percent=left))
    assert found is not None
    assert found.remaining_percent == left


def test_a_reset_in_the_past_of_an_answer_that_came_later_is_unknown() -> None:
    answered_late = replace(
        usage(A, weekly(50, "1d")), windows=(replace(weekly(50), resets_at=NOW - (later("5m") - NOW)),)
    )
    found = next_account([answered_late, usage(B, weekly(50, "6d"))], NOW)
    assert found is not None
    assert found.usage.account == B


# Relief.


def test_relief_is_the_earliest_over_all_accounts_when_all_their_empty_windows_are_back() -> None:
    usages = [usage(A, five_hours(0, "1h"), weekly(0, "2d")), usage(B, five_hours(0, "3h"), weekly(50, "5d"))]
    found = relief(usages, NOW)
    assert found is not None
    assert (found.usage.account, found.at) == (B, later("3h"))


@pytest.mark.parametrize(
    "never",
    [
        usage(A, five_hours(0, "1h"), weekly(0, None)),
        usage(A, five_hours(50, "1h")),
        usage(A, weekly(0), state=AccountState.EXPIRED),
        usage(A, weekly(0), state=AccountState.DISABLED),
        without_windows(A, AccountState.ERROR),
    ],
)
def test_no_relief_where_the_moment_is_unknown(never: AccountUsage) -> None:
    assert relief([never], NOW) is None


@pytest.mark.parametrize(
    ("one", "unknown"),
    [
        (usage(A, five_hours(50), weekly(50)), False),
        (usage(A, five_hours(0), weekly(None)), False),
        (usage(A, five_hours(50), weekly(None)), True),
        (usage(A, passed(five_hours(0)), weekly(50)), True),
        (usage(A, opus(50)), True),
        (stale(A, five_hours(50)), True),
        (stale(A, five_hours(0)), False),
        (without_windows(A, AccountState.PENDING), True),
        (without_windows(A, AccountState.ERROR), True),
        (without_windows(A, AccountState.EXPIRED), False),
        (without_windows(A, AccountState.DISABLED), False),
        (without_windows(A, AccountState.UNSUPPORTED), False),
    ],
)
def test_an_account_that_may_have_room_leaves_the_matter_open(one: AccountUsage, *, unknown: bool) -> None:
    assert is_open(one, NOW) is unknown


# Models.


@pytest.mark.parametrize(
    ("scope", "model", "fits"),
    [
        ("Opus", "opus", True),
        ("Opus", "claude-opus-4-5", True),
        ("Opus 5", "opus", True),
        ("Opus", "sonnet", False),
        ("Claude and GPT", "claude-sonnet-4-5", True),
        ("Claude and GPT", "gpt-5", True),
        ("Claude and GPT", "gemini-3-pro", False),
        ("Flash Lite", "gemini-2.5-flash", False),
        ("Flash", "gemini-2.5-flash-lite", True),
        ("GPT-5.3-Codex-Spark", "spark", True),
        ("Opus", "--", False),
        ("", "opus", False),
    ],
)
def test_a_window_is_for_a_model_when_one_name_has_all_words_of_the_other(
    scope: str, model: str, *, fits: bool
) -> None:
    assert is_for_model(scope, model) is fits
