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

from .token_files import Pair, TokenRig, fields

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def old_token_rig(tmp_path: Path) -> TokenRig:
    """Where the version before has refreshed a token, and was ended before the pair was in the file."""
    token_rig = TokenRig(tmp_path)
    spent, access = token_rig.provider.newest.refresh, token_rig.provider.newest.access
    token_rig.expire()
    new = token_rig.provider.exchange(spent)
    assert new is not None
    folder = token_rig.state / "renewals"
    folder.mkdir(parents=True)
    entry = json.dumps(
        {
            "path": os.path.realpath(token_rig.path),
            "base": sha256(spent),
            "replaces": sha256(access),
            "access_token": new.access,
            "refresh_token": new.refresh,
            "expired": new.expired.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "last_refresh": "2026-09-22T12:00:00Z",
        }
    )
    old_journal(token_rig).write_text("\n" + json.dumps({"entry": entry, "sum": sha256(entry)}) + "\n" + "\n" * 500)
    old_journal(token_rig).with_suffix(".lock").touch()
    (token_rig.state / "state.json").write_text(
        json.dumps(
            {
                "version": 1,
                "accounts": {},
                "refusals": {
                    sha256("dead"): {"final": True, "not_before": "2026-09-22T11:00:00Z", "failures": 1},
                    sha256("later"): {
                        "final": False,
                        "not_before": (token_rig.clock() + timedelta(hours=1)).isoformat(),
                        "failures": 3,
                    },
                },
                "told": {},
            }
        )
    )
    token_rig.start()
    return token_rig


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def old_journal(token_rig: TokenRig) -> Path:
    return token_rig.state / "renewals" / (sha256(os.path.realpath(token_rig.path))[:32] + ".journal")


def test_a_pair_in_a_journal_of_the_version_before_is_lost(old_token_rig: TokenRig) -> None:
    old_token_rig.manager.recover()
    assert old_token_rig.pair() == old_token_rig.newest
    assert (old_token_rig.journals(), old_journal(old_token_rig).exists()) == ([], False)


def test_a_pair_of_the_version_before_is_lost_because_its_file_cannot_take_it_now(
    old_token_rig: TokenRig, tmp_path: Path
) -> None:
    away = old_token_rig.path.rename(tmp_path / "away")
    old_token_rig.manager.recover()
    (journal,) = old_token_rig.journals()
    assert journal.stem == fingerprint("refresh-1")
    away.rename(old_token_rig.path)
    old_token_rig.start()
    assert old_token_rig.manager.current_tokens(old_token_rig.credential())[0].access_token == "access-2"
    assert old_token_rig.pair() == old_token_rig.newest


def test_a_journal_that_the_version_before_still_uses_is_taken_away(old_token_rig: TokenRig) -> None:
    with refresh_lock(old_journal(old_token_rig).with_suffix(".lock"), old_token_rig.closing, wait_s=0):
        old_token_rig.manager.recover()
        assert old_journal(old_token_rig).exists()
    old_token_rig.manager.recover()
    assert old_token_rig.pair() == old_token_rig.newest


def test_a_newer_pair_is_replaced_by_one_of_the_version_before(old_token_rig: TokenRig) -> None:
    left = old_journal(old_token_rig).read_bytes()
    old_token_rig.manager.recover()
    old_token_rig.expire()
    old_token_rig.refresh()
    old_journal(old_token_rig).write_bytes(left)
    old_token_rig.start().recover()
    assert old_token_rig.pair() == old_token_rig.newest == ("access-3", "refresh-3")
    assert old_token_rig.journals() == []


@pytest.mark.parametrize(("token", "kind"), [("dead", FailureKind.LOGIN_EXPIRED), ("later", FailureKind.PROVIDER_DOWN)])
def test_a_refusal_that_the_version_before_knew_of_is_forgotten(
    old_token_rig: TokenRig, token: str, kind: FailureKind
) -> None:
    old_token_rig.path.write_text(json.dumps(fields(Pair("access", token, old_token_rig.clock() - timedelta(hours=1)))))
    with pytest.raises(FetchError) as caught:
        old_token_rig.refresh()
    assert caught.value.failure.kind is kind
    assert old_token_rig.provider.requests == []
