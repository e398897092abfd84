"""The history's file: what is recorded, for how long, and what it takes."""

from __future__ import annotations

import os
import stat
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, FailureKind, QuotaWindow
from trayquota.core.person import person
from trayquota.store import history_schema
from trayquota.store.history import HistoryStore
from trayquota.store.history_writer import HistoryWriter

from .history_samples import ADA, BEA, DAY, HOUR, NOW, failed, record, samples, usage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    return HistoryStore(tmp_path / "data" / "history.sqlite3")


def test_a_sample_is_kept_when_the_percent_changes_and_once_a_day(store: HistoryStore) -> None:
    for hours, used in ((0, 10.0), (1, 10.0), (2, 12.5), (13, 12.5), (14, 12.5)):
        assert record(store, usage(used, NOW + hours * HOUR), at=NOW + hours * HOUR)
    hours_kept = [(at - NOW) // HOUR for at, _ in samples(store)]
    assert hours_kept == [0, 2, 13]


def test_the_same_answer_is_recorded_once_after_a_restart_too(store: HistoryStore) -> None:
    record(store, usage(10))
    record(HistoryStore(store.path), usage(10), at=NOW + DAY)
    assert len(samples(store)) == 1


def test_an_unknown_percent_is_no_sample(store: HistoryStore) -> None:
    record(store, usage(None))
    assert samples(store) == []


def test_nothing_in_the_file_names_a_person_or_a_credential_file(store: HistoryStore) -> None:
    record(store, usage(10), failed(account=BEA))
    content = store.path.read_bytes().lower()
    for text in (b"ada", b"bea", b"example", b".json", b"a-1", b"no answer"):
        assert text not in content


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_file_and_folder_are_the_owners_alone(store: HistoryStore) -> None:
    old = os.umask(0)
    try:
        record(store, usage(10))
    finally:
        os.umask(old)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_reading_makes_no_file(store: HistoryStore) -> None:
    assert store.read([ADA], None, NOW) == ()
    assert not store.path.parent.exists()


def test_since_leaves_out_earlier_days_and_cycles(store: HistoryStore) -> None:
    for days in range(5):
        record(store, usage(10.0 + days, NOW - days * DAY), at=NOW)
    store.forget()
    for days in (4, 3, 2, 1, 0):
        record(store, usage(10.0 + days, NOW - days * DAY), at=NOW)
    assert len(samples(store)) == 5
    assert len(samples(store, since=NOW - 2 * DAY)) == 3


def test_accounts_get_their_names_from_those_present_and_gone_ones_a_number(store: HistoryStore) -> None:
    record(store, usage(10), usage(20, account=BEA))
    known, gone = store.read([ADA], None, NOW)
    assert known.account is ADA
    assert gone.account.provider == "claude"
    assert gone.account.name.startswith("removed-")


def test_another_person_in_the_same_file_has_a_history_of_their_own(store: HistoryStore) -> None:
    other = replace(ADA, person=person(account="z-9", name="zoe@example.com"))
    record(store, usage(10))
    record(store, usage(20, NOW + HOUR, other), at=NOW + HOUR)
    assert [used for _, used in samples(store)] == [10]
    assert [used for _, used in samples(store, other)] == [20]


def test_a_person_whose_file_is_renamed_keeps_the_history(store: HistoryStore) -> None:
    record(store, usage(10))
    renamed = replace(ADA, id="claude-ada@example.com-max.json")
    record(store, usage(20, NOW + HOUR, renamed), at=NOW + HOUR)
    assert [used for _, used in samples(store, renamed)] == [10, 20]


def test_an_account_that_another_source_takes_over_keeps_its_history(store: HistoryStore) -> None:
    of_folder = replace(ADA, person=person(account="a-1", user="u-1", name="ada@example.com"))
    # What a proxy states of it is less, and its file there may be called otherwise.
    for number, file in enumerate(("claude-ada@example.com-max.json", "ada.json")):
        at = NOW + number * HOUR
        record(store, usage(10, at - HOUR / 2, of_folder), at=at - HOUR / 2)
        of_proxy = replace(ADA, id=file, server="http://127.0.0.1:8317")
        record(store, usage(20, at, of_proxy), at=at)
        assert [used for _, used in samples(store, of_proxy)] == [10, 20] * (number + 1)


def test_an_e_mail_alone_does_not_make_two_accounts_one(store: HistoryStore) -> None:
    first = replace(ADA, person=person(name="ada@example.com"))
    record(store, usage(10, account=first))
    second = replace(first, id="claude-ada-of-another-team.json")
    record(store, usage(20, NOW + HOUR, second), at=NOW + HOUR)
    assert [used for _, used in samples(store, second)] == [20]


def test_two_files_of_one_person_have_a_history_each(store: HistoryStore) -> None:
    copy = replace(ADA, id="claude-copy.json")
    record(store, usage(10), usage(10, account=copy))
    record(store, usage(20, NOW + HOUR), usage(30, NOW + HOUR, copy), at=NOW + HOUR)
    first, second = store.read([ADA, copy], None, NOW)
    assert [window.samples[-1].used_percent for window in (*first.windows, *second.windows)] == [20, 30]


def test_failed_refreshes_are_kept_as_the_time_in_which_they_failed(store: HistoryStore) -> None:
    record(store, failed())
    record(store, failed(), at=NOW + HOUR)
    record(store, failed(FailureKind.LOGIN_EXPIRED), at=NOW + 2 * HOUR)
    record(store, usage(10, NOW + 3 * HOUR), at=NOW + 3 * HOUR)
    (history,) = store.read([ADA], None, NOW)
    found = [(outage.kind, outage.began_at, outage.ended_at) for outage in history.outages]
    assert found == [
        (FailureKind.NETWORK, NOW, NOW + 2 * HOUR),
        (FailureKind.LOGIN_EXPIRED, NOW + 2 * HOUR, NOW + 3 * HOUR),
    ]


def test_what_a_clock_that_was_ahead_has_dated_is_forgotten(store: HistoryStore) -> None:
    record(store, usage(10))
    record(store, usage(20, NOW + 40 * DAY), at=NOW + 40 * DAY)
    record(store, usage(30, NOW + HOUR), at=NOW + HOUR)
    assert samples(store) == [(NOW, 10), (NOW + HOUR, 30)]
    (cycle,) = store.read([ADA], None, NOW)[0].windows[0].cycles
    assert (cycle.started_at, cycle.used_percent, cycle.ended_at) == (NOW, 30, None)


def test_old_days_keep_a_sample_an_hour_and_very_old_ones_none_but_cycles_stay(store: HistoryStore) -> None:
    for minutes in range(0, 180, 20):
        at = NOW - 91 * DAY + timedelta(minutes=minutes)
        record(store, usage(minutes / 10, at), at=at)
    assert len(samples(store)) == 9
    record(HistoryStore(store.path), usage(90), at=NOW)
    assert [used for at, used in samples(store) if at < NOW] == [4, 10, 16]
    record(HistoryStore(store.path), usage(91, NOW + 700 * DAY), at=NOW + 700 * DAY)
    assert [used for _, used in samples(store)] == [90, 91]
    cycles = store.read([ADA], None, NOW + 700 * DAY)[0].windows[0].cycles
    assert cycles[0].started_at == NOW - 91 * DAY


def answered(at: datetime) -> tuple[QuotaWindow, ...]:
    """Return a 5-hour window and three weekly ones that all change with every poll."""
    windows = []
    for number, length in enumerate((5 * HOUR, 7 * DAY, 7 * DAY, 7 * DAY)):
        passed = (at - NOW) % length
        used = round(passed / length * 100, 2)
        windows.append(QuotaWindow(f"window {number}", used, at - passed + length, int(length.total_seconds())))
    return tuple(windows)


def test_a_year_of_fifty_accounts_that_are_used_day_and_night_takes_at_most_forty_mebibytes(
    store: HistoryStore,
) -> None:
    users = [Account(f"claude-{number}.json", "claude", f"{number}") for number in range(2)]
    with history_schema.open_history(store.path):
        sizes = [store.path.stat().st_size]
    for day in range(8):
        with history_schema.open_history(store.path) as database, history_schema.transaction(database):
            for poll in range(288):
                at = NOW + 12 * HOUR + day * DAY + timedelta(minutes=5 * poll)
                HistoryWriter(database, at).write([usage(0, at, user, windows=answered(at)) for user in users])
        sizes.append(store.path.stat().st_size)
    full_day = (sizes[-1] - sizes[0]) / 8 / 8
    with history_schema.open_history(store.path) as database:
        with history_schema.transaction(database):
            HistoryWriter(database, NOW + 200 * DAY).prune()
        database.execute("VACUUM")
    hourly_day = (store.path.stat().st_size - sizes[0]) / 8 / 8
    assert 200 * (90 * full_day + 275 * hourly_day) <= 40 << 20
    assert full_day > 288 * 4, "every poll of the day is there"


def test_of_short_windows_less_may_be_read(store: HistoryStore) -> None:
    for days in (20, 10, 1):
        at = NOW - days * DAY
        windows = tuple(
            QuotaWindow(title, float(days), at + HOUR, length_s)
            for title, length_s in (("5-hour", 18000), ("Weekly", 604800))
        )
        record(store, AccountUsage(ADA, AccountState.OK, windows, updated_at=at), at=at)
    for short_since, expected in ((None, 3), (NOW - 5 * DAY, 1)):
        (history,) = store.read([ADA], NOW - 30 * DAY, NOW, short_since)
        assert [(len(window.samples), len(window.cycles)) for window in history.windows] == [
            (expected, expected),
            (3, 3),
        ]
