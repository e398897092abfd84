"""``trayquota line`` in Waybar, with the module that README shows."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .hosts import WAYBAR, on
from .ocr import read_lines
from .screen import Box
from .standin import Accounts, Providers
from .sway import BAR_PX, Sway
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from .host import Host

README = Path(__file__).parents[2] / "README.md"
ADA = "ada@example.com"
CRITICAL, PLENTY = (200, 0, 0), (0, 120, 0)
STYLE = """\
* { font-family: "DejaVu Sans"; font-size: 18px; min-height: 0; }
window#waybar { background: #202020; color: #ffffff; }
#custom-trayquota { padding: 0 8px; }
#custom-trayquota.critical { background: rgb(200, 0, 0); }
#custom-trayquota.plenty { background: rgb(0, 120, 0); }
"""


def module() -> str:
    """The module as README has it, for the settings of a bar."""
    [block] = re.findall(r"```jsonc\n(// Waybar.*?)```", README.read_text("utf-8"), re.DOTALL)
    return str(block)


class Line:
    """A second bar of the user that the compositor is, with the module and nothing else, at the bottom."""

    def __init__(self, sway: Sway, accounts: Accounts) -> None:
        self.sway, self.accounts = sway, accounts
        settings, style = sway.user_home / "line.jsonc", sway.user_home / "line.css"
        bar = {"layer": "top", "position": "bottom", "height": BAR_PX, "modules-center": ["custom/trayquota"]}
        settings.write_text(f"{json.dumps(bar)[:-1]},\n{module()}}}")
        style.write_text(STYLE)
        sway.own(settings, style)
        python = Path(sway.desk.place.python).parent
        self._env = {"PATH": f"{python}:{os.environ['PATH']}", "TRAYQUOTA_GATEWAY": accounts.providers.url}
        self.refresh()
        self.bar = sway.start_on_screen(["waybar", "--config", str(settings), "--style", str(style)], **self._env)

    def refresh(self) -> None:
        """Bring the state up to date, as the applet does."""
        assert self.sway.start_program(["trayquota", "status"], **self._env).wait(60.0) == 0

    def picture(self) -> Image.Image:
        width, height = self.sway.screen.size
        return self.sway.screen.picture().crop(Box(0, height - BAR_PX, width, height)).convert("RGB")

    def shows(self, text: str, ground: tuple[int, int, int]) -> bool:
        """Whether the module says that, on a ground that its class has."""
        picture = self.picture()
        colors = {color for _count, color in picture.getcolors(1 << 20) or ()}
        return ground in colors and any(text in line.text for line in read_lines(picture))


@pytest.fixture
def line(host: Host) -> Iterator[Line]:
    assert isinstance(host, Sway)
    with Providers() as providers:
        accounts = Accounts(host.user_home / ".cli-proxy-api", providers)
        host.own(accounts.folder, accounts.add("claude", ADA, left=(7, 80)))
        it = Line(host, accounts)
        yield it
        it.bar.end()


@on(WAYBAR)
def test_waybar_shows_the_line_in_its_class_s_colour_and_follows_the_state(line: Line) -> None:
    wait_until(lambda: line.shows("7% 2h", CRITICAL), "critical line in Waybar")
    line.sway.desk.screenshot("waybar-line")
    line.accounts.set_left(ADA, (83, 90))
    line.refresh()
    wait_until(lambda: line.shows("83% 2h", PLENTY), "line with plenty in Waybar")
