"""The applet under Wine, as a person sees it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Self

from PIL import Image, ImageChops

from .screen import Box, Screen
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from provider_stand_in import StandIn

    from .wine import Result, Wine

END_S = 30.0
_NOISE = 6
"""Of 255: alpha blending rounds."""


class Applet:
    """The tray applet of a credentials folder, with a home of its own.

    Attributes:
        accounts: The credentials folder.
        environment: What its commands are started with.
    """

    def __init__(self, wine: Wine, providers: StandIn, folder: Path, *, command: tuple[str, ...] = ()) -> None:
        self._wine = wine
        self._screen = Screen(wine.environment["DISPLAY"])
        self._command = command or (windows_path(wine.python), "-m", "trayquota")
        self._process: subprocess.Popen[str] | None = None
        self.accounts = folder / "accounts"
        self.accounts.mkdir()
        self.environment = {
            "TRAYQUOTA_DIR": windows_path(self.accounts),
            "TRAYQUOTA_GATEWAY": providers.url,
            "WIN_PD_OVERRIDE_LOCAL_APPDATA": windows_path(folder / "local"),
        }

    def __enter__(self) -> Self:
        self._process = self._wine.start(*self._command, environment=self.environment)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def run(self, *words: str) -> Result:
        """Run another command of the same home."""
        return self._wine.run(*self._command, *words, environment=self.environment)

    def exit_code(self) -> int:
        """Wait for its end.

        Raises:
            AssertionError: It goes on, or it complained.
        """
        assert self._process is not None
        try:
            out, err = self._process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            message = "the applet has not ended"
            raise AssertionError(message) from None
        assert (out, err) == ("", "")
        return self._process.returncode

    def icon(self, picture: Image.Image) -> Box:
        """Wait until the taskbar shows that very picture; return where."""
        return wait_until(lambda: self._find(picture), "such an icon in the taskbar")

    def has_icon(self, picture: Image.Image) -> bool:
        return self._find(picture) is not None

    def _find(self, picture: Image.Image) -> Box | None:
        shown = self._screen.picture()
        taskbar = shown.crop((0, shown.height - 2 * picture.height, *shown.size))
        for left in range(taskbar.width - picture.width, taskbar.width - 5 * picture.width, -1):
            for top in range(taskbar.height - picture.height + 1):
                part = taskbar.crop((left, top, left + picture.width, top + picture.height))
                if _is_shown(picture, part):
                    down = shown.height - taskbar.height
                    return Box(left, top + down, left + picture.width, top + down + picture.height)
        return None


def _is_shown(picture: Image.Image, part: Image.Image) -> bool:
    """Whether ``part`` of the screen is ``picture`` on the taskbar's own colour, which is in its corner."""
    ground = part.getpixel((0, 0))
    expected = Image.new("RGBA", part.size, ground)
    expected.alpha_composite(picture)
    difference = ImageChops.difference(part, expected.convert("RGB"))
    return difference.point([int(value > _NOISE) for value in range(256)] * 3).getbbox() is None
