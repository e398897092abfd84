"""A client of org.freedesktop.Notifications that never minds whether anybody serves it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from dbus_fast import Message, MessageType, Variant

from .wire_text import escaped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dbus_fast.aio import MessageBus

_LOG = logging.getLogger(__name__)

NOTIFICATIONS: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_PATIENCE_S: Final = 30.0
"""The bus gives a server 25 s to start."""


class Notifier:
    """Shows notifications over one connection, one after the other.

    Args:
        bus: The connection.
        name: The application's name.
        on_click: What a click on a notification runs, asked for anew each time; ``None`` for nothing.
    """

    def __init__(
        self,
        bus: MessageBus,
        name: str,
        subscribe: Callable[[str], Awaitable[None]],
        on_click: Callable[[], Callable[[], object] | None],
    ) -> None:
        """See the class; ``subscribe`` has the bus deliver what a match rule describes."""
        self._bus = bus
        self._name = name
        self._subscribe = subscribe
        self._on_click = on_click
        self._turn = asyncio.Lock()
        self._capabilities: frozenset[str] | None = None
        self._server: str | None = None
        self._clickable: set[int] = set()
        self._last = 0
        self._watches_server = self._hears_clicks = False

    async def show(self, summary: str, body: str) -> None:
        """Show a notification; nothing happens where nobody serves them.

        Args:
            summary: Its title, plain text.
            body: Its text, plain; escaped here for servers that parse markup.
        """
        async with self._turn, asyncio.timeout(_PATIENCE_S):
            await self._watch_server()
            capabilities = await self._ask_capabilities()
            if capabilities is None:
                return
            clickable = "actions" in capabilities and self._on_click() is not None
            if clickable:
                await self._hear_clicks()
            text = escaped(body) if "body-markup" in capabilities else body
            actions = ["default", "Open"] if clickable else []
            hints = {"urgency": Variant("y", 1), "desktop-entry": Variant("s", self._name)}
            message = [self._name, 0, "", summary, text, actions, hints, -1]
            reply = await self._call("Notify", "susssasa{sv}i", message)
            if reply is not None and reply.signature == "u":
                self._last = reply.body[0]
                if clickable:
                    self._clickable.add(self._last)

    async def withdraw(self) -> None:
        """Take back the last notification, if it is still there."""
        async with self._turn, asyncio.timeout(_PATIENCE_S):
            last, self._last = self._last, 0
            if last:
                await self._call("CloseNotification", "u", [last])

    def server_changed(self) -> None:
        """Forget what the server could do: it is another, or gone."""
        self._capabilities = self._server = None
        self._clickable.clear()
        self._last = 0

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

    async def _ask_capabilities(self) -> frozenset[str] | None:
        if self._capabilities is None:
            reply = await self._call("GetCapabilities")
            if reply is None or reply.signature != "as":
                return None
            self._capabilities, self._server = frozenset(reply.body[0]), reply.sender
        return self._capabilities

    async def _call(self, member: str, signature: str = "", body: list[object] | None = None) -> Message | None:
        reply = await self._bus.call(
            Message(NOTIFICATIONS, _PATH, NOTIFICATIONS, member, signature=signature, body=body or [])
        )
        if reply.message_type is MessageType.ERROR:
            _LOG.debug("no notification: %s said %s", member, reply.error_name)
            return None
        return reply

    async def _watch_server(self) -> None:
        if not self._watches_server:
            self._watches_server = True
            await self._subscribe(
                "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                f"member='NameOwnerChanged',arg0='{NOTIFICATIONS}'"
            )

    async def _hear_clicks(self) -> None:
        if not self._hears_clicks:
            self._hears_clicks = True
            await self._subscribe(f"type='signal',sender='{NOTIFICATIONS}',interface='{NOTIFICATIONS}',path='{_PATH}'")
