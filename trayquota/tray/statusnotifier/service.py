"""The owner of the event loop: connects each icon, serves one session after the other, comes back when it dies."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager, suppress
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING, Final

from trayquota.core.errors import TrayUnavailableError
from trayquota.core.translation import Message
from trayquota.tray.callback_worker import Worker
from trayquota.tray.session_bus import UNREACHABLE, connect, session_bus_address

from .published_menu import PublishedMenu
from .session import BusSession, TrayState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbus_fast.aio import MessageBus

    from trayquota.tray.base import Notification

    from .session import IconOwner

_LOG = logging.getLogger(__name__)

_DELAYS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Between attempts to reach the bus again; the last one repeats."""
_STABLE_S: Final = 30.0
"""A connection that held this long was a good one: the next attempt after it starts with the first delay."""
_CONNECT_S: Final = 10.0
_TURN_S: Final = 1.0
"""How long an icon waits for the one before it to come to the tray: panels keep the order in which icons come."""
_CALLBACK_S: Final = 0.3
"""How long a callback under way is waited for when the icon stops."""


class ShownIcon:
    """One icon, on a connection of its own: that is the only thing by which hosts notice that an item is gone.

    The protocol can register several items of one connection, but take none of them away again. A connection
    each, which says nothing while nothing changes, is better than to have all icons come anew.

    Args:
        service: What it is one of.
        owner: The icon.
        state: What to show at first.
    """

    def __init__(self, service: TrayService, owner: IconOwner, state: TrayState) -> None:
        """See the class."""
        self._service = service
        self._owner = owner
        self._state = state
        self._menu = PublishedMenu()
        self._session: BusSession | None = None
        self._is_flush_due = False
        self.was_tried = asyncio.Event()
        """Set once it was tried to register it with the tray."""

    @property
    def is_menu_open(self) -> bool:
        """Whether a person looks at the menu; from any thread."""
        return self._menu.is_open

    def show(self, state: TrayState) -> None:
        """Show ``state`` from now on; from any thread, one at a time. Several at once become one update."""
        self._state = state
        self._is_flush_due = True
        self._service.flush_soon()

    def notify(self, notification: Notification) -> None:
        """Show a notification; from any thread."""
        self._service.post(lambda: self._with_session(lambda session: session.notify(notification)))

    def remove_notification(self) -> None:
        """Remove the last notification; from any thread."""
        self._service.post(lambda: self._with_session(BusSession.remove_notification))

    def flush(self) -> None:
        """Send what is to be shown, where it has changed. On the loop's thread."""
        if self._is_flush_due:
            self._is_flush_due = False
            self._with_session(lambda session: session.show(self._state))

    def _mark_tried(self) -> None:
        self.was_tried.set()
        self._owner.mark_shown()

    async def serve(self, bus: MessageBus) -> None:
        """Show it on ``bus``, and on later connections, until the task is cancelled."""
        loop, delays = asyncio.get_running_loop(), _delays()
        while True:
            connected_at = loop.time()
            was_hidden = await self._serve_once(bus)
            if was_hidden or loop.time() - connected_at >= _STABLE_S:
                delays = _delays()
            bus = await connection_again(chain([0.0], delays) if was_hidden else delays)

    def _with_session(self, do: Callable[[BusSession], None]) -> None:
        if self._session is not None:
            do(self._session)

    async def _serve_once(self, bus: MessageBus) -> bool:
        session = BusSession(bus, self._owner, self._menu, self._service.submit, self._mark_tried)
        self._session = session
        try:
            return await session.serve(self._state)
        finally:
            self._session = None
            await session.close()


class TrayService:
    """Shows icons on the session bus, from a loop on the thread that calls :meth:`run`.

    Args:
        name: Of the application, for threads.
    """

    def __init__(self, name: str) -> None:
        """See the class."""
        self._worker = Worker(f"{name}-callbacks")
        self.submit = self._worker.submit
        self._icons: list[ShownIcon] = []
        self._tasks: dict[ShownIcon, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._is_serving = False
        self._is_flush_due = False
        self._is_batching = False

    @property
    def is_running(self) -> bool:
        """Whether there is a loop."""
        return self._loop is not None

    @property
    def runs_callback_here(self) -> bool:
        """Whether the calling thread is the one that runs callbacks."""
        return self._worker.is_current

    def add(self, owner: IconOwner, state: TrayState) -> ShownIcon:
        """Return an icon that is shown from now on; from any thread. Without the first one there is no tray."""
        icon = ShownIcon(self, owner, state)
        self._icons.append(icon)
        self.post(lambda: self._start(icon))
        return icon

    def remove(self, icon: ShownIcon) -> None:
        """Show an icon no longer; from any thread."""
        self._icons.remove(icon)
        self.post(lambda: self._end(icon))

    @contextmanager
    def batched(self) -> Iterator[None]:
        """Send what icons show from within here at its end: the loop wakes once for all. For one thread at a time."""
        self._is_batching = True
        try:
            yield
        finally:
            self._is_batching = False
            self.flush_soon()

    def flush_soon(self) -> None:
        """Have what has changed sent; from any thread."""
        if self.is_running and not self._is_flush_due and not self._is_batching:
            self._is_flush_due = True
            self.post(self._flush)

    def _flush(self) -> None:
        self._is_flush_due = False
        for icon in tuple(self._icons):
            icon.flush()

    def stop(self) -> None:
        """Have :meth:`run` return; from any thread or a signal handler, so no lock is taken."""
        self._is_stopping = True
        self.post(self._cancel)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until :meth:`stop`.

        Args:
            on_ready: Called once, when the bus has been reached.

        Raises:
            TrayUnavailableError: There is no session bus at the start.
        """
        try:
            with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
                self._loop = runner.get_loop()
                self._loop.set_exception_handler(_on_loop_error)
                runner.run(self._main(on_ready))
        finally:
            self._loop = None
            self._worker.close(_CALLBACK_S)

    def post(self, call: Callable[[], object]) -> None:
        """Have a function called on the loop's thread; without a loop nothing is."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:
            _LOG.debug("the icon's loop is closed already")

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _main(self, on_ready: Callable[[], None]) -> None:
        self._task = asyncio.current_task()
        if self._is_stopping:
            return
        try:
            await self._serve(on_ready)
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
        finally:
            self._is_serving = False
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _serve(self, on_ready: Callable[[], None]) -> None:
        first, *others = self._icons
        bus = await _first_connection()
        on_ready()
        self._is_serving = True
        for icon in others:
            self._start(icon)
        await first.serve(bus)

    def _start(self, icon: ShownIcon) -> None:
        former = next((before for before, each in pairwise(tuple(self._icons)) if each is icon), None)
        if former is not None and self._is_serving and icon not in self._tasks:
            task = asyncio.get_running_loop().create_task(_serve_more(icon, former))
            self._tasks[icon] = task
            task.add_done_callback(lambda _task: self._tasks.pop(icon, None))

    def _end(self, icon: ShownIcon) -> None:
        if (task := self._tasks.get(icon)) is not None:
            task.cancel()


async def _serve_more(icon: ShownIcon, former: ShownIcon) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(former.was_tried.wait(), _TURN_S)
    await icon.serve(await connection_again(chain([0.0], _delays())))


def _delays() -> Iterator[float]:
    return chain(_DELAYS_S, repeat(_DELAYS_S[-1]))


async def _connection(address: str) -> MessageBus:
    async with asyncio.timeout(_CONNECT_S):
        return await connect(address)


async def _first_connection() -> MessageBus:
    address = session_bus_address()
    if address is None:
        message = Message("There is no D-Bus session bus: DBUS_SESSION_BUS_ADDRESS is not set.")
        raise TrayUnavailableError(message)
    try:
        return await _connection(address)
    except UNREACHABLE as why:
        message = Message(
            "The D-Bus session bus at {address} cannot be reached: {reason}.",
            address=address,
            reason=str(why) or type(why).__name__,
        )
        raise TrayUnavailableError(message) from why


async def connection_again(delays: Iterator[float]) -> MessageBus:
    """Connect to the session bus, after each of ``delays`` in seconds until it can be reached."""
    for delay_s in delays:
        await asyncio.sleep(delay_s)
        try:
            return await _connection(session_bus_address() or "")
        except UNREACHABLE as why:
            _LOG.debug("the session bus is still away: %r", why)
    raise AssertionError  # there is always another delay


def _on_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    fault = context.get("exception")
    # A signal that was on its way when the bus died fails in a future of dbus-fast that nobody holds.
    lost = isinstance(fault, UNREACHABLE)
    _LOG.log(logging.DEBUG if lost else logging.ERROR, "in the icon's loop: %s (%r)", context.get("message"), fault)
