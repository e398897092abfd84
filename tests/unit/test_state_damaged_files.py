"""State files that are damaged, foreign or in the way, and disks that do not take one."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import FailureKind
from trayquota.store.records import StoredState, decode, encode
from trayquota.store.state import StateStore
from trayquota.tokens.refresher import RefreshBackoff

from .hostile import objects, values
from .stores import ADA, NOW, path_of, record, restarted, write_state

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return StateStore(tmp_path / "state" / "state.json")


# Files that are no good.

GOOD = encode(StoredState({ADA: record()}))
FOREIGN = b'{"version": 3, "accounts": [], "everything": "else"}'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "broken"),
        (GOOD[:-1], "broken"),
        (GOOD[: len(GOOD) // 2], "broken"),
        (b"null", "broken"),
        (b"[]", "broken"),
        (b"{}", "broken"),
        (b'{"version": "1"}', "broken"),
        (b'{"version": 1, "accounts": []}', "broken"),
        (b'{"version": 2, "accounts": {}}', "broken"),
        (b'{"version": 2, "alerts": null}', "broken"),
        (b'{"version": 1} trailing', "broken"),
        (b"\0" * 4096, "broken"),
        (b"\xff\xfe{}", "broken"),
        (b"[" * 1000000, "broken"),
        (b'{"version": 1, "accounts": ' + b'{"a":' * 100000, "broken"),
        (b'{"version": 2, "accounts": [' + b'{"a":' * 100000, "broken"),
        (FOREIGN, "another version"),
        (b'{"version": 0}', "another version"),
        (b'{"version": 99999999999999999999}', "another version"),
    ],
)
def test_a_file_that_is_no_good_is_set_aside_with_one_line_in_the_log(
    store: StateStore, caplog: pytest.LogCaptureFixture, content: bytes, reason: str
) -> None:
    write_state(store, content)
    assert store.load() == {}
    (line,) = caplog.messages
    assert reason in line
    assert "state.json.aside" in line
    aside = path_of(store).with_name("state.json.aside")
    assert aside.read_bytes() == content
    store.save({ADA: record()}, NOW)
    assert restarted(store).load() == {ADA: record()}
    assert len(caplog.messages) == 1


def test_a_file_that_is_broken_while_we_run_is_set_aside_too(
    store: StateStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.save({ADA: record()}, NOW)
    write_state(store, b"broken")
    store.save({ADA: record()}, NOW)
    assert restarted(store).load() == {ADA: record()}
    assert len(caplog.messages) == 1


def test_a_huge_file_is_not_read_to_its_end(store: StateStore, caplog: pytest.LogCaptureFixture) -> None:
    path_of(store).parent.mkdir()
    with path_of(store).open("wb") as file:
        file.truncate(1 << 40)
    assert store.load() == {}
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    "damage",
    [
        {"windows": [{"title": "x", "used_percent": 100.1}]},
        {"windows": [{"title": "x", "used_percent": -1}]},
        {"windows": [{"title": "x", "used_percent": "50"}]},
        {"windows": [{"title": "x", "duration_s": 0}]},
        {"windows": [{"title": 7}]},
        {"windows": None},
        {"polled_at": "2026-09-22T12:00:00"},
        {"polled_at": "0001-01-01T00:00:00Z"},
        {"polled_at": "9999-12-31T23:59:59Z"},
        {"polled_at": "soon"},
        {"polled_at": 0},
        {"gate": {"opens_at": "2026-09-22T12:00:00Z", "backoff_s": 0}},
        {"gate": {"opens_at": "2026-09-22T12:00:00Z", "backoff_s": 1e9}},
        {"gate": {}},
        {"failure": {"kind": "unheard_of", "message": "x"}},
        {"account": None},
        {"account": {"id": "other.json", "provider": "claude", "name": None}},
        {"account": {"id": "other.json", "provider": [], "name": "ada"}},
        {"account": {"provider": "claude", "name": "ada"}},
        {"polled_at": "2026-09-22T14:00:00+02:00"},
    ],
)
def test_a_record_that_makes_no_sense_does_not_cost_the_others(
    store: StateStore, caplog: pytest.LogCaptureFixture, damage: dict[str, object]
) -> None:
    store.set_refresh_backoff("dead", RefreshBackoff(final=True, not_before=NOW))
    store.save({ADA: record(), "other.json": record("other.json")}, NOW)
    document = json.loads(path_of(store).read_bytes())
    assert document["accounts"][1]["account"]["id"] == "other.json"
    document["accounts"][1] |= damage
    write_state(store, json.dumps(document).encode())
    next_run = restarted(store)
    assert next_run.load() == {ADA: record()}
    assert next_run.refresh_backoff("dead") is not None
    (line,) = caplog.messages
    assert "1 records" in line
    next_run.save({ADA: record()}, NOW)
    restarted(store).load()
    assert len(caplog.messages) == 1


RECORDS = {
    "polled_at": MOMENTS.map(str),
    "windows": st.lists(objects(title=TEXTS, used_percent=st.floats(), resets_at=MOMENTS.map(str))),
    "failure": objects(kind=st.sampled_from(FailureKind), message=TEXTS),
    "gate": objects(opens_at=MOMENTS.map(str), backoff_s=st.floats()),
}
ALERTS = objects(level=st.integers(0, 4), resets_at=MOMENTS.map(str))
BACKOFFS = st.dictionaries(st.text(max_size=5), objects(final=st.booleans(), not_before=MOMENTS.map(str)))
VERSION_1 = objects(
    version=st.just(1),
    accounts=st.dictionaries(st.text(max_size=5), objects(provider=TEXTS, name=TEXTS, **RECORDS)),
    refusals=BACKOFFS,
    told=st.dictionaries(st.text(max_size=5), objects(severity=st.integers(0, 4))),
)
VERSION_2 = objects(
    version=st.just(2),
    accounts=st.lists(objects(account=objects(id=TEXTS, provider=TEXTS, name=TEXTS), **RECORDS)),
    refresh_backoffs=BACKOFFS,
    alerts=st.lists(objects(key=objects(account_id=TEXTS, window=TEXTS), state=ALERTS)),
)


@given(values() | VERSION_1 | VERSION_2)
def test_whatever_is_in_the_file_only_valid_values_come_out(document: object) -> None:
    content = json.dumps(document).encode()
    try:
        state = decode(content)
    except ValueError:
        return
    for known in state.accounts.values():
        for window in known.windows:
            assert window.used_percent is None or 0 <= window.used_percent <= 100
            assert window.duration_s is None or window.duration_s > 0
        for moment in (known.polled_at, known.updated_at, *(window.resets_at for window in known.windows)):
            assert moment is None or (moment.utcoffset() == timedelta(0) and 2000 <= moment.year < 2200)
    assert decode(encode(state)).accounts == state.accounts


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_state_or_a_value_error(content: bytes) -> None:
    try:
        decode(content)
    except ValueError:
        return


@settings(max_examples=20)
@given(st.binary(max_size=40), st.integers(0, 500))
def test_a_damaged_file_stops_neither_load_nor_save(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, place: int
) -> None:
    store = StateStore(tmp_path_factory.mktemp("state") / "state.json")
    write_state(store, GOOD[:place] + damage + GOOD[place:])
    store.load()
    store.save({ADA: record()}, NOW)
    assert restarted(store).load()[ADA].windows == record().windows


def test_a_record_that_no_file_can_hold_is_left_out(store: StateStore, caplog: pytest.LogCaptureFixture) -> None:
    store.save(
        {
            ADA: record(),
            "claude-\udcff.json": record("claude-\udcff.json"),
            "x": record("x", account=replace(record("x").account, organization="\ud800")),
        },
        NOW,
    )
    assert restarted(store).load() == {ADA: record()}
    assert caplog.messages == []


# Places that are no good.


def test_a_save_that_fails_is_logged_once_until_one_succeeds(
    store: StateStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail)
        for _ in range(3):
            store.save({ADA: record()}, NOW)
        assert len(caplog.messages) == 1
        assert "could not be saved (PermissionError)" in caplog.text
    assert {each.name for each in path_of(store).parent.iterdir()} <= {"state.lock"}
    store.save({ADA: record()}, NOW)
    assert restarted(store).load() == {ADA: record()}
    monkeypatch.setattr(os, "replace", fail)
    store.save({ADA: record()}, NOW)
    assert len(caplog.messages) == 2


def test_a_file_where_the_folder_should_be_is_logged_at_most_twice(
    store: StateStore, caplog: pytest.LogCaptureFixture
) -> None:
    path_of(store).parent.write_text("")
    for _ in range(3):
        assert store.load() == {}
        store.save({ADA: record()}, NOW)
    assert len(caplog.messages) <= 2


@pytest.mark.parametrize("kind", ["folder", "loop", "dangling", "fifo"])
def test_what_is_no_regular_file_stops_neither_load_nor_save(
    store: StateStore, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    path = path_of(store)
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        if sys.platform == "win32":
            pytest.skip("there are none")
        else:
            os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "loop" else path.with_name("nowhere"))
    assert store.load() == {}
    for _ in range(3):
        store.save({ADA: record()}, NOW)
    assert len(caplog.messages) <= 2
    assert all(each.levelno == logging.WARNING for each in caplog.records)
    assert path.is_dir() or restarted(store).load() == {ADA: record()}


def test_a_lock_that_stays_held_costs_one_save(
    store: StateStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    monkeypatch.setattr("trayquota.store.state._LOCK_WAIT_S", 0)
    store.save({}, NOW)
    with FileLock(path_of(store).with_suffix(".lock")):
        store.save({ADA: record()}, NOW)
    assert len(caplog.messages) == 1
    assert restarted(store).load() == {}
    store.save({ADA: record()}, NOW)
    assert restarted(store).load() == {ADA: record()}
