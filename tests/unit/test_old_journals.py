"""What an earlier version has kept: journals by the path of the file, refusals in version 1 of the state."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.tokens.lock import refresh_lock
from trayquota.tokens.pending_tokens import fingerprint

from .token_files import House, Pair, fields

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def old_house(tmp_path: Path) -> House:
    """Where the version before has refreshed a token, and was ended before the pair was in the file."""
    house = House(tmp_path)
    spent, access = house.provider.newest.refresh, house.provider.newest.access
    house.expire()
    new = house.provider.exchange(spent)
    assert new is not None
    folder = house.state / "renewals"
    folder.mkdir(parents=True)
    entry = json.dumps(
        {
            "path": os.path.realpath(house.path),
            "base": sha256(spent),
            "replaces": sha256(access),
            "access_token": new.access,
            "refresh_token": new.refresh,
            "expired": new.expired.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "last_refresh": "2026-09-22T12:00:00Z",
        }
    )
    old_journal(house).write_text("\n" + json.dumps({"entry": entry, "sum": sha256(entry)}) + "\n" + "\n" * 500)
    old_journal(house).with_suffix(".lock").touch()
    (house.state / "state.json").write_text(
        json.dumps(
            {
                "version": 1,
                "accounts": {},
                "refusals": {
                    sha256("dead"): {"final": True, "not_before": "2026-09-22T11:00:00Z", "failures": 1},
                    sha256("later"): {
                        "final": False,
                        "not_before": (house.clock() + timedelta(hours=1)).isoformat(),
                        "failures": 3,
                    },
                },
                "told": {},
            }
        )
    )
    house.start()
    return house


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def old_journal(house: House) -> Path:
    return house.state / "renewals" / (sha256(os.path.realpath(house.path))[:32] + ".journal")


def test_a_pair_in_a_journal_of_the_version_before_is_lost(old_house: House) -> None:
    old_house.manager.recover()
    assert old_house.pair() == old_house.newest
    assert (old_house.journals(), old_journal(old_house).exists()) == ([], False)


def test_a_pair_of_the_version_before_is_lost_because_its_file_cannot_take_it_now(
    old_house: House, tmp_path: Path
) -> None:
    away = old_house.path.rename(tmp_path / "away")
    old_house.manager.recover()
    (journal,) = old_house.journals()
    assert journal.stem == fingerprint("refresh-1")
    away.rename(old_house.path)
    old_house.start()
    assert old_house.manager.current_tokens(old_house.credential())[0].access_token == "access-2"
    assert old_house.pair() == old_house.newest


def test_a_journal_that_the_version_before_still_uses_is_taken_away(old_house: House) -> None:
    with refresh_lock(old_journal(old_house).with_suffix(".lock"), old_house.closing, wait_s=0):
        old_house.manager.recover()
        assert old_journal(old_house).exists()
    old_house.manager.recover()
    assert old_house.pair() == old_house.newest


def test_a_newer_pair_is_replaced_by_one_of_the_version_before(old_house: House) -> None:
    left = old_journal(old_house).read_bytes()
    old_house.manager.recover()
    old_house.expire()
    old_house.refresh()
    old_journal(old_house).write_bytes(left)
    old_house.start().recover()
    assert old_house.pair() == old_house.newest == ("access-3", "refresh-3")
    assert old_house.journals() == []


@pytest.mark.parametrize(("token", "kind"), [("dead", FailureKind.LOGIN_EXPIRED), ("later", FailureKind.PROVIDER_DOWN)])
def test_a_refusal_that_the_version_before_knew_of_is_forgotten(
    old_house: House, token: str, kind: FailureKind
) -> None:
    old_house.path.write_text(json.dumps(fields(Pair("access", token, old_house.clock() - timedelta(hours=1)))))
    with pytest.raises(FetchError) as caught:
        old_house.refresh()
    assert caught.value.failure.kind is kind
    assert old_house.provider.requests == []
