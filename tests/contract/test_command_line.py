"""``trayquota line`` as the contract has it: from the last known values, and watched."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import in_hours

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

ADA = "claude-ada"
HEAVY = ("requests", "rich", "argparse", "logging", "PIL", "watchdog", "filelock", "hashlib", "trayquota.providers")


def left(home: Home, stand_in: StandIn, percent: float) -> None:
    """Have the state say that so much is left."""
    home.add(ADA)
    stand_in.answer(f"token-{ADA}", Reply({"five_hour": {"utilization": 100 - percent, "resets_at": in_hours(2.51)}}))
    assert home.status().code == 0


def test_0_with_the_last_known_values_and_without_a_request(home: Home, stand_in: StandIn) -> None:
    left(home, stand_in, 42)
    asked = len(stand_in.asked)
    result = home.run("line")
    assert (result.code, result.out, result.err) == (0, "42% 2h 30m\n", "")
    assert home.run("line", "--format", "{provider} {account}").out == f"Claude {ADA}@example.com\n"
    assert home.run("line", "--format=tmux", "--verbose").out == result.out
    assert json.loads(home.run("line", "--format", "waybar").out)["percentage"] == 42
    assert len(stand_in.asked) == asked


def test_3_without_accounts_and_unknown_before_the_first_answer(home: Home) -> None:
    assert (home.run("line").code, home.run("line").out) == (3, "?\n")
    home.add(ADA)
    assert (home.run("line").code, home.run("line").out) == (0, "?\n")


@pytest.mark.parametrize("form", ["bar", "{secret}", "{percent"])
def test_2_for_a_bad_format(home: Home, form: str) -> None:
    result = home.run("line", "--format", form)
    assert (result.code, result.out) == (2, "")
    assert "expected plain, waybar" in result.err


def test_a_line_imports_nothing_that_it_does_not_need(home: Home, stand_in: StandIn) -> None:
    left(home, stand_in, 42)
    code = f"""
import sys
from trayquota.cli.main import main
code = main(["line"])
print([name for name in {HEAVY!r} if name in sys.modules], code)
"""
    assert home.start(code=code).ended().out == "42% 2h 30m\n[] 0\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_watched_it_prints_a_line_for_each_change_of_the_state_alone(home: Home, stand_in: StandIn) -> None:
    left(home, stand_in, 42)
    watching = home.start("line", "--watch", "--format", "{percent}")
    assert watching.first_line() == "42\n"
    left(home, stand_in, 42)
    left(home, stand_in, 17)
    assert watching.first_line() == "17\n"
    watching.signal("SIGTERM")
    assert watching.ended().out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there it is noticed with the next line")
def test_watched_it_ends_with_its_bar_though_there_is_no_further_line(home: Home) -> None:
    watching = home.start("line", "--watch")
    assert watching.first_line() == "?\n"
    watching.close_output()
    result = watching.ended()
    assert (result.code, result.err) == (3, "")
