"""One connection to the session bus: what is exported there, whom it is registered with, what arrives."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from dbus_fast import DBusError, Message, MessageFlag, MessageType
from msgspec import Struct, field

from .dbusmenu import MENU_PATH, DBusMenu
from .item import ITEM_PATH, ItemState, StatusNotifierItem
from .notifications import NOTIFICATIONS, Notifier
from .wire_text import sendable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from dbus_fast.aio import MessageBus

    from trayquota.tray.pystray_import import MenuItem

    from .layout import Changes, MenuEntry, Node
    from .published_menu import PublishedMenu

_LOG = logging.getLogger(__name__)

WATCHER: Final = "org.kde.StatusNotifierWatcher"
_BUS: Final = "org.freedesktop.DBus"
UNREACHABLE: Final = (OSError, EOFError, ValueError, DBusError)
"""What comes of a bus that refuses, hangs up or times out, or whose address makes no sense."""
_OPEN_AT_MOST_S: Final = 20.0
"""GTK hosts tell when the menu is opened, but not when it is closed; after this time it counts as closed."""


class TrayState(Struct, frozen=True):
    """All that is to be shown.

    Attributes:
        visible: Whether there is an icon at all.
        item: Icon and texts.
        menu: The entries.
    """

    visible: bool = False
    item: ItemState = field(default_factory=ItemState)
    menu: tuple[MenuEntry, ...] = ()


class IconOwner(Protocol):
    """The icon, as far as the bus has business with it. Everything is run on the icon's worker thread."""

    on_menu_opened: Callable[[], object] | None
    on_notification_clicked: Callable[[], object] | None

    @property
    def name(self) -> str:
        """Names the application."""

    def activate_item(self, item: MenuItem) -> None:
        """An entry was clicked."""

    def activate_default(self) -> None:
        """The icon itself was clicked in the secondary way."""


class BusSession:
    """The icon on one connection. Everything here happens on the loop's thread.

    Args:
        bus: The connection, established.
        owner: The icon.
        menu: The menu as hosts know it, from earlier connections too.
        work: Has a callback run on the worker thread.
    """

    def __init__(
        self,
        bus: MessageBus,
        owner: IconOwner,
        menu: PublishedMenu,
        work: Callable[[Callable[[], object]], None],
    ) -> None:
        """See the class."""
        self._bus = bus
        self._owner = owner
        self._menu = menu
        self._work = work
        self._objects: tuple[StatusNotifierItem, DBusMenu] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._menu_deadline: asyncio.TimerHandle | None = None
        self._name = sendable(owner.name)
        self._notifier = Notifier(bus, self._name, self._subscribe, lambda: owner.on_notification_clicked)
        end: Coroutine[None, None, None] = bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        self._end = asyncio.get_running_loop().create_task(end)

    async def serve(self, wanted: TrayState) -> bool:
        """Show ``wanted`` and what :meth:`show` brings, until the connection ends.

        Returns:
            Whether it ended because the icon was hidden.
        """
        self._bus.add_message_handler(self._on_message)
        # The bus takes our messages in order, so this holds before any registration is delivered.
        owners = f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg0='{WATCHER}'"
        self._spawn(self._subscribe(owners))
        self.show(wanted)
        await asyncio.wait([self._end])
        return self._end.exception() is None

    async def close(self) -> None:
        """Leave the bus; afterwards no task and no socket is left."""
        self._forget_deadline()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._bus.connected:
            self._bus.disconnect()
        await asyncio.wait([self._end])
        if (why := self._end.exception()) is not None:
            _LOG.debug("the session bus was lost: %r", why)

    def show(self, wanted: TrayState) -> None:
        """Bring what hosts see up to ``wanted``. Nothing is sent when they see that already."""
        if not self._bus.connected:
            return
        if self._objects is None:
            if wanted.visible:
                self._appear(wanted)
        elif not wanted.visible:
            # There is no way to unregister: hosts drop an item whose connection is gone. Plasma would only
            # move a Passive one to another place.
            self._bus.disconnect()
        else:
            with self._unless_lost():
                self._objects[0].update(wanted.item)
            self._tell(self._menu.update(wanted.menu))

    def notify(self, summary: str, body: str) -> None:
        """Show a notification."""
        self._spawn(self._notifier.show(summary, body))

    def withdraw_notification(self) -> None:
        """Take back the last notification."""
        self._spawn(self._notifier.withdraw())

    def _appear(self, wanted: TrayState) -> None:
        self._menu.closed()
        self._menu.update(wanted.menu)
        item = StatusNotifierItem(self._name, wanted.item, self._on_secondary_activate)
        menu = DBusMenu(self._menu, self._on_menu_event, self._menu_closed)
        self._objects = item, menu
        with self._unless_lost():
            self._bus.export(MENU_PATH, menu)
            self._bus.export(ITEM_PATH, item)
        self._spawn(self._register())

    async def _register(self) -> None:
        reply = await self._bus.call(
            Message(
                destination=WATCHER,
                path="/StatusNotifierWatcher",
                interface=WATCHER,
                member="RegisterStatusNotifierItem",
                signature="s",
                body=[self._bus.unique_name],
                flags=MessageFlag.NO_AUTOSTART,
            )
        )
        if reply.message_type is MessageType.ERROR:
            _LOG.debug("not registered with a tray yet: %s", reply.error_name)

    def _on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == _BUS and message.member == "NameOwnerChanged":
            name, _, new_owner = message.body
            if name == NOTIFICATIONS:
                self._notifier.server_changed()
            elif name == WATCHER and new_owner and self._objects is not None:
                self._menu_closed()
                self._spawn(self._register())
        elif message.interface == NOTIFICATIONS:
            # Behind whatever waits for a reply that came with it: that says which notifications are ours.
            asyncio.get_running_loop().call_soon(self._on_notification_signal, message)

    def _on_notification_signal(self, message: Message) -> None:
        if (run := self._notifier.clicked(message)) is not None:
            self._later(run)

    def _on_menu_event(self, kind: str, node: Node) -> None:
        match kind:
            case "clicked":
                item = node.entry.item
                if item is not None and node.entry.enabled:
                    self._later(lambda: self._owner.activate_item(item))
                # Not every host says "closed" after a click.
                self._menu_closed()
            case "opened" if node.id == self._menu.root.id:
                self._menu.opened()
                self._forget_deadline()
                self._menu_deadline = asyncio.get_running_loop().call_later(_OPEN_AT_MOST_S, self._menu_closed)
                if (hook := self._owner.on_menu_opened) is not None:
                    self._later(hook)
            case "closed" if node.id == self._menu.root.id:
                self._menu_closed()

    def _on_secondary_activate(self) -> None:
        self._later(self._owner.activate_default)

    def _later(self, call: Callable[[], object]) -> None:
        # Events are answered first and acted upon afterwards: hosts wait for the answer.
        asyncio.get_running_loop().call_soon(self._work, call)

    def _menu_closed(self) -> None:
        self._forget_deadline()
        self._tell(self._menu.closed())

    def _tell(self, changes: Changes) -> None:
        if self._objects is not None and self._bus.connected:
            with self._unless_lost():
                self._objects[1].emit_changes(changes)

    @contextmanager
    def _unless_lost(self) -> Iterator[None]:
        try:
            yield
        except UNREACHABLE as why:
            # The bus is dead even where the connection has not noticed yet; what is shown is sent to the next one.
            _LOG.debug("a signal could not be sent: %r", why)
        except RuntimeError:
            # dbus-fast stumbles over its own end when the bus turns out to be dead while a signal is sent.
            if self._bus.connected:
                raise

    def _forget_deadline(self) -> None:
        if self._menu_deadline is not None:
            self._menu_deadline.cancel()
            self._menu_deadline = None

    async def _subscribe(self, rule: str) -> None:
        path = "/org/freedesktop/DBus"
        await self._bus.call(Message(_BUS, path, _BUS, "AddMatch", signature="s", body=[rule]))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            level = logging.DEBUG if isinstance(why, UNREACHABLE) else logging.ERROR
            _LOG.log(level, "a call over the session bus came to nothing: %r", why)
