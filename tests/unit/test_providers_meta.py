"""Meta Muse: three fields of an answer that also holds a key."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError

from . import facts
from .provider_answers import Answers, assert_expected, assert_request, login_of, provider, sample, usage

KEY = sample("meta_key_answer")


def test_the_windows_and_the_plan() -> None:
    assert_expected(usage("meta", KEY["answer"]), KEY["expected"])


@pytest.mark.parametrize(
    ("minutes", "titles"),
    [
        (20, ["20-minute", "Weekly"]),
        (150, ["3-hour", "Weekly"]),
        (1440, ["24-hour", "Weekly"]),
        (10080, ["Weekly", "Weekly 2"]),
        (None, ["Session", "Weekly"]),
    ],
)
def test_the_shorter_window_is_called_by_its_length(minutes: int | None, titles: list[str]) -> None:
    limits = {"window": {"used_percent": 5, "window_duration_mins": minutes}, "weekly": {"used_percent": 6}}
    assert [window.title for window in usage("meta", {"subs_usage": limits}).windows] == titles


def test_the_lasting_token_is_sent_and_never_the_minted_key() -> None:
    send = Answers(facts.answer(KEY["answer"]))
    provider("meta").fetch(login_of("meta", dca_token="dca:lasting", api_key="minted"), send)
    assert_request(send.requests[0], KEY["request"])
    assert send.requests[0].headers["Authorization"] == "Bearer dca:lasting"
    assert "minted" not in str(send.requests[0].headers)


def test_nothing_of_the_answer_but_windows_and_plan_is_kept() -> None:
    found = usage("meta", KEY["answer"])
    assert "SECRET" not in repr(found)
    assert "example.com" not in repr(found)


def test_before_the_first_use_there_are_no_windows_and_no_error() -> None:
    found = usage("meta", {"api_key": "x", "is_subs_active": True, "subs_tier_name": "Muse Plus"})
    assert (found.windows, found.plan) == ((), "Muse Plus")


def test_an_error_quotes_nothing_of_the_answer() -> None:
    with pytest.raises(FetchError) as caught:
        provider("meta").fetch(login_of("meta"), Answers(facts.answer({"error": "SECRET-never-kept"}, 500)))
    assert "SECRET" not in caught.value.failure.message


def test_it_is_off_unless_switched_on_and_asked_at_most_every_15_minutes() -> None:
    assert provider("meta").is_off_by_default
    assert provider("meta").min_interval_s == 900
