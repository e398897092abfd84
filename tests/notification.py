"""A notification as a program sends it over D-Bus."""

from __future__ import annotations

from typing import Any, NamedTuple


class Notification(NamedTuple):
    """The arguments of ``org.freedesktop.Notifications.Notify``, in their order.

    Attributes:
        replaces: The number of the one that it takes the place of; 0 for none.
        icon: A name or an address.
    """

    app: str
    replaces: int
    icon: str
    summary: str
    body: str
    actions: list[str]
    hints: dict[str, Any]
    timeout_ms: int

    @property
    def text(self) -> str:
        """All that it says."""
        return f"{self.summary}\n{self.body}"
