"""Every answer that is none: of which kind it is, whether a token refresh may help, how long to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.core.refresh_policy import next_gate
from trayquota.providers import find_provider, provider_name, provider_title, usage_page
from trayquota.providers.answers import retry_after_s

from . import facts

if TYPE_CHECKING:
    from trayquota.providers.base import Provider, Response

CLAUDE, CODEX = facts.PROVIDERS["claude"], facts.PROVIDERS["codex"]
KINDS = {
    "auth_expired": FailureKind.LOGIN_EXPIRED,
    "scope_missing": FailureKind.SCOPE_MISSING,
    "rate_limited": FailureKind.RATE_LIMITED,
    "server_error": FailureKind.PROVIDER_DOWN,
    "blocked_page": FailureKind.BLOCKED,
    "bad_payload": FailureKind.BAD_ANSWER,
    "no_windows": FailureKind.NO_WINDOWS,
}
CASES = [
    pytest.param(provider, case, id=f"{provider.name}: {case['name']}")
    for provider in (CLAUDE, CODEX)
    for case in facts.load(f"http_cases_{provider.name}.json")
    if "class" in case["expect"]
]
SECRET = "fake-secret ada@example.com"


def failure_of(provider: Provider, response: Response) -> FetchError:
    with pytest.raises(FetchError) as caught:
        facts.fetched(provider, response)
    return caught.value


def refused(status: int, body: object = None, **headers: str) -> FetchError:
    return failure_of(CLAUDE, facts.answer(body if body is not None else {}, status, headers))


def test_all_cases_of_the_facts_are_here() -> None:
    assert len(CASES) == 9 + 5


@pytest.mark.parametrize(("provider", "case"), CASES)
def test_the_cases_of_the_facts(provider: Provider, case: Any) -> None:
    wanted, response = case["expect"], facts.case_answer(case)
    error = failure_of(provider, response)
    # A page with 200 is a gate's, which the facts of the first edition took for a bad payload.
    assert error.failure.kind is (FailureKind.BLOCKED if response.is_html else KINDS[wanted["class"]])
    assert error.may_refresh is wanted.get("may_refresh_once", wanted["class"] == "auth_expired")
    if error.failure.kind is FailureKind.RATE_LIMITED:
        gate = next_gate(None, error.retry_after_s, facts.NOW)
        assert (gate.opens_at - facts.NOW).total_seconds() >= max(wanted["wait_seconds_min"], 300)


@pytest.mark.parametrize("provider", [CLAUDE, CODEX])
@pytest.mark.parametrize(
    ("status", "kind", "may_refresh"),
    [
        (204, FailureKind.BAD_ANSWER, False),
        (302, FailureKind.BLOCKED, False),
        (307, FailureKind.BLOCKED, False),
        (400, FailureKind.BAD_ANSWER, False),
        (401, FailureKind.LOGIN_EXPIRED, True),
        (402, FailureKind.REFUSED, False),
        (403, FailureKind.REFUSED, True),
        (404, FailureKind.BAD_ANSWER, False),
        (407, FailureKind.NETWORK, False),
        (429, FailureKind.RATE_LIMITED, False),
        (500, FailureKind.PROVIDER_DOWN, False),
        (503, FailureKind.PROVIDER_DOWN, False),
        (511, FailureKind.BLOCKED, False),
        (529, FailureKind.PROVIDER_DOWN, False),
    ],
)
def test_a_status_alone(provider: Provider, status: int, kind: FailureKind, may_refresh: bool) -> None:
    error = failure_of(provider, facts.answer(b"", status))
    assert (error.failure.kind, error.may_refresh) == (kind, may_refresh)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, FailureKind.BLOCKED),
        (206, FailureKind.BLOCKED),
        (302, FailureKind.BLOCKED),
        (401, FailureKind.BLOCKED),
        (402, FailureKind.BLOCKED),
        (403, FailureKind.BLOCKED),
        (407, FailureKind.BLOCKED),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.PROVIDER_DOWN),
        (502, FailureKind.PROVIDER_DOWN),
        (503, FailureKind.BLOCKED),
        (504, FailureKind.PROVIDER_DOWN),
        (511, FailureKind.BLOCKED),
    ],
)
@pytest.mark.parametrize("headers", [{"content-type": "Text/HTML; charset=utf-8"}, {}])
def test_a_web_page_is_never_an_expired_login(status: int, kind: FailureKind, headers: dict[str, str]) -> None:
    error = failure_of(CLAUDE, facts.answer(b"\n <!DOCTYPE html><p>token revoked, scope", status, headers))
    assert (error.failure.kind, error.may_refresh) == (kind, False)
    assert ("web page" in error.failure.message.lower()) is (kind is FailureKind.BLOCKED)


@pytest.mark.parametrize(
    "body",
    [
        {
            "error": {
                "code": "unsupported_country_region_territory",
                "message": "Country, region, or territory not supported",
            }
        },
        {"detail": "Country, region, or territory not supported"},
        b"<html><title>Unable to load site</title>Sign in again from a supported country.</html>",
    ],
)
def test_openai_s_region_page_does_not_ask_for_a_new_login(body: object) -> None:
    error = failure_of(CODEX, facts.answer(body, 403))
    assert error.failure.kind in {FailureKind.REFUSED, FailureKind.BLOCKED}
    assert not error.may_refresh
    assert "sign in" not in error.failure.message.lower()


@pytest.mark.parametrize(
    ("status", "message", "kind", "may_refresh"),
    [
        (403, "does not meet scope requirement any_of(user:profile, user:office)", FailureKind.SCOPE_MISSING, False),
        (403, "OAuth token has been revoked", FailureKind.LOGIN_EXPIRED, False),
        (401, "OAuth is not allowed for this organization", FailureKind.REFUSED, False),
        (401, "Your account was deactivated", FailureKind.REFUSED, False),
        (401, "token_invalidated", FailureKind.LOGIN_EXPIRED, True),
        (402, "deactivated_workspace", FailureKind.REFUSED, False),
        (403, "permission_error", FailureKind.REFUSED, True),
    ],
)
def test_only_what_a_refresh_can_mend_leads_to_one(
    status: int,
    message: str,
    kind: FailureKind,
    may_refresh: bool,
) -> None:
    for body in ({"error": {"message": message}}, {"detail": {"code": message}}, message.upper().encode()):
        error = refused(status, body)
        assert (error.failure.kind, error.may_refresh) == (kind, may_refresh)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"7", b'"text"', b"[]", b"{}", b"[" * 100_000, b"\xff\xfe", b"{}garbage", b"1" * 5000]
)
@pytest.mark.parametrize("provider", [CLAUDE, CODEX])
def test_a_good_status_with_a_worthless_body(provider: Provider, body: bytes) -> None:
    kind = failure_of(provider, facts.answer(body)).failure.kind
    is_json = body in {b"null", b"7", b'"text"', b"[]", b"{}"}
    assert kind is (FailureKind.NO_WINDOWS if is_json else FailureKind.BAD_ANSWER)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        ("60", 60),
        (" 1583 ", 1583),
        ("1.5", 1.5),
        ("-5", 0),
        ("soon", 0),
        ("1e300", 86400),
        ("999999", 86400),
        ("Tue, 22 Sep 2026 12:10:00 GMT", 600),
        ("Tue, 22 Sep 2026 14:10:00 +0200", 600),
        ("Tue, 22 Sep 2026 12:10:00 -0000", 600),
        ("Tue, 22 Sep 2026 11:00:00 GMT", 0),
        ("Tue, 22 Sep 2099 11:00:00 GMT", 86400),
        ("Tue, 99 Sep 2026 12:10:00 GMT", 0),
    ],
)
def test_retry_after(value: str | None, seconds: float) -> None:
    response = facts.answer({}, 429, {} if value is None else {"retry-after": value})
    assert retry_after_s(response) == seconds
    assert failure_of(CODEX, response).retry_after_s == seconds


@given(st.text(st.characters(codec="latin-1")) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ [\d:]+ [-+\w]+", fullmatch=True))
def test_any_retry_after_is_a_wait_of_at_most_a_day(value: str) -> None:
    assert 0 <= retry_after_s(facts.answer({}, 429, {"retry-after": value})) <= 86400


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 402, 403, 407, 418, 429, 500, 503])
def test_what_is_shown_tells_people_something_and_no_secret(status: int) -> None:
    response = facts.answer({"error": {"message": SECRET}}, status, {"x-login": SECRET})
    error = failure_of(CODEX, response)
    assert error.failure.message.endswith(".")
    assert not any(word in f"{error!r} {error} {error.failure!r} {response!r}" for word in SECRET.split())


@pytest.mark.parametrize(
    ("file_type", "name", "title"),
    [
        ("claude", "claude", "Claude"),
        ("Codex", "codex", "Codex"),
        ("xai", "grok", "Grok"),
        ("x_ai", "grok", "Grok"),
        ("x-ai", "grok", "Grok"),
        ("grok-cli", "grok", "Grok"),
        ("gemini-cli", "gemini", "Gemini"),
        ("github-copilot", "copilot", "GitHub Copilot"),
        ("github_copilot", "copilot", "GitHub Copilot"),
        ("iflow", "iflow", "iFlow"),
        ("Brand_New", "brand-new", "Brand-new"),
        ("\u202ebad\n", "bad", "Bad"),
    ],
)
def test_what_a_file_calls_its_provider(file_type: str, name: str, title: str) -> None:
    assert provider_name(file_type) == name
    assert provider_title(name) == title


def test_providers_register_themselves() -> None:
    assert {"claude", "codex"} <= facts.PROVIDERS.keys()
    for name, provider in facts.PROVIDERS.items():
        assert name == provider.name == provider_name(name)
        assert usage_page(name).startswith("https://")
    assert usage_page("vertex") == ""


@pytest.mark.parametrize("name", ["vertex", "base", "values", "os", "", "__init__", "../claude", "claude.re"])
def test_a_name_without_a_provider_finds_none(name: str) -> None:
    assert find_provider(name) is None
