"""When the login in a credential file ends, and where its tokens are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from trayquota.core.model import FailureKind
from trayquota.core.text import NAME_LIMIT

from . import facts
from .credential_samples import END, END_S, credential


@pytest.mark.parametrize("key", ["expired", "expire", "expires_at", "expiresAt", "expiry", "expires"])
@pytest.mark.parametrize("where", ["top", "token", "Token"])
def test_when_a_login_ends(key: str, where: str) -> None:
    found = credential(**({key: END} if where == "top" else {where: {key: END}}))
    facts.assert_moment(found.login.expires_at, END)
    assert found.login.is_expired(facts.NOW)
    assert not found.login.is_expired(facts.NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    "value",
    [
        "2026-09-22T20:00:00+08:00",
        "2026-09-22T20:00:00.000000001+08:00",
        "2026-09-22 12:00:00",
        "2026-09-22 12:00",
        END_S,
        END_S * 1000,
        END_S * 1000 + 0.5,
        str(END_S),
        f"{END_S}000",
    ],
)
def test_the_end_is_written_in_many_ways(value: object) -> None:
    facts.assert_moment(credential(expired=value).login.expires_at, END)


@pytest.mark.parametrize("value", ["", None, True, "never", 0, "0001-01-01T00:00:00Z", [], {}])
def test_a_login_without_an_end_does_not_expire(value: object) -> None:
    found = credential(expired=value)
    assert found.login.expires_at is None
    assert not found.login.is_expired(facts.NOW)
    facts.assert_moment(credential(expired=value, expires=END).login.expires_at, END)


def test_without_an_access_token_a_login_is_over() -> None:
    assert credential(access_token="").login.is_expired(facts.NOW)


@pytest.mark.parametrize(
    "stated", [{"accessToken": "a"}, {"token": "a"}, {"Token": "a"}, {"token": {"accessToken": "a"}}]
)
def test_an_access_token_in_another_form_is_missed(stated: dict[str, object]) -> None:
    assert credential(**{"access_token": None, **stated}).login.access_token == "a"


def test_tokens_are_found_where_the_writers_put_them() -> None:
    other_keys = credential(access_token="", access="a", refresh="b").login
    assert (other_keys.access_token, other_keys.refresh_token) == ("a", "b")
    nested = credential(access_token=None, token={"access_token": "a", "refresh_token": "b"}).login
    assert (nested.access_token, nested.refresh_token) == ("a", "b")
    both = credential(refresh_token="b", token={"access_token": "c", "refresh_token": "d"}).login
    assert (both.access_token, both.refresh_token) == ("fake-access", "b")


@pytest.mark.parametrize("secret", ["a\0b", "a\rb", "a\nb", "a\r\nX-Evil: 1", "a b", "\u00e4", "a\ud800", "x" * 300000])
@pytest.mark.parametrize("key", ["access_token", "refresh_token"])
def test_a_damaged_secret_is_never_used(key: str, secret: str) -> None:
    found = credential(**{key: secret})
    assert (found.login.access_token, found.login.refresh_token) == ("", "")
    assert found.problem is not None
    assert found.problem.kind is FailureKind.UNREADABLE_FILE
    assert secret not in repr(found)


@pytest.mark.parametrize("secret", [None, 7, True, [], {}, ""])
def test_what_is_no_text_is_no_secret(secret: object) -> None:
    found = credential(access_token=secret)
    assert (found.login.access_token, found.problem) == ("", None)


@pytest.mark.parametrize(
    ("value", "disabled"),
    [
        (True, True),
        (1, True),
        (0.5, True),
        ("true", True),
        (" True ", True),
        (False, False),
        (0, False),
        ("false", False),
        ("", False),
        ("yes", False),
        (None, False),
        ([1], False),
    ],
)
def test_switched_off_by_its_owner(value: object, disabled: bool) -> None:
    assert credential(disabled=value).disabled is disabled
    assert credential(disabled=value).account.paused is disabled
    assert not credential().disabled


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"email": "ada@example.com", "login": "ada", "username": "ada-u"}, "ada@example.com"),
        ({"email": "", "login": "ada", "username": "ada-u"}, "ada"),
        ({"email": " ", "login": None, "username": "ada-u"}, "ada-u"),
        ({"email": ["ada"]}, "claude-ada@example.com.json"),
        ({"email": "\u202eada\r\n@\0example.com"}, "ada @example.com"),
        ({"email": "x" * 500}, "x" * (NAME_LIMIT - 1) + "…"),
    ],
)
def test_what_an_account_is_called(source: dict[str, object], name: str) -> None:
    assert credential(**source).account.name == name
