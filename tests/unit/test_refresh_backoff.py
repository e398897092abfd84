"""What the token manager makes of a provider that says no, or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind

from .token_files import TokenRig, failure_of, kind_of, reply

if TYPE_CHECKING:
    from pathlib import Path


# Refusals.


UNUSABLE = [
    reply({}),
    reply([]),
    reply(b"<html>Sign in to the network</html>"),
    reply(b""),
    reply(b'{"access_token": "x'),
    reply({"access_token": "two\r\nlines"}),
    reply({"access_token": ""}),
    reply({"access_token": 7}),
    reply({"access_token": "x" * 20000}),
    reply({"access_token": "x"}, 302),
    reply({"access_token": "x"}, 403),
    reply({"access_token": "x"}, 404),
    reply({"error": "temporarily_unavailable"}, 400),
    reply(b"<html>proxy</html>", 401),
]


@pytest.mark.parametrize("answer", UNUSABLE)
def test_an_unusable_answer_leaves_the_file_untouched_and_is_waited_out(expired: TokenRig, answer: object) -> None:
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
    assert expired.refresh().access_token == "access-2"


@pytest.mark.parametrize("status", [400, 401])
def test_a_dead_token_is_never_sent_again_not_even_after_a_restart(expired: TokenRig, status: int) -> None:
    expired.provider.script.append(reply({"error": "invalid_grant"}, status))
    assert kind_of(expired) is FailureKind.LOGIN_EXPIRED
    expired.store.save({}, expired.clock())
    expired.start()
    expired.clock.advance(30 * 86400)
    assert kind_of(expired) is FailureKind.LOGIN_EXPIRED
    assert len(expired.provider.requests) == 1


def test_a_dead_token_is_sent_again_by_another_process_at_the_same_time(expired: TokenRig) -> None:
    expired.provider.sign_in()
    assert kind_of(expired) is FailureKind.LOGIN_EXPIRED
    expired.start()
    assert kind_of(expired) is FailureKind.LOGIN_EXPIRED
    assert len(expired.provider.requests) == 1


def test_until_the_file_holds_another_one(expired: TokenRig) -> None:
    expired.provider.script.append(reply({"error": "invalid_grant"}, 400))
    failure_of(expired)
    expired.write(expired.provider.sign_in())
    expired.expire()
    assert expired.refresh().access_token == "access-3"


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
def test_a_pause_is_kept(expired: TokenRig, headers: dict[str, str], wait_s: int) -> None:
    expired.provider.script.append(reply({"error": {"type": "rate_limit_error"}}, 429, **headers))
    assert failure_of(expired).failure.retry_at == expired.clock() + timedelta(seconds=wait_s)
    expired.clock.advance(wait_s - 0.001)
    failure_of(expired)
    assert len(expired.provider.requests) == 1
    expired.clock.advance(0.001)
    assert expired.refresh().access_token == "access-2"


def waits_of(token_rig: TokenRig, *answers: object) -> list[float]:
    waits = []
    for answer in answers:
        token_rig.provider.script.append(answer)  # type: ignore[arg-type]
        retry_at = failure_of(token_rig).failure.retry_at
        assert retry_at is not None
        waits.append((retry_at - token_rig.clock()).total_seconds())
        token_rig.clock.now = retry_at
    return waits


def test_other_refusals_double_the_wait_up_to_six_hours_and_a_success_forgets_them(expired: TokenRig) -> None:
    no = reply({"error": "server says no"}, 400)
    minutes = [each / 60 for each in waits_of(expired, *[no] * 9)]
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    expired.refresh()
    assert waits_of(expired, no) == [300]


def test_it_forgets_them_for_a_token_that_stays_too(tmp_path: Path) -> None:
    token_rig = TokenRig(tmp_path, rotates=False)
    token_rig.expire()
    no = reply({}, 400)
    assert waits_of(token_rig, no, no) == [300, 600]
    token_rig.refresh()
    token_rig.expire()
    assert waits_of(token_rig, no) == [300]


def test_a_pause_between_them_does_not_count(expired: TokenRig) -> None:
    no, pause = reply({}, 401), reply({}, 429)
    assert waits_of(expired, pause, no, pause, no) == [5, 300, 5, 600]


def test_waits_survive_a_restart(expired: TokenRig) -> None:
    waits_of(expired, *[reply({}, 400)] * 3)
    expired.clock.advance(-1)
    expired.store.save({}, expired.clock())
    expired.start()
    failure_of(expired)
    assert len(expired.provider.requests) == 3
    expired.clock.advance(1)
    assert waits_of(expired, reply({}, 400)) == [2400]


def test_a_wait_that_a_wrong_clock_has_made_does_not_last_for_years(expired: TokenRig) -> None:
    right = expired.clock.now
    expired.clock.advance(10 * 365 * 86400)
    waits_of(expired, reply({}, 400))
    expired.clock.now = right
    assert expired.refresh().access_token == "access-2"


DOWN = [reply(b"<html>bad gateway</html>", 503), fetch_error(FailureKind.NETWORK, "The line is dead.")]


@pytest.mark.parametrize("trouble", DOWN)
def test_passing_trouble_is_tried_three_times(expired: TokenRig, trouble: object) -> None:
    expired.provider.script.extend([trouble] * 2)  # type: ignore[list-item]
    assert expired.refresh().access_token == "access-2"
    assert expired.closing.waits == [1.0, 2.0]


@pytest.mark.parametrize(("trouble", "kind"), [(DOWN[0], FailureKind.PROVIDER_DOWN), (DOWN[1], FailureKind.NETWORK)])
def test_and_then_given_up_until_the_next_refresh(expired: TokenRig, trouble: object, kind: FailureKind) -> None:
    before = expired.path.read_bytes()
    expired.provider.script.extend([trouble] * 3)  # type: ignore[list-item]
    assert kind_of(expired) is kind
    assert (expired.path.read_bytes(), expired.journals()) == (before, [])
    assert expired.refresh().access_token == "access-2"


def test_no_further_try_when_the_first_ones_took_long(expired: TokenRig) -> None:
    def slow() -> None:
        expired.clock.advance(4.5)
        raise fetch_error(FailureKind.NETWORK, "No answer in time.")

    expired.provider.script.append(slow)
    assert kind_of(expired) is FailureKind.NETWORK
    assert (len(expired.provider.requests), expired.closing.waits) == (1, [])


def test_no_further_try_when_it_is_not_the_network(expired: TokenRig) -> None:
    expired.provider.script.append(fetch_error(FailureKind.BAD_ANSWER, "Too large."))
    assert kind_of(expired) is FailureKind.BAD_ANSWER
    assert expired.closing.waits == []


def test_quitting_ends_the_tries(expired: TokenRig) -> None:
    expired.closing.during = expired.closing.set
    expired.provider.script.extend([DOWN[0]] * 3)  # type: ignore[list-item]
    assert kind_of(expired) is FailureKind.PROVIDER_DOWN
    assert len(expired.provider.requests) == 1
