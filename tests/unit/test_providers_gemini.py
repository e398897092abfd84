"""Gemini CLI: the worst model of each family, and the project that is asked about."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from . import facts
from .provider_answers import Answers, login_of, provider, usage

QUOTA = facts.load("gemini_retrieve_user_quota.json")
ASSIST = facts.answer(facts.load("gemini_load_code_assist.json"))


def test_each_family_has_the_window_of_its_worst_model() -> None:
    found = usage("gemini", QUOTA, project_id="example-project").windows
    assert [(window.title, window.used_percent, window.duration_s) for window in found] == [
        ("Pro", pytest.approx(38), 86400),
        ("Flash", 0, 86400),
        ("Flash Lite", 75, 86400),
    ]


@pytest.mark.parametrize(
    ("stated", "asked"),
    [("one", "one"), ("one,two", "one"), ("ALL", "example-project-456"), ("", "example-project-456")],
)
def test_the_project_is_the_files_first_else_the_one_that_the_provider_names(stated: str, asked: str) -> None:
    answers = [facts.answer(QUOTA)] if stated in {"one", "one,two"} else [ASSIST, facts.answer(QUOTA)]
    send = Answers(*answers)
    provider("gemini").fetch(login_of("gemini", project_id=stated), send)
    assert send.requests[-1].body == f'{{"project": "{asked}"}}'.encode()


def test_without_any_project_it_is_asked_without_one() -> None:
    send = Answers(facts.answer({}, 500), facts.answer(QUOTA))
    provider("gemini").fetch(login_of("gemini"), send)
    assert send.requests[-1].body == b"{}"


def test_the_plan_is_asked_rarely_where_the_project_is_known() -> None:
    send = Answers(facts.answer(QUOTA), rare=ASSIST)
    assert provider("gemini").fetch(login_of("gemini", project_id="one"), send).plan == "Google AI Pro"


def test_personal_accounts_are_told_what_to_do() -> None:
    answer = facts.answer({"error": {"details": [{"reason": "UNSUPPORTED_CLIENT"}]}}, 403)
    with pytest.raises(FetchError) as caught:
        provider("gemini").fetch(login_of("gemini", project_id="one"), Answers(answer))
    assert caught.value.failure.kind is FailureKind.REFUSED
    assert "Antigravity" in caught.value.failure.message
