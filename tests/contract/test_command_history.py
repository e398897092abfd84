"""``trayquota history``: what the applet has recorded, as the contract has it."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from provider_stand_in import StandIn

    from .command import Home


def history_file(home: Home) -> Path:
    base = home.state.parent.parent / "local" if sys.platform == "win32" else home.path / "data"
    return base / "trayquota" / "history.sqlite3"


@pytest.fixture
def recorded(home: Home, stand_in: StandIn) -> Home:
    """A home in which the applet has run once, with one account that is answered and one that is not."""
    home.add("claude-ada")
    home.add("codex-carol")
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")
    stand_in.answer("token-codex-carol", Reply(status=500))
    applet = home.start("--backend", "none")
    wait_until(lambda: home.run("history", "--json").code == 0, "history while the applet runs")
    applet.signal("SIGTERM")
    assert applet.ended().code == 0
    return home


def test_3_when_nothing_is_recorded(home: Home) -> None:
    home.add("claude-ada")
    for arguments in ((), ("--json",), ("--csv",), ("--forget",)):
        assert home.run("history", *arguments).code == 3
    assert home.run("history", "--json").document == {"schema": 1, "accounts": []}
    assert not history_file(home).exists()


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "x", "99999"])
def test_2_for_days_that_are_none(home: Home, days: str) -> None:
    result = home.run("history", f"--days={days}")
    assert result.code == 2
    assert "a whole number of days" in result.err


def test_one_output_at_a_time(home: Home) -> None:
    assert home.run("history", "--json", "--csv").code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="nothing there ends the applet in order")
def test_what_the_applet_has_recorded(recorded: Home) -> None:
    document = recorded.run("history", "--json").document
    ada, carol = document["accounts"]
    assert (ada["id"], ada["provider"], ada["name"]) == ("claude-ada.json", "claude", "claude-ada@example.com")
    window = ada["windows"][0]
    assert window["title"] == "5-hour"
    (sample,) = window["samples"]
    assert set(sample) == {"at", "remaining_percent"}
    assert sample["at"].endswith("Z")
    (cycle,) = window["cycles"]
    assert cycle["used_percent"] == 100 - sample["remaining_percent"]
    assert (cycle["ended_at"], cycle["ended_early"]) == (None, False)
    assert (carol["windows"], [outage["kind"] for outage in carol["outages"]]) == ([], ["provider_down"])

    rows = list(csv.DictReader(io.StringIO(recorded.run("history", "--csv").out)))
    assert (rows[0]["account"], rows[0]["window"], rows[0]["at"]) == ("claude-ada.json", "5-hour", sample["at"])

    one = recorded.run("history", "--json", "--account", "CLAUDE-ada@example.com", "--days", "1").document
    assert [account["id"] for account in one["accounts"]] == ["claude-ada.json"]
    nobody = recorded.run("history", "--account", "bob")
    assert (nobody.code, nobody.err) == (3, "trayquota: nothing is recorded of bob.\n")

    chart = recorded.run("history")
    assert chart.code == 0
    assert "5-hour: no cycle has ended yet" in chart.out
    assert "█" in chart.out

    page = recorded.path / "data/trayquota/history.html"
    page.write_text("<p>claude-ada@example.com</p>")
    assert recorded.run("history", "--forget").code == 0
    assert not page.exists(), "names and figures stay in the page"
    assert not history_file(recorded).exists()
    assert recorded.run("history").code == 3


@pytest.mark.skipif(sys.platform == "win32", reason="nothing there ends the applet in order")
def test_nothing_is_recorded_when_it_is_switched_off(home: Home, stand_in: StandIn) -> None:
    home.config.parent.mkdir(parents=True)
    home.config.write_text("history = false\n")
    home.add("claude-ada")
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")
    applet = home.start("--backend", "none")
    wait_until(lambda: home.known("claude-ada").get("updated_at"), "answer")
    applet.signal("SIGTERM")
    assert applet.ended().code == 0
    assert not history_file(home).exists()
    assert "the setting history is false" in home.run("history").err


def test_a_file_of_a_later_version_is_said_with_1(home: Home) -> None:
    import sqlite3

    history_file(home).parent.mkdir(parents=True)
    with sqlite3.connect(history_file(home)) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    result = home.run("history")
    assert result.code == 1
    assert "later version" in result.err


def test_a_broken_file_is_said_by_the_command_too(home: Home) -> None:
    history_file(home).parent.mkdir(parents=True)
    history_file(home).write_bytes(b"no database" * 100)
    result = home.run("history")
    assert "The history was broken. It was set aside as history.sqlite3.aside" in result.err
    assert history_file(home).with_name("history.sqlite3.aside").exists()
