"""One connection to the session bus: what is exported there, and what arrives."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from dbus_fast import Message, MessageType
from msgspec import Struct, field

from trayquota.tray.notifications import Notifier
from trayquota.tray.session_bus import BUS, NOTIFICATIONS, PORTAL_SETTINGS, UNREACHABLE, WATCHER
from trayquota.tray.wire_text import sendable

from .dbusmenu import MENU_PATH, DBusMenu
from .item import ITEM_INTERFACE, ItemState, StatusNotifierItem
from .menu_opening import MenuOpening
from .registration import Registration
from .xembed_watch import XembedWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from dbus_fast.aio import MessageBus

    from trayquota.tray.base import Notification
    from trayquota.tray.color_scheme import ColorScheme
    from trayquota.tray.pystray_import import MenuItem
    from trayquota.tray.quirks import Quirks

    from .layout import Changes, MenuEntry, Node
    from .published_menu import PublishedMenu

_LOG = logging.getLogger(__name__)


class TrayState(Struct, frozen=True):
    """All that is to be shown.

    Attributes:
        visible: Whether there is an icon at all.
        item: Icon and texts.
        menu: The entries.
        follows_scheme: Whether the desktop's colour scheme is of interest.
    """

    visible: bool = False
    follows_scheme: bool = False
    item: ItemState = field(default_factory=ItemState)
    menu: tuple[MenuEntry, ...] = ()


class IconOwner(Protocol):
    """The icon, as the session sees it. Its callbacks are run on the icon's worker thread.

    Attributes:
        quirks: The habits of the host; set from the loop's thread.
        prefers_dark: Whether the desktop prefers dark colours, ``None`` for unknown; likewise.
    """

    on_menu_closed: Callable[[], object] | None
    on_click: Callable[[], object] | None
    on_scroll: Callable[[int], object] | None
    on_quirks_changed: Callable[[], object] | None
    on_better_tray: Callable[[], object] | None
    quirks: Quirks
    prefers_dark: bool | None

    @property
    def name(self) -> str:
        """Names the application."""

    def mark_shown(self) -> None:
        """The tray has the icon, where there is one; called on the loop's thread."""

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
        submit: Runs a callback on the worker thread.
        on_attempt: Called after each attempt to register the icon.
    """

    def __init__(
        self,
        bus: MessageBus,
        owner: IconOwner,
        menu: PublishedMenu,
        submit: Callable[[Callable[[], object]], None],
        on_attempt: Callable[[], None],
    ) -> None:
        """See the class."""
        self._bus = bus
        self._owner = owner
        self._menu = menu
        self._submit = submit
        self._objects: tuple[StatusNotifierItem, DBusMenu] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._name = sendable(owner.name)
        self._opening = MenuOpening(menu.opened, self._menu_closed)
        self._registration = Registration(bus, self._set_quirks, on_attempt)
        self._xembed = XembedWatch(bus, self._better_tray)
        self._notifier = Notifier(bus, self._name)
        self._scheme: ColorScheme | None = None
        end: Coroutine[None, None, None] = bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        self._end = asyncio.get_running_loop().create_task(end)

    async def serve(self, state: TrayState) -> bool:
        """Show ``state`` and what :meth:`show` brings until the connection ends; return whether the icon was hidden."""
        self._bus.add_message_handler(self._on_message)
        self.show(state)
        await asyncio.wait([self._end])
        return self._end.exception() is None

    async def close(self) -> None:
        """Leave the bus; afterwards no task and no socket is left."""
        self._opening.cancel_deadline()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._bus.connected:
            self._bus.disconnect()
        await asyncio.wait([self._end])
        if (why := self._end.exception()) is not None:
            _LOG.debug("the session bus was lost: %r", why)

    def show(self, state: TrayState) -> None:
        """Show ``state`` to hosts. Nothing is sent when they see that already."""
        if not self._bus.connected:
            return
        if self._objects is None:
            if state.visible:
                self._export(state)
        elif not state.visible:
            # There is no way to unregister: hosts drop an item whose connection is gone. Plasma would only
            # move a Passive one to another place.
            self._bus.disconnect()
        else:
            with self._ignoring_lost_bus():
                self._objects[0].update(state.item)
            self._emit(self._menu.update(state.menu))
        if state.follows_scheme and self._scheme is None:
            self._follow_scheme()

    def notify(self, notification: Notification) -> None:
        """Show a notification."""
        self._spawn(self._notifier.show(notification))

    def remove_notification(self) -> None:
        """Remove the last notification."""
        self._spawn(self._notifier.remove())

    def _export(self, state: TrayState) -> None:
        self._menu.closed()
        self._menu.update(state.menu)
        quirks, opening = self._owner.quirks, self._opening
        item = StatusNotifierItem(self._name, state.item, quirks, self._on_click, self._on_secondary_activate)
        item.on_scroll = self._on_scroll
        menu = DBusMenu(self._menu, self._on_menu_event, opening.about_to_show, opening.about_to_show_group)
        self._objects = item, menu
        with self._ignoring_lost_bus():
            self._bus.export(MENU_PATH, menu)
            self._bus.export(quirks.item_path, item)
        self._spawn(self._registration.run())
        if self._owner.on_better_tray is not None:
            self._spawn(self._xembed.run())

    def _set_quirks(self, quirks: Quirks) -> None:
        before, self._owner.quirks = self._owner.quirks, quirks
        if quirks == before or self._objects is None:
            return
        item, _ = self._objects
        with self._ignoring_lost_bus():
            if quirks.item_path != before.item_path:
                self._bus.unexport(before.item_path, item)
                self._bus.export(quirks.item_path, item)
            item.set_quirks(quirks)
        if (hook := self._owner.on_quirks_changed) is not None:
            self._run_callback(hook)

    def _follow_scheme(self) -> None:
        # What only few people use.
        from trayquota.tray.color_scheme import ColorScheme

        self._scheme = scheme = ColorScheme(self._bus, lambda: self._take_scheme(scheme))
        self._spawn(scheme.run())

    def _take_scheme(self, scheme: ColorScheme) -> None:
        before, self._owner.prefers_dark = self._owner.prefers_dark, scheme.prefers_dark
        if before != scheme.prefers_dark and (hook := self._owner.on_quirks_changed) is not None:
            self._run_callback(hook)

    def _on_message(self, message: Message) -> Message | None:
        if message.message_type is MessageType.METHOD_CALL:
            return self._on_activate(message)
        if message.message_type is not MessageType.SIGNAL:
            return None
        owner_of = message.body[0] if message.sender == BUS.name and message.member == "NameOwnerChanged" else None
        if WATCHER.name in {owner_of, message.interface}:
            self._xembed.check_again()
            if self._registration.on_signal(message):
                self._opening.new_host()
        elif self._scheme is not None and message.interface == PORTAL_SETTINGS:
            self._scheme.on_signal(message)
        elif owner_of == NOTIFICATIONS.name:
            self._notifier.server_changed()
        elif message.interface == NOTIFICATIONS.name:
            # After the tasks that wait for a reply which came with it: the reply says which notifications are ours.
            asyncio.get_running_loop().call_soon(self._on_notification_signal, message)
        return None

    def _on_activate(self, call: Message) -> Message | None:
        if call.member != "Activate" or call.interface != ITEM_INTERFACE or self._owner.quirks.opens_menu:
            return None
        self._on_click()
        return Message.new_method_return(call)

    def _on_notification_signal(self, message: Message) -> None:
        if (run := self._notifier.clicked(message)) is not None:
            self._run_callback(run)

    def _on_menu_event(self, kind: str, node: Node) -> None:
        match kind:
            case "clicked":
                item = node.entry.item
                if item is not None and node.entry.enabled:
                    self._run_callback(lambda: self._owner.activate_item(item))
                # Not every host says "closed" after a click.
                self._opening.reset()
            case "opened" if node.id == self._menu.root.id:
                self._opening.opened()
            case "closed" if node.id == self._menu.root.id:
                self._opening.closed()

    def _on_click(self) -> None:
        if not self._owner.quirks.opens_menu and (hook := self._owner.on_click) is not None:
            self._run_callback(hook)

    def _on_scroll(self, delta: int) -> None:
        if delta and (hook := self._owner.on_scroll) is not None:
            self._run_callback(lambda: hook(delta))

    def _on_secondary_activate(self) -> None:
        self._run_callback(self._owner.activate_default)

    def _better_tray(self) -> None:
        if (hook := self._owner.on_better_tray) is not None:
            self._run_callback(hook)

    def _run_callback(self, callback: Callable[[], object]) -> None:
        # Events are answered first and acted upon afterwards: hosts wait for the answer.
        asyncio.get_running_loop().call_soon(self._submit, callback)

    def _menu_closed(self) -> None:
        was_open = self._menu.is_open
        self._emit(self._menu.closed())
        if was_open and (hook := self._owner.on_menu_closed) is not None:
            self._run_callback(hook)

    def _emit(self, changes: Changes) -> None:
        if self._objects is not None and self._bus.connected:
            with self._ignoring_lost_bus():
                self._objects[1].emit_changes(changes)

    @contextmanager
    def _ignoring_lost_bus(self) -> Iterator[None]:
        try:
            yield
        except UNREACHABLE as why:
            # The bus is dead even where the connection has not noticed yet; what is shown is sent to the next one.
            _LOG.debug("a signal could not be sent: %r", why)
        except RuntimeError:
            # dbus-fast stumbles over its own end when the bus turns out to be dead while a signal is sent.
            if self._bus.connected:
                raise

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            level = logging.DEBUG if isinstance(why, UNREACHABLE) else logging.ERROR
            _LOG.log(level, "a call over the session bus failed: %r", why)
