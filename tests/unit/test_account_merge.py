"""One account that several sources have: shown once where it is known to be one, and kept when a place goes away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core import account_merge
from trayquota.core.account_merge import is_one_account, merge_accounts
from trayquota.core.credential import Credential, Tokens
from trayquota.core.model import Account, AccountState, FailureKind, QuotaWindow, Usage
from trayquota.core.observation import Observation
from trayquota.core.person import person
from trayquota.core.refresh_policy import Reason
from trayquota.sources.base import Discovery
from trayquota.sources.credential_file import unreadable
from trayquota.sources.proxy_entry import read_entry

from .credential_samples import credential
from .engine_rig import START, Rig, answer, pause
from .facts import NOW
from .native_logins import native_source, put_claude, put_codex
from .proxy_stand_in import entry
from .test_discoverer import Discoveries, Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES = {"folder": "/home/ada/.cli-proxy-api/{}", "proxy": "{}", "native": "C:\\Users\\ada\\{}"}


def held(
    source: str,
    file: str = "claude-ada.json",
    *,
    provider: str = "claude",
    server: str = "",
    name: str | None = "ada@example.com",
    **ids: str | None,
) -> Credential:
    """Return an account as a source has it; ``ids`` are more of its person."""
    shown = Account(file, provider, name or file, person=person(name=name, **ids), source=source, server=server)
    return Credential(shown, FILES[source].format(file), Tokens(f"token-{source}"))


def shown(*credentials: Credential) -> list[Credential]:
    """Return what is shown of accounts."""
    sources = [[each for each in credentials if each.source == source] for source in FILES]
    return [each for accounts in merge_accounts(sources) for each in accounts]


ORG = {"organization": "org-1", "user": "user-1"}


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (held("folder"), held("proxy"), True),
        (held("folder", name="ADA@example.com"), held("proxy"), True),
        (held("folder"), held("proxy", "claude-ada-2.json"), False),
        (held("folder", name=None), held("proxy", name=None), False),
        (held("folder"), held("proxy", provider="codex"), False),
        (held("folder", **ORG), held("native", ".credentials.json", **ORG), True),
        (held("folder", **ORG), held("native", ".credentials.json", name="new@example.com", **ORG), True),
        (held("folder", **ORG), held("native", ".credentials.json", user="user-1"), False),
        (held("folder", organization="org-1"), held("native", "x.json", organization="org-1"), True),
        (held("folder", organization="org-1"), held("native", organization="org-2"), False),
        (held("folder", organization="org-1"), held("proxy", organization="org-2"), False),
        (held("folder", account="team", user="ada"), held("proxy", account="team", user="bea"), False),
        (held("folder", account="team"), held("proxy", "x.json", account="team", name="bea@example.com"), False),
        (held("folder", account="team"), held("proxy", "x.json", account="team"), True),
        (held("folder", account="team", name=None), held("proxy", "x.json", account="team", name=None), False),
    ],
)
def test_what_is_one_account(one: Credential, other: Credential, *, is_one: bool) -> None:
    assert is_one_account(one, other) is is_one
    assert is_one_account(other, one) is is_one
    assert len(shown(one, other)) == 2 - is_one


def test_the_folder_comes_before_a_proxy_and_that_before_a_native_login() -> None:
    places = [held(source, organization="org-1") for source in FILES]
    assert [each.source for each in shown(*places)] == ["folder"]
    assert [each.source for each in shown(*places[1:])] == ["proxy"]
    assert [each.source for each in shown(*places[2:])] == ["native"]


def test_two_proxies_with_one_account_show_it_once() -> None:
    both = held("proxy", server="https://one.example.com"), held("proxy", server="https://two.example.com")
    assert shown(*both) == [both[0]]


def test_two_files_of_one_source_are_never_joined() -> None:
    files = held("folder", "one.json", **ORG), held("folder", "two.json", **ORG)
    assert shown(*files, held("proxy", "one.json", **ORG)) == [*files]


def test_accounts_of_one_place_are_not_compared_however_many_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [replace(held("folder"), path=f"/home/ada/.cli-proxy-api/{number}.json") for number in range(50)]
    with monkeypatch.context() as patch:
        patch.setattr(account_merge, "is_one_account", None)
        assert shown(*many) == many
    assert shown(*many, held("proxy", "7.json")) == many


def test_what_joins_two_does_not_join_a_third_that_is_another_person() -> None:
    """The proxy's entry says too little: it may be either, but these two are never one."""
    first, second = held("folder", organization="org-1"), held("native", organization="org-2")
    assert shown(first, held("proxy"), second) == [first, second]


def test_a_place_with_a_problem_lets_the_next_one_be_shown() -> None:
    broken = replace(held("folder", **ORG), problem=unreadable("It is broken."))
    assert [each.source for each in shown(broken, held("native", **ORG))] == ["native"]
    assert [each.source for each in shown(broken)] == ["folder"]


def test_what_is_switched_off_in_the_folder_stays_off() -> None:
    off = replace(held("folder", **ORG), disabled=True)
    assert shown(off, held("native", **ORG)) == [off]


def test_a_fallback_is_shown_only_where_no_folder_has_its_provider() -> None:
    fallback = replace(held("native", "x.json", name="bea@example.com"), is_fallback=True)
    assert shown(held("folder"), fallback) == [held("folder")]
    assert shown(held("folder", provider="codex"), fallback) == [held("folder", provider="codex"), fallback]
    assert shown(held("proxy"), fallback) == [held("proxy"), fallback]


def test_what_a_proxy_has_seen_counts_for_the_account_of_the_folder() -> None:
    seen = Observation(START, Usage((QuotaWindow("5-hour", 10.0),)))
    account = shown(held("folder"), replace(held("proxy"), observed=seen))[0]
    assert (account.source, account.observed) == ("folder", seen)


SEATS = [("folder", ""), ("proxy", "https://one.example.com"), ("proxy", "https://two.example.com"), ("native", "")]
WHO = st.fixed_dictionaries(
    {
        "name": st.sampled_from([None, "ada@example.com", "bea@example.com"]),
        "account": st.sampled_from([None, "acc-1", "acc-2"]),
        "organization": st.sampled_from([None, "org-1", "org-2"]),
        "user": st.sampled_from([None, "user-1", "user-2"]),
    }
)
PLACES = st.lists(
    st.tuples(
        st.sampled_from(SEATS), st.sampled_from(["a.json", "b.json"]), st.sampled_from(["claude", "codex"]), WHO
    ).map(lambda drawn: held(drawn[0][0], drawn[1], server=drawn[0][1], provider=drawn[2], **drawn[3])),
    max_size=6,
)


@settings(max_examples=50)
@given(PLACES)
def test_nobody_is_hidden_behind_somebody_else(places: Sequence[Credential]) -> None:
    found = shown(*places)
    assert all(any(each is account for account in places) for each in found)
    for account in places:
        assert any(each.account.is_same_person(account.account) for each in found)


@settings(max_examples=50)
@given(PLACES)
def test_accounts_that_cannot_be_one_are_all_shown(places: Sequence[Credential]) -> None:
    """As many as are found pairwise different are there: no Team hides another one."""
    different: list[Credential] = []
    for account in places:
        if all(not each.account.is_same_person(account.account) for each in different):
            different.append(account)
    assert len(shown(*places)) >= len(different)


@settings(max_examples=50)
@given(PLACES)
def test_all_of_the_preferred_source_are_shown_and_come_first(places: Sequence[Credential]) -> None:
    folder = [each for each in places if each.source == "folder"]
    assert shown(*places)[: len(folder)] == folder


@pytest.mark.parametrize(
    "names", [("folder", "native"), ("native", "folder"), ("folder", "proxy"), ("proxy", "native")]
)
def test_the_next_place_takes_over_with_all_that_is_known(names: tuple[str, str]) -> None:
    first, second = (held(name, f"{name}.json", **ORG) for name in names)
    rig = Rig(first)
    rig.begin_run()
    rig.answer(f"{names[0]}.json", answer(58.0, plan="Max"))
    rig.pass_time(5)
    before = len(rig.published)
    rig.change(second)
    account = rig.usage(f"{names[1]}.json")
    assert (account.state, account.account.source, account.account.plan) == (AccountState.OK, names[1], "Max")
    assert account.windows == answer(58.0).usage.windows  # type: ignore[union-attr] # it has some
    assert rig.fetching == [], "nothing new is known of it"
    assert all(len(each.accounts) == 1 for each in rig.published[before:]), "there is no gap"


def test_the_next_place_is_asked_when_the_first_one_was_about_to_answer() -> None:
    rig = Rig(held("folder", **ORG))
    rig.begin_run()
    assert rig.fetching == ["claude-ada.json"]
    waiting = rig.pending()[0]
    rig.change(held("native", "x.json", **ORG))
    assert waiting.future.cancelled()
    assert rig.fetching == ["x.json"]


def test_nothing_is_taken_over_by_another_person() -> None:
    rig = Rig(held("folder", **ORG))
    rig.begin_run()
    rig.answer("claude-ada.json")
    rig.change(held("native", "x.json", organization="org-2", user="user-1"))
    assert rig.usage("x.json").state is AccountState.PENDING


def test_two_accounts_that_change_their_names_keep_their_values() -> None:
    ada, bea = held("folder", "a.json", **ORG), held("folder", "b.json", organization="org-2", user="user-2")
    rig = Rig(ada, bea)
    rig.begin_run()
    rig.answer("a.json", answer(10.0))
    rig.answer("b.json", answer(20.0))
    rig.pass_time(5)
    rig.change(
        replace(bea, account=replace(bea.account, id="a.json")), replace(ada, account=replace(ada.account, id="b.json"))
    )
    assert [rig.usage(key).windows[0].used_percent for key in ("a.json", "b.json")] == [20.0, 10.0]
    assert rig.fetching == []


def test_a_pause_that_a_provider_asked_for_holds_at_the_next_place() -> None:
    rig = Rig(held("folder", **ORG))
    rig.begin_run()
    rig.answer("claude-ada.json", pause(1800))
    rig.change(held("native", "x.json", **ORG))
    rig.refresh(Reason.MANUAL)
    rig.pass_time(1000)
    assert rig.fetching == []
    failure = rig.usage("x.json").failure
    assert failure is not None
    assert failure.kind is FailureKind.RATE_LIMITED
    assert failure.retry_at == START + timedelta(seconds=1800)


def test_a_fallback_waits_for_the_folders_first_answer() -> None:
    folder, native = Source("folder"), Source("native", replace(held("native"), is_fallback=True))
    folder.found = Discovery()
    rig = Discoveries(folder, native)
    rig.discoverer.submit(native, Reason.START)
    rig.finish()
    assert rig.keys() == [], "the folder may hold an account of that provider"
    rig.discoverer.submit(folder, Reason.START)
    rig.finish()
    assert rig.keys() == ["claude-ada.json"]


@pytest.mark.parametrize(("account_id", "is_one"), [("acc-1", True), ("acc-2", False)])
def test_a_login_of_codex_cli_and_a_proxys_account_are_joined_by_their_workspace(
    tmp_path: Path, account_id: str, *, is_one: bool
) -> None:
    put_codex(tmp_path, email="jo@example.com", account_id="acc-1")
    (native,) = native_source(tmp_path).discover().accounts
    listed = entry(
        "codex-jo@example.com-team.json", email="jo@example.com", id_token={"chatgpt_account_id": account_id}
    )
    remote = read_entry(listed, "https://proxy.example.com", NOW)
    assert remote is not None
    assert [each.source for each in shown(remote, native)] == (["proxy"] if is_one else ["proxy", "native"])


@pytest.mark.parametrize(("organization", "is_one"), [("org-1", True), ("org-2", False)])
def test_a_login_of_claude_code_and_a_file_are_joined_by_their_organization(
    tmp_path: Path, organization: str, *, is_one: bool
) -> None:
    put_claude(tmp_path, email="ada@example.com", organization="org-1")
    (native,) = native_source(tmp_path).discover().accounts
    who = {"email": "ada@example.com", "account_uuid": "user-of-ada@example.com", "organization_uuid": organization}
    file = credential("claude-ada@example.com.json", **who)
    assert [each.source for each in shown(file, native)] == (["folder"] if is_one else ["folder", "native"])
