"""Which accounts are paused and resumed: situations as a table, and what must hold in all of them."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow, Snapshot
from trayquota.core.pausing import PauseChange, PausePolicy, PauseRecord, next_resume, outdated, pause_changes
from trayquota.core.person import person
from trayquota.core.rotation import last_in_rotation, rotation_of, serves

from .facts import NOW

if TYPE_CHECKING:
    from datetime import datetime

ON, OFF = PausePolicy(is_on=True), PausePolicy()
HOUR = timedelta(hours=1)
EARLIER = NOW - timedelta(minutes=5)


def account(name: str, **more: object) -> Account:
    return replace(Account(f"{name}.json", "claude", name, person=person(name=name)), **more)


def usage(name: str, left: float | None = 50, ends: datetime | None = NOW + HOUR, **more: object) -> AccountUsage:
    """An account with so much left until the hour is over; paused it has no values."""
    found = account(name, **more)
    if found.paused:
        return AccountUsage(found, AccountState.DISABLED)
    window = QuotaWindow("5-hour", None if left is None else 100.0 - left, ends, 18000)
    return AccountUsage(found, AccountState.OK, (window,), updated_at=NOW)


def own(*, until: datetime | None = NOW + HOUR, name: str = "ada", **more: object) -> PauseRecord:
    """What is recorded of an account that the program has paused."""
    record = PauseRecord(paused=True, at=EARLIER, is_automatic=True, until=until, person=person(name=name))
    return replace(record, **more)


PAUSE = PauseChange("ada.json", paused=True, until=NOW + HOUR)
RESUME = PauseChange("ada.json", paused=False)
EMPTY, PAUSED, BOB = usage("ada", 0), usage("ada", paused=True), usage("bob")
OVER = NOW - timedelta(seconds=30)


@pytest.mark.parametrize(
    ("usages", "record", "policy", "change"),
    [
        pytest.param([EMPTY, BOB], None, ON, PAUSE, id="nothing is left of it"),
        pytest.param([EMPTY, BOB], None, OFF, None, id="the setting is off"),
        pytest.param([usage("ada", 0.5), BOB], None, ON, None, id="something is left of it"),
        pytest.param([EMPTY], None, ON, None, id="it is the only one"),
        pytest.param([EMPTY, usage("bob", paused=True)], None, ON, None, id="the other one is paused"),
        pytest.param([EMPTY, usage("bob", provider="codex")], None, ON, None, id="the other one is another provider's"),
        pytest.param([EMPTY, usage("bob", server="https://p")], None, ON, None, id="the other one is at another proxy"),
        pytest.param(
            [EMPTY, replace(BOB, state=AccountState.EXPIRED)], None, ON, None, id="the other one's login is at an end"
        ),
        pytest.param([usage("ada", None), BOB], None, ON, None, id="what is left is unknown"),
        pytest.param([usage("ada", 0, None), BOB], None, ON, None, id="nobody knows when it is back"),
        pytest.param([usage("ada", 0, OVER), BOB], None, ON, None, id="its reset has passed"),
        pytest.param([replace(EMPTY, state=AccountState.STALE), BOB], None, ON, None, id="its values are old"),
        pytest.param([usage("ada", 0, source="native"), BOB], None, ON, None, id="it is another program's login"),
        pytest.param([EMPTY, BOB], None, replace(ON, ignored=frozenset({"5-hour"})), None, id="the window is ignored"),
        pytest.param([EMPTY, BOB], own(), ON, None, id="a person has resumed it in this cycle"),
        pytest.param([EMPTY, BOB], own(paused=False, is_automatic=False), ON, None, id="the same, here"),
        pytest.param([EMPTY, BOB], own(until=OVER), ON, PAUSE, id="that was in an earlier cycle"),
        pytest.param([EMPTY, BOB], own(name="eve"), ON, PAUSE, id="that was another person's account"),
        pytest.param([PAUSED, BOB], own(until=OVER), ON, RESUME, id="its reset was 30 s ago"),
        pytest.param([PAUSED, BOB], own(until=OVER), OFF, RESUME, id="the same, with the setting off by now"),
        pytest.param([PAUSED, BOB], own(until=NOW), ON, None, id="its reset is now"),
        pytest.param([PAUSED, BOB], own(until=OVER), replace(ON, knows_time=False), None, id="the time is not known"),
        pytest.param([PAUSED, BOB], None, ON, None, id="a person has paused it, nobody knows when"),
        pytest.param([PAUSED, BOB], own(until=OVER, is_automatic=False), ON, None, id="a person has paused it here"),
        pytest.param([PAUSED, BOB], own(until=OVER, name="eve"), ON, None, id="another person's account was paused"),
        pytest.param([BOB], own(until=OVER), ON, None, id="it is gone"),
    ],
)
def test_what_is_done(
    usages: list[AccountUsage], record: PauseRecord | None, policy: PausePolicy, change: PauseChange | None
) -> None:
    records = {"ada.json": record} if record else {}
    assert pause_changes(Snapshot(tuple(usages)), records, NOW, policy) == ([change] if change else [])


def test_of_two_that_have_run_out_the_one_that_is_back_first_is_paused() -> None:
    both = Snapshot((usage("ada", 0, NOW + 2 * HOUR), usage("bob", 0, NOW + HOUR)))
    assert [change.account_id for change in pause_changes(both, {}, NOW, ON)] == ["ada.json"]


def test_a_reset_in_another_zone_cannot_be_read_back() -> None:
    tokyo = timezone(timedelta(hours=9))
    (change,) = pause_changes(Snapshot((usage("ada", 0, (NOW + HOUR).astimezone(tokyo)), BOB)), {}, NOW, ON)
    assert change == PAUSE
    assert change.until is not None
    assert change.until.tzinfo is UTC


@pytest.mark.parametrize("off", [-6 * HOUR, 6 * HOUR])
def test_a_clock_that_is_off_moves_the_reset(off: timedelta) -> None:
    """Resets and what is recorded are on the providers' clock."""
    known = Snapshot((usage("ada", 0, NOW + off + HOUR), BOB), clock_offset=off)
    (change,) = pause_changes(known, {}, NOW, ON)
    assert change.until == NOW + off + HOUR
    paused, record = Snapshot((PAUSED, BOB), clock_offset=off), own(until=change.until)
    assert pause_changes(paused, {"ada.json": record}, NOW, ON) == []
    assert pause_changes(paused, {"ada.json": record}, NOW + HOUR + timedelta(seconds=30), ON) == [RESUME]
    assert next_resume({"ada.json": record}) == NOW + off + HOUR + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("found", "record", "after"),
    [
        pytest.param(PAUSED, own(), "kept", id="it is paused as it should be"),
        pytest.param(EMPTY, own(at=NOW), "kept", id="it was just paused"),
        pytest.param(EMPTY, own(), "a person's", id="it was resumed elsewhere"),
        pytest.param(EMPTY, own(until=OVER), None, id="it was resumed elsewhere and its cycle is over"),
        pytest.param(PAUSED, own(until=OVER), "kept", id="it is to be resumed"),
        pytest.param(PAUSED, own(is_automatic=False), "kept", id="a person has paused it in this cycle"),
        pytest.param(PAUSED, own(is_automatic=False, until=None), None, id="a person has paused it"),
        pytest.param(PAUSED, own(name="eve"), None, id="it is another person's"),
        pytest.param(None, own(), "kept", id="it is gone"),
        pytest.param(None, own(at=NOW - timedelta(days=31)), None, id="it has been gone for a month"),
    ],
)
def test_what_becomes_of_a_record(found: AccountUsage | None, record: PauseRecord, after: str | None) -> None:
    known = Snapshot((found,) if found else ())
    changed = outdated(known, {"ada.json": record}, NOW)
    if after == "kept":
        assert changed == {}
        return
    new = replace(record, paused=False) if after else None
    assert changed == {"ada.json": (record, new)}


USAGES = st.lists(
    st.builds(
        usage,
        st.sampled_from("abcdef"),
        st.sampled_from([None, 0, 0, 50]),
        st.sampled_from([None, NOW - HOUR, NOW + HOUR, NOW + 2 * HOUR]),
        paused=st.booleans(),
        provider=st.sampled_from(["claude", "codex"]),
        server=st.sampled_from(["", "https://p"]),
    ),
    max_size=6,
    unique_by=lambda each: each.account.id,
)
RECORDS = st.dictionaries(
    st.sampled_from([f"{name}.json" for name in "abcdef"]),
    st.builds(
        PauseRecord,
        st.booleans(),
        st.just(EARLIER),
        st.booleans(),
        st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR]),
    ),
)


@given(USAGES, RECORDS, st.booleans(), st.sampled_from([-6 * HOUR, 0 * HOUR, 6 * HOUR]))
def test_whatever_there_is(
    usages: list[AccountUsage], records: dict[str, PauseRecord], is_on: bool, offset: timedelta
) -> None:
    known = Snapshot(tuple(usages), clock_offset=offset)
    changes = pause_changes(known, records, NOW, PausePolicy(is_on))
    by_id = {each.account.id: each for each in usages}
    assert len({change.account_id for change in changes}) == len(changes)
    for change in changes:
        paused, record = by_id[change.account_id].account.paused, records.get(change.account_id)
        assert change.paused is not paused
        if change.paused:
            assert is_on
            assert change.until is not None
            assert change.until > NOW + offset
        else:
            assert record is not None
            assert record.paused
            assert record.is_automatic
    out = {change.account_id for change in changes if change.paused}
    served = {rotation_of(each.account) for each in usages if serves(each)}
    left = {rotation_of(each.account) for each in usages if serves(each) and each.account.id not in out}
    assert left == served


@given(USAGES)
def test_the_last_of_a_rotation_is_another(usages: list[AccountUsage]) -> None:
    for each in usages:
        others = [other for other in usages if other.account.id != each.account.id and serves(other)]
        is_last = not each.account.paused and all(
            rotation_of(other.account) != rotation_of(each.account) for other in others
        )
        assert (each.account.id in last_in_rotation(usages)) is is_last
