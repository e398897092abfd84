"""``status --json`` asks each provider where its vendor is, in the vendor's way, and shows what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from provider_stand_in import Reply, StandIn

from .command import Home, in_hours

SAMPLES = Path(__file__).parents[1] / "fixtures" / "facts-2"
TOKEN = "token-of-the-file"


@dataclass(frozen=True)
class Case:
    """An account of a provider.

    Attributes:
        provider: Its name in the document.
        sample: What it answers, and the windows that this gives.
        places: Where it is asked, in order.
        content: Its credential file, beside ``type`` and a token.
        token: What the requests are known by.
        headers: What the last request has to carry.
    """

    provider: str
    sample: str
    places: tuple[str, ...]
    content: dict[str, object] = field(default_factory=dict)
    token: str = TOKEN
    headers: dict[str, str] = field(default_factory=dict)


BEARER = {"authorization": f"Bearer {TOKEN}"}
CASES = {
    "antigravity": Case(
        "antigravity",
        "antigravity_summary",
        ("daily-cloudcode-pa.googleapis.com/v1internal:retrieveUserQuotaSummary",),
        {"project_id": "example-project"},
        headers=BEARER,
    ),
    "kimi": Case(
        "kimi",
        "kimi_ratio_pools",
        ("api.kimi.com/coding/v1/usages",),
        {"device_id": "0123456789abcdef"},
        headers=BEARER | {"x-msh-device-id": "0123456789abcdef"},
    ),
    "kimi-ai": Case("kimi", "kimi_ratio_pools", ("api.kimi.ai/coding/v1/usages",), headers=BEARER),
    "xai": Case(
        "grok",
        "xai_weekly",
        ("cli-chat-proxy.grok.com/v1/billing",),
        {"sub": "subject"},
        headers=BEARER | {"x-xai-token-auth": "xai-grok-cli", "x-userid": "subject"},
    ),
    "github-copilot": Case(
        "copilot",
        "copilot_ai_credits",
        ("api.github.com/copilot_internal/user",),
        {"username": "jo-example"},
        headers={"authorization": f"token {TOKEN}", "x-github-api-version": "2025-04-01"},
    ),
    "kiro": Case(
        "kiro",
        "kiro_usage_limits",
        ("q.eu-central-1.amazonaws.com/getUsageLimits",),
        {"profile_arn": "arn:aws:codewhisperer:eu-central-1:123456789012:profile/ABC"},
        headers=BEARER,
    ),
    "devin": Case(
        "devin",
        "devin_user_status",
        ("server.codeium.com/exa.seat_management_pb.SeatManagementService/GetUserStatus",),
        {"access_token": "", "api_key": TOKEN},
        token="",
        headers={"connect-protocol-version": "1"},
    ),
    "cline": Case(
        "cline",
        "clinepass_limits",
        ("api.cline.bot/api/v1/users/me/plan/usage-limits",),
        {"access_token": "", "accessToken": TOKEN, "expiresAt": 4102444800000},
        headers=BEARER,
    ),
    "cursor": Case(
        "cursor",
        "cursor_period_usage",
        ("api2.cursor.sh/aiserver.v1.DashboardService/GetCurrentPeriodUsage",),
        headers=BEARER | {"connect-protocol-version": "1"},
    ),
}
"""By the ``type`` of the credential file."""


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def write(home: Home, file_type: str, **fields: object) -> None:
    """Put an account into the folder."""
    content = {"type": file_type, "access_token": TOKEN, "refresh_token": "", "expired": in_hours(1)}
    home.write(f"{file_type}-jo.json", content | {"email": "jo@example.com"} | CASES[file_type].content | fields)


@pytest.mark.parametrize("file_type", CASES)
def test_an_account_is_asked_in_the_vendors_way(home: Home, stand_in: StandIn, file_type: str) -> None:
    case = CASES[file_type]
    write(home, file_type)
    stand_in.answer(case.token, Reply(sample(case.sample)["answer"]))
    (account,) = home.status().document["accounts"]
    assert (account["provider"], account["state"], account["error"]) == (case.provider, "ok", None)
    shown = [
        {key: window[key] for key in ("title", "used_percent", "resets_at", "duration_seconds")}
        | {"resets_at": window["resets_at"] and window["resets_at"][:19] + "Z"}
        for window in account["windows"]
    ]
    assert shown == sample(case.sample)["expected"]["windows"]
    asked = stand_in.asked
    assert tuple(request.place for request in asked) == case.places
    assert case.headers.items() <= dict(asked[-1].headers).items()


def test_the_bill_is_fetched_from_grok_when_its_answer_has_no_percent(home: Home, stand_in: StandIn) -> None:
    answers = sample("xai_period_only_with_monthly")
    write(home, "xai")
    stand_in.answer(TOKEN, Reply(answers["answer"]["credits"]), Reply(answers["answer"]["billing"]))
    (account,) = home.status().document["accounts"]
    assert [window["used_percent"] for window in account["windows"]] == [None, 30]
    assert len(stand_in.asked) == 2


@pytest.mark.parametrize("file_type", CASES)
@pytest.mark.parametrize(
    ("status", "kind"), [(401, "login_expired"), (429, "rate_limited"), (503, "provider_down")], ids=str
)
def test_a_failure_has_its_kind(home: Home, stand_in: StandIn, file_type: str, status: int, kind: str) -> None:
    write(home, file_type)
    stand_in.answer(CASES[file_type].token, Reply({"error": "no"}, status))
    (account,) = home.status().document["accounts"]
    assert account["error"]["kind"] == kind
    assert account["windows"] == []


@pytest.mark.parametrize("file_type", CASES)
def test_payment_required_is_nothing_left_and_no_error(home: Home, stand_in: StandIn, file_type: str) -> None:
    write(home, file_type)
    stand_in.answer(CASES[file_type].token, Reply({"code": "personal-team-blocked:spending-limit"}, 402))
    result = home.status()
    (account,) = result.document["accounts"]
    assert (account["state"], account["error"]) == ("ok", None)
    assert [(window["title"], window["remaining_percent"]) for window in account["windows"]] == [("Credits", 0)]
    assert result.document["lowest"]["remaining_percent"] == 0


@pytest.mark.parametrize("file_type", sorted(CASES.keys() - {"devin"}))
def test_nothing_of_an_expired_login_is_sent(home: Home, stand_in: StandIn, file_type: str) -> None:
    past = in_hours(-1)
    write(home, file_type, expired=past, expiresAt=past, refresh_token="refresh")
    (account,) = home.status().document["accounts"]
    assert account["error"]["kind"] == "login_expired"
    assert stand_in.asked == []
