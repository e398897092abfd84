"""What every tray backend promises; a backend's test class inherits it and says how an icon is made."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from insides import wrapped
from PIL import Image

from trayquota.tray.pystray_import import Menu, MenuItem

from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.tray.pystray_import import Icon


def picture(color: str = "green", size: int = 64) -> Image.Image:
    return Image.new("RGBA", (size, size), color)


@contextmanager
def running(icon: Icon, setup: Callable[[Icon], object] | None = None) -> Iterator[threading.Thread]:
    """``icon.run()`` on a thread of its own; stopped at the end, whatever happens."""
    ready = threading.Event()

    def set_up(icon: Icon) -> None:
        try:
            if setup is not None:
                setup(icon)
        finally:
            ready.set()

    thread = threading.Thread(target=icon.run, args=(set_up,), name="test-run")
    thread.start()
    try:
        assert ready.wait(PATIENCE_S), "the icon never became ready"
        yield thread
    finally:
        icon.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "run() did not return"


def followed_by(then: Callable[[], object], first: Callable[..., object]) -> Callable[..., object]:
    """Return what calls ``first`` with what it is given, and then ``then``."""

    def both(*arguments: object) -> None:
        first(*arguments)
        then()

    return both


class BackendContract:
    """Inherit, and fill in :meth:`make`."""

    def make(self, name: str = "contract", **options: object) -> Icon:
        raise NotImplementedError

    def test_the_capability_flags_are_booleans(self) -> None:
        icon = self.make()
        for flag in ("HAS_DEFAULT_ACTION", "HAS_MENU", "HAS_MENU_RADIO", "HAS_NOTIFICATION"):
            assert isinstance(getattr(icon, flag), bool)

    def test_run_blocks_until_stopped_and_setup_runs_on_another_thread(self) -> None:
        icon = self.make(icon=picture())
        calls: Recorder[tuple[object, threading.Thread]] = Recorder()
        with running(icon, lambda given: calls.add((given, threading.current_thread()))) as thread:
            ((given, setup_thread),) = calls.until_there_are(1)
            assert given is icon
            assert setup_thread is not thread
            assert thread.is_alive()
            assert not icon.visible

    def test_without_a_setup_function_the_icon_is_shown(self) -> None:
        icon = self.make(icon=picture())
        shown = threading.Event()
        with wrapped(icon, "_show", partial(followed_by, shown.set)):
            thread = threading.Thread(target=icon.run)
            thread.start()
            assert shown.wait(PATIENCE_S)
            icon.stop()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def test_run_detached_returns_and_stop_leaves_no_thread(self) -> None:
        icon = self.make(icon=picture())
        ready = threading.Event()
        icon.run_detached(lambda _: ready.set())
        assert ready.wait(PATIENCE_S)
        icon.stop()

    def test_stop_before_run_has_no_effect(self) -> None:
        icon = self.make(icon=picture())
        icon.stop()
        with running(icon) as thread:
            assert thread.is_alive()

    def test_stop_twice_is_as_good_as_once(self) -> None:
        icon = self.make(icon=picture())
        with running(icon):
            icon.stop()

    def test_stop_in_the_setup_function(self) -> None:
        icon = self.make(icon=picture())
        with running(icon, lambda given: given.stop()) as thread:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def test_stop_right_after_run_was_called(self) -> None:
        for _ in range(20):
            icon = self.make(icon=picture())
            begun = threading.Event()
            with wrapped(icon, "_start_setup", partial(followed_by, begun.set)):
                thread = threading.Thread(target=icon.run, args=(lambda _: None,))
                thread.start()
                assert begun.wait(PATIENCE_S)
                icon.stop()
                thread.join(PATIENCE_S)
                assert not thread.is_alive()

    def test_everything_may_be_set_before_it_runs(self) -> None:
        icon = self.make()
        icon.icon = picture("red")
        icon.title = "title"
        icon.menu = Menu(MenuItem("entry", None))
        icon.update_menu()
        with running(icon, lambda given: setattr(given, "visible", True)):
            assert icon.visible
            assert icon.title == "title"

    def test_everything_may_be_set_while_it_runs_from_several_threads(self) -> None:
        icon = self.make(icon=picture())

        def change(color: str) -> None:
            for turn in range(10):
                icon.icon = picture(color)
                icon.title = f"{color} {turn}"
                icon.menu = Menu(MenuItem(f"{color} {turn}", None))
                icon.update_menu()

        with running(icon, lambda given: setattr(given, "visible", True)):
            threads = [threading.Thread(target=change, args=(color,)) for color in ("red", "green", "blue")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE_S)
                assert not thread.is_alive()
        assert icon.title.endswith("9")

    def test_it_can_be_hidden_and_shown_again(self) -> None:
        icon = self.make(icon=picture())
        with running(icon):
            for wanted in (True, False, True, True, False):
                icon.visible = wanted
                assert icon.visible is wanted

    def test_what_is_set_while_it_is_being_shown_is_not_lost(self) -> None:
        icon = self.make(icon=picture(), title="old")

        def set_title() -> None:
            other = threading.Thread(target=lambda: setattr(icon, "title", "new"))
            other.start()
            other.join(PATIENCE_S)

        with wrapped(icon, "_show", partial(followed_by, set_title)), running(icon):
            icon.visible = True
            self.check_shows_title(icon, "new")

    def check_shows_title(self, icon: Icon, title: str) -> None:
        """Fail unless those who look at the icon see that title; a backend nobody can look at has nothing to do."""

    def test_without_a_picture_it_cannot_be_shown(self) -> None:
        icon = self.make()
        with running(icon), pytest.raises(ValueError, match="icon"):
            icon.visible = True

    def test_taking_the_picture_away_hides_it(self) -> None:
        icon = self.make(icon=picture())
        with running(icon, lambda given: setattr(given, "visible", True)):
            icon.icon = None
            assert not icon.visible

    def test_calling_the_icon_runs_the_default_entry(self) -> None:
        calls: Recorder[str] = Recorder()
        menu = Menu(
            MenuItem("first", lambda: calls.add("first")),
            MenuItem("second", lambda: calls.add("second"), default=True),
        )
        icon = self.make(icon=picture(), menu=menu)
        with running(icon):
            icon()
        assert calls.seen == ["second"]

    def test_notifications_raise_nothing_before_or_after_the_end(self) -> None:
        icon = self.make(icon=picture())
        with running(icon):
            icon.notify("message", "title")
            icon.notify("message")
            icon.remove_notification()
        icon.notify("too late", "title")
        icon.remove_notification()

    def test_setting_things_after_the_end_raises_nothing(self) -> None:
        icon = self.make(icon=picture())
        with running(icon, lambda given: setattr(given, "visible", True)):
            pass
        icon.icon = picture("red")
        icon.title = "late"
        icon.menu = Menu(MenuItem("late", None))
        icon.visible = False
        icon.stop()
