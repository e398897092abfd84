"""What has popped up on the screen, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ocr import Line, read_lines

if TYPE_CHECKING:
    from PIL import Image

    from .screen import Box


@dataclass(frozen=True, slots=True)
class Popup:
    """A tooltip, a menu or a notification as it stood on the screen at rest.

    Attributes:
        window: Its window; empty where the compositor draws it into its own.
    """

    window: str
    box: Box
    picture: Image.Image

    def lines(self) -> list[Line]:
        """What it says; read anew at each call, which takes a third of a second."""
        return read_lines(self.picture)

    def text(self) -> str:
        """All its lines. Middle dots come out as hyphens, bars as anything."""
        return "\n".join(line.text for line in self.lines())
