"""Whether the desktop prefers dark or light colours, by its portal: asked once, then as it signals that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dbus_fast import Message, MessageType, Variant

from trayquota.tray.session_bus import PORTAL_SETTINGS, subscribe

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbus_fast.aio import MessageBus

_PORTAL: Final = "org.freedesktop.portal.Desktop"
_PATH: Final = "/org/freedesktop/portal/desktop"
_KEY: Final = ("org.freedesktop.appearance", "color-scheme")
_PREFERENCES: Final[dict[object, bool]] = {1: True, 2: False}
"""Whether dark is preferred; 0 and what is unknown are no preference: the appearance settings of XDG Desktop Portal."""


class ColorScheme:
    """The desktop's colour scheme on one connection. Everything here happens on the loop's thread.

    Attributes:
        prefers_dark: Whether it prefers dark colours, or light ones; ``None`` where it prefers neither or says nothing.
    """

    def __init__(self, bus: MessageBus, on_answer: Callable[[], None]) -> None:
        """Call ``on_answer`` whenever the desktop has said which it prefers."""
        self.prefers_dark: bool | None = None
        self._bus = bus
        self._on_answer = on_answer

    async def run(self) -> None:
        """Subscribe, then read; without a portal nothing is known.

        Raises:
            Exception: One of ``UNREACHABLE``, when the connection ends before the reply.
        """
        rule = f"type='signal',sender='{_PORTAL}',interface='{PORTAL_SETTINGS}',member='SettingChanged'"
        await subscribe(self._bus, f"{rule},path='{_PATH}',arg0='{_KEY[0]}',arg1='{_KEY[1]}'")
        # Read is there in all versions of the portal, and wraps its answer twice.
        reply = await self._bus.call(Message(_PORTAL, _PATH, PORTAL_SETTINGS, "Read", signature="ss", body=[*_KEY]))
        if reply.message_type is MessageType.METHOD_RETURN and reply.signature == "v":
            self._take(reply.body[0])

    def on_signal(self, signal: Message) -> None:
        """Take a new value over."""
        if signal.member == "SettingChanged" and signal.signature == "ssv" and tuple(signal.body[:2]) == _KEY:
            self._take(signal.body[2])

    def _take(self, value: object) -> None:
        while isinstance(value, Variant):
            value = value.value
        self.prefers_dark = _PREFERENCES.get(value)
        self._on_answer()
