"""The session bus beside an icon that is not on it: notifications, and the watch for a tray that takes items."""

from __future__ import annotations

import asyncio
import logging
import threading
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from dbus_fast import MessageType

from trayquota.tray.notifications import Notifier
from trayquota.tray.session_bus import (
    BUS,
    NOTIFICATIONS,
    UNREACHABLE,
    WATCHER,
    connect,
    session_bus_address,
    subscribe,
)
from trayquota.tray.watcher import HOST_PREFIX, has_host

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    from trayquota.tray.base import Notification

_LOG = logging.getLogger(__name__)

_DELAYS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""Between attempts to reach the bus, and between calls of a watcher that has its name, but shows nothing yet."""
_REPLY_TIMEOUT_S: Final = 5.0


class BusCompanion:
    """A connection on a thread of its own. Without a session bus, or without its server, nothing happens.

    Args:
        name: The application's name.
        submit: Runs a callback on the icon's worker thread.
        on_host: Called there, once, when somebody would show a StatusNotifierItem; ``None``: nobody watches for that.
    """

    def __init__(
        self, name: str, submit: Callable[[Callable[[], object]], None], on_host: Callable[[], object] | None
    ) -> None:
        """See the class."""
        self._name = name
        self._submit = submit
        self._on_host = on_host
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._notifier: Notifier | None = None
        self._has_changed = asyncio.Event()
        self._work: asyncio.Queue[Callable[[Notifier], Awaitable[None]]] = asyncio.Queue()
        self._thread = threading.Thread(target=self._run, name=f"{name}-bus", daemon=True)

    def start(self) -> None:
        """Connect, where there is a bus."""
        if session_bus_address() is not None:
            self._thread.start()

    def notify(self, notification: Notification) -> None:
        """Show a notification, as soon as there is a connection; from any thread."""
        self._post(lambda: self._work.put_nowait(lambda notifier: notifier.show(notification)))

    def remove_notification(self) -> None:
        """Remove the last notification; from any thread."""
        self._post(lambda: self._work.put_nowait(Notifier.remove))

    def close(self) -> None:
        """Leave the bus, and the thread."""
        if self._thread.ident is None:
            self._loop.close()
        else:
            self._post(self._cancel)
            self._thread.join()

    def _post(self, call: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            _LOG.debug("the icon's bus loop is closed already")

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._task = asyncio.current_task()
        delays = _delays()
        try:
            while True:
                try:
                    bus = await connect(session_bus_address() or "")
                except UNREACHABLE as why:
                    _LOG.debug("the session bus cannot be reached: %r", why)
                    await asyncio.sleep(next(delays))
                else:
                    delays = _delays()
                    await self._serve(bus)
        except asyncio.CancelledError:
            _LOG.debug("the icon leaves the session bus")

    async def _serve(self, bus: MessageBus) -> None:
        self._notifier = Notifier(bus, self._name)
        bus.add_message_handler(self._on_message)
        tasks = [asyncio.ensure_future(self._watch(bus)), asyncio.ensure_future(self._notify(self._notifier))]
        end = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]
        try:
            await asyncio.wait([end])
        finally:
            self._notifier = None
            for task in tasks:
                task.cancel()
            if bus.connected:
                bus.disconnect()
            await asyncio.gather(*tasks, end, return_exceptions=True)

    async def _notify(self, notifier: Notifier) -> None:
        while True:
            work = await self._work.get()
            try:
                await work(notifier)
            except (*UNREACHABLE, TimeoutError) as why:
                _LOG.debug("a notification was not shown: %r", why)

    async def _watch(self, bus: MessageBus) -> None:
        """Look for a host whenever names on the bus change, and some times after that: objects come after names."""
        if self._on_host is None:
            return
        # `org.kde` is the namespace of the watcher's name and of those of hosts.
        names = f"type='signal',sender='{BUS.name}',interface='{BUS.name}',member='NameOwnerChanged'"
        await subscribe(bus, f"{names},arg0namespace='org.kde'")
        delays = _delays()
        while True:
            self._has_changed.clear()
            try:
                async with asyncio.timeout(_REPLY_TIMEOUT_S):
                    is_shown = await has_host(bus)
            except TimeoutError:
                is_shown = False
            if is_shown:
                self._submit(self._on_host)
                return
            try:
                async with asyncio.timeout(next(delays)):
                    await self._has_changed.wait()
                delays = _delays()
            except TimeoutError:
                continue

    def _on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == BUS.name and message.member == "NameOwnerChanged":
            name, _, owner = message.body
            if name == NOTIFICATIONS.name and self._notifier is not None:
                self._notifier.server_changed()
            elif owner and (name == WATCHER.name or name.startswith(HOST_PREFIX)):
                self._has_changed.set()
        elif message.interface == NOTIFICATIONS.name:
            # After the tasks that wait for a reply which came with it: the reply says which notifications are ours.
            self._loop.call_soon(self._on_notification_signal, message)

    def _on_notification_signal(self, message: Message) -> None:
        if self._notifier is not None and (run := self._notifier.clicked(message)) is not None:
            self._submit(run)


def _delays() -> Iterator[float]:
    return chain(_DELAYS_S, repeat(_DELAYS_S[-1]))
