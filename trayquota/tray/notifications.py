"""A client of org.freedesktop.Notifications that works, silently, without a server too."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from dbus_fast import MessageType, Variant

from trayquota.core.text import escape_markup
from trayquota.core.translation import _
from trayquota.render import render
from trayquota.system.assets import asset
from trayquota.tray.session_bus import NOTIFICATIONS, call, subscribe, subscribe_to_owners
from trayquota.tray.wire_text import sendable
from trayquota.views.tray_view import IconSpec, Placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    from trayquota.tray.base import Notification

_LOG = logging.getLogger(__name__)

_TIMEOUT_S: Final = 30.0
"""The bus gives a server 25 s to start."""
_NORMAL: Final = 1
_CRITICAL: Final = 2
"""Urgencies of the specification; servers keep a critical one until the person has seen it."""
_ICON_PX: Final = 64
_ICON_FILE: Final = "trayquota-64.png"


class Notifier:
    """Shows notifications over one connection, one after the other. Belongs to the loop's thread.

    A notification takes the place of the last one of the same urgency, so that an ordinary one never hides that a
    login needs the person.

    Args:
        bus: The connection.
        name: The application's name.
    """

    def __init__(self, bus: MessageBus, name: str) -> None:
        """See the class."""
        self._bus = bus
        self._name = name
        self._lock = asyncio.Lock()
        self._capabilities: frozenset[str] | None = None
        self._server: str | None = None
        self._actions: dict[int, Mapping[str, Callable[[], object]]] = {}
        """What can be done from each notification that is shown, by the action's key."""
        self._ids = {_NORMAL: 0, _CRITICAL: 0}
        self._last_id = 0
        self._watches_server = self._receives_clicks = False

    async def show(self, notification: Notification) -> None:
        """Show a notification; without effect where there is no server."""
        async with self._lock, asyncio.timeout(_TIMEOUT_S):
            if not self._watches_server:
                self._watches_server = True
                await subscribe_to_owners(self._bus, NOTIFICATIONS)
            capabilities = await self._fetch_capabilities()
            if capabilities is None:
                return
            labels, actions = _labels_and_actions(notification) if "actions" in capabilities else ([], {})
            if actions:
                await self._subscribe_to_clicks()
            urgency = _CRITICAL if notification.urgent else _NORMAL
            icon, hints = self._icon_and_hints(urgency)
            if notification.sound:
                hints["sound-name"] = Variant("s", notification.sound)
            body = sendable(notification.body)
            reply = await self._call(
                "Notify",
                "susssasa{sv}i",
                self._name,
                self._ids[urgency],
                icon,
                sendable(notification.title),
                escape_markup(body) if "body-markup" in capabilities else body,
                labels,
                hints,
                -1,
            )
            if reply is not None and reply.signature == "u":
                self._ids[urgency] = self._last_id = reply.body[0]
                self._actions[self._last_id] = actions

    async def remove(self) -> None:
        """Remove the last notification, if it is still there."""
        async with self._lock, asyncio.timeout(_TIMEOUT_S):
            last, self._last_id = self._last_id, 0
            if last:
                await self._call("CloseNotification", "u", last)

    def server_changed(self) -> None:
        """Forget the server's capabilities: it is another one, or gone."""
        self._capabilities = self._server = None
        self._actions.clear()
        self._ids = dict.fromkeys(self._ids, 0)
        self._last_id = 0

    def clicked(self, signal: Message) -> Callable[[], object] | None:
        """Take in one of the server's signals.

        Returns:
            What to run when it says that a notification of ours, or one of its buttons, was clicked.
        """
        if signal.sender != self._server:
            return None
        match signal.member, signal.body:
            case "NotificationClosed", [int(number), *_]:
                self._actions.pop(number, None)
            case "ActionInvoked", [int(number), str(key)]:
                return self._actions.get(number, {}).get(key)
        return None

    def _icon_and_hints(self, urgency: int) -> tuple[str, dict[str, Variant]]:
        hints = {"urgency": Variant("y", urgency), "desktop-entry": Variant("s", self._name)}
        try:
            return asset(_ICON_FILE).as_uri(), hints
        except FileNotFoundError:
            # Without files, as in a zip, the picture itself goes over the bus.
            image = render(IconSpec(placeholder=Placeholder.NO_ACCOUNTS), _ICON_PX)
            width, height = image.size
            hints["image-data"] = Variant("(iiibiiay)", [width, height, 4 * width, True, 8, 4, image.tobytes()])
            return "", hints

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
            name, path, _ = NOTIFICATIONS
            await subscribe(self._bus, f"type='signal',sender='{name}',interface='{name}',path='{path}'")


def _labels_and_actions(notification: Notification) -> tuple[list[str], dict[str, Callable[[], object]]]:
    """Return keys and labels by turns, as they go over the bus, and what each key does."""
    offers = {} if notification.on_click is None else {"default": (_("Open"), notification.on_click)}
    offers |= {
        f"button-{number}": (button.label, button.on_click) for number, button in enumerate(notification.buttons)
    }
    labels = [text for key, (label, _) in offers.items() for text in (key, sendable(label))]
    return labels, {key: on_click for key, (_, on_click) in offers.items()}
