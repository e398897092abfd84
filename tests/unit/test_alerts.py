"""What notifies, how it reads, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, Failure, FailureKind, Level
from trayquota.core.person import person as identify
from trayquota.views.alert_state import AlertKey, AlertState
from trayquota.views.alerts import check_alerts
from trayquota.views.labels import DisplayOptions

from .alert_samples import (
    ADA,
    BOB,
    EXPIRED,
    HOUR,
    NOW,
    OFFLINE,
    OPTIONS,
    Notified,
    failing,
    snapshot,
    text_of,
    usage,
    window,
)

# Thresholds.


def test_plenty_needs_no_notification() -> None:
    assert Notified().alert_for(usage(window(80), window(25, title="Weekly"))) is None


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (24.9, "24% left"),
        (10, "10% left"),
        (9.9, "9% left"),
        (0.2, "1% left"),
        (0, "Nothing left"),
        (-5, "Nothing left"),
    ],
)
def test_less_than_a_threshold_is_notified_of(left: float, text: str) -> None:
    assert text_of(Notified().alert_for(usage(window(left, length=None)))) == (
        "Claude ada@example.com, 5-hour",
        f"{text}, resets in 1h",
    )


def test_a_window_without_a_reset_is_notified_of_without_one() -> None:
    assert Notified().lines_for(usage(window(20, None))) == ["Claude ada@example.com, 5-hour: 20% left"]


def test_the_settings_thresholds_count() -> None:
    options = DisplayOptions(low_percent=60, critical_percent=50)
    assert Notified(options=options).lines_for(usage(window(59))) == [
        "Claude ada@example.com, 5-hour: 59% left, resets in 1h"
    ]


def test_each_threshold_is_notified_of_once() -> None:
    person = Notified()
    each_time = [person.lines_for(usage(window(left))) for left in (30, 24, 20, 9, 5, 0, 0)]
    assert [len(lines) for lines in each_time] == [0, 1, 0, 1, 0, 1, 0]


def test_of_several_crossed_thresholds_only_the_lowest_counts() -> None:
    person = Notified()
    person.alert_for(usage(window(80)))
    assert person.lines_for(usage(window(0))) == ["Claude ada@example.com, 5-hour: nothing left, resets in 1h"]
    assert [person.lines_for(usage(window(left))) for left in (5, 20, 5, 0)] == [[], [], [], []]


@pytest.mark.parametrize("threshold", [25.0, 10.0, 0.1])
def test_answers_that_flap_around_a_threshold_repeat_no_notification(threshold: float) -> None:
    person = Notified()
    flapping = [threshold - 0.05, threshold + 0.05] * 5
    each_time = [person.lines_for(usage(window(left, resets))) for resets in (HOUR, None) for left in flapping]
    assert sum(len(lines) for lines in each_time) <= 2
    assert not any(each_time[2:])


def test_an_unknown_percent_neither_notifies_nor_resets_the_state() -> None:
    person = Notified()
    person.alert_for(usage(window(20)))
    assert person.lines_for(usage(window(None))) == []
    assert person.lines_for(usage(window(20))) == []


def test_an_ignored_window_does_not_notify() -> None:
    person = Notified(options=DisplayOptions(ignored_windows=frozenset({"Weekly"})))
    lines = person.lines_for(usage(window(20), window(0, title="Weekly")))
    assert lines == ["Claude ada@example.com, 5-hour: 20% left, resets in 1h"]


# Only fresh values notify.


@pytest.mark.parametrize("state", set(AccountState) - {AccountState.OK, AccountState.EXPIRED})
def test_values_that_are_not_fresh_do_not_notify(state: AccountState) -> None:
    person = Notified()
    assert person.alert_for(usage(window(0), state=state)) is None
    assert person.lines_for(usage(window(0))) != []


def test_a_refresh_under_way_neither_notifies_nor_changes_the_state() -> None:
    states = {AlertKey("ada.json", "5-hour"): AlertState(Level.LOW, NOW - HOUR)}
    current = replace(snapshot(usage(window(0)), failing(EXPIRED, BOB, AccountState.EXPIRED)), refreshing=True)
    assert check_alerts(states, current, NOW, OPTIONS) == (states, None)


def test_a_window_whose_reset_has_passed_does_not_notify() -> None:
    old = replace(usage(window(0, timedelta()), window(0, -HOUR, title="Weekly")), updated_at=NOW - 2 * HOUR)
    assert Notified().alert_for(old) is None


def test_the_states_given_are_not_changed() -> None:
    states: dict[AlertKey, AlertState] = {}
    check_alerts(states, snapshot(usage(window(0))), NOW, OPTIONS)
    assert states == {}


# One notification.


def test_several_accounts_share_a_notification_worst_first() -> None:
    alert = Notified().alert_for(
        usage(window(20)), usage(window(0), window(5, title="Weekly", length=None), account=BOB)
    )
    assert alert is not None
    assert alert.title == "3 updates on your quotas and logins"
    assert alert.body.splitlines() == [
        "Codex bob@example.org, 5-hour: nothing left, resets in 1h",
        "Codex bob@example.org, Weekly: 5% left, resets in 1h",
        "Claude ada@example.com, 5-hour: 20% left, resets in 1h",
    ]
    assert alert.provider == "codex"


def test_more_than_six_lines_are_summed_up() -> None:
    person = Notified()
    alert = person.alert_for(usage(*(window(20, title=f"Weekly {each}") for each in range(9))))
    assert alert is not None
    assert alert.title.startswith("9 ")
    assert len(alert.body.splitlines()) == 6
    assert alert.body.endswith("\n+4 more")
    assert person.alert_for(usage(*(window(20, title=f"Weekly {each}") for each in range(9)))) is None


def test_six_lines_are_all_shown() -> None:
    lines = Notified().lines_for(usage(*(window(20, title=f"Weekly {each}") for each in range(6))))
    assert len(lines) == 6
    assert "more" not in lines[-1]


def test_a_name_with_a_colon_stays_whole() -> None:
    odd = replace(ADA, name="work: ada")
    assert text_of(Notified().alert_for(usage(window(0), account=odd))) == (
        "Claude work: ada, 5-hour",
        "Nothing left, resets in 1h",
    )


# Logins.


def test_an_expired_login_is_notified_of_with_what_to_do() -> None:
    assert text_of(Notified().alert_for(failing(EXPIRED, state=AccountState.EXPIRED))) == (
        "Claude ada@example.com",
        "Login expired. Sign in again.",
    )


def test_an_expired_login_among_others_is_one_short_line() -> None:
    lines = Notified().lines_for(usage(window(20)), failing(EXPIRED, BOB, AccountState.EXPIRED))
    assert lines == [
        "Codex bob@example.org: login expired",
        "Claude ada@example.com, 5-hour: 20% left, resets in 1h",
    ]


def test_an_expired_login_without_a_reason_is_notified_of() -> None:
    assert Notified().lines_for(failing(None, state=AccountState.EXPIRED)) == ["Claude ada@example.com: login expired"]


@pytest.mark.parametrize("kind", [FailureKind.SCOPE_MISSING, FailureKind.UNREADABLE_FILE, FailureKind.REFUSED])
def test_whatever_needs_the_user_is_notified_of(kind: FailureKind) -> None:
    assert Notified().lines_for(failing(Failure(kind, "Do something."))) == ["Claude ada@example.com: do something."]


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
def test_a_failure_that_passes_by_itself_does_not_notify(kind: FailureKind) -> None:
    assert Notified().lines_for(failing(Failure(kind, "Wait."))) == []


def test_an_expired_login_is_notified_of_once_until_it_works_again() -> None:
    person = Notified()
    broken = failing(EXPIRED, state=AccountState.EXPIRED)
    seen = [broken, broken, failing(OFFLINE), broken, usage(window(80), state=AccountState.STALE), broken]
    assert [len(person.lines_for(each)) for each in seen] == [1, 0, 0, 0, 0, 0]
    assert person.lines_for(usage(window(80))) == []
    assert len(person.lines_for(broken)) == 1


def test_an_expired_login_that_was_disabled_notifies_again_once_enabled() -> None:
    person = Notified()
    broken = failing(EXPIRED, state=AccountState.EXPIRED)
    assert [len(person.lines_for(each)) for each in (broken, failing(None, state=AccountState.DISABLED), broken)] == [
        1,
        0,
        1,
    ]


# Whose account it is.


def of_organization(number: str) -> Account:
    return replace(ADA, person=identify(organization=number, name=ADA.name))


def test_another_person_in_the_same_file_gets_their_own_notification() -> None:
    person = Notified()
    first, second = (usage(window(5), account=of_organization(number)) for number in ("1", "2"))
    assert len(person.lines_for(first)) == 1
    assert len(person.lines_for(second)) == 1
    assert person.lines_for(second) == []
    assert len(person.states) == 1, "nothing is kept of the one before"


def test_another_person_s_full_window_is_no_reset() -> None:
    person = Notified()
    person.alert_for(usage(window(5), account=of_organization("1")))
    assert person.lines_for(usage(window(100, 6 * HOUR), account=of_organization("2")), after=HOUR) == []


def test_another_person_s_expired_login_notifies() -> None:
    person = Notified()
    for number in ("1", "2"):
        expired = failing(EXPIRED, of_organization(number), AccountState.EXPIRED)
        assert len(person.lines_for(expired)) == 1
        assert person.lines_for(expired) == []


def test_a_state_of_an_earlier_version_counts_for_the_person_who_is_there() -> None:
    states = {AlertKey("ada.json", "5-hour"): AlertState(Level.CRITICAL, NOW + HOUR)}
    person = Notified(states)
    assert person.lines_for(usage(window(5, length=None), account=of_organization("1"))) == []
    assert [key.person for key in person.states] == [of_organization("1").person.tag]
