"""Notifications and one instance in the running applet, on a panel and a bus of the test's own."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply
from sample_files import fact

from .command import in_hours
from .stage import usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .fake_notifications import FakeNotifications
    from .stage import Stage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tray and the session of Linux")
NAME = "Claude claude-ada@example.com"
USAGE_PAGE = "https://claude.ai/settings/usage"


def refresh(stage: Stage, used: float, headline: str) -> None:
    stage.answer(used)
    stage.host.click("Refresh now")
    stage.wait(lambda: stage.tip.startswith(headline) and "Refreshing" not in stage.tip, headline)


def test_a_low_quota_is_notified_of_once_and_not_again_after_a_restart(
    stage: Stage, notifications: FakeNotifications
) -> None:
    applet = stage.start()
    refresh(stage, 80, "20% left")
    (first,) = notifications.shown.until_there_are(1)
    assert first.summary == "Claude claude-ada@example.com, 5-hour"
    assert first.body.startswith("20% left")
    refresh(stage, 81, "19% left")
    stage.end(applet)
    applet = stage.start(headline="19% left")
    refresh(stage, 95, "5% left")
    shown = notifications.shown.until_there_are(2)
    assert [each.body.partition(",")[0] for each in shown] == ["20% left", "5% left"]
    stage.end(applet)


def test_a_click_opens_the_provider_s_page(stage: Stage, notifications: FakeNotifications, opened: Path) -> None:
    applet = stage.start()
    refresh(stage, 80, "20% left")
    notifications.shown.until_there_are(1)
    notifications.click(1)
    stage.wait(opened.exists, "opened page")
    assert opened.read_text() == USAGE_PAGE
    stage.end(applet)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_click_copies_the_command_that_signs_in_again(
    stage: Stage, notifications: FakeNotifications, opened: Path, is_there: bool
) -> None:
    copied, program = opened.with_name("copied"), opened.parent / "bin/xclip"
    if is_there:
        program.write_text(f'#!/bin/sh\ncat > "{copied}"\n')
        program.chmod(0o755)
    stage.home.environment |= {"DISPLAY": ":nowhere", "PATH": str(program.parent) + ":/bin"}
    stage.home.add("claude-bob", refresh_token="", expired=in_hours(-1))
    applet = stage.start()
    stage.host.click("  Login expired. Sign in again, as with: cli-proxy-api --claude-login")
    # The first is about the login that has ended.
    *_, shown = notifications.shown.until_there_are(2)
    assert shown.summary == f"The sign-in command {'is copied' if is_there else 'was not copied'}"
    assert shown.body == "Run it in a terminal: cli-proxy-api --claude-login"
    assert not is_there or copied.read_text() == "cli-proxy-api --claude-login"
    stage.end(applet)


def test_hidden_e_mails_are_in_no_notification(stage: Stage, notifications: FakeNotifications) -> None:
    stage.write("hide_emails = true\n")
    applet = stage.start()
    refresh(stage, 80, "20% left")
    (shown,) = notifications.shown.until_there_are(1)
    assert shown.summary == "Claude account 1, 5-hour"
    assert "@" not in shown.text
    stage.end(applet)


def test_who_wants_none_gets_none(stage: Stage, notifications: FakeNotifications) -> None:
    stage.write("notifications = false\n")
    applet = stage.start()
    refresh(stage, 80, "20% left")
    stage.host.click("Notifications")
    stage.wait(lambda: stage.is_checked("Notifications"), "switch")
    refresh(stage, 95, "5% left")
    (shown,) = notifications.shown.until_there_are(1)
    assert "5% left" in shown.body
    stage.end(applet)


def test_only_what_needs_the_person_is_urgent(stage: Stage, notifications: FakeNotifications) -> None:
    applet = stage.start()
    refresh(stage, 80, "20% left")
    (low,) = notifications.shown.until_there_are(1)
    stage.stand_in.answer("token-claude-ada", Reply(fact("http_cases_claude.json")[1]["body"], 403))
    stage.host.click("Refresh now")
    _, refused = notifications.shown.until_there_are(2)
    assert (low.hints["urgency"], refused.hints["urgency"]) == (1, 2)
    assert refused.replaces == 0, "an ordinary one would hide it, and be hidden"
    stage.end(applet)


# One instance, and clicks that are answered by a notification.


def by_second_start(stage: Stage) -> None:
    second = stage.home.run("--backend", "statusnotifier")
    assert (second.code, second.out) == (0, "")
    assert "running already and was told to refresh and show itself" in second.err


def by_middle_click(stage: Stage) -> None:
    stage.host.on_item("SecondaryActivate", "ii", 0, 0)


@pytest.mark.parametrize("call", [by_second_start, by_middle_click])
def test_a_call_waits_for_the_answers_and_shows_them(
    stage: Stage, notifications: FakeNotifications, call: Callable[[Stage], None]
) -> None:
    applet = stage.start()
    asked = len(stage.stand_in.asked)
    stage.stand_in.answer("token-claude-ada", replace(usage(70), held=True))
    call(stage)
    stage.stand_in.until(lambda found: len(found) > asked)
    stage.wait(lambda: "Refreshing" in stage.tip, "refresh")
    assert notifications.shown.seen == []
    stage.stand_in.let_go()
    (shown,) = notifications.shown.until_there_are(1)
    assert (shown.summary, shown.body.splitlines()[-1]) == (f"30% left: {NAME}, 5-hour", "Updated just now")
    call(stage)
    assert notifications.shown.until_there_are(2)[1].replaces == 1
    stage.end(applet)


def test_a_call_without_answers_shows_how_old_the_values_are(stage: Stage, notifications: FakeNotifications) -> None:
    hasty = (
        "from trayquota.engine import status_notification; status_notification._ANSWERS_S = 0.05; "
        "from trayquota.cli.main import run; run()"
    )
    applet = stage.start(code=hasty)
    stage.stand_in.answer("token-claude-ada", replace(usage(70), held=True))
    by_middle_click(stage)
    (shown,) = notifications.shown.until_there_are(1)
    assert (shown.summary, shown.body.splitlines()[-1]) == (f"42% left: {NAME}, 5-hour", "Updated just now")
    stage.stand_in.let_go()
    stage.end(applet)


def test_one_that_was_killed_blocks_nobody(stage: Stage) -> None:
    applet = stage.start()
    applet.signal("SIGKILL")
    applet.ended()
    applet = stage.start()
    stage.end(applet)


def test_the_buttons_refresh_and_snooze_the_window(stage: Stage, notifications: FakeNotifications) -> None:
    applet = stage.start()
    refresh(stage, 80, "20% left")
    (shown,) = notifications.shown.until_there_are(1)
    assert shown.actions[1::2] == ["Open", "Refresh now", "Snooze until reset"]
    _, now, snooze = shown.actions[::2]
    notifications.click(1, snooze)
    stage.answer(95)
    notifications.click(1, now)
    stage.wait(lambda: stage.tip.startswith("5% left"), "refresh")
    stage.host.click("For 1 hour")
    stage.wait(lambda: stage.shows_row("Notifications snoozed until"), "snooze")
    stage.end(applet)
    applet = stage.start(headline="5% left")
    stage.wait(lambda: stage.shows_row("Notifications snoozed until"), "snooze after a restart")
    stage.host.click("Show notifications again")
    stage.wait(lambda: stage.shows_row("Snooze notifications"), "end of the snooze")
    stage.end(applet)
    assert len(notifications.shown.until_there_are(1)) == 1, "more was notified of a window that is snoozed"


def test_an_empty_quota_is_heard_by_who_wants_that(stage: Stage, notifications: FakeNotifications) -> None:
    stage.write("sounds = true\n")
    applet = stage.start()
    refresh(stage, 80, "20% left")
    refresh(stage, 100, "0% left")
    low, empty = notifications.shown.until_there_are(2)
    assert ("sound-name" in low.hints, empty.hints["sound-name"]) == (False, "dialog-warning")
    stage.end(applet)
