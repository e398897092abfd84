"""What an applet in a test answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.system.instance_calls import Reply

if TYPE_CHECKING:
    from collections.abc import Callable


def answering(act: Callable[[], object] = lambda: None) -> Callable[[str], Reply]:
    """Return what does something at each request, and says that it is done."""

    def on_call(_request: str) -> Reply:
        act()
        return Reply()

    return on_call
