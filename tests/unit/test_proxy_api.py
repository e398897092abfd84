"""Accounts of CLIProxyAPIs: their list, requests with their tokens, and everything that can be wrong with a server."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.net.cancellation import CancelToken
from trayquota.providers import ProviderSwitches
from trayquota.providers.base import Request
from trayquota.sources.proxy_server import MOST_AT_A_TIME

from . import facts
from .loopback_servers import CERTIFICATE
from .proxy_rig import ADA, JO, NOW, Rig, connected
from .proxy_stand_in import ProxyStandIn, entry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("versions", [(8, 0), (8,), (0,)])
def test_an_account_is_listed_and_asked(tmp_path: Path, versions: tuple[int, ...]) -> None:
    ada = entry(ADA, email="ada@example.com")
    with connected(tmp_path, ProxyStandIn(ada, versions=versions)) as rig:
        account = rig.account()
        assert (account.account.id, account.account.name, account.source) == (ADA, "ada@example.com", "proxy")
        assert not account.writable
        assert [window.used_percent for window in rig.fetch(account).windows] == [58.0]


def test_the_request_is_that_of_the_provider_with_the_tokens_place(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(JO, id_token={"chatgpt_account_id": "acc-1", "plan_type": "team"}))
    sample = facts.newer("management_api_call_ok.json")
    stand_in.inner = lambda _content: (200, sample["answer"]["header"], sample["answer"]["body"])
    with connected(tmp_path, stand_in) as rig:
        usage = rig.fetch(rig.account(JO))
    assert (usage.plan, usage.windows[0].used_percent) == ("Team", 51)
    wanted = sample["request"]["body"] | {"auth_index": f"index-of-{JO}"}
    assert stand_in.asked == [wanted]


def test_lists_are_sent_for_each_minute_where_there_is_a_proxy(tmp_path: Path) -> None:
    with connected(tmp_path, ProxyStandIn(entry(ADA))) as rig:
        assert rig.source.is_scan_due()
        rig.source.configure([])
        assert not rig.source.is_scan_due()


def test_all_pages_are_listed(tmp_path: Path) -> None:
    names = [f"claude-{number}@example.com.json" for number in range(205)]
    stand_in = ProxyStandIn(*map(entry, names))
    with connected(tmp_path, stand_in) as rig:
        assert len(rig.discover().accounts) == 205
    assert stand_in.lists == 3


def test_the_list_of_the_facts(tmp_path: Path) -> None:
    sample = facts.newer("management_credentials_v8.json")
    stand_in = ProxyStandIn(*sample["answer"]["files"], entry("claude-key", runtime_only=True))
    with connected(tmp_path, stand_in) as rig:
        found = {each.path: each for each in rig.discover().accounts}
    assert len(found) == sample["expected"]["accounts"]
    for name, wanted in sample["expected"]["passive"].items():
        seen = found[name].observed
        assert seen is not None
        live = [each for each in wanted["windows"] if datetime.fromisoformat(each["resets_at"]) > NOW]
        assert [
            (each.title, pytest.approx(each.used_percent), each.resets_at, each.duration_s)
            for each in seen.usage.windows
        ] == [
            (each["title"], each["used_percent"], datetime.fromisoformat(each["resets_at"]), each["duration_seconds"])
            for each in live
        ]
    assert found["kimi-1.json"].observed is None


def test_disabled_accounts_are_listed_as_such(tmp_path: Path) -> None:
    with connected(tmp_path, ProxyStandIn(entry(ADA, disabled=True))) as rig:
        assert rig.account().disabled


def test_accounts_of_a_provider_that_is_switched_off_are_not_asked(tmp_path: Path) -> None:
    with connected(tmp_path, ProxyStandIn(entry(ADA), entry(JO))) as rig:
        rig.source.configure([rig.address], ProviderSwitches.of(["codex"], []))
        assert {each.path: each.disabled for each in rig.discover().accounts} == {ADA: False, JO: True}


def test_an_entry_without_an_index_is_not_asked(tmp_path: Path) -> None:
    ada = entry(ADA)
    del ada["auth_index"]
    with connected(tmp_path, ProxyStandIn(ada)) as rig:
        assert rig.account().problem is not None


def test_a_provider_whose_token_no_proxy_can_put_in_is_unsupported(tmp_path: Path) -> None:
    with connected(tmp_path, ProxyStandIn(entry("devin-jo.json"), entry("meta-jo.json"))) as rig:
        assert [each.is_supported for each in rig.discover().accounts] == [False, False]


def test_a_proxy_that_is_away_keeps_its_accounts_and_the_others_go_on(tmp_path: Path) -> None:
    away, there = ProxyStandIn(entry(ADA)), ProxyStandIn(entry(JO))
    rig = Rig(tmp_path, away.url, there.url)
    with there:
        with away:
            assert len(rig.discover().accounts) == 2
        found = {each.path: each for each in rig.discover().accounts}
    rig.transport.close()
    problem = found[ADA].problem
    assert problem is not None
    assert problem.kind is FailureKind.NETWORK
    assert "does not answer" in problem.message
    assert found[JO].problem is None


def test_accounts_of_an_earlier_run_are_shown_while_their_proxy_is_away(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in) as rig:
        account = rig.account().account
    later = Rig(tmp_path, stand_in.url, last_known=(account, replace(account, id="x.json", source="folder", server="")))
    found = later.discover()
    later.transport.close()
    assert [each.account for each in found.accounts] == [account]
    assert found.accounts[0].problem is not None


def test_a_proxy_that_has_restarted_is_asked_with_its_new_indexes(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA, "before"))
    with connected(tmp_path, stand_in) as rig:
        account = rig.account()
        stand_in.entries = [entry(ADA, "after")]
        assert rig.fetch(account).windows[0].used_percent == 58.0
        assert [each["auth_index"] for each in stand_in.asked] == ["before", "after"]


def test_an_account_that_the_proxy_has_no_more_is_not_called_expired(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in) as rig:
        account = rig.account()
        stand_in.entries = []
        assert rig.failure(account).failure.kind is FailureKind.NETWORK


def test_a_login_that_the_provider_refuses_is_expired(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.inner = lambda _content: (401, {}, json.dumps({"error": {"type": "authentication_error"}}))
    with connected(tmp_path, stand_in) as rig:
        assert rig.failure(rig.account()).failure.kind is FailureKind.LOGIN_EXPIRED
    assert len(stand_in.asked) == 1


def test_a_wrong_clock_is_noticed_by_the_answers_that_a_proxy_passes_on(tmp_path: Path) -> None:
    stand_in, date = ProxyStandIn(entry(ADA)), "Tue, 22 Sep 2026 15:00:00 GMT"
    stand_in.inner = lambda _content: (200, {"Date": [date]}, '{"five_hour": {"utilization": 5}}')
    with connected(tmp_path, stand_in) as rig:
        rig.fetch(rig.account())
    assert [headers["date"] for headers in rig.answered] == [date]


def test_a_pause_that_the_provider_wants_is_that_of_the_inner_answer(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.inner = lambda _content: (429, {"Retry-After": ["700"]}, "{}")
    with connected(tmp_path, stand_in) as rig:
        error = rig.failure(rig.account())
    assert (error.failure.kind, error.retry_after_s) == (FailureKind.RATE_LIMITED, 700)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "auth token not found", FailureKind.LOGIN_EXPIRED),
        (400, "auth token refresh failed", FailureKind.LOGIN_EXPIRED),
        (400, "invalid url", FailureKind.PROVIDER_DOWN),
        (502, "request failed", FailureKind.NETWORK),
        (500, "", FailureKind.PROVIDER_DOWN),
    ],
)
def test_the_proxys_own_failures(tmp_path: Path, status: int, error: str, kind: FailureKind) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.outer = (status, {"error": error})
    with connected(tmp_path, stand_in) as rig:
        assert rig.failure(rig.account()).failure.kind is kind


def test_an_answer_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.outer = (200, {"status_code": "200", "body": 7})
    with connected(tmp_path, stand_in) as rig:
        assert rig.failure(rig.account()).failure.kind is FailureKind.BAD_ANSWER


def test_a_body_that_is_no_text_is_the_answers_fault(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    stand_in.inner = lambda _content: (200, {}, "\ud800")
    with connected(tmp_path, stand_in) as rig:
        assert rig.failure(rig.account()).failure.kind is FailureKind.BAD_ANSWER


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.json", "a.json"), ("a b.json", "a  b.json"), ("a\u200b.json", "a.json"), ("x" * 350 + "1", "x" * 350 + "2")],
    ids=["the same", "spaces", "invisible", "long"],
)
def test_accounts_in_files_of_names_that_look_alike_get_each_others_numbers(
    tmp_path: Path, one: str, other: str
) -> None:
    ada, jo = entry(f"claude-{one}", "index-1"), entry(f"claude-{other}", "index-2")
    stand_in = ProxyStandIn(ada, jo, ada)
    with connected(tmp_path, stand_in) as rig:
        for account in rig.discover().accounts:
            rig.fetch(account)
    assert sorted(content["auth_index"] for content in stand_in.asked) == ["index-1", "index-2"]


def test_four_requests_at_most_are_sent_at_the_same_time(tmp_path: Path) -> None:
    names = [f"claude-{number}@example.com.json" for number in range(10)]
    stand_in = ProxyStandIn(*map(entry, names))
    stand_in.hold = threading.Event()
    with connected(tmp_path, stand_in) as rig:
        accounts = rig.discover().accounts
        threads = [threading.Thread(target=rig.fetch, args=(account,)) for account in accounts]
        for thread in threads:
            thread.start()
        while stand_in.at_once < MOST_AT_A_TIME:
            threading.Event().wait(0.005)
        stand_in.hold.set()
        for thread in threads:
            thread.join()
    assert len(stand_in.asked) == 10
    assert stand_in.most_at_once == MOST_AT_A_TIME


def test_a_list_is_good_for_ten_seconds(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in) as rig:
        rig.discover()
        rig.source.discover()
        rig.seconds += 9
        rig.source.discover()
        assert stand_in.lists == 1


def test_a_proxy_with_a_certificate_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    stand_in = ProxyStandIn(entry(ADA), tls=True)
    with connected(tmp_path, stand_in) as rig:
        assert rig.discover().accounts == ()
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert rig.fetch(rig.account()).windows[0].used_percent == 58.0


def test_two_files_of_one_name_at_two_proxies_are_two_accounts(tmp_path: Path) -> None:
    one, two = ProxyStandIn(entry(ADA)), ProxyStandIn(entry(ADA))
    rig = Rig(tmp_path, one.url, two.url)
    with one, two:
        found = rig.discover().accounts
        for account in found:
            rig.fetch(account)
    rig.transport.close()
    assert [each.account.id for each in found] == [ADA, f"{two.url.removeprefix('http://')}/{ADA}"]
    assert (len(one.asked), len(two.asked)) == (1, 1)


def test_an_account_of_a_proxy_that_was_disconnected_is_not_asked(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    changes: list[str] = []
    with connected(tmp_path, stand_in) as rig:
        account = rig.account()
        rig.source.start(lambda: changes.append("changed"))
        rig.source.configure([])
        assert rig.failure(account).failure.kind is FailureKind.NETWORK
        assert rig.discover().accounts == ()
    assert (changes, stand_in.asked) == (["changed"], [])


def test_only_https_addresses_are_asked_through_a_proxy(tmp_path: Path) -> None:
    stand_in = ProxyStandIn(entry(ADA))
    with connected(tmp_path, stand_in) as rig:
        request = Request("GET", "http://169.254.169.254/", {"Authorization": "Bearer $TOKEN$"})
        with pytest.raises(FetchError):
            rig.source.send(rig.account(), request, CancelToken())
    assert stand_in.asked == []


def test_a_moment_ahead_of_the_clock_is_read_as_stated(tmp_path: Path) -> None:
    ahead = NOW + timedelta(minutes=3)
    signals = {"Anthropic-Ratelimit-Unified-5h-Utilization": "0.5"}
    ada = entry(ADA, quota={"observed_at": ahead.isoformat(), "signals": signals})
    with connected(tmp_path, ProxyStandIn(ada)) as rig:
        observed = rig.account().observed
    assert observed is not None
    assert (observed.at, observed.usage.windows[0].used_percent) == (ahead, 50.0)
