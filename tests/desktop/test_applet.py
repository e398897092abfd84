"""The applet on a real panel, against a stand-in for the providers: what is the same on every host."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from .desktop_session import Desk, environment
from .hosts import XFCE, Case, Trayer, on
from .notifications import start_dunst
from .places import HERE
from .screen import difference
from .standin import Accounts, Providers
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .applet import Applet
    from .host import Host
    from .processes import Program

SHOWN_S = 2.0
"""A change in the folder is shown within this time."""
TRAYER = Case(Trayer, new=False)
HEADLINE = "42% left: Claude ada@example.com, 5-hour"


@pytest.fixture
def accounts(folder: Path) -> Iterator[Accounts]:
    """Ada's and Bob's."""
    with Providers() as providers:
        accounts = Accounts(folder / "accounts", providers)
        accounts.add("claude", "ada@example.com", left=(42, 80))
        accounts.add("codex", "bob@example.org", left=(70, 57))
        yield accounts


def assert_ended_well(program: Program) -> None:
    assert program.wait() == 0
    assert "Traceback" not in program.log


def test_nothing_but_wheels_is_behind_it() -> None:
    found = "import importlib.util, sys; sys.exit(importlib.util.find_spec('gi') is not None)"
    done = subprocess.run([HERE.python, "-c", found], check=False)
    assert done.returncode == 0, "GTK's bindings can be imported: this proves nothing about an installation without"


@on(XFCE)
def test_changes_in_the_folder_are_shown_within_two_seconds(host: Host, applet: Applet) -> None:
    applet.start()
    applet.wait_for_headline(HEADLINE)
    accounts, at_first = applet.accounts, host.picture_of_bar()

    def shown(headline: str, since: float, *, as_at_first: bool) -> None:
        applet.wait_for_headline(headline, since + SHOWN_S - time.monotonic())
        wait_until(
            lambda: (difference(at_first, host.screen.picture().crop(host.bar())) is None) is as_at_first,
            "change of the icon",
            since + SHOWN_S - time.monotonic(),
        )

    since = time.monotonic()
    added = accounts.add("claude", "dan@example.net", left=(7, 95))
    shown("7% left: Claude dan@example.net, 5-hour", since, as_at_first=False)
    since = time.monotonic()
    accounts.disable(added)
    shown(HEADLINE, since, as_at_first=True)
    since = time.monotonic()
    accounts.disable(added, disabled=False)
    shown("7% left", since, as_at_first=False)
    since = time.monotonic()
    added.unlink()
    shown(HEADLINE, since, as_at_first=True)
    assert "dan@example.net" not in applet.tooltip()


@on(XFCE)
def test_the_credentials_folder_is_opened_and_left_as_it_was(host: Host, applet: Applet) -> None:
    opened = applet.home / "opened"
    opener = applet.home / "bin/xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf "%s" "$*" > {opened}.part && mv {opened}.part {opened}\n')
    opener.chmod(0o755)
    before = applet.accounts.contents()
    applet.start()
    applet.wait_for_headline(HEADLINE)
    host.click_row(host.open_menu(applet.find_icon()), "Open credentials folder")
    wait_until(opened.exists, "opened folder")
    assert opened.read_text().removeprefix("file://") == str(applet.accounts.folder)
    assert applet.accounts.contents() == before


@on(XFCE)
def test_a_quota_that_runs_low_is_notified(host: Host, applet: Applet) -> None:
    server = start_dunst(host.desk)
    applet.configure("")
    applet.start()
    applet.wait_for_headline(HEADLINE)
    before = host.look()
    applet.accounts.set_left("bob@example.org", (4, 57))
    applet.refresh()
    said = host.new_popup(before, "notification", 10.0).text()
    host.desk.screenshot("applet-notification")
    assert "4%" in said
    assert "bob@example.org" in said
    server.end()


@on(XFCE)
def test_sigterm_ends_it_even_while_answers_are_awaited(applet: Applet) -> None:
    applet.accounts.providers.hold()
    program = applet.start()
    wait_until(applet.tooltip, "icon")
    wait_until(lambda: len(applet.accounts.providers.asked) == 2, "requests")
    program.terminate()
    assert_ended_well(program)


def test_without_any_tray_it_says_so(tmp_path: Path) -> None:
    XFCE.place_or_skip()
    with Desk(tmp_path, bus=False) as desk:
        program = desk.start([HERE.python, "-m", "trayquota"], environment(tmp_path / "person"))
        assert program.wait() == 3
        assert program.log.strip()
        assert "Traceback" not in program.log


@on(TRAYER)
def test_without_a_launcher_for_menus_a_click_in_an_old_tray_says_what_is_left_and_a_middle_click_refreshes(
    host: Host, applet: Applet
) -> None:
    server = start_dunst(host.desk)
    program = applet.start(PATH=str(applet.home / "bin"))
    applet.wait_for_headline(HEADLINE)
    icon = applet.find_icon()
    host.desk.screenshot("applet-xembed")
    before = host.look()
    host.click(icon, 1)
    said = host.new_popup(before, "notification").text()
    host.desk.screenshot("applet-xembed-notification")
    assert "% left" in said
    assert "ada@example.com" in said
    shown, asked = host.picture_of_bar(), len(applet.accounts.providers.asked)
    applet.accounts.set_left("ada@example.com", (9, 78))
    host.click(icon, 2)
    wait_until(lambda: len(applet.accounts.providers.asked) >= asked + 2, "requests after the middle click")
    wait_until(lambda: difference(shown, host.picture_of_bar()), "change of the icon")
    program.terminate()
    assert_ended_well(program)
    server.end()
