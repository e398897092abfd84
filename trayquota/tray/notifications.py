"""A client of org.freedesktop.Notifications that works, silently, without a server too."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from dbus_fast import MessageType, Variant

from .session_bus import NOTIFICATIONS, call, subscribe, subscribe_to_owners
from .wire_text import escaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

_LOG = logging.getLogger(__name__)

_TIMEOUT_S: Final = 30.0
"""The bus gives a server 25 s to start."""


class Notifier:
    """Shows notifications over one connection, one after the other. Belongs to the loop's thread.

    Args:
        bus: The connection.
        name: The application's name.
        on_click: Returns what a click on a notification runs, ``None`` for nothing; called at each notification.
    """

    def __init__(self, bus: MessageBus, name: str, on_click: Callable[[], Callable[[], object] | None]) -> None:
        """See the class."""
        self._bus = bus
        self._name = name
        self._on_click = on_click
        self._lock = asyncio.Lock()
        self._capabilities: frozenset[str] | None = None
        self._server: str | None = None
        self._clickable: set[int] = set()
        self._last_id = 0
        self._watches_server = self._receives_clicks = False

    async def show(self, summary: str, body: str) -> None:
        """Show a notification; without effect where there is no server.

        Args:
            summary: Its title, plain text.
            body: Its text, plain; escaped here for servers that parse markup.
        """
        async with self._lock, asyncio.timeout(_TIMEOUT_S):
            if not self._watches_server:
                self._watches_server = True
                await subscribe_to_owners(self._bus, NOTIFICATIONS)
            capabilities = await self._fetch_capabilities()
            if capabilities is None:
                return
            clickable = "actions" in capabilities and self._on_click() is not None
            if clickable:
                await self._subscribe_to_clicks()
            text = escaped(body) if "body-markup" in capabilities else body
            actions = ["default", "Open"] if clickable else []
            hints = {"urgency": Variant("y", 1), "desktop-entry": Variant("s", self._name)}
            reply = await self._call("Notify", "susssasa{sv}i", self._name, 0, "", summary, text, actions, hints, -1)
            if reply is not None and reply.signature == "u":
                self._last_id = reply.body[0]
                if clickable:
                    self._clickable.add(self._last_id)

    async def withdraw(self) -> None:
        """Withdraw the last notification, if it is still there."""
        async with self._lock, asyncio.timeout(_TIMEOUT_S):
            last, self._last_id = self._last_id, 0
            if last:
                await self._call("CloseNotification", "u", last)

    def server_changed(self) -> None:
        """Forget the server's capabilities: it is another one, or gone."""
        self._capabilities = self._server = None
        self._clickable.clear()
        self._last_id = 0

    def clicked(self, signal: Message) -> Callable[[], object] | None:
        """Take in one of the server's signals.

        Returns:
            What to run when it says that a notification of ours was clicked.
        """
        if signal.sender != self._server or not signal.body:
            return None
        ours = signal.body[0] in self._clickable
        if signal.member == "NotificationClosed":
            self._clickable.discard(signal.body[0])
        elif signal.member == "ActionInvoked" and ours and signal.body[1:] == ["default"]:
            return self._on_click()
        return None

    async def _fetch_capabilities(self) -> frozenset[str] | None:
        if self._capabilities is None:
            reply = await self._call("GetCapabilities")
            if reply is None or reply.signature != "as":
                return None
            self._capabilities, self._server = frozenset(reply.body[0]), reply.sender
        return self._capabilities

    async def _call(self, member: str, signature: str = "", *body: object) -> Message | None:
        reply = await call(self._bus, NOTIFICATIONS, member, signature, *body)
        if reply.message_type is MessageType.ERROR:
            _LOG.debug("no notification: %s answered %s", member, reply.error_name)
            return None
        return reply

    async def _subscribe_to_clicks(self) -> None:
        if not self._receives_clicks:
            self._receives_clicks = True
            name, path = NOTIFICATIONS
            await subscribe(self._bus, f"type='signal',sender='{name}',interface='{name}',path='{path}'")
