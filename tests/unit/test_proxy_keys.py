"""Management keys that a proxy refuses, and proxies that let nobody in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.model import FailureKind
from trayquota.sources.management_failures import closed_failure
from trayquota.store.refused_keys import RefusedKeyFile

from .proxy_stand_in import KEY, ProxyStandIn, entry

if TYPE_CHECKING:
    from pathlib import Path


from .proxy_rig import ADA, NOW, Rig, connected


def test_a_wrong_key_is_sent_once_whatever_happens(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in, key="wrong") as rig:
        for _ in range(3):
            found = rig.discover()
            assert "refused the key" in (found.notice or "")
        # Another process, after a restart.
        other = Rig(tmp_path, stand_in.url, key="wrong")
        assert "refused the key" in (other.discover().notice or "")
        assert stand_in.wrong_keys == 1
        assert len(stand_in.requests) == 1
        assert "wrong" not in (tmp_path / "state" / "refused-keys.json").read_text()
        # A new key is looked up, and tried.
        other.key = KEY
        assert [each.path for each in other.discover().accounts] == [ADA]
        other.transport.close()


def test_a_key_that_is_taken_back_is_not_sent_again(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in) as rig:
        account = rig.account()
        stand_in.key = "another"
        assert rig.failure(account).failure.kind is FailureKind.REFUSED
        assert rig.failure(account).failure.kind is FailureKind.REFUSED
        found = rig.discover()
        assert stand_in.wrong_keys == 1
        assert [each.problem is not None for each in found.accounts] == [True]


def test_a_refused_key_may_be_tried_again_when_a_person_says_so(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in, key="wrong") as rig:
        rig.discover()
        rig.refused.refuse("https://other.example.com", "wrong")
        rig.refused.forget(stand_in.url)
        rig.discover()
        assert stand_in.wrong_keys == 2
        assert rig.refused.is_refused("https://other.example.com", "wrong")


def test_without_a_key_nothing_is_sent(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in, key="") as rig:
        assert "trayquota connect" in (rig.discover().notice or "")
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"remote_allowed": False}, "owner has to allow"),
        ({"wrong_keys": 5}, "half an hour"),
        ({"key": None}, "no management API"),
        ({"is_proxy": False}, "no CLIProxyAPI"),
    ],
)
def test_what_the_owner_has_to_do_is_said(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    for name, value in change.items():
        setattr(stand_in, name, value)
    with connected(tmp_path, stand_in) as rig:
        found = rig.discover()
        assert said in (found.notice or "")
        assert found.accounts == ()


def test_after_a_ban_nothing_is_sent_for_half_an_hour(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.wrong_keys = 5
    with connected(tmp_path, stand_in) as rig:
        rig.discover()
        rig.discover()
        # Another process, after a restart.
        other = Rig(tmp_path, stand_in.url)
        assert "half an hour" in (other.discover().notice or "")
        other.transport.close()
        assert len(stand_in.requests) == 1
        rig.seconds += 1800
        stand_in.wrong_keys = 0
        assert len(rig.discover().accounts) == 1


def test_a_clock_that_was_wrong_closes_no_server_for_long(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in) as rig:
        rig.refused.close(stand_in.url, "banned", NOW + timedelta(days=400))
        assert len(rig.discover().accounts) == 1


def test_what_refuses_and_is_no_proxy_does_not_make_the_key_a_wrong_one(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.is_proxy, stand_in.key = False, "another"
    with connected(tmp_path, stand_in) as rig:
        assert "no CLIProxyAPI" in (rig.discover().notice or "")
        assert "no CLIProxyAPI" in (rig.discover().notice or "")
        assert len(stand_in.requests) == 1
        assert not rig.refused.is_refused(stand_in.url, KEY)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"closed": {"x": {}}}', '{"refused": 7}'])
def test_a_damaged_file_of_refusals_refuses_nothing_and_is_written_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "refused-keys.json"
    path.write_text(content)
    refused = RefusedKeyFile(path)
    assert not refused.is_refused("https://proxy.example.com", KEY)
    refused.refuse("https://proxy.example.com", KEY)
    assert RefusedKeyFile(path).is_refused("https://proxy.example.com", KEY)


def test_refusals_hold_in_this_process_where_they_cannot_be_saved(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the folder's place")
    refused = RefusedKeyFile(tmp_path / "state" / "refused-keys.json")
    refused.refuse("https://proxy.example.com", KEY)
    refused.close("https://proxy.example.com", "banned", NOW)
    assert refused.is_refused("https://proxy.example.com", KEY)
    assert refused.closed_reason("https://proxy.example.com", NOW) == "banned"


def test_a_reason_that_a_later_version_wrote_is_said_as_it_stands() -> None:
    assert closed_failure("proxy.example.com", "{odd}").failure.message == "proxy.example.com {odd}"
