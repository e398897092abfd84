"""A refusal that a new token does not help against: at most one refresh, whatever process comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.engine.fetcher import Fetcher

from .fetcher_rig import REFUSED, FetcherRig, reply

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.providers.base import Response

FORBIDDEN = reply(403, {"error": {"type": "permission_error", "message": "not today"}})


@pytest.fixture
def rig(tmp_path: Path) -> FetcherRig:
    return FetcherRig(tmp_path)


def restart(rig: FetcherRig) -> None:
    """Let another process take over."""
    rig.token_rig.store.save({}, rig.token_rig.clock())
    rig.token_rig.start()
    rig.fetcher = Fetcher(rig.endpoint.send, rig.token_rig.manager, rig.token_rig.clock)


@pytest.mark.parametrize("refusal", [FORBIDDEN, REFUSED])
def test_a_refresh_that_was_no_use_is_repeated_by_every_process(rig: FetcherRig, refusal: Response) -> None:
    for _ in range(4):
        rig.endpoint.script.extend([refusal] * 2)
        assert rig.fetch().usage is None
        rig.endpoint.script.clear()
        restart(rig)
    assert rig.rotations == 1


def test_a_forbidden_token_is_refreshed_again_because_nobody_saw_that_it_was_no_use(rig: FetcherRig) -> None:
    rig.endpoint.script.append(FORBIDDEN)
    rig.endpoint.script.append(fetch_error(FailureKind.NETWORK, "gone"))
    assert rig.kind() is FailureKind.NETWORK
    restart(rig)
    rig.endpoint.script.append(FORBIDDEN)
    assert rig.kind() is FailureKind.REFUSED
    assert rig.rotations == 1


def test_what_was_no_use_is_forgotten_with_the_token(rig: FetcherRig) -> None:
    """The token that follows has the same trouble: it is refreshed when it has ended, and for nothing else."""
    for rotations in (1, 2, 3):
        rig.endpoint.script.extend([FORBIDDEN] * 2)
        rig.fetch()
        assert rig.rotations == rotations
        rig.endpoint.script.clear()
        rig.token_rig.expire()
    rig.token_rig.write(rig.token_rig.provider.newest, expired="2030-01-01T00:00:00Z")
    rig.endpoint.script.append(FORBIDDEN)
    assert rig.kind() is FailureKind.REFUSED
    assert rig.rotations == 3


def test_a_login_that_is_good_again_is_never_refreshed_again(rig: FetcherRig) -> None:
    rig.endpoint.script.extend([FORBIDDEN] * 2)
    rig.fetch()
    assert rig.fetch().usage is not None
    rig.endpoint.script.append(REFUSED)
    assert rig.fetch().usage is not None
    assert rig.rotations == 2


@pytest.mark.parametrize(
    "words",
    [
        "Request not allowed",
        "unsupported_country_region_territory",
        "Claude is not available in your region",
        "This organization has been disabled.",
    ],
)
def test_a_token_is_refreshed_because_of_who_asks_or_where_from(rig: FetcherRig, words: str) -> None:
    rig.endpoint.script.append(reply(403, {"error": {"type": "forbidden", "message": words}}))
    assert rig.kind() is FailureKind.REFUSED
    assert rig.rotations == 0
