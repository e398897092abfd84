"""What follows a spent token: by the journal, for how long, and without more secrets than it takes."""

from __future__ import annotations

import errno
import itertools
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.tokens.journal import Journal
from trayquota.tokens.lock import refresh_lock
from trayquota.tokens.pending_tokens import PendingTokens, fingerprint

from .test_journal import ENTRY, KEY, keep

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "renewals")


def chained(*tokens: str) -> list[PendingTokens]:
    """The pairs of a chain of refresh tokens."""
    return [
        replace(ENTRY, base=fingerprint(spent), refresh_token=new, access_token=f"access-of-{new}")
        for spent, new in itertools.pairwise(tokens)
    ]


@pytest.mark.parametrize("arrived", list(itertools.product([True, False], repeat=3)))
def test_an_earlier_token_does_not_lead_to_the_newest_pair(journal: Journal, arrived: tuple[bool, ...]) -> None:
    pairs = chained("a", "b", "c", "d")
    for pair, has_arrived in zip(pairs, arrived, strict=True):
        keep(journal, pair)
        if has_arrived:
            journal.mark_written(pair)
    assert [journal.newest(fingerprint(token)) for token in "abc"] == [pairs[-1]] * 3
    assert journal.newest(fingerprint("d")) is None


def test_the_journal_holds_more_than_the_newest_pair_of_a_chain(journal: Journal) -> None:
    pairs = chained("a", "b", "c", "d")
    for pair in pairs:
        keep(journal, pair)
    journal.mark_written(pairs[-1])
    for pair in pairs[:-1][::-1]:
        journal.mark_written(pair)
    held = b"".join(path.read_bytes() for path in journal.folder.iterdir())
    assert [pair.access_token for pair in pairs if pair.access_token.encode() in held] == ["access-of-d"]
    assert (list(journal.pending()), journal.newest(fingerprint("a"))) == ([], pairs[-1])
    assert (journal.has_pair("d"), journal.has_pair("c")) == (True, False)


def test_a_token_that_stays_is_called_spent_once_its_pair_has_arrived(journal: Journal) -> None:
    pair = replace(ENTRY, base=fingerprint("stays"), refresh_token="stays")
    keep(journal, pair)
    assert journal.newest(pair.base) == pair
    journal.mark_written(pair)
    assert journal.newest(pair.base) is None
    assert list(journal.folder.iterdir()) == []


def test_tokens_that_lead_in_a_circle_are_followed_for_ever(journal: Journal) -> None:
    for pair in chained("a", "b", "a"):
        keep(journal, pair)
    assert journal.newest(fingerprint("a")) is not None


def test_a_pair_that_the_disk_does_not_take_is_forgotten(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "fails")

    with monkeypatch.context() as patched, journal.reserved(KEY) as room:
        patched.setattr(os, "write", fail)
        journal.keep(ENTRY, room)
        journal.save_again(ENTRY)
    assert (journal.newest(KEY), journal.is_unsaved(ENTRY), list(journal.pending())) == (ENTRY, True, [])
    journal.save_again(ENTRY)
    assert (journal.newest(KEY), journal.is_unsaved(ENTRY), list(journal.pending())) == (ENTRY, False, [ENTRY])


# How long.


def age(journal: Journal, days: float) -> None:
    """Let all of it be so old."""
    moment = time.time() - days * 86400
    for path in journal.folder.iterdir():
        os.utime(path, (moment, moment))


def test_what_follows_a_spent_token_is_forgotten_too_early_or_never(journal: Journal) -> None:
    keep(journal, ENTRY)
    journal.mark_written(ENTRY)
    journal.path_for(KEY, ".lock").touch()
    age(journal, 29.9)
    journal.purge()
    assert journal.newest(KEY) == ENTRY
    age(journal, 30.1)
    journal.purge()
    assert list(journal.folder.iterdir()) == []


def test_a_pair_on_its_way_is_removed_while_its_file_is_there(journal: Journal, tmp_path: Path) -> None:
    here = replace(ENTRY, path=str(tmp_path))
    gone = replace(ENTRY, base=fingerprint("other"), refresh_token="other-new", path=str(tmp_path / "gone"))
    keep(journal, here, gone)
    age(journal, 300)
    journal.purge()
    assert list(journal.pending()) == [here]


def test_a_lock_that_somebody_holds_is_removed(journal: Journal) -> None:
    keep(journal, ENTRY)
    with refresh_lock(journal.path_for(KEY, ".lock"), threading.Event(), wait_s=0):
        age(journal, 31)
        journal.purge()
        assert journal.path_for(KEY, ".lock").exists()
