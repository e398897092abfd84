"""One credential file: the account that its fields make."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_files import web_token

from trayquota.core.credential import is_token
from trayquota.core.errors import UnreadableError
from trayquota.core.model import FailureKind
from trayquota.core.person import Person, person
from trayquota.core.text import NAME_LIMIT
from trayquota.sources.credential_file import parse_fields, read_account, unreadable_account

from . import facts, hostile
from .credential_samples import END, END_S, credential

if TYPE_CHECKING:
    from trayquota.core.credential import Credential

ACCOUNTS = facts.names("credential")


@pytest.mark.parametrize("name", [each for each in ACCOUNTS if facts.expected(each)["account"]])
def test_the_accounts_of_the_facts(name: str) -> None:
    wanted = facts.expected(name)["account"]
    source = parse_fields(facts.content(name))
    assert source is not None
    found = read_account(Path(name), source)
    assert found.account.id == name
    assert found.account.provider == wanted["provider"]
    assert found.account.name == wanted["display_name"]
    assert found.disabled is wanted["disabled"]
    assert found.problem is None
    facts.assert_moment(found.login.expires_at, wanted["expires_at"])
    assert bool(found.login.access_token) is wanted["has_access_token"]
    assert bool(found.login.refresh_token) is wanted["has_refresh_token"]
    if wanted["has_access_token"]:
        assert found.login.is_expired(facts.NOW) is wanted["expired_at_reference_time"]
    if found.account.provider in {"claude", "codex"}:
        assert found.login.account_id == wanted.get("account_id")


def test_a_claude_file_says_whose_it_is() -> None:
    account = credential(
        email="Jo@Example.com", account_uuid="u-1", organization_uuid="o-1", organization_name="Ex"
    ).account
    assert account.organization == "Ex"
    assert account.person == person(organization="o-1", user="u-1", name="jo@example.com")
    assert credential(email="").account.person == Person(), "the file's name is nobody's"


def test_a_codex_file_says_whose_it_is_and_until_when_it_is_paid() -> None:
    source = parse_fields(facts.content("cred_codex.json"))
    assert source is not None
    account = read_account(Path("cred_codex.json"), source).account
    assert account.person == person(account=str(source["account_id"]), user="user-example", name="carol@example.com")
    assert account.subscription_ends_at == facts.moment("2026-10-01T00:00:00Z")


def test_three_files_of_one_e_mail_are_three_persons() -> None:
    fact = facts.newer("claude_files_same_email.json")
    accounts = [credential(name, **source).account for name, source in fact["answer"].items()]
    assert len(accounts) == fact["expected"]["accounts"]
    assert not any(one.person.is_same(other.person) for one, other in itertools.combinations(accounts, 2))


def test_a_type_without_a_quota_source_is_listed_as_unsupported() -> None:
    """The facts leave it open; listed it does not look lost."""
    source = parse_fields(facts.content("cred_unknown_type.json"))
    assert source is not None
    found = read_account(Path("cursor.json"), source)
    assert (found.account.provider, found.account.name, found.is_supported) == ("cursor", "cursor-user", False)


def test_accounts_without_a_quota_source_are_not_asked() -> None:
    supported = {
        each
        for each in ACCOUNTS
        if (source := parse_fields(facts.content(each))) and read_account(Path(each), source).is_supported
    }
    listed = {name for name in ACCOUNTS if parse_fields(facts.content(name))}
    assert listed - supported == {"cred_qwen.json", "cred_unknown_type.json", "cred_vertex.json"}


def test_a_codex_file_with_blanked_mail_is_named_by_its_tokens() -> None:
    claims = {"https://api.openai.com/profile": {"email": "carol@example.com"}, "exp": END_S}
    source = facts.load("cred_codex_blank_after_refresh.json") | {"access_token": web_token(claims), "expired": ""}
    found = read_account(Path("codex.json"), source)
    assert found.account.name == "carol@example.com"
    facts.assert_moment(found.login.expires_at, END)


def test_the_account_id_is_the_files_name_and_can_be_written() -> None:
    odd = os.fsdecode(b"claude-\xff.json") if sys.platform != "win32" else "claude-\udcff.json"
    found = credential(odd)
    assert found.account.id == "claude-\\udcff.json"
    assert unreadable_account(Path(odd), "It is broken.").account.id == found.account.id
    assert Path(found.path).name == odd
    hostile.assert_clean(found.account.name, NAME_LIMIT)


def test_a_proxy_is_taken_from_either_spelling() -> None:
    for key in ("proxy_url", "proxy-url"):
        assert credential(**{key: "socks5://127.0.0.1:1080"}).login.proxy_url == "socks5://127.0.0.1:1080"
    assert credential(proxy_url="").login.proxy_url is None


@pytest.mark.parametrize("key", ["domain", "base_url", "proxy_url"])
@pytest.mark.parametrize("address", ["[", "https://[", "https://[::1", "//[x]", "https://api.kimi.ai:x"])
def test_an_address_that_is_none_leaves_the_file_readable(key: str, address: str) -> None:
    assert credential("kimi-1.json", type="kimi", **{key: address}).account.provider == "kimi"


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("claude-ada@example.com.json", "claude"),
        ("codex-x.json", "codex"),
        ("kimi-1.json", "kimi"),
        ("notes.json", "unknown"),
    ],
)
def test_the_stand_in_for_a_broken_file(name: str, provider: str) -> None:
    found = unreadable_account(Path(name), "It is broken.")
    assert (found.account.id, found.account.provider, found.account.name) == (name, provider, name)
    assert found.problem is not None
    assert (found.problem.kind, found.problem.message) == (FailureKind.UNREADABLE_FILE, "It is broken.")


def test_whether_two_files_tell_of_one_person() -> None:
    ada = credential(email="ada@example.com").account
    assert ada.is_same_person(credential(email="ada@example.com", access_token="fake-other").account)
    assert not ada.is_same_person(credential(email="bob@example.org").account)
    assert not ada.is_same_person(credential(email="ada@example.com", type="codex").account)
    first, blanked, other = (
        read_account(Path("codex.json"), {"type": "codex", "email": mail, "account_id": number}).account
        for mail, number in (("carol@example.com", "acc-1"), ("", "acc-1"), ("carol@example.com", "acc-2"))
    )
    assert first.is_same_person(blanked)
    assert not first.is_same_person(other)


def test_no_secret_and_no_place_in_a_repr() -> None:
    source = facts.load("cred_codex.json") | {"proxy_url": "http://me:fake-password@127.0.0.1"}
    found = read_account(Path("secret-folder/codex.json"), source)
    assert not any(word in repr(replace(found)) for word in ("fake", "secret-folder", "00000000-0000"))


SOURCE = hostile.values(
    "type", "email", "access_token", "refresh_token", "expired", "disabled", "token", "id_token", "proxy_url"
)
TYPES = st.sampled_from(("claude", "codex", "Kimi", "\u202ex", "x" * 100))


@given(st.binary() | SOURCE.map(hostile.written))
def test_any_bytes_are_an_account_or_none_or_unreadable(content: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        source = parse_fields(content)
        if source is not None:
            assert_sound(read_account(Path("a.json"), source))


@given(
    TYPES,
    st.dictionaries(
        st.sampled_from(
            (
                "email",
                "access_token",
                "refresh_token",
                "expired",
                "disabled",
                "token",
                "id_token",
                "account_id",
                "proxy_url",
            )
        ),
        hostile.values(),
    ),
)
def test_whatever_an_account_says_it_is_fit_to_use(file_type: str, source: dict[str, object]) -> None:
    assert_sound(read_account(Path("a.json"), source | {"type": file_type}))


def assert_sound(found: Credential) -> None:
    hostile.assert_clean(found.account.name, NAME_LIMIT)
    hostile.assert_clean(found.account.provider, NAME_LIMIT)
    assert all(each == "" or is_token(each) for each in (found.login.access_token, found.login.refresh_token))
    assert found.login.expires_at is None or found.login.expires_at.utcoffset() == timedelta(0)
    assert found.problem is None or found.login.access_token == ""
