"""What becomes of the history's file when things go wrong."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import HistoryError
from trayquota.core.model import QuotaWindow
from trayquota.store import history_schema
from trayquota.store.history import HistoryStore

from .history_samples import ADA, HOUR, NOW, record, samples, usage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    return HistoryStore(tmp_path / "data" / "history.sqlite3")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [entry.getMessage() for entry in caplog.records]


@pytest.mark.parametrize("content", [b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_file_is_set_aside_and_said(
    store: HistoryStore, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(content)
    assert record(store, usage(10))
    assert samples(store) == [(NOW, 10)]
    assert store.path.with_name("history.sqlite3.aside").read_bytes() == content
    assert warnings(caplog) == [
        "The history was broken. It was set aside as history.sqlite3.aside, and a new one is begun."
    ]


def test_pages_that_are_damaged_later_are_noticed(store: HistoryStore, caplog: pytest.LogCaptureFixture) -> None:
    record(store, usage(10))
    content = store.path.read_bytes()
    store.path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    assert record(store, usage(20, NOW + HOUR), at=NOW + HOUR)
    assert len(warnings(caplog)) == 1


def test_a_table_that_is_not_there_is_a_broken_file(store: HistoryStore) -> None:
    record(store, usage(10))
    with sqlite3.connect(store.path) as database:
        database.execute("DROP TABLE cycle")
    database.close()
    assert record(store, usage(20, NOW + HOUR), at=NOW + HOUR)
    assert samples(store) == [(NOW + HOUR, 20)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE account SET person = x'b7'",
        "UPDATE account SET place = CAST(x'b7' AS TEXT)",
        "UPDATE cycle SET started_at = 1 << 50",
        "UPDATE day SET samples = x'0102'",
        "UPDATE day SET samples = 'text'",
        "UPDATE window SET title = CAST(x'b7' AS TEXT)",
    ],
)
def test_content_that_nobody_can_understand_is_a_broken_file(store: HistoryStore, damage: str) -> None:
    record(store, usage(10))
    with sqlite3.connect(store.path) as database:
        database.execute(damage)
    database.close()
    assert samples(store) == []
    assert store.path.with_name("history.sqlite3.aside").exists()
    assert record(store, usage(20, NOW + HOUR), at=NOW + HOUR)


def test_a_day_that_has_no_date_is_left_out(store: HistoryStore) -> None:
    record(store, usage(10))
    with sqlite3.connect(store.path) as database:
        database.executemany("INSERT INTO day VALUES (1, ?, x'00000000', 0)", [(1 << 60,), (60_000,), (-1,), ("text",)])
    database.close()
    assert samples(store) == [(NOW, 10)]
    assert record(store, usage(20, NOW + HOUR), at=NOW + HOUR)


def test_a_schema_that_is_no_text_is_a_broken_file(store: HistoryStore, caplog: pytest.LogCaptureFixture) -> None:
    record(store, usage(10))
    store.path.write_bytes(store.path.read_bytes().replace(b"CREATE TABLE outage", b"CREATE TABL\xb7 outage"))
    assert record(store, usage(20, NOW + HOUR), at=NOW + HOUR)
    assert len(warnings(caplog)) == 1


def test_a_fault_in_what_is_done_with_the_history_leaves_its_file_alone(store: HistoryStore) -> None:
    record(store, usage(10))

    def fail(_account: object, _window: object) -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        store.visit_windows([ADA], fail)
    assert samples(store) == [(NOW, 10)]


def test_a_file_of_a_later_version_or_another_program_is_left_alone(
    store: HistoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.path.parent.mkdir()
    for statement in ("PRAGMA user_version = 99", "CREATE TABLE theirs (x)"):
        with sqlite3.connect(store.path) as database:
            database.execute(statement)
        database.close()
        before = store.path.read_bytes()
        assert not record(store, usage(10))
        assert store.path.read_bytes() == before
        with pytest.raises(HistoryError, match="later version or another program"):
            store.read([ADA], None, NOW)
    assert len(warnings(caplog)) == 1


def test_a_full_disk_is_said_once_and_what_was_recorded_stays(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record(store, usage(10))
    connect = sqlite3.connect

    def full(*arguments: object, **options: object) -> sqlite3.Connection:
        database: sqlite3.Connection = connect(*arguments, **options)  # type: ignore[call-overload]
        database.execute("PRAGMA max_page_count = 1")
        return database

    titles = tuple(QuotaWindow(f"{number:0500}", 1.0) for number in range(50))
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", full)
        for hours in (1, 2):
            assert not record(store, usage(20, NOW + hours * HOUR, windows=titles), at=NOW + hours * HOUR)
    assert warnings(caplog) == ["The history is not recorded: the disk is full."]
    assert samples(store) == [(NOW, 10)]
    assert record(store, usage(30, NOW + 3 * HOUR), at=NOW + 3 * HOUR)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(store: HistoryStore, caplog: pytest.LogCaptureFixture) -> None:
    store.path.parent.mkdir(mode=0o500)
    assert not record(store, usage(10))
    assert len(warnings(caplog)) == 1


def test_a_reader_that_takes_its_time_does_not_lose_the_writer_a_sample(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, usage(10))
    with history_schema.open_history(store.path) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT * FROM day").fetchone()
        monkeypatch.setattr(history_schema, "BUSY_S", 0.01)
        assert not record(store, usage(20, NOW + HOUR), at=NOW + HOUR)
        monkeypatch.undo()
        thread = threading.Thread(target=record, args=(store, usage(20, NOW + HOUR)), kwargs={"at": NOW + HOUR})
        thread.start()
        assert reading.execute("SELECT count(*) FROM day").fetchone() == (1,)
        reading.execute("COMMIT")
    thread.join()
    assert len(samples(store)) == 2


def test_who_reads_while_the_file_is_made_does_not_take_it_for_another_programs(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, tries = sqlite3.connect, list[bool]()

    class Interrupted(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            cursor = super().execute(sql, *arguments)  # type: ignore[arg-type]
            if sql != "PRAGMA application_id" or tries:
                return cursor
            found = cursor.fetchone()
            cursor.close()
            monkeypatch.undo()
            monkeypatch.setattr(history_schema, "BUSY_S", 0.01)
            tries.append(record(HistoryStore(store.path), usage(10)))
            return super().execute("SELECT ?", found)

    def interrupted(*arguments: object, **options: object) -> sqlite3.Connection:
        return connect(*arguments, factory=Interrupted, **options)  # type: ignore[call-overload, no-any-return]

    store.path.parent.mkdir()
    store.path.touch()
    monkeypatch.setattr(sqlite3, "connect", interrupted)
    assert store.read([ADA], None, NOW) == ()
    assert tries == [False]
    assert record(store, usage(20, NOW + HOUR), at=NOW + HOUR)


def test_an_upgrade_happens_once_though_many_want_it(store: HistoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    record(store, usage(10))
    upgrade = "ALTER TABLE account ADD COLUMN note TEXT; CREATE TABLE extra (x INTEGER); INSERT INTO extra VALUES (1)"
    monkeypatch.setattr(history_schema, "MIGRATIONS", (*history_schema.MIGRATIONS, upgrade))
    start = threading.Barrier(6)
    done: list[bool] = []

    def open_at_once(number: int) -> None:
        start.wait()
        done.append(record(HistoryStore(store.path), usage(number, NOW + number * HOUR), at=NOW + number * HOUR))

    threads = [threading.Thread(target=open_at_once, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 6
    with history_schema.open_history(store.path) as database:
        assert database.execute("SELECT count(*) FROM extra").fetchone() == (1,)
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
    assert samples(store)[0] == (NOW, 10)


def test_an_upgrade_that_breaks_off_changes_nothing(store: HistoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    record(store, usage(10))
    broken = "CREATE TABLE extra (x INTEGER); CREATE TABLE extra (x INTEGER)"
    with monkeypatch.context() as patch:
        patch.setattr(history_schema, "MIGRATIONS", (*history_schema.MIGRATIONS, broken))
        assert not record(store, usage(20, NOW + HOUR), at=NOW + HOUR)
    assert samples(store) == [(NOW, 10)]


def test_forgetting_removes_the_file_and_what_was_set_aside(store: HistoryStore) -> None:
    assert not store.forget()
    store.path.parent.mkdir()
    store.path.write_bytes(b"no database" * 100)
    record(store, usage(10))
    assert store.forget()
    assert list(store.path.parent.iterdir()) == []
    assert record(store, usage(10))
