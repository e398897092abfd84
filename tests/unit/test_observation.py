"""What a proxy saw of an account counts as if it had been asked, where that is newer and says as much."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState, FailureKind, QuotaWindow, Usage
from trayquota.core.observation import Observation
from trayquota.core.refresh_policy import Reason
from trayquota.providers import find_provider

from .engine_rig import INTERVAL_S, LONGEST_S, START, Rig, answer, credential, failure

ADA = credential("ada")
KEY = ADA.account.id


def seen(used: float, at: datetime, *titles: str) -> Observation:
    return Observation(at, Usage(tuple(QuotaWindow(title, used) for title in titles or ("5-hour",))))


def asked(rig: Rig) -> Rig:
    """The account has been asked once by this process."""
    rig.refresh(Reason.START)
    rig.answer_all()
    return rig


def observe(rig: Rig, observation: Observation) -> None:
    rig.change(replace(ADA, observed=observation))


def used(rig: Rig) -> list[float | None]:
    return [window.used_percent for window in rig.usage(KEY).windows]


def test_a_busy_account_is_not_asked_as_well() -> None:
    rig = asked(Rig(ADA))
    for number in range(1, 11):
        rig.pass_time(INTERVAL_S - 1)
        assert rig.fetching == []
        observe(rig, seen(60 + number, rig.now))
        assert used(rig) == [60 + number]
        assert rig.state(KEY) is AccountState.OK


def test_an_idle_account_is_asked_at_the_usual_pace() -> None:
    rig = asked(Rig(replace(ADA, observed=seen(40, START - timedelta(hours=2)))))
    assert used(rig) == [58.0]
    rig.pass_time(LONGEST_S)
    assert rig.fetching == [KEY]


def test_a_busy_account_is_asked_once_an_hour_for_what_no_proxy_sees() -> None:
    rig = asked(Rig(ADA))
    for _ in range(13):
        rig.pass_time(INTERVAL_S - 10)
        observe(rig, seen(61, rig.now))
    rig.pass_time(LONGEST_S)
    assert rig.fetching == [KEY]


def test_an_account_that_was_never_asked_is_shown_with_what_was_seen_and_asked() -> None:
    rig = Rig(replace(ADA, observed=seen(40, START - timedelta(hours=2))))
    rig.refresh(Reason.START)
    assert used(rig) == [40]
    assert rig.usage(KEY).updated_at == START - timedelta(hours=2)
    assert rig.state(KEY) is AccountState.STALE
    assert rig.fetching == [KEY]


def test_what_says_less_than_the_answer_does_not_count() -> None:
    rig = asked(Rig(ADA))
    rig.pass_time(60)
    observe(rig, seen(70, rig.now, "Weekly"))
    assert used(rig) == [58.0]


def test_what_was_seen_before_a_failure_leaves_the_account_stale() -> None:
    rig = asked(Rig(ADA))
    rig.pass_time(60)
    at = rig.now
    rig.pass_time(60)
    rig.refresh()
    rig.answer_all(failure())
    observe(rig, seen(70, at))
    assert (used(rig), rig.state(KEY)) == ([70], AccountState.STALE)


def test_what_was_seen_after_a_failure_is_fresh() -> None:
    rig = asked(Rig(ADA))
    rig.pass_time(60)
    rig.refresh()
    rig.answer_all(failure(FailureKind.LOGIN_EXPIRED))
    rig.pass_time(30)
    observe(rig, seen(70, rig.now))
    assert (used(rig), rig.state(KEY)) == ([70], AccountState.OK)


def test_a_moment_in_the_future_is_now() -> None:
    rig = asked(Rig(ADA))
    rig.pass_time(60)
    observe(rig, seen(70, rig.now + timedelta(days=1)))
    assert rig.usage(KEY).updated_at is not None
    assert rig.usage(KEY).updated_at <= rig.now  # type: ignore[operator]
    rig.pass_time(LONGEST_S)
    assert rig.fetching == [KEY]


def test_an_answer_counts_over_what_was_seen_before_it() -> None:
    rig = asked(Rig(ADA))
    observe(rig, seen(70, START - timedelta(seconds=1)))
    assert used(rig) == [58.0]
    rig.refresh()
    rig.answer_all(answer(59.0))
    assert used(rig) == [59.0]


BEYOND = ("Tue, 22 Sep 99999999999 15:00:00 GMT", "Tue, 22 Sep 2026 15:00:00 +99999999999999")
"""Dates that no clock has."""


@pytest.mark.parametrize(
    "reset", ["1790089200", "2026-09-22T15:00:00Z", "Tue, 22 Sep 2026 15:00:00 GMT", "no moment", "", *BEYOND]
)
def test_a_reset_in_claudes_headers_is_read_in_every_form(reset: str) -> None:
    claude = find_provider("claude")
    assert claude is not None
    signals = {"anthropic-ratelimit-unified-5h-utilization": "1.0", "anthropic-ratelimit-unified-5h-reset": reset}
    usage = claude.read_signals(signals, START)
    assert usage is not None
    wanted = datetime.fromisoformat("2026-09-22T15:00:00Z") if "1" in reset and reset not in BEYOND else None
    assert usage.windows == (QuotaWindow("5-hour", 100.0, wanted, 18000),)


@pytest.mark.parametrize("name", ["claude", "codex", "kimi"])
def test_without_headers_nothing_was_seen(name: str) -> None:
    provider = find_provider(name)
    assert provider is not None
    assert provider.read_signals({}, START) is None
