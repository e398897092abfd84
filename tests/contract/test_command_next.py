"""``trayquota next`` as the contract has it: which account, from which values, and how it ends."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import in_hours, wait_until

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

ADA, BOB = "claude-ada", "claude-bob"


def left(five_hours: float, week: float, week_ends_in_h: float, **more: object) -> Reply:
    """Return an answer with so many percent left."""
    return Reply(
        {
            "five_hour": {"utilization": 100 - five_hours, "resets_at": in_hours(2)},
            "seven_day": {"utilization": 100 - week, "resets_at": in_hours(week_ends_in_h)},
            **more,
        }
    )


def two(home: Home, stand_in: StandIn, ada: Reply, bob: Reply) -> None:
    home.add(ADA)
    home.add(BOB)
    stand_in.answer(f"token-{ADA}", ada)
    stand_in.answer(f"token-{BOB}", bob)


def test_0_the_one_that_lapses_first_by_name_and_the_second_time_without_a_request(
    home: Home, stand_in: StandIn
) -> None:
    two(home, stand_in, left(90, 90, 100), left(40, 60, 30))
    first = home.run("next")
    assert (first.code, first.out, first.err) == (0, f"{BOB}@example.com\n", "")
    asked = len(stand_in.asked)
    assert asked == 2
    assert home.run("next").out == first.out
    assert home.run("next", "--min", "50").out == f"{ADA}@example.com\n"
    assert len(stand_in.asked) == asked
    stand_in.answer(f"token-{BOB}", left(0, 60, 30))
    assert home.run("next", "--fresh").out == f"{ADA}@example.com\n"
    assert len(stand_in.asked) == asked + 2


def test_values_older_than_two_intervals_are_asked_for_anew(home: Home, stand_in: StandIn) -> None:
    two(home, stand_in, left(90, 90, 100), left(40, 60, 30))
    home.run("next")
    state = home.state / "state.json"
    document = json.loads(state.read_text("utf-8"))
    for record in document["accounts"]:
        record["polled_at"] = record["updated_at"] = in_hours(-11 / 60)
    state.write_text(json.dumps(document), "utf-8")
    assert home.run("next").code == 0
    assert len(stand_in.asked) == 4


def test_1_when_none_has_room_and_who_has_it_first(home: Home, stand_in: StandIn) -> None:
    two(home, stand_in, left(50, 0, 100), left(0, 60, 30))
    result = home.run("next")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("trayquota: no account has room. ")
    assert result.err.endswith(f": Claude {BOB}@example.com is back.\n")
    document = home.run("next", "--json").document
    assert document["relief"]["account"] == f"{BOB}.json"
    assert (document["account"], document["name"], document["remaining_percent"]) == (None, None, None)


def test_one_document_with_what_a_script_needs(home: Home, stand_in: StandIn) -> None:
    two(home, stand_in, left(90, 90, 100), left(40, 60, 30))
    result = home.run("next", "--json")
    assert result.code == 0
    lapses_at = result.document["lapses_at"]
    assert lapses_at.endswith("Z")
    assert result.document == {
        "schema": 1,
        "account": f"{BOB}.json",
        "provider": "claude",
        "name": f"{BOB}@example.com",
        "remaining_percent": 40.0,
        "lapses_at": lapses_at,
        "relief": None,
    }
    assert home.status("--cached").document["next"] == {"account": f"{BOB}.json"}


def test_a_model_an_account_and_a_provider_narrow_the_choice(home: Home, stand_in: StandIn) -> None:
    opus = {"seven_day_opus": {"utilization": 100, "resets_at": in_hours(20)}}
    two(home, stand_in, left(90, 90, 100), left(40, 60, 30, **opus))
    assert home.run("next").out == f"{BOB}@example.com\n"
    assert home.run("next", "--model", "claude-opus-4-5").out == f"{ADA}@example.com\n"
    assert home.run("next", "--account", f"{ADA}@example.com").out == f"{ADA}@example.com\n"
    assert home.run("next", "--account", f"{ADA}.json").out == f"{ADA}@example.com\n"
    assert home.run("next", "--provider", "Claude").out == f"{BOB}@example.com\n"
    assert home.run("next", "--account", f"{BOB}.json", "--model", "opus").code == 1
    assert home.run("next", "--provider", "codex").code == 3
    assert home.run("next", "--account", "nobody").code == 3


def test_4_when_that_is_unknown(home: Home, stand_in: StandIn) -> None:
    two(home, stand_in, left(0, 90, 100), Reply(status=500))
    result = home.run("next")
    assert (result.code, result.out) == (4, "")
    assert f"it is unknown whether there is room: Claude {BOB}@example.com (provider has trouble)" in result.err


def test_3_without_accounts(home: Home) -> None:
    result = home.run("next")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("trayquota: No accounts in ~")


@pytest.mark.parametrize(
    "arguments", [("--min", "101"), ("--min", "many"), ("--wait", "-1"), ("--wait", "nan"), ("--model", "")]
)
def test_2_for_a_bad_option(home: Home, arguments: tuple[str, ...]) -> None:
    result = home.run("next", *arguments)
    assert (result.code, result.out) == (2, "")
    assert "expected" in result.err


def test_it_waits_until_the_state_says_that_there_is_one_without_a_request_of_its_own(
    home: Home, stand_in: StandIn
) -> None:
    two(home, stand_in, left(0, 90, 100), left(0, 60, 30))
    home.run("next")
    waiting = home.start("next", "--wait", "600", "--verbose")
    assert waiting.first_error_line_with("waiting")
    asked = len(stand_in.asked)
    stand_in.answer(f"token-{ADA}", left(70, 90, 100))
    assert home.status().code == 0, "as a running applet writes the state"
    result = waiting.ended()
    assert (result.code, result.out) == (0, f"{ADA}@example.com\n")
    assert len(stand_in.asked) == asked + 2


def test_1_when_the_wait_is_over(home: Home, stand_in: StandIn) -> None:
    two(home, stand_in, left(0, 90, 100), left(0, 60, 30))
    assert home.run("next", "--wait", "0.3").code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_signal_ends_the_wait(home: Home, stand_in: StandIn) -> None:
    two(home, stand_in, left(0, 90, 100), left(0, 60, 30))
    waiting = home.start("next", "--wait", "600", "--verbose")
    assert waiting.first_error_line_with("waiting")
    waiting.signal("SIGINT")
    wait_until(lambda: not waiting.is_running, "end")
    assert waiting.ended().code == 130
