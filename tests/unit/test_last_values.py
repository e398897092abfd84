"""The last known values without a look into logins: whose file is there, what is fresh, what is off."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import AccountState
from trayquota.core.person import person
from trayquota.store.last_values import LastValues, Shown, last_values
from trayquota.store.records import StoredState, encode

from .facts import NOW
from .samples import ADA, BOB, five_hours

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.core.model import Account

MAX_AGE = timedelta(minutes=10)


def read(folder: Path, *records: AccountRecord, **settings: object) -> LastValues:
    (folder / "state.json").write_bytes(encode(StoredState({record.account.id: record for record in records})))
    shown = replace(Shown([folder / "a", folder / "b"]), **settings)
    return last_values(folder / "state.json", shown, NOW, MAX_AGE)


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
    assert read(folder, record(), providers_off=("claude",)).snapshot.accounts[0].state is AccountState.DISABLED


def test_an_account_of_a_further_folder_is_found_by_the_folder_in_its_id(folder: Path) -> None:
    (folder / "b" / ADA.id).write_text("{}")
    other = replace(record(), account=replace(ADA, id=f"b/{ADA.id}"))
    found = read(folder, record(), other).snapshot.accounts
    assert {usage.account.id for usage in found} == {ADA.id, f"b/{ADA.id}"}


@pytest.mark.parametrize(("place", "is_shown"), [("a", True), ("b", False), ("elsewhere", False)])
def test_values_of_another_folder_s_file_are_shown_for_one_of_the_same_name(
    folder: Path, place: str, *, is_shown: bool
) -> None:
    found = read(folder, replace(record(), account=replace(ADA, place=str(folder / place))))
    assert bool(found.snapshot.accounts) is is_shown
    assert found.has_accounts


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 99}', None])
def test_without_a_usable_state_nothing_is_known_of_the_accounts_there_are(folder: Path, content: bytes | None) -> None:
    state = folder / "state.json"
    if content is not None:
        state.write_bytes(content)
    found = last_values(state, Shown([folder / "a"]), NOW, MAX_AGE)
    assert (found.snapshot.accounts, found.has_accounts) == ((), True)
    assert state.exists() is (content is not None), "only its owner sets a broken state aside"


# Accounts that are in no folder.

PROXY = "https://proxy.example.com:8317"
AT_PROXY = replace(
    BOB, id="proxy/bob.json", source="proxy", server=PROXY, person=person(account="b", name="bob@example.org")
)
NATIVE = replace(BOB, id="native/codex", source="native", person=person(account="n", name="nia@example.com"))


def ids(folder: Path, *accounts: Account, **settings: object) -> list[str]:
    records = (replace(record(), account=account) for account in accounts)
    return [usage.account.id for usage in read(folder, *records, **settings).snapshot.accounts]


def test_an_account_of_a_connected_proxy_is_known_and_of_one_that_is_not_is_left_out(folder: Path) -> None:
    assert ids(folder, AT_PROXY, proxies=(PROXY,)) == [AT_PROXY.id]
    assert ids(folder, AT_PROXY, proxies=("https://other.example.com",)) == []
    (folder / "a" / ADA.id).unlink()
    assert read(folder, replace(record(), account=AT_PROXY), proxies=(PROXY,)).has_accounts


def test_an_account_that_is_paused_at_its_proxy_is_disabled(folder: Path) -> None:
    paused = replace(record(), account=replace(AT_PROXY, paused=True))
    assert read(folder, paused, proxies=(PROXY,)).snapshot.accounts[0].state is AccountState.DISABLED


@pytest.mark.parametrize(("mode", "is_there"), [("auto", True), ("on", True), ("off", False)])
def test_another_program_s_own_login_is_known_where_it_is_wanted(folder: Path, mode: str, *, is_there: bool) -> None:
    assert (NATIVE.id in ids(folder, NATIVE, native_logins=mode)) is is_there


def test_another_program_s_login_gives_way_to_a_folder_s_and_to_the_same_account(folder: Path) -> None:
    of_claude = replace(NATIVE, provider="claude")
    ada = replace(ADA, person=person(account="a", name="ada@example.com"))
    assert ids(folder, ada, of_claude, native_logins="auto") == [ada.id]
    assert ids(folder, ada, of_claude, native_logins="on") == [ada.id, NATIVE.id]
    assert ids(folder, ada, replace(of_claude, person=ada.person), native_logins="on") == [ada.id]


def test_another_program_s_login_that_was_not_seen_for_a_day_is_left_out(folder: Path) -> None:
    old = replace(record(minutes_old=25 * 60), account=NATIVE)
    assert read(folder, old, native_logins="on").snapshot.accounts == ()
