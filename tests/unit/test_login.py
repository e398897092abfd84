"""The login keeper against a provider with single-use tokens, on real files."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from filelock import FileLock

from trayquota.core.model import FailureKind
from trayquota.credentials import rewrite
from trayquota.credentials.journal import Journal
from trayquota.providers.base import FetchError, failed

from .logins import LIFETIME_S, MORE, START, House, fields, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.credentials.files import Credential


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def expired(house: House) -> House:
    house.expire()
    return house


def failure_of(house: House) -> FetchError:
    with pytest.raises(FetchError) as caught:
        house.renew()
    return caught.value


def kind_of(house: House) -> FailureKind:
    return failure_of(house).failure.kind


def unwritable(monkeypatch: pytest.MonkeyPatch, reason: int = errno.EROFS) -> None:
    """Let no file be replaced."""

    def refuse(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "replace", refuse)


# Renewing.


def test_an_expired_login_is_renewed_and_nothing_else_in_its_file_changes(expired: House) -> None:
    login = expired.renew()
    assert (login.access_token, login.refresh_token) == expired.newest == expired.pair()
    assert login.expires_at == expired.clock() + timedelta(seconds=LIFETIME_S)
    content = expired.content()
    assert content["expired"] == "2026-09-23T04:00:01Z"
    assert content["last_refresh"] == "2026-09-22T20:00:01Z"
    assert {key: content[key] for key in MORE} == MORE
    assert list(content) == [*fields(expired.provider.newest), *MORE]


def test_the_request_is_the_providers_form(expired: House) -> None:
    expired.renew()
    (request,) = expired.provider.requests
    assert (request.method, request.url) == ("POST", "https://platform.claude.com/v1/oauth/token")
    assert request.body is not None
    assert parse_qs(request.body.decode())["refresh_token"] == ["refresh-1"]


def test_nothing_stays_behind_but_the_lock(expired: House) -> None:
    expired.renew()
    assert expired.journals() == []
    assert [each.suffix for each in (expired.state / "renewals").iterdir()] == [".lock"]
    assert list(expired.path.parent.iterdir()) == [expired.path]


def test_what_somebody_else_has_renewed_is_used(expired: House) -> None:
    stale = expired.credential()
    theirs = expired.provider.sign_in()
    expired.write(theirs)
    assert expired.keeper.renew(stale, stale.login).access_token == theirs.access
    assert expired.provider.requests == []


def test_a_token_that_was_refused_before_its_end_is_waited_for_a_second(house: House) -> None:
    house.closing.during = lambda: house.write(house.provider.sign_in())
    assert house.renew().access_token == "access-2"
    assert house.closing.waits == [1.0]
    assert house.provider.requests == []


def test_and_traded_in_when_nobody_has_written_a_new_one(house: House) -> None:
    assert house.renew().access_token == "access-2"
    assert house.pair() == house.newest


def test_a_file_that_only_grants_more_time_to_the_same_token_is_believed(expired: House) -> None:
    stale = expired.credential()
    expired.write(expired.provider.newest, expired="2030-01-01T00:00:00Z")
    assert expired.keeper.renew(stale, stale.login).access_token == "access-1"
    assert expired.provider.requests == []


def test_but_not_when_the_provider_has_refused_it(house: House) -> None:
    stale = house.credential()
    house.write(house.provider.newest, expired="2030-01-01T00:00:00Z")
    assert house.keeper.renew(stale, stale.login).access_token == "access-2"


def test_without_a_new_refresh_token_the_old_one_stays(tmp_path: Path) -> None:
    house = House(tmp_path, rotates=False)
    house.expire()
    login = house.renew()
    assert (login.access_token, login.refresh_token) == ("access-2", "refresh-1") == house.pair()
    house.expire()
    assert house.renew().access_token == "access-3"


@pytest.mark.parametrize("named", [None, 0, -5, "soon", "1e999", True])
def test_without_a_lifetime_it_is_an_hour(expired: House, named: object) -> None:
    body = {"access_token": "fresh", "refresh_token": "key", "expires_in": named}
    expired.provider.script.append(reply(body))
    assert expired.renew().expires_at == expired.clock() + timedelta(seconds=3600)
    assert expired.content()["expired"] == "2026-09-22T21:00:01Z"


def test_a_lifetime_of_centuries_is_cut(expired: House) -> None:
    expired.provider.script.append(reply({"access_token": "fresh", "expires_in": 1e300}))
    expires_at = expired.renew().expires_at
    assert expires_at is not None
    assert expires_at <= expired.clock() + timedelta(days=366)


def test_eight_threads_at_once_make_one_rotation(expired: House) -> None:
    credential, barrier = expired.credential(), threading.Barrier(8)
    expired.start(threading.Event())

    def renew(_: int) -> str:
        barrier.wait()
        return expired.keeper.renew(credential, credential.login).access_token

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(renew, range(8))) == {"access-2"}
    assert expired.provider.rotations == 1


def test_a_link_stays_a_link_and_its_target_is_renewed(expired: House, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "login"
    target.parent.mkdir()
    expired.path.rename(target)
    expired.path.symlink_to(target)
    expired.renew()
    assert expired.path.is_symlink()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"
    assert list(target.parent.iterdir()) == [target]


# What is not renewed.


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude", "refr', FailureKind.UNREADABLE_FILE),
        (b"[]", FailureKind.UNREADABLE_FILE),
        (b'{"type": "codex", "refresh_token": "refresh-1"}', FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude", "refresh_token": "refresh-1", "disabled": true}', FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude", "refresh_token": "refresh\\r\\n1"}', FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude"}', FailureKind.LOGIN_EXPIRED),
        (b'{"type": "claude", "token": {"refresh_token": "refresh-1"}}', FailureKind.LOGIN_EXPIRED),
        (b'{"type": "claude", "refresh": "refresh-1"}', FailureKind.LOGIN_EXPIRED),
        (b'{"type": "claude", "refresh_token": "refresh-1", "weight": 1e999}', FailureKind.LOGIN_EXPIRED),
        (None, FailureKind.UNREADABLE_FILE),
    ],
)
def test_a_file_that_has_become_unfit_meanwhile_is_left_alone(
    expired: House, content: bytes | None, kind: FailureKind
) -> None:
    stale = expired.credential()
    if content is None:
        expired.path.unlink()
    else:
        expired.path.write_bytes(content)
    with pytest.raises(FetchError) as caught:
        expired.keeper.renew(stale, stale.login)
    assert caught.value.failure.kind is kind
    assert expired.provider.requests == []
    assert content is None or expired.path.read_bytes() == content


@pytest.mark.parametrize("kind", ["codex", "kimi", "antigravity", "unheard-of"])
def test_the_logins_of_others_are_never_renewed(house: House, kind: str) -> None:
    house.write(house.provider.newest, type=kind, expired="2020-01-01T00:00:00Z")
    before = house.path.read_bytes()
    assert kind_of(house) is FailureKind.LOGIN_EXPIRED
    assert house.provider.requests == []
    assert house.path.read_bytes() == before
    assert not house.state.exists()


def test_nobody_who_is_quitting_begins_a_renewal(expired: House) -> None:
    expired.closing.set()
    assert kind_of(expired) is FailureKind.NETWORK
    assert expired.provider.requests == []


def test_one_under_way_ends_well_while_quitting(expired: House) -> None:
    expired.provider.script.append(expired.closing.set)
    assert expired.renew().access_token == "access-2"
    assert expired.pair() == expired.newest


# Refusals.


UNUSABLE = [
    reply({}),
    reply([]),
    reply(b"<html>Sign in to the network</html>"),
    reply(b""),
    reply(b'{"access_token": "x'),
    reply({"access_token": "two\r\nlines", "refresh_token": "x"}),
    reply({"access_token": "", "refresh_token": "x"}),
    reply({"access_token": 7, "refresh_token": "x"}),
    reply({"access_token": "x" * 20000}),
    reply({"access_token": "x"}, 302),
    reply({"access_token": "x"}, 403),
    reply({"access_token": "x"}, 404),
    reply({"error": "temporarily_unavailable"}, 400),
    reply(b"<html>proxy</html>", 401),
]


@pytest.mark.parametrize("answer", UNUSABLE)
def test_an_unusable_answer_leaves_the_file_untouched_and_is_waited_out(expired: House, answer: object) -> None:
    before = expired.path.read_bytes()
    expired.provider.script.append(answer)  # type: ignore[arg-type]
    failure = failure_of(expired).failure
    assert failure.kind is FailureKind.PROVIDER_DOWN
    assert failure.retry_at == expired.clock() + timedelta(minutes=5)
    assert expired.path.read_bytes() == before
    assert expired.journals() == []
    assert kind_of(expired) is FailureKind.PROVIDER_DOWN
    assert len(expired.provider.requests) == 1
    expired.clock.advance(300)
    assert expired.renew().access_token == "access-2"


@pytest.mark.parametrize("status", [400, 401])
def test_a_dead_token_is_never_sent_again_not_even_after_a_restart(expired: House, status: int) -> None:
    expired.provider.script.append(reply({"error": "invalid_grant"}, status))
    assert kind_of(expired) is FailureKind.LOGIN_EXPIRED
    expired.store.save({}, expired.clock())
    expired.start()
    expired.clock.advance(30 * 86400)
    assert kind_of(expired) is FailureKind.LOGIN_EXPIRED
    assert len(expired.provider.requests) == 1


def test_until_the_file_holds_another_one(expired: House) -> None:
    expired.provider.script.append(reply({"error": "invalid_grant"}, 400))
    failure_of(expired)
    expired.write(expired.provider.sign_in())
    expired.expire()
    assert expired.renew().access_token == "access-3"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 5),
        ({"retry_after": "0"}, 5),
        ({"retry_after": "-3"}, 5),
        ({"retry_after": "30"}, 30),
        ({"retry_after": "1600"}, 300),
        ({"retry_after": "nonsense"}, 5),
        ({"retry_after": "Tue, 22 Sep 2026 12:01:00 GMT"}, 60),
        ({"retry_after_ms": "7000", "retry_after": "30"}, 7),
    ],
)
def test_a_pause_is_kept(expired: House, headers: dict[str, str], wait_s: int) -> None:
    expired.provider.script.append(reply({"error": {"type": "rate_limit_error"}}, 429, **headers))
    assert failure_of(expired).failure.retry_at == expired.clock() + timedelta(seconds=wait_s)
    expired.clock.advance(wait_s - 0.001)
    failure_of(expired)
    assert len(expired.provider.requests) == 1
    expired.clock.advance(0.001)
    assert expired.renew().access_token == "access-2"


def waits_of(house: House, *answers: object) -> list[float]:
    waits = []
    for answer in answers:
        house.provider.script.append(answer)  # type: ignore[arg-type]
        retry_at = failure_of(house).failure.retry_at
        assert retry_at is not None
        waits.append((retry_at - house.clock()).total_seconds())
        house.clock.now = retry_at
    return waits


def test_other_refusals_double_the_wait_up_to_six_hours_and_a_success_forgets_them(expired: House) -> None:
    no = reply({"error": "server says no"}, 400)
    minutes = [each / 60 for each in waits_of(expired, *[no] * 9)]
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    expired.renew()
    assert waits_of(expired, no) == [300]


def test_a_pause_between_them_does_not_count(expired: House) -> None:
    no, pause = reply({}, 401), reply({}, 429)
    assert waits_of(expired, pause, no, pause, no) == [5, 300, 5, 600]


def test_waits_survive_a_restart(expired: House) -> None:
    waits_of(expired, *[reply({}, 400)] * 3)
    expired.clock.advance(-1)
    expired.store.save({}, expired.clock())
    expired.start()
    failure_of(expired)
    assert len(expired.provider.requests) == 3
    expired.clock.advance(1)
    assert waits_of(expired, reply({}, 400)) == [2400]


def test_a_wait_that_a_wrong_clock_has_made_does_not_last_for_years(expired: House) -> None:
    right = expired.clock.now
    expired.clock.advance(10 * 365 * 86400)
    waits_of(expired, reply({}, 400))
    expired.clock.now = right
    assert expired.renew().access_token == "access-2"


DOWN = [reply(b"<html>bad gateway</html>", 503), failed(FailureKind.NETWORK, "The line is dead.")]


@pytest.mark.parametrize("trouble", DOWN)
def test_passing_trouble_is_tried_three_times(expired: House, trouble: object) -> None:
    expired.provider.script.extend([trouble] * 2)  # type: ignore[list-item]
    assert expired.renew().access_token == "access-2"
    assert expired.closing.waits == [1.0, 2.0]


@pytest.mark.parametrize(("trouble", "kind"), [(DOWN[0], FailureKind.PROVIDER_DOWN), (DOWN[1], FailureKind.NETWORK)])
def test_and_then_given_up_until_the_next_refresh(expired: House, trouble: object, kind: FailureKind) -> None:
    before = expired.path.read_bytes()
    expired.provider.script.extend([trouble] * 3)  # type: ignore[list-item]
    assert kind_of(expired) is kind
    assert (expired.path.read_bytes(), expired.journals()) == (before, [])
    assert expired.renew().access_token == "access-2"


def test_no_further_try_when_the_first_ones_took_long(expired: House) -> None:
    def slow() -> None:
        expired.clock.advance(4.5)
        raise failed(FailureKind.NETWORK, "No answer in time.")

    expired.provider.script.append(slow)
    assert kind_of(expired) is FailureKind.NETWORK
    assert (len(expired.provider.requests), expired.closing.waits) == (1, [])


def test_no_further_try_when_it_is_not_the_network(expired: House) -> None:
    expired.provider.script.append(failed(FailureKind.BAD_ANSWER, "Too large."))
    assert kind_of(expired) is FailureKind.BAD_ANSWER
    assert expired.closing.waits == []


def test_quitting_ends_the_tries(expired: House) -> None:
    expired.closing.during = expired.closing.set
    expired.provider.script.extend([DOWN[0]] * 3)  # type: ignore[list-item]
    assert kind_of(expired) is FailureKind.PROVIDER_DOWN
    assert len(expired.provider.requests) == 1


# Others at the same file.


def test_a_new_login_during_a_renewal_wins(expired: House) -> None:
    def sign_in() -> None:
        expired.write(theirs, note="new")

    theirs = expired.provider.newest.__class__("their-access", "their-refresh", START + timedelta(days=9))
    expired.provider.script.append(sign_in)
    expired.renew()
    assert expired.content() == fields(theirs) | {"note": "new"}
    assert expired.journals() == []
    assert expired.keeper.current(expired.credential())[0].access_token == "their-access"


def test_a_file_that_is_being_written_after_the_renewal_gets_the_pair_later(expired: House) -> None:
    old, stale = expired.path.read_bytes(), expired.credential()
    expired.provider.script.append(lambda: expired.path.write_bytes(old[:40]) and None)
    assert expired.renew().access_token == "access-2"
    assert expired.path.read_bytes() == old[:40]
    login, warning = expired.keeper.current(stale)
    assert login.access_token == "access-2"
    assert warning is not None
    assert "it cannot be read at the moment" in warning.message
    expired.path.write_bytes(old)
    assert expired.keeper.current(stale)[1] is None
    assert expired.pair() == expired.newest


def test_a_renewal_by_somebody_else_of_a_token_that_stays_is_not_undone(tmp_path: Path) -> None:
    house = House(tmp_path, rotates=False)
    house.expire()
    theirs = house.provider.newest
    house.provider.script.append(lambda: house.write(house.provider.newest.__class__("theirs", "refresh-1", START)))
    house.renew()
    assert house.pair() == ("theirs", "refresh-1")
    assert theirs.access == "access-1"
    assert house.journals() == []


def test_the_dead_pair_that_a_program_writes_back_out_of_its_memory_is_replaced(expired: House) -> None:
    old = expired.path.read_bytes()
    expired.renew()
    expired.path.write_bytes(old)
    login, warning = expired.keeper.current(expired.credential())
    assert (login.access_token, warning) == ("access-2", None)
    assert expired.pair() == expired.newest
    expired.path.write_bytes(old)
    assert expired.renew().access_token == "access-2"
    assert (expired.pair(), expired.provider.rotations) == (expired.newest, 1)


def test_somebody_who_holds_the_lock_is_waited_for_and_then_left_alone(expired: House) -> None:
    place = Journal(expired.state / "renewals").place(os.path.realpath(expired.path), ".lock")
    place.parent.mkdir(parents=True)
    with FileLock(place):
        assert kind_of(expired) is FailureKind.NETWORK
    assert sum(expired.closing.waits) == pytest.approx(20)
    assert expired.provider.requests == []


def test_whoever_is_quitting_does_not_wait_for_the_lock(expired: House) -> None:
    place = Journal(expired.state / "renewals").place(os.path.realpath(expired.path), ".lock")
    place.parent.mkdir(parents=True)
    expired.closing.during = expired.closing.set
    with FileLock(place):
        assert kind_of(expired) is FailureKind.NETWORK
    assert len(expired.closing.waits) == 1


def test_waiting_for_renewals_under_way(expired: House) -> None:
    idle: list[bool] = []
    expired.provider.script.append(lambda: idle.append(expired.keeper.wait_idle(0)))
    expired.renew()
    assert idle == [False]
    assert expired.keeper.wait_idle(0)


# Disks that do not take it.


@pytest.mark.parametrize(
    ("reason", "words"),
    [(errno.EROFS, "read-only file system"), (errno.ENOSPC, "no space left on device"), (errno.EACCES, "permission denied")],
)
def test_a_pair_that_cannot_be_written_is_used_reported_and_written_later(
    expired: House, monkeypatch: pytest.MonkeyPatch, reason: int, words: str
) -> None:
    before = expired.path.read_bytes()
    with monkeypatch.context() as patched:
        unwritable(patched, reason)
        assert expired.renew().access_token == "access-2"
        assert expired.path.read_bytes() == before
        login, warning = expired.keeper.current(expired.credential())
        assert login.access_token == "access-2"
        assert warning is not None
        assert warning.kind is FailureKind.UNREADABLE_FILE
        assert f"({words}). It is kept safe in the state folder" in warning.message
        (journal,) = expired.journals()
        assert journal.stat().st_mode & 0o777 == 0o600
    login, warning = expired.keeper.current(expired.credential())
    assert (login.access_token, warning) == ("access-2", None)
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_it_survives_restarts_and_is_renewed_in_its_turn(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
        for generation in (2, 3, 4):
            expired.start().recover()
            assert expired.keeper.current(expired.credential())[0].access_token == f"access-{generation}"
            expired.expire()
            assert expired.renew().access_token == f"access-{generation + 1}"
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])
    assert expired.provider.rotations == 4


def test_another_process_finds_it_without_recovering_first(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    expired.start()
    assert expired.renew().access_token == "access-2"
    assert (expired.pair(), expired.provider.rotations) == (expired.newest, 1)


def test_a_new_login_drops_it(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    theirs = expired.provider.sign_in()
    expired.write(theirs)
    before = expired.path.read_bytes()
    expired.start().recover()
    assert (expired.path.read_bytes(), expired.journals()) == (before, [])


def test_a_new_login_that_comes_right_after_a_look_at_a_broken_file_is_renewed_as_its_own(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pair that waits for the old login must not stand for the new one's."""
    stale = expired.credential()
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    expired.path.write_bytes(b"")
    theirs = expired.provider.sign_in()
    expired.expire()
    settle = expired.keeper._settle

    def settle_then_sign_in(path: str) -> str | None:
        problem = settle(path)
        if not expired.path.read_bytes():
            expired.write(theirs)
        return problem

    monkeypatch.setattr(expired.keeper, "_settle", settle_then_sign_in)
    expired.keeper.renew(stale, stale.login)
    assert expired.pair() == expired.newest


@pytest.fixture
def broken_state(expired: House) -> House:
    expired.state.mkdir(exist_ok=True)
    (expired.state / "renewals").write_text("in the way")
    return expired


def test_without_a_safe_place_for_the_new_pair_nothing_is_sent(broken_state: House) -> None:
    failure = failure_of(broken_state).failure
    assert failure.kind is FailureKind.UNREADABLE_FILE
    assert "state folder" in failure.message
    assert broken_state.provider.requests == []
    broken_state.keeper.recover()
    assert broken_state.keeper.current(broken_state.credential())[1] is None


class Disk:
    """Fails where it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.fails = True
        for name in names:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object) -> object:
            if self.fails:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return original(*arguments)

        return call


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_nor_when_the_disk_is_full(expired: House, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    disk = Disk(monkeypatch, call)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert (expired.provider.requests, expired.journals()) == ([], [])
    disk.fails = False
    assert expired.renew().access_token == "access-2"


def test_nor_when_the_journal_cannot_be_read(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Journal, __: str) -> None:
        raise OSError

    monkeypatch.setattr(Journal, "last", fail)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []


def test_a_journal_that_fails_after_the_trade_does_not_matter_when_the_file_takes_the_pair(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "lseek")
    disk.fails = False
    expired.provider.script.append(lambda: setattr(disk, "fails", True))
    assert expired.renew().access_token == "access-2"
    assert expired.pair() == expired.newest


def test_when_both_fail_the_pair_is_in_use_and_saved_as_soon_as_one_of_them_works(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "lseek")
    disk.fails = False
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.provider.script.append(lambda: setattr(disk, "fails", True))
        assert expired.renew().access_token == "access-2"
        for _ in range(2):
            login, warning = expired.keeper.current(expired.credential())
            assert login.access_token == "access-2"
            assert warning is not None
            assert "lost when the program ends" in warning.message
        assert expired.renew().access_token == "access-2"
        disk.fails = False
        warning = expired.keeper.current(expired.credential())[1]
        assert warning is not None
        assert "kept safe" in warning.message
        assert len(expired.journals()) == 1
        expired.start().recover()
        assert expired.keeper.current(expired.credential())[0].access_token == "access-2"
    expired.keeper.current(expired.credential())
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_an_older_pair_in_the_journal_does_not_take_the_place_of_one_that_is_only_in_memory(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "lseek")
    disk.fails = False
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
        expired.expire()
        expired.provider.script.append(lambda: setattr(disk, "fails", True))
        assert expired.renew().access_token == "access-3"
        expired.keeper.current(expired.credential())
    expired.keeper.current(expired.credential())
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_while_somebody_else_holds_the_lock_the_pair_is_used_without_a_word(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    (journal,) = expired.journals()
    with FileLock(journal.with_suffix(".lock")):
        login, warning = expired.keeper.current(expired.credential())
        assert (login.access_token, warning) == ("access-2", None)
        expired.start().recover()
    assert expired.closing.waits == []
    assert len(expired.journals()) == 1


def test_rubbish_in_the_journals_folder_stops_nobody(expired: House) -> None:
    folder = expired.state / "renewals"
    folder.mkdir(parents=True)
    (folder / "a.journal").write_bytes(b"\0\xff{{{" * 1000)
    (folder / "b.journal").mkdir()
    (folder / "c.journal").symlink_to(folder / "c.journal")
    expired.keeper.recover()
    assert expired.renew().access_token == "access-2"


def test_a_file_that_is_gone_keeps_its_pair_until_it_comes_back(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    away = expired.path.rename(expired.path.with_name("away"))
    expired.start().recover()
    assert len(expired.journals()) == 1
    away.rename(expired.path)
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


# In which order.


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the disk, in order."""
    deeds: list[str] = []

    def note(name: str, path: Callable[..., str]) -> None:
        original = getattr(os, name)

        def call(*arguments: object, **more: object) -> object:
            deeds.append(f"{name} {_role(path(*arguments))}")
            return original(*arguments, **more)

        monkeypatch.setattr(os, name, call)

    def by_handle(handle: int, *_: object) -> str:
        return os.readlink(f"/proc/self/fd/{handle}")

    for name in ("write", "fsync"):
        note(name, by_handle)
    for name in ("replace", "unlink"):
        note(name, lambda *paths: str(paths[-1]))
    return deeds


def _role(path: str) -> str:
    name = Path(path).name
    for ending, role in ((".journal", "journal"), (".tmp", "temporary"), (".json", "file")):
        if name.endswith(ending):
            return role
    return name


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_each_step_is_on_the_disk_before_the_next(expired: House, deeds: list[str]) -> None:
    expired.provider.script.append(lambda: deeds.append("-- traded"))
    expired.renew()
    assert deeds == [
        "write journal",
        "fsync journal",
        "fsync renewals",
        "-- traded",
        "write journal",
        "fsync journal",
        "fsync temporary",
        "replace file",
        "unlink temporary",
        "fsync auth",
        "unlink journal",
        "fsync renewals",
    ]


def test_a_pair_that_a_crash_has_put_in_place_is_on_the_disk_before_its_journal_goes(
    expired: House, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rewrite, "sync_folder", crash)
        with pytest.raises(KeyboardInterrupt):
            expired.renew()
    assert (expired.pair(), len(expired.journals())) == (expired.newest, 1)
    deeds = request.getfixturevalue("deeds")
    expired.start().recover()
    assert deeds == ["fsync auth", "unlink journal", "fsync renewals"]


# Real file systems that say no.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where this user may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount a file system here")
    yield place
    subprocess.run(["umount", str(place)], check=True)  # noqa: S603, S607 - a path of ours


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)  # noqa: S603, S607 - likewise


def fill(disk: Path) -> Path:
    """Leave not a byte."""
    with pytest.raises(OSError, match="No space"), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    return disk / "filler"


def move_to(house: House, folder: Path) -> Path:
    target = folder / "login"
    target.write_bytes(house.path.read_bytes())
    house.path.unlink()
    house.path.symlink_to(target)
    return target


def test_a_disk_that_is_really_full(expired: House, small_disk: Path) -> None:
    target = move_to(expired, small_disk)
    before, filler = target.read_bytes(), fill(small_disk)
    expired.renew()
    warning = expired.keeper.current(expired.credential())[1]
    assert warning is not None
    assert "no space left" in warning.message
    assert target.read_bytes() == before
    assert {each.name for each in small_disk.iterdir()} == {"login", "filler"}
    filler.unlink()
    assert expired.keeper.current(expired.credential())[1] is None
    assert expired.pair() == expired.newest


def test_a_full_disk_under_the_state_folder_sends_nothing(expired: House, small_disk: Path) -> None:
    expired.state.symlink_to(small_disk)
    filler = fill(small_disk)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []
    filler.unlink()
    assert expired.renew().access_token == "access-2"


def test_a_state_folder_that_fills_up_during_the_renewal_has_room_for_the_pair(
    expired: House, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired.state.symlink_to(small_disk)
    expired.provider.script.append(lambda: fill(small_disk) and None)
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    (journal,) = expired.journals()
    assert b"refresh-2" in journal.read_bytes()
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_a_folder_that_is_really_read_only(expired: House, small_disk: Path) -> None:
    target = move_to(expired, small_disk)
    mount("-o", "remount,ro", str(small_disk))
    expired.renew()
    warning = expired.keeper.current(expired.credential())[1]
    assert warning is not None
    assert "read-only" in warning.message
    mount("-o", "remount,rw", str(small_disk))
    expired.start().recover()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"


def test_credentials_that_are_passed_around_do_not_tell_their_secrets(house: House) -> None:
    credential: Credential = house.credential()
    assert "access-1" not in repr(credential)
    assert "refresh-1" not in repr(credential.login)
