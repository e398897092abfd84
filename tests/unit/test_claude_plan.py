"""Claude: the plan and the organization in a profile's answer."""

from __future__ import annotations

from typing import Any

import pytest

from trayquota.providers.claude import PROVIDER
from trayquota.providers.claude_usage import read_profile

from . import facts

# Whose login it is.


NEITHER = {"has_claude_max": False, "has_claude_pro": False}
MAX = {"has_claude_max": True, "has_claude_pro": False}


@pytest.mark.parametrize(
    ("account", "organization", "plan"),
    [
        (MAX, {"rate_limit_tier": "default_claude_max_20x"}, "Max 20x"),
        (MAX, {"rate_limit_tier": "default_claude_max_5x"}, "Max 5x"),
        (MAX, {"rate_limit_tier": 5}, "Max"),
        ({"has_claude_pro": True, "has_claude_max": False}, {"rate_limit_tier": "default_claude_ai"}, "Pro"),
        (MAX, {"organization_type": "claude_team", "subscription_status": "active"}, "Team"),
        (MAX, {"organization_type": "claude_enterprise", "subscription_status": "active"}, "Enterprise"),
        (MAX, {"organization_type": "claude_team", "subscription_status": "canceled"}, "Max"),
        ({}, {"organization_type": "claude_team"}, "Team"),
        (MAX, {"organization_type": "claude_team", "subscription_status": ["active"]}, "Max"),
        (NEITHER, {"organization_type": "claude_enterprise"}, "Enterprise"),
        (NEITHER, {}, "Free"),
        ({}, {"rate_limit_tier": "default_claude_max_20x"}, "Max 20x"),
        ({}, {"rate_limit_tier": "default_claude_pro"}, "Pro"),
        (NEITHER, {"rate_limit_tier": "default_claude_max_5x"}, "Max 5x"),
        ({}, {"rate_limit_tier": "default_raven"}, None),
        ({"has_claude_max": None}, {"organization_type": ["claude_max"]}, None),
        (None, None, None),
    ],
)
def test_the_plan_in_a_profile(account: object, organization: object, plan: str | None) -> None:
    assert read_profile({"account": account, "organization": organization}).plan == plan


def test_the_plan_and_organization_of_the_facts() -> None:
    wanted = facts.expected("claude_profile.json")
    profile = PROVIDER.read_profile(facts.answer(facts.load("claude_profile.json")))
    assert (profile.plan, profile.organization) == (f"{wanted['plan']} {wanted['tier']}", "Example Org")
    fact = facts.newer("claude_profile_team_of_a_max_person.json")
    profile = PROVIDER.read_profile(facts.answer(fact["answer"]))
    assert (profile.plan, profile.organization) == (fact["expected"]["plan"], "Example Corp")


@pytest.mark.parametrize("response", [facts.answer({}, 403), facts.answer([]), facts.answer("x", 500)], ids=str)
def test_no_plan_in_any_other_answer(response: Any) -> None:
    assert PROVIDER.read_profile(response).plan is None
