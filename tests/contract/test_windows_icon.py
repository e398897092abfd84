"""The taskbar icon of Windows: messages, menus, balloons and sizes."""

from __future__ import annotations

import ctypes
import sys
from contextlib import contextmanager
from ctypes import wintypes
from typing import TYPE_CHECKING

import pytest
from insides import window_of

from trayquota.core.model import Level
from trayquota.render import render_all
from trayquota.tray import windows, windows_api
from trayquota.tray.base import Notification
from trayquota.tray.pystray_import import Menu, MenuItem
from trayquota.views.tray_view import IconSpec

from .backend_contract import picture, running
from .command import wait_until
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from PIL import Image

assert sys.platform == "win32"  # elsewhere it is not collected, nor checked

WM_CLOSE, WM_QUERYENDSESSION, WM_ENDSESSION, WM_DPICHANGED = 0x10, 0x11, 0x16, 0x2E0
WM_SETTINGCHANGE = 0x1A
WM_RBUTTONUP, WM_KEYDOWN, VK_DOWN, VK_RETURN = 0x205, 0x100, 0x28, 0x0D
NIN_BALLOONUSERCLICK = 0x405
NOTIFY = 0x400 + 11
user32 = ctypes.WinDLL("user32")
user32.SendMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
user32.PostMessageW.argtypes = user32.SendMessageW.argtypes


class Session:
    """Notes what an icon says of the session's end."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.is_busy = False

    def hold(self) -> bool:
        self.calls.append("hold")
        return self.is_busy

    def resume(self) -> None:
        self.calls.append("resume")

    def finish(self) -> None:
        self.calls.append("finish")


def make(menu: Menu | None = None) -> windows.Icon:
    return windows.Icon("trayquota-test", icon=picture(), title="title", menu=menu)


@contextmanager
def shown(icon: windows.Icon) -> Iterator[threading.Thread]:
    with running(icon, lambda given: setattr(given, "visible", True)) as thread:
        yield thread


@contextmanager
def opened(icon: windows.Icon) -> Iterator[None]:
    """Open its menu."""
    user32.PostMessageW(window_of(icon), NOTIFY, 0, WM_RBUTTONUP)
    wait_until(lambda: popup() != 0, "open menu")
    yield


def popup() -> int:
    """The window of the menu that is open."""
    return int(user32.FindWindowW("#32768", None) or 0)


def key(code: int) -> None:
    user32.PostMessageW(popup(), WM_KEYDOWN, code, 0)


@pytest.mark.parametrize("window", ["_hwnd", "_menu_hwnd"])
def test_each_of_its_windows_can_be_closed_as_taskkill_does(window: str) -> None:
    icon = make()
    with shown(icon) as thread:
        user32.PostMessageW(getattr(icon, window), WM_CLOSE, 0, 0)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_what_closes_the_window_of_an_additional_icon_ends_all() -> None:
    icon = make()
    with shown(icon) as thread:
        other = icon.additional_icon("trayquota-test-2")
        user32.PostMessageW(window_of(other), WM_CLOSE, 0, 0)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        other.stop()


def test_it_ends_while_its_menu_is_open() -> None:
    icon = make(Menu(MenuItem("entry", None)))
    with shown(icon) as thread, opened(icon):
        user32.PostMessageW(window_of(icon), WM_CLOSE, 0, 0)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_stop_from_another_thread_closes_an_open_menu() -> None:
    icon = make(Menu(MenuItem("entry", None)))
    with shown(icon) as thread, opened(icon):
        icon.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.mark.parametrize("window", ["_hwnd", "_menu_hwnd"])
def test_the_end_of_the_session_is_not_refused(window: str) -> None:
    icon = make()
    with shown(icon):
        assert user32.SendMessageW(getattr(icon, window), WM_QUERYENDSESSION, 0, 0) == 1


def test_the_end_of_the_session_waits_for_what_is_under_way() -> None:
    icon, session = make(), Session()
    icon.session_end = session
    with shown(icon) as thread:
        user32.SendMessageW(window_of(icon), WM_QUERYENDSESSION, 0, 0)
        assert session.calls == ["hold"]
        user32.SendMessageW(window_of(icon), WM_ENDSESSION, 1, 0)
        assert session.calls == ["hold", "finish"]
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_session_that_goes_on_resumes_what_was_held() -> None:
    icon, session = make(), Session()
    icon.session_end = session
    with shown(icon) as thread:
        user32.SendMessageW(window_of(icon), WM_QUERYENDSESSION, 0, 0)
        user32.SendMessageW(window_of(icon), WM_ENDSESSION, 0, 0)
        assert session.calls == ["hold", "resume"]
        assert thread.is_alive()


@pytest.mark.parametrize("is_busy", [False, True])
def test_the_reason_is_named_while_something_is_under_way(is_busy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    icon, session, named = make(), Session(), Recorder[str]()
    icon.session_end, session.is_busy = session, is_busy
    monkeypatch.setattr(windows_api, "block_shutdown", lambda _window, reason: named.add(reason))
    monkeypatch.setattr(windows_api, "unblock_shutdown", lambda _window: named.add("no more"))
    with shown(icon):
        user32.SendMessageW(window_of(icon), WM_QUERYENDSESSION, 0, 0)
        user32.SendMessageW(window_of(icon), WM_ENDSESSION, 0, 0)
    assert named.seen == (["A refreshed login is being saved."] if is_busy else []) + ["no more"]


def test_another_theme_is_not_seen_while_the_icon_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    icon, changes, themes = make(), Recorder[str](), ["light"]
    monkeypatch.setattr(windows_api, "is_taskbar_light", lambda: themes[-1] == "light")
    icon.on_quirks_changed = lambda: changes.add(themes[-1])
    with shown(icon):
        user32.SendMessageW(window_of(icon), WM_SETTINGCHANGE, 0, 0)
        assert not icon.is_panel_dark()
        user32.SendMessageW(window_of(icon), WM_SETTINGCHANGE, 0, 0)
        assert changes.seen == [], "as before"
        themes.append("dark")
        user32.SendMessageW(window_of(icon), WM_SETTINGCHANGE, 0, 0)
        assert changes.seen == ["dark"]


def test_a_menu_that_is_open_while_values_change_stays_and_its_clicks_count() -> None:
    chosen: Recorder[str] = Recorder()
    icon = make(Menu(MenuItem("old", lambda: chosen.add("old"))))
    with shown(icon):
        with opened(icon):
            window = popup()
            for number in range(3):
                icon.menu = Menu(MenuItem(f"new {number}", lambda: chosen.add("new")))
            assert popup() == window
            key(VK_DOWN)
            key(VK_RETURN)
            assert chosen.until_there_are(1) == ["old"]
        wait_until(lambda: popup() == 0, "closed menu")
        with opened(icon):
            key(VK_DOWN)
            key(VK_RETURN)
            assert chosen.until_there_are(2) == ["old", "new"]


def test_without_rows_no_menu_is_opened() -> None:
    icon = make(Menu())
    with shown(icon):
        user32.SendMessageW(window_of(icon), NOTIFY, 0, WM_RBUTTONUP)
        assert popup() == 0


@pytest.mark.parametrize(("title", "body"), [("x" * 64, "y" * 256), ("😀" * 40, "\n".join(["😀" * 20] * 12))])
def test_a_notification_is_shortened_to_what_a_balloon_holds(title: str, body: str) -> None:
    icon = make()
    with shown(icon):
        icon.notify(body, title)


def test_a_notification_without_a_title_is_shown_under_a_long_tooltip() -> None:
    icon = make()
    icon.title = "t" * 127
    with shown(icon):
        icon.notify("", None)


def test_a_click_on_the_balloon_is_noticed() -> None:
    icon, clicks = make(), Recorder[str]()
    with shown(icon):
        user32.SendMessageW(window_of(icon), NOTIFY, 0, NIN_BALLOONUSERCLICK)
        icon.show_notification(Notification("title", "body", on_click=lambda: clicks.add("clicked")))
        user32.SendMessageW(window_of(icon), NOTIFY, 0, NIN_BALLOONUSERCLICK)
        assert clicks.seen == ["clicked"]


def test_the_picture_is_drawn_anew_when_the_taskbar_has_another_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    icon, sizes = make(), Recorder[int]()
    image = render_all(IconSpec(percent=42, level=Level.PLENTY))
    draw = image.info["draw"]

    def note_and_draw(px: int) -> Image.Image:
        sizes.add(px)
        drawn: Image.Image = draw(px)
        return drawn

    image.info["draw"] = note_and_draw
    icon.icon = image
    with shown(icon):
        assert sizes.seen == [16]
        user32.SendMessageW(window_of(icon), WM_DPICHANGED, 96, 0)
        assert sizes.seen == [16]
        monkeypatch.setattr(windows_api, "icon_px", lambda: 24)
        user32.SendMessageW(window_of(icon), WM_DPICHANGED, 144, 0)
        assert sizes.seen == [16, 24]


def test_the_process_sees_each_screen_as_it_is() -> None:
    make()
    user32.GetThreadDpiAwarenessContext.restype = ctypes.c_void_p
    user32.GetAwarenessFromDpiAwarenessContext.argtypes = (ctypes.c_void_p,)
    per_monitor = 2
    assert user32.GetAwarenessFromDpiAwarenessContext(user32.GetThreadDpiAwarenessContext()) == per_monitor
