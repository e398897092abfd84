"""The last known values without a look into logins: whose file is there, what is fresh, what is off."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import AccountState
from trayquota.store.last_values import LastValues, last_values
from trayquota.store.records import StoredState, encode

from .facts import NOW
from .samples import ADA, BOB, five_hours

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = timedelta(minutes=10)


def read(folder: Path, *records: AccountRecord, off: tuple[str, ...] = ()) -> LastValues:
    (folder / "state.json").write_bytes(encode(StoredState({record.account.id: record for record in records})))
    return last_values(folder / "state.json", [folder / "a", folder / "b"], NOW, PATIENCE, off)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / ADA.id).write_text('{"type": "claude"}')
    return tmp_path


def record(minutes_old: float = 1) -> AccountRecord:
    at = NOW - timedelta(minutes=minutes_old)
    return AccountRecord(ADA, at, at, (five_hours(42),))


def test_an_account_whose_file_has_gone_is_left_out(folder: Path) -> None:
    found = read(folder, record(), replace(record(), account=BOB))
    assert [usage.account.id for usage in found.snapshot.accounts] == [ADA.id]
    (folder / "a" / ADA.id).unlink()
    assert read(folder, record()) == LastValues(replace(found.snapshot, accounts=()), has_accounts=False)


@pytest.mark.parametrize(("minutes_old", "state"), [(1, AccountState.OK), (11, AccountState.STALE)])
def test_values_are_fresh_for_two_intervals(folder: Path, minutes_old: float, state: AccountState) -> None:
    assert read(folder, record(minutes_old)).snapshot.accounts[0].state is state


@pytest.mark.parametrize(
    ("content", "is_off"),
    [
        ('{"disabled": true}', True),
        ('{"disabled": 1}', True),
        ('{"disabled": " True "}', True),
        ('{"disabled": false}', False),
        ('{"disabled": 0}', False),
        ('{"disabled": "no"}', False),
        ('{"disabled": []}', False),
        ("{", False),
    ],
)
def test_an_account_that_its_file_switches_off_is_disabled(folder: Path, content: str, *, is_off: bool) -> None:
    (folder / "a" / ADA.id).write_text(content)
    assert (read(folder, record()).snapshot.accounts[0].state is AccountState.DISABLED) is is_off


def test_an_account_of_a_provider_that_is_off_is_disabled(folder: Path) -> None:
    assert read(folder, record(), off=("claude",)).snapshot.accounts[0].state is AccountState.DISABLED


def test_an_account_of_a_further_folder_is_found_by_the_folder_in_its_id(folder: Path) -> None:
    (folder / "b" / ADA.id).write_text("{}")
    other = replace(record(), account=replace(ADA, id=f"b/{ADA.id}"))
    found = read(folder, record(), other).snapshot.accounts
    assert {usage.account.id for usage in found} == {ADA.id, f"b/{ADA.id}"}


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 99}', None])
def test_without_a_usable_state_nothing_is_known_of_the_accounts_there_are(folder: Path, content: bytes | None) -> None:
    state = folder / "state.json"
    if content is not None:
        state.write_bytes(content)
    found = last_values(state, [folder / "a"], NOW, PATIENCE)
    assert (found.snapshot.accounts, found.has_accounts) == ((), True)
    assert state.exists() is (content is not None), "only its owner sets a broken state aside"
