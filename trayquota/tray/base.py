"""The life of an icon whose loop is our own: start, setup, stop."""

from __future__ import annotations

import logging
import threading
from contextlib import nullcontext
from queue import SimpleQueue
from typing import TYPE_CHECKING, ClassVar, Protocol

from msgspec import Struct

from trayquota.core.redacted import RedactedRepr
from trayquota.tray.pystray_import import Icon
from trayquota.tray.quirks import UNKNOWN, Quirks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from PIL.Image import Image

    from trayquota.tray.pystray_import import Menu, MenuItem

_LOG = logging.getLogger(__name__)
_LOOP_JOIN_S = 2.0


class Button(RedactedRepr, Struct, frozen=True):
    """Something to be done from a notification.

    Attributes:
        label: What the button says.
        on_click: Run when it is clicked.
    """

    repr_fields = ("label",)

    label: str
    on_click: Callable[[], object]


class Notification(RedactedRepr, Struct, frozen=True):
    """What a notification says.

    Attributes:
        title: One plain line.
        body: Plain text, of several lines perhaps.
        urgent: It stays until the person has seen it: nothing goes on for an account without them.
        on_click: Run when it is clicked, where the backend notices it.
        buttons: What else can be done, where the backend shows buttons.
        sound: What it sounds like, by the sound naming specification, where the desktop plays sounds; empty for
            whatever it does by itself.
    """

    repr_fields = ("urgent",)

    title: str
    body: str
    urgent: bool = False
    on_click: Callable[[], object] | None = None
    buttons: tuple[Button, ...] = ()
    sound: str = ""


class SessionEnd(Protocol):
    """What the program does when the person's session ends, where the system announces that: on Windows."""

    def hold(self) -> bool:
        """Begin nothing any more that must not be broken off; return whether something of that kind is under way."""

    def resume(self) -> None:
        """The session goes on after all."""

    def finish(self) -> None:
        """Return once nothing is under way that must not be broken off; the process may be ended right after."""


class BaseIcon(Icon):
    """pystray's icon, with a start and a stop that hold in whatever order they come.

    pystray's own bookkeeping ignores a ``stop()`` that comes before the loop is ready and leaves its setup
    thread waiting for ever when the loop never becomes ready. Here the setup thread starts when the loop is
    ready, and ``stop()`` has its effect from the moment ``run()`` or ``run_detached()`` was called.

    A backend fills in :meth:`_begin`, :meth:`_loop`, :meth:`_stop` and pystray's own hooks for what is shown.

    Attributes:
        HAS_ADDITIONAL_ICONS: There can be other icons beside it.
        on_click: Called at a click on the icon where the tray itself opens no menu; ``None`` for nothing.
        on_middle_click: Called at a middle click; ``None``: the menu's default entry is run.
        on_scroll: Called with the wheel's direction, positive for downwards or to the right; ``None`` for nothing.
        on_menu_closed: Called when the menu was closed, where the tray says so.
        on_better_tray: Called when another backend would show the icon better; ``None``: that is not watched for.
        on_quirks_changed: Called when another kind of tray shows the icon, so that :attr:`quirks` are others, or
            :meth:`is_panel_dark` says something else.
        session_end: Called at the end of the person's session, where the backend notices that.
        quirks: The habits of the tray that shows the icon.
    """

    HAS_ADDITIONAL_ICONS: ClassVar[bool] = False
    on_click: Callable[[], object] | None = None
    on_middle_click: Callable[[], object] | None = None
    on_scroll: Callable[[int], object] | None = None
    on_menu_closed: Callable[[], object] | None = None
    on_better_tray: Callable[[], object] | None = None
    on_quirks_changed: Callable[[], object] | None = None
    session_end: SessionEnd | None = None
    quirks: Quirks = UNKNOWN

    def __init__(
        self,
        name: str,
        icon: Image | None = None,
        title: str | None = None,
        menu: Menu | Iterable[MenuItem] | None = None,
        **kwargs: object,
    ) -> None:
        """Make an icon that is not shown yet; the arguments are pystray's."""
        super().__init__(name, icon, title, menu, **kwargs)
        self._setup: Callable[[Icon], object] | None = None
        self._setup_thread_of_run: threading.Thread | None = None
        self._loop_thread: threading.Thread | None = None
        self._started: SimpleQueue[BaseException | None] = SimpleQueue()

    @property
    def is_menu_open(self) -> bool:
        """Whether a person looks at the menu, where the tray says so."""
        return False

    def wait_until_shown(self, timeout_s: float) -> bool:  # noqa: ARG002 - for trays that answer
        """Wait until the tray has the icon or there is none, at most so long; return whether that is so."""
        return True

    def is_panel_dark(self) -> bool | None:
        """Return whether the panel is dark, ``None`` where that is not known; changes are noticed from now on."""
        return None

    def additional_icon(self, name: str) -> BaseIcon:
        """Return another icon beside this one, which runs and is shown once visible, until it is stopped.

        Raises:
            RuntimeError: There can be but one.
        """
        raise RuntimeError(name)

    def batched(self) -> AbstractContextManager[None]:
        """Within it what is set here or in additional icons may wait for its end, to be shown all at once."""
        return nullcontext()

    def set_place(self, place: int) -> None:
        """Say which of several icons this is, from 1 on, 0 for a single one; for trays that do not keep the order."""

    def set_attention(self, *, is_needed: bool) -> None:
        """Say whether a person has to do something; without effect where trays have no sign for that but the icon."""

    def show_notification(self, notification: Notification) -> None:
        """Show a notification in place of the last one of the same urgency; without effect where there are none."""

    def stop(self) -> None:
        """End the loop, from any thread, a callback or a signal handler; without effect when nothing runs.

        Waits for the setup function and for a detached loop, each for a bounded time, unless it is one of
        these threads that calls.
        """
        self._stop()
        if not self._is_awaited_here():
            self._join(self._loop_thread, _LOOP_JOIN_S)
        self._join(self._setup_thread_of_run, self.SETUP_THREAD_TIMEOUT)
        self._running = False

    def _begin(self) -> None:
        """Prepare a run; from here on ``_stop()`` must have its effect."""
        raise NotImplementedError

    def _loop(self) -> None:
        """Run until ``_stop()``; call ``_mark_ready()`` once things work."""
        raise NotImplementedError

    def _is_awaited_here(self) -> bool:
        """Whether the loop's end waits for the current thread, which must then not wait for the loop."""
        return False

    def _start_setup(self, setup: Callable[[Icon], object] | None) -> None:
        self._setup = setup
        self._setup_thread_of_run = None
        self._begin()
        self.update_menu()

    def _run(self) -> None:
        try:
            self._loop()
        finally:
            self._running = False

    def _run_detached(self) -> None:
        self._started = SimpleQueue()
        self._loop_thread = threading.Thread(target=self._run_in_thread, name=f"{self.name}-tray")
        self._loop_thread.start()
        if (failure := self._started.get()) is not None:
            self._loop_thread.join()
            raise failure

    def _run_in_thread(self) -> None:
        try:
            self._run()
        except BaseException as failure:
            if self._setup_thread_of_run is None:
                self._started.put(failure)
                return
            raise
        finally:
            self._started.put(None)

    def _mark_ready(self) -> None:
        self._running = True
        self._setup_thread_of_run = threading.Thread(target=self._set_up, name=f"{self.name}-setup")
        self._setup_thread_of_run.start()
        self._started.put(None)

    def _set_up(self) -> None:
        if self._setup is None:
            self.visible = True
        else:
            self._setup(self)

    def _join(self, thread: threading.Thread | None, timeout_s: float) -> None:
        # One that is only about to start cannot be waited for, and here may be the thread that starts it.
        if thread is None or thread is threading.current_thread() or not thread.is_alive():
            return
        thread.join(timeout_s)
        if thread.is_alive():
            _LOG.warning("thread %s has not ended %.1f s after the icon was stopped", thread.name, timeout_s)
