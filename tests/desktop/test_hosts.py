"""The applet on every host: what a person sees and does there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .hosts import on_hosts
from .people import HEADLINE, SIX
from .screen import difference
from .waiting import wait_until

if TYPE_CHECKING:
    from .applet import Applet
    from .host import Host
    from .notifications import NotificationLog
    from .popup import Popup
    from .screen import Box

ACTIONS = ("Refresh now", "Open credentials folder", "Settings", "Quit")
ROUND = 48
"""A corner that is rounded off has the colour of what is beside it but for so much."""
SAME_ROW_PX = 8
"""Letters that are read as taller or less tall move the middle of a row by less."""
LOW = (9, 80)
"""Of Ada's session and week: less than anybody else has."""


def shown(applet: Applet) -> Box:
    """Start it, and find its icon."""
    applet.start()
    applet.wait_for_headline(HEADLINE)
    return applet.find_icon()


def assert_on_screen(host: Host, popup: Popup) -> None:
    width, height = host.screen.size
    box = popup.box
    assert box.left >= 0
    assert box.top >= 0
    assert box.right <= width
    assert box.bottom <= height, f"{box.bottom - height} pixels are below the screen"


@on_hosts()
def test_the_icon_stands_on_the_panels_ground_and_follows_the_figures(host: Host, applet: Applet) -> None:
    applet.start()
    applet.wait_for_headline(HEADLINE)
    icon = host.known_icon = applet.locate_icon()
    host.desk.screenshot(f"{host.name}-icon")
    assert icon.width >= 12
    assert icon.height >= 12
    picture = host.screen.picture_at_rest().convert("RGB")
    for x, y in ((icon.left, icon.top), (icon.right - 1, icon.top), (icon.left, icon.bottom - 1)):
        seen, beside = picture.getpixel((x, y)), picture.getpixel((icon.left - 3, y))
        assert isinstance(seen, tuple)
        assert isinstance(beside, tuple)
        assert max(abs(one - other) for one, other in zip(seen, beside, strict=True)) < ROUND


@on_hosts(lambda habits: habits.tooltip != "none")
def test_the_tooltip_names_as_many_accounts_as_the_host_has_room_for(host: Host, applet: Applet) -> None:
    tooltip = host.hover(shown(applet))
    host.desk.screenshot(f"{host.name}-tooltip")
    said = tooltip.text()
    assert said.startswith("33% left: Claude cyd@example.net")
    assert [email for _, email, _ in SIX if email not in said] == []
    assert "&" not in said
    host.leave()


@on_hosts(lambda habits: habits.menu)
def test_the_menu_fits_the_screen_and_has_every_account_and_action(host: Host, applet: Applet) -> None:
    menu = host.open_menu(shown(applet))
    host.desk.screenshot(f"{host.name}-menu")
    assert_on_screen(host, menu)
    said = menu.text()
    assert [row for row in ACTIONS if row not in said] == []
    if "More accounts" in said:
        more = host.open_submenu(menu, "More accounts")
        host.desk.screenshot(f"{host.name}-menu-more")
        assert_on_screen(host, more)
        said += more.text()
        host.dismiss()
    assert [email for _, email, _ in SIX if email not in said] == []
    host.close_menu(menu)


@on_hosts(lambda habits: habits.left == "notification")
def test_a_left_click_shows_all_accounts(host: Host, applet: Applet, notifications: NotificationLog) -> None:
    icon = shown(applet)
    host.click(icon, 1)
    wait_until(lambda: notifications.sent, "notification")
    said = notifications.sent[-1].text
    assert HEADLINE in said
    assert [email for _, email, _ in SIX if email not in said] == []
    host.click(icon, 1)
    wait_until(lambda: len(notifications.sent) > 1, "second notification")
    assert notifications.sent[-1].replaces != 0


@on_hosts(lambda habits: habits.left == "launcher")
def test_a_left_click_opens_the_menu_in_the_launcher(host: Host, applet: Applet) -> None:
    menu = host.open_menu(shown(applet), button=1)
    host.desk.screenshot(f"{host.name}-launcher")
    assert_on_screen(host, menu)
    said = menu.text()
    assert "ada@example.com" in said
    host.screen.type("Refresh now")
    asked = len(applet.accounts.providers.asked)
    host.screen.key("Return")
    wait_until(lambda: len(applet.accounts.providers.asked) >= asked + len(SIX), "requests after the choice")


@on_hosts(lambda habits: habits.left != "launcher")
def test_a_middle_click_refreshes_and_shows_that_it_does(
    host: Host, applet: Applet, notifications: NotificationLog
) -> None:
    icon = shown(applet)
    asked = len(applet.accounts.providers.asked)
    applet.accounts.set_left("ada@example.com", LOW)
    host.click(icon, 2)
    wait_until(lambda: len(applet.accounts.providers.asked) >= asked + len(SIX), "requests after the click")
    wait_until(lambda: notifications.sent, "notification")
    assert "9% left: Claude ada@example.com, 5-hour" in notifications.sent[-1].text
    applet.wait_for_headline("9% left")


@on_hosts(lambda habits: habits.menu)
def test_an_open_menu_stays_still_over_refreshes(host: Host, applet: Applet, notifications: NotificationLog) -> None:
    assert notifications.sent == []  # whatever pops up meanwhile is the record's to take
    seen = [host.open_menu(shown(applet))]
    host.step_aside()
    # Read later: some hosts never say that a menu was closed, so an open one is only taken for open for a while.
    for left in (39, 36):
        applet.accounts.set_left("ada@example.com", (left, 80))
        applet.refresh()
        applet.wait_for_tooltip(f"{left}%")
        seen.append(host.reread(seen[-1]))
    applet.accounts.add("claude", "new@example.com", left=(20, 20))
    applet.wait_for_tooltip("new@example.com")
    seen.append(host.reread(seen[-1]))
    host.desk.screenshot(f"{host.name}-menu-still")
    host.close_menu(seen[-1])
    for popup in seen[1:]:
        assert_still(popup, seen[0])
    assert difference(seen[0].picture, seen[1].picture), "the new figure is not shown"
    again = host.open_menu(applet.find_icon())
    assert places(again).keys() != places(seen[0]).keys(), "the new account is not shown"
    host.close_menu(again)


def assert_still(now: Popup, before: Popup) -> None:
    """Assert that no row has moved up or down; a longer one may make the menu wider."""
    assert (now.box.top, now.box.bottom) == (before.box.top, before.box.bottom)
    old, new = places(before), places(now)
    assert new.keys() == old.keys()
    assert [word for word in old if abs(new[word] - old[word]) > SAME_ROW_PX] == []


def places(menu: Popup) -> dict[str, int]:
    """Where the rows of accounts and actions are, from the menu's top."""
    known = ("ada@", "bob@", "cyd@", "dee@", "eve@", "fay@", "new@", *ACTIONS)
    # Whose turn it is next changes with the figures, in place.
    lines = [line for line in menu.lines() if not line.text.startswith("Next")]
    return {word: line.box.centre[1] for word in known for line in lines if word in line.text}


@on_hosts()
def test_the_icon_comes_when_the_host_starts_later_and_again_after_its_restart(host: Host, applet: Applet) -> None:
    host.stop()
    applet.start()
    wait_until(lambda: len(applet.accounts.providers.asked) >= len(SIX), "requests")
    host.start()
    applet.wait_for_headline(HEADLINE)
    host.known_icon = applet.locate_icon()
    host.restart()
    wait_until(lambda: applet.tooltip().startswith(HEADLINE), "icon on the new tray", 20.0)
    host.known_icon = applet.locate_icon()
    host.desk.screenshot(f"{host.name}-restarted")
    assert applet.program is not None
    assert applet.program.is_running


@on_hosts()
def test_a_second_start_says_what_is_true_then(host: Host, applet: Applet, notifications: NotificationLog) -> None:
    shown(applet)
    applet.accounts.set_left("ada@example.com", LOW)
    second = applet.start()
    assert second.wait(20.0) == 0
    wait_until(lambda: notifications.sent, "notification")
    sent = notifications.sent[-1]
    assert "9% left: Claude ada@example.com, 5-hour" in sent.text
    assert sent.icon.startswith("file:") or "image-data" in sent.hints
    assert applet.start().wait(20.0) == 0
    wait_until(lambda: len(notifications.sent) > 1, "second notification")
    assert notifications.sent[-1].replaces != 0
    assert host.is_alive


@on_hosts(lambda habits: habits.menu)
def test_a_left_click_opens_the_menu_where_the_host_lets_it_and_quit_ends_the_applet(
    host: Host, applet: Applet
) -> None:
    opened_by = 1 if host.habits.left == "menu" else 3
    menu = host.open_menu(shown(applet), button=opened_by)
    host.click_row(menu, "Quit")
    assert applet.program is not None
    assert applet.program.wait() == 0
    assert "Traceback" not in applet.program.log
    wait_until(lambda: not applet.tooltip(), "end of the icon")
