"""What the person is told, and above all what not again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, Failure, FailureKind, Level, QuotaWindow, Snapshot
from trayquota.core.person import person as known_person
from trayquota.views.alerts import Alert, AlertKey, AlertState, check_alerts
from trayquota.views.labels import DisplayOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LENGTH = 5 * HOUR
LOOK = DisplayOptions()
ADA = Account("ada.json", "claude", "ada@example.com")
BOB = Account("bob.json", "codex", "bob@example.org")
EXPIRED = Failure(FailureKind.LOGIN_EXPIRED, "Login expired. Sign in again.")
OFFLINE = Failure(FailureKind.NETWORK, "No connection.")


def window(
    left: float | None, resets_in: timedelta | None = HOUR, *, title: str = "5-hour", length: timedelta | None = LENGTH
) -> QuotaWindow:
    """Return a window as it stands at NOW; with an hour of five to go, it lasts unless more than 86 % are used."""
    return QuotaWindow(
        title,
        None if left is None else 100 - left,
        None if resets_in is None else NOW + resets_in,
        None if length is None else int(length.total_seconds()),
    )


def usage(*windows: QuotaWindow, account: Account = ADA, state: AccountState = AccountState.OK) -> AccountUsage:
    return AccountUsage(account, state, windows, OFFLINE if state is AccountState.STALE else None, NOW)


def failing(failure: Failure | None, account: Account = ADA, state: AccountState = AccountState.ERROR) -> AccountUsage:
    return AccountUsage(account, state, (), failure)


def snapshot(*usages: AccountUsage) -> Snapshot:
    return Snapshot(usages)


@dataclass
class Person:
    """Is told; remembers nothing but what a restart would find."""

    told: Mapping[AlertKey, AlertState] = field(default_factory=dict)
    look: DisplayOptions = LOOK

    def sees(self, *usages: AccountUsage, after: timedelta = timedelta()) -> Alert | None:
        self.told, notice = check_alerts(self.told, snapshot(*usages), NOW + after, self.look)
        return notice

    def hears(self, *usages: AccountUsage, after: timedelta = timedelta()) -> list[str]:
        return lines(self.sees(*usages, after=after))


def said(notice: Alert | None) -> tuple[str, str] | None:
    return None if notice is None else (notice.title, notice.body)


def lines(notice: Alert | None) -> list[str]:
    if notice is None:
        return []
    if " updates on " in notice.title:
        return notice.body.splitlines()
    return [f"{notice.title}: {notice.body[:1].lower()}{notice.body[1:]}"]


# Thresholds.


def test_plenty_is_not_worth_a_word() -> None:
    assert Person().sees(usage(window(80), window(25, title="Weekly"))) is None


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (24.9, "24% left"),
        (10, "10% left"),
        (9.9, "9% left"),
        (0.2, "1% left"),
        (0, "Nothing left"),
        (-5, "Nothing left"),
    ],
)
def test_less_than_a_threshold_is_told(left: float, words: str) -> None:
    assert said(Person().sees(usage(window(left, length=None)))) == (
        "Claude ada@example.com, 5-hour",
        f"{words}, resets in 1h",
    )


def test_a_window_without_a_reset_is_told_without_one() -> None:
    assert Person().hears(usage(window(20, None))) == ["Claude ada@example.com, 5-hour: 20% left"]


def test_the_settings_thresholds_count() -> None:
    look = DisplayOptions(low_percent=60, critical_percent=50)
    assert Person(look=look).hears(usage(window(59))) == ["Claude ada@example.com, 5-hour: 59% left, resets in 1h"]


def test_each_threshold_is_told_once() -> None:
    person = Person()
    told = [person.hears(usage(window(left))) for left in (30, 24, 20, 9, 5, 0, 0)]
    assert [len(each) for each in told] == [0, 1, 0, 1, 0, 1, 0]


def test_of_several_crossed_thresholds_only_the_lowest_is_told() -> None:
    person = Person()
    person.sees(usage(window(80)))
    assert person.hears(usage(window(0))) == ["Claude ada@example.com, 5-hour: nothing left, resets in 1h"]
    assert [person.hears(usage(window(left))) for left in (5, 20, 5, 0)] == [[], [], [], []]


@pytest.mark.parametrize("threshold", [25.0, 10.0, 0.1])
def test_answers_that_flap_around_a_threshold_do_not_repeat(threshold: float) -> None:
    person = Person()
    flapping = [threshold - 0.05, threshold + 0.05] * 5
    told = [person.hears(usage(window(left, resets))) for resets in (HOUR, None) for left in flapping]
    assert sum(len(each) for each in told) <= 2
    assert not any(told[2:])


def test_an_unknown_percent_says_nothing_and_forgets_nothing() -> None:
    person = Person()
    person.sees(usage(window(20)))
    assert person.hears(usage(window(None))) == []
    assert person.hears(usage(window(20))) == []


def test_a_window_that_is_left_out_says_nothing() -> None:
    person = Person(look=DisplayOptions(ignored_windows=frozenset({"Weekly"})))
    told = person.hears(usage(window(20), window(0, title="Weekly")))
    assert told == ["Claude ada@example.com, 5-hour: 20% left, resets in 1h"]


# Only fresh values speak.


@pytest.mark.parametrize("state", set(AccountState) - {AccountState.OK, AccountState.EXPIRED})
def test_values_that_are_not_fresh_say_nothing(state: AccountState) -> None:
    person = Person()
    assert person.sees(usage(window(0), state=state)) is None
    assert person.hears(usage(window(0))) != []


def test_a_refresh_under_way_says_nothing_and_changes_nothing() -> None:
    told = {AlertKey("ada.json", "5-hour"): AlertState(Level.LOW, NOW - HOUR)}
    current = replace(snapshot(usage(window(0)), failing(EXPIRED, BOB, AccountState.EXPIRED)), refreshing=True)
    assert check_alerts(told, current, NOW, LOOK) == (told, None)


def test_a_window_whose_reset_has_passed_says_nothing() -> None:
    old = replace(usage(window(0, timedelta()), window(0, -HOUR, title="Weekly")), updated_at=NOW - 2 * HOUR)
    assert Person().sees(old) is None


def test_what_was_given_is_left_alone() -> None:
    told: dict[AlertKey, AlertState] = {}
    check_alerts(told, snapshot(usage(window(0))), NOW, LOOK)
    assert told == {}


# One message.


def test_several_accounts_share_a_message_worst_first() -> None:
    notice = Person().sees(usage(window(20)), usage(window(0), window(5, title="Weekly", length=None), account=BOB))
    assert notice is not None
    assert notice.title == "3 updates on your quotas and logins"
    assert notice.body.splitlines() == [
        "Codex bob@example.org, 5-hour: nothing left, resets in 1h",
        "Codex bob@example.org, Weekly: 5% left, resets in 1h",
        "Claude ada@example.com, 5-hour: 20% left, resets in 1h",
    ]
    assert notice.provider == "codex"


def test_a_flood_of_news_is_cut() -> None:
    person = Person()
    notice = person.sees(usage(*(window(20, title=f"Weekly {each}") for each in range(9))))
    assert notice is not None
    assert notice.title.startswith("9 ")
    assert len(notice.body.splitlines()) == 6
    assert notice.body.endswith("\n+4 more")
    assert person.sees(usage(*(window(20, title=f"Weekly {each}") for each in range(9)))) is None


def test_six_lines_are_no_flood() -> None:
    told = Person().hears(usage(*(window(20, title=f"Weekly {each}") for each in range(6))))
    assert len(told) == 6
    assert "more" not in told[-1]


def test_a_name_with_a_colon_stays_whole() -> None:
    odd = replace(ADA, name="work: ada")
    assert said(Person().sees(usage(window(0), account=odd))) == (
        "Claude work: ada, 5-hour",
        "Nothing left, resets in 1h",
    )


# Cycles.


@pytest.mark.parametrize(
    "jitter", [timedelta(microseconds=400), timedelta(seconds=-0.7), timedelta(minutes=4), -timedelta(minutes=4)]
)
@pytest.mark.parametrize("length", [LENGTH, None])
def test_resets_that_jitter_are_one_cycle(jitter: timedelta, length: timedelta | None) -> None:
    person = Person()
    told = [person.hears(usage(window(20, HOUR + jitter * (each % 2), length=length))) for each in range(6)]
    assert [len(each) for each in told] == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("length", [LENGTH, None])
def test_resets_that_jitter_are_one_cycle_to_its_end(length: timedelta | None) -> None:
    person = Person()
    resets = [timedelta(minutes=each) for each in (1, 4, 1, 5)]
    assert [len(person.hears(usage(window(20, each, length=length)))) for each in resets] == [1, 0, 0, 0]


@pytest.mark.parametrize("length", [LENGTH, None])
def test_a_cycle_that_ends_before_its_named_reset_is_over(length: timedelta | None) -> None:
    person = Person()
    person.sees(usage(window(20, HOUR, length=length)))
    early = HOUR - timedelta(minutes=3)
    assert len(person.hears(usage(window(20, early + 5 * HOUR, length=length)), after=early)) == 1


@pytest.mark.parametrize("length", [LENGTH, None])
def test_a_reset_that_slides_along_with_time_is_one_cycle(length: timedelta | None) -> None:
    person = Person()
    steps = [each * timedelta(minutes=6) for each in range(100)]
    told = [
        person.hears(usage(window(left, LENGTH + step, length=length)), after=step)
        for step in steps
        for left in (20, 26)
    ]
    assert [len(each) for each in told] == [1, *[0] * 199]


def test_a_reset_is_told_after_it_was_low() -> None:
    person = Person()
    person.sees(usage(window(5)))
    assert person.hears(usage(window(100, 6 * HOUR)), after=HOUR) == [
        "Claude ada@example.com, 5-hour: has reset, 100% left"
    ]
    assert person.hears(usage(window(100, 6 * HOUR)), after=HOUR) == []


def test_a_reset_is_not_told_when_it_was_not_low() -> None:
    person = Person()
    person.sees(usage(window(40)))
    assert person.hears(usage(window(100, 6 * HOUR)), after=HOUR) == []


def test_a_new_cycle_tells_anew() -> None:
    person = Person()
    person.sees(usage(window(5)))
    assert len(person.hears(usage(window(5, 6 * HOUR)), after=2 * HOUR)) == 1
    assert person.hears(usage(window(5, 6 * HOUR)), after=3 * HOUR) == []


def test_a_reset_ahead_of_its_time_is_told() -> None:
    person = Person()
    person.sees(usage(window(5)))
    early = usage(window(100, 5 * HOUR))
    assert person.hears(early) == ["Claude ada@example.com, 5-hour: has reset, 100% left"]
    assert len(person.hears(usage(window(20, 5 * HOUR)))) == 1


def test_a_window_that_starts_with_the_next_message_has_reset() -> None:
    person = Person()
    person.sees(usage(window(5)))
    assert person.hears(usage(window(100, None)), after=2 * HOUR) == [
        "Claude ada@example.com, 5-hour: has reset, 100% left"
    ]
    assert person.hears(usage(window(99, 7 * HOUR)), after=2 * HOUR) == []
    assert len(person.hears(usage(window(20, 7 * HOUR)), after=6 * HOUR)) == 1


def test_an_answer_without_the_reset_does_not_end_the_cycle() -> None:
    person = Person()
    person.sees(usage(window(20)))
    assert [person.hears(usage(window(left, resets))) for left, resets in [(100, None), (20, HOUR)] * 3] == [[]] * 6


def test_answers_that_flap_between_two_cycles_come_to_rest() -> None:
    person = Person()
    told = [person.hears(usage(window(left, resets))) for left, resets in [(20, HOUR), (100, 6 * HOUR)] * 5]
    assert [len(each) for each in told[:3]] == [1, 1, 1]
    assert not any(told[3:])


def test_nothing_left_is_told_even_by_an_answer_that_names_an_earlier_reset() -> None:
    person = Person()
    person.sees(usage(window(20, 5 * HOUR)))
    assert person.hears(usage(window(0, HOUR))) == ["Claude ada@example.com, 5-hour: nothing left, resets in 1h"]


@pytest.mark.parametrize("length", [LENGTH, None])
def test_one_absurd_reset_does_not_silence_what_follows(length: timedelta | None) -> None:
    person = Person()
    assert len(person.hears(usage(window(20, timedelta(days=9000), length=length)))) == 1
    assert person.hears(usage(window(20, HOUR, length=length))) == []
    assert len(person.hears(usage(window(20, 6 * HOUR, length=length)), after=2 * HOUR)) == 1


@pytest.mark.parametrize("length", [timedelta(days=7), None])
def test_a_window_without_a_reset_notifies_once_however_it_wobbles(length: timedelta | None) -> None:
    person = Person()
    told = [
        person.hears(usage(window(left, None, length=length)), after=step * timedelta(minutes=5))
        for step, left in enumerate([20.0, 60.0] * 75 + [20.0])
    ]
    assert [len(each) for each in told] == [1, *[0] * 150]
    assert len(person.told) == 1


@pytest.mark.parametrize(("length", "whole"), [(LENGTH, LENGTH), (None, timedelta(days=32))])
def test_a_window_without_a_reset_notifies_anew_when_its_length_has_gone_by(
    length: timedelta | None, whole: timedelta
) -> None:
    person = Person()
    steps = [(20.0, HOUR * 0), (100.0, HOUR), (100.0, whole), (20.0, whole + HOUR), (20.0, whole + 2 * HOUR)]
    told = [person.hears(usage(window(left, None, length=length)), after=after) for left, after in steps]
    assert [len(each) for each in told] == [1, 0, 1, 1, 0]
    assert told[2] == ["Claude ada@example.com, 5-hour: has reset, 100% left"]


def test_a_very_high_threshold_can_still_be_left_behind() -> None:
    person = Person(look=DisplayOptions(low_percent=99, critical_percent=50))
    resets = (HOUR, 6 * HOUR, 6 * HOUR)
    told = [
        person.hears(usage(window(left, reset)), after=HOUR * step)
        for step, (left, reset) in enumerate(zip((98, 100, 98), resets, strict=True))
    ]
    assert [len(each) for each in told] == [1, 1, 1]


def test_windows_and_accounts_are_told_apart() -> None:
    person = Person()
    person.sees(usage(window(20)))
    assert len(person.hears(usage(window(20), window(20, title="Weekly")))) == 1
    assert len(person.hears(usage(window(20)), usage(window(20), account=BOB))) == 1


# Forecasts: four of five hours to go, so a fifth of the quota would be an even use.


def test_running_out_before_the_reset_is_told_once_per_cycle() -> None:
    person = Person()
    fast = usage(window(60, 4 * HOUR))
    assert said(person.sees(fast)) == (
        "Claude ada@example.com, 5-hour",
        "Runs out in 1h 30m at this pace, resets in 4h",
    )
    assert person.hears(fast) == []
    assert person.hears(usage(window(78, 4 * HOUR))) == []
    assert person.hears(fast) == []
    assert len(person.hears(usage(window(60, 9 * HOUR)), after=5 * HOUR)) == 1


@pytest.mark.parametrize("left", [80, 75, 74.1])
def test_a_little_more_than_even_is_no_forecast(left: float) -> None:
    assert Person().hears(usage(window(left, 4 * HOUR))) == []


def test_a_forecast_too_early_is_not_told() -> None:
    assert Person().hears(usage(window(80, LENGTH - timedelta(minutes=8)))) == []


def test_low_and_running_out_is_one_line() -> None:
    person = Person()
    low = usage(window(20, 4 * HOUR))
    assert person.hears(low) == ["Claude ada@example.com, 5-hour: 20% left, runs out in 15m at this pace, resets in 4h"]
    assert person.hears(low) == []


def test_running_out_is_told_of_what_was_low_before() -> None:
    person = Person(look=DisplayOptions(low_percent=90))
    assert person.hears(usage(window(80, 4 * HOUR))) == ["Claude ada@example.com, 5-hour: 80% left, resets in 4h"]
    assert person.hears(usage(window(60, 4 * HOUR))) == [
        "Claude ada@example.com, 5-hour: runs out in 1h 30m at this pace, resets in 4h"
    ]


def test_nothing_runs_out_once_it_was_empty() -> None:
    person = Person()
    person.sees(usage(window(0, 4 * HOUR)))
    assert person.hears(usage(window(5, 4 * HOUR))) == []


# Logins.


def test_a_login_is_told_with_what_to_do() -> None:
    assert said(Person().sees(failing(EXPIRED, state=AccountState.EXPIRED))) == (
        "Claude ada@example.com",
        "Login expired. Sign in again.",
    )


def test_a_login_shares_a_message_in_few_words() -> None:
    told = Person().hears(usage(window(20)), failing(EXPIRED, BOB, AccountState.EXPIRED))
    assert told == [
        "Codex bob@example.org: login expired",
        "Claude ada@example.com, 5-hour: 20% left, resets in 1h",
    ]


def test_a_login_without_a_reason_is_told_all_the_same() -> None:
    assert Person().hears(failing(None, state=AccountState.EXPIRED)) == ["Claude ada@example.com: login expired"]


@pytest.mark.parametrize("kind", [FailureKind.SCOPE_MISSING, FailureKind.UNREADABLE_FILE, FailureKind.REFUSED])
def test_whatever_needs_the_user_is_told(kind: FailureKind) -> None:
    assert Person().hears(failing(Failure(kind, "Do something."))) == ["Claude ada@example.com: do something."]


@pytest.mark.parametrize(
    "kind",
    [
        FailureKind.NETWORK,
        FailureKind.RATE_LIMITED,
        FailureKind.PROVIDER_DOWN,
        FailureKind.BLOCKED,
        FailureKind.BAD_ANSWER,
    ],
)
def test_what_passes_by_itself_is_not_told(kind: FailureKind) -> None:
    assert Person().hears(failing(Failure(kind, "Wait."))) == []


def test_a_login_is_told_once_until_it_is_mended() -> None:
    person = Person()
    broken = failing(EXPIRED, state=AccountState.EXPIRED)
    seen = [broken, broken, failing(OFFLINE), broken, usage(window(80), state=AccountState.STALE), broken]
    assert [len(person.hears(each)) for each in seen] == [1, 0, 0, 0, 0, 0]
    assert person.hears(usage(window(80))) == []
    assert len(person.hears(broken)) == 1


def test_a_login_that_was_switched_off_is_told_when_it_is_back() -> None:
    person = Person()
    broken = failing(EXPIRED, state=AccountState.EXPIRED)
    assert [len(person.hears(each)) for each in (broken, failing(None, state=AccountState.DISABLED), broken)] == [
        1,
        0,
        1,
    ]


# Restarts.


def stored(told: Mapping[AlertKey, AlertState]) -> dict[AlertKey, AlertState]:
    """Return what was told after a trip through a file."""
    record = msgspec.json.encode([(key, state) for key, state in told.items()])
    return dict(msgspec.json.decode(record, type=list[tuple[AlertKey, AlertState]]))


def test_a_restart_tells_nothing_again() -> None:
    seen = (
        usage(window(20), window(60, 4 * HOUR, title="Session"), window(5, None, title="Full")),
        failing(EXPIRED, BOB, AccountState.EXPIRED),
    )
    person = Person()
    assert len(person.hears(*seen)) == 4
    assert Person(stored(person.told)).sees(*seen) is None


def test_a_first_start_tells_what_is_low_already() -> None:
    assert len(Person().hears(usage(window(20)))) == 1


def test_a_reset_while_nothing_ran_is_told() -> None:
    person = Person()
    person.sees(usage(window(0)))
    assert len(Person(stored(person.told)).hears(usage(window(100, 50 * HOUR)), after=47 * HOUR)) == 1


def test_an_account_that_is_away_for_a_while_is_not_told_again() -> None:
    person = Person()
    person.sees(usage(window(20)), failing(EXPIRED, BOB, AccountState.EXPIRED))
    person.sees()
    assert person.hears(usage(window(20)), failing(EXPIRED, BOB, AccountState.EXPIRED)) == []


def test_what_is_over_is_forgotten_with_its_account() -> None:
    person = Person()
    person.sees(usage(window(20)), usage(window(20), account=BOB))
    person.sees(usage(window(20), state=AccountState.STALE), after=2 * HOUR)
    assert [(key.account_id, key.window) for key in person.told] == [("ada.json", "5-hour")]


def test_ended_cycles_of_windows_that_are_gone_leave_the_state() -> None:
    person = Person()
    most = 0
    for step in range(51):
        person.sees(usage(*(window(20, title=f"{step} {number}") for number in range(40))), after=step * HOUR)
        most = max(most, len(person.told))
    assert most <= 80


def test_a_window_that_needed_no_notification_leaves_nothing_behind() -> None:
    person = Person()
    person.sees(usage(window(80), window(60, None, title="Weekly")))
    assert person.told == {}


def test_a_reset_leaves_its_state_only_until_the_next_one() -> None:
    person = Person()
    person.sees(usage(window(5)))
    person.sees(usage(window(100, 6 * HOUR)), after=HOUR)
    assert len(person.told) == 1
    person.sees(usage(window(100, 11 * HOUR)), after=6 * HOUR)
    assert person.told == {}


# Whose account it is.


def of_organization(number: str) -> Account:
    return replace(ADA, person=known_person(organization=number, name=ADA.name))


def test_another_person_in_the_same_file_is_told_what_the_one_before_was_told() -> None:
    person = Person()
    first, second = (usage(window(5), account=of_organization(number)) for number in ("1", "2"))
    assert len(person.hears(first)) == 1
    assert len(person.hears(second)) == 1
    assert person.hears(second) == []
    assert len(person.told) == 1, "nothing is kept of the one before"


def test_another_person_s_full_window_is_no_reset() -> None:
    person = Person()
    person.sees(usage(window(5), account=of_organization("1")))
    assert person.hears(usage(window(100, 6 * HOUR), account=of_organization("2")), after=HOUR) == []


def test_another_person_s_expired_login_is_told() -> None:
    person = Person()
    for number in ("1", "2"):
        expired = failing(EXPIRED, of_organization(number), AccountState.EXPIRED)
        assert len(person.hears(expired)) == 1
        assert person.hears(expired) == []


def test_what_an_earlier_version_wrote_counts_for_who_is_there() -> None:
    told = {AlertKey("ada.json", "5-hour"): AlertState(Level.CRITICAL, NOW + HOUR)}
    person = Person(told)
    assert person.hears(usage(window(5, length=None), account=of_organization("1"))) == []
    assert [key.person for key in person.told] == [of_organization("1").person.tag]


# Any course of things.


@dataclass(frozen=True)
class Answer:
    """One answer of a window: how long after the last look, what is left, how far off the named reset is."""

    left: int | None
    jitter_s: float


@dataclass(frozen=True)
class Moment:
    """One snapshot: how long after the last, how fresh, and what it says of each window."""

    later_s: int
    state: AccountState
    refreshing: bool
    answers: tuple[Answer, ...]


WINDOWS = (("ada.json", "5-hour", LENGTH), ("ada.json", "Weekly", 168 * HOUR), ("bob.json", "5-hour", LENGTH))
ANSWERS = st.builds(
    Answer,
    st.none() | st.sampled_from([0, 1, 9, 10, 24, 25, 26, 34, 60, 100]) | st.integers(0, 100),
    st.floats(-120, 120),
)
MOMENTS = st.builds(
    Moment,
    st.integers(1, 3 * 3600) | st.integers(1, 400) | st.integers(1, 400_000),
    st.sampled_from([AccountState.OK, AccountState.OK, AccountState.OK, AccountState.STALE, AccountState.ERROR]),
    st.integers(0, 5).map(lambda each: each == 0),
    st.tuples(*([ANSWERS] * len(WINDOWS))),
)


def level_of(left: float) -> Level:
    return Level.EMPTY if left <= 0 else Level.CRITICAL if left < 10 else Level.LOW if left < 25 else Level.PLENTY


def notified_level(words: str) -> Level | None:
    if "nothing left" in words.lower():
        return Level.EMPTY
    found = words.partition("% left")
    return None if not found[1] or "has reset" in words else level_of(int(found[0].rpartition(" ")[2]))


def seen_at(moment: Moment, now: datetime) -> tuple[Snapshot, list[tuple[str, int, float | None]]]:
    """Return the snapshot of a moment, and each window's name, true cycle and percent left."""
    usages: dict[str, list[QuotaWindow]] = defaultdict(list)
    truth: list[tuple[str, int, float | None]] = []
    for (account, title, length), answer in zip(WINDOWS, moment.answers, strict=True):
        cycle = (now - NOW) // length
        resets_at = NOW + (cycle + 1) * length + timedelta(seconds=answer.jitter_s)
        each = QuotaWindow(
            title, None if answer.left is None else 100.0 - answer.left, resets_at, length // timedelta(seconds=1)
        )
        usages[account].append(each)
        left = None if each.has_reset(now, now) else each.remaining_percent
        truth.append((f"{account} {title}", cycle, left))
    accounts = [
        AccountUsage(
            Account(key, "x", key),
            moment.state,
            tuple(windows),
            OFFLINE if moment.state is not AccountState.OK else None,
        )
        for key, windows in usages.items()
    ]
    return Snapshot(tuple(accounts), refreshing=moment.refreshing), truth


@given(st.lists(MOMENTS, max_size=30))
def test_nothing_is_told_twice_or_kept_quiet(moments: Iterable[Moment]) -> None:
    now, told = NOW, dict[AlertKey, AlertState]()
    worst: dict[tuple[str, int], Level] = defaultdict(lambda: Level.PLENTY)
    forecasts: set[tuple[str, int]] = set()
    for moment in moments:
        now += timedelta(seconds=moment.later_s)
        seen, truth = seen_at(moment, now)
        told, notice = check_alerts(stored(told), seen, now, LOOK)
        news = lines(notice)
        if moment.refreshing or moment.state is not AccountState.OK:
            assert not news
            continue
        cycles = {name: cycle for name, cycle, _left in truth}
        for line in news:
            subject, _, words = line.partition(": ")
            name = subject.removeprefix("X ").replace(",", "")
            about = (name, cycles[name])
            severity = notified_level(words)
            if severity is not None:
                assert severity > worst[about], line
                worst[about] = severity
            if "runs out" in words:
                assert about not in forecasts, line
                forecasts.add(about)
        for name, cycle, left in truth:
            assert left is None or worst[name, cycle] >= level_of(left), (name, left)


@given(st.lists(MOMENTS, max_size=30))
def test_nothing_new_means_nothing_said(moments: Iterable[Moment]) -> None:
    now, told = NOW, dict[AlertKey, AlertState]()
    for moment in moments:
        now += timedelta(seconds=moment.later_s)
        seen, _truth = seen_at(moment, now)
        told, _notice = check_alerts(told, seen, now, LOOK)
        assert check_alerts(told, seen, now, LOOK) == (told, None)
