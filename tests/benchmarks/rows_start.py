"""From the start of the process to what a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import left_percent
from .stage import HERE, Applet, asked

if TYPE_CHECKING:
    from .figures import Row
    from .run import Scale
    from .stage import Home, Stage

ACCOUNTS = 4


def start(stage: Stage, row: Row, scale: Scale) -> None:
    """Floor and applet by turns: to the registration, and to four fresh values."""
    home = stage.home(ACCOUNTS)
    with stage.applet(home):
        pass  # what is remembered comes from here
    floors, icons, fresh = [], [], []
    for _ in range(scale.starts):
        floors.append(_floor_ms(stage))
        icon_ms, fresh_ms = _applet_ms(stage, home)
        icons.append(icon_ms)
        fresh.append(fresh_ms)
    floor = row.figure("floor: start to icon", "ms", floors)
    icon = row.figure("trayquota: start to icon with the last known values", "ms", icons)
    values = row.figure("trayquota: start to fresh values of 4 accounts", "ms", fresh)
    row.bar("start to icon, of the floor's", icon / floor, 1.0)
    row.bar("start to fresh values, ms beyond the floor's icon", values - floor, 150)


def _floor_ms(stage: Stage) -> float:
    with stage.running([stage.python, HERE / "floor.py"]) as program:
        item = stage.panel.until(lambda item: item.title)
        return (item.registered_s - program.started_s) * 1000


def _applet_ms(stage: Stage, home: Home) -> tuple[float, float]:
    before = asked(stage)
    with stage.running(stage.trayquota(), home) as program:
        item = stage.panel.until(lambda item: item.first_left)
        assert dict(item.first_left) == {each: left_percent(before[each]) for each in home.names()}, item
        fresh = Applet(stage, home, program, before).until_fresh()
        return (item.icon_s - program.started_s) * 1000, (fresh.seen_s - program.started_s) * 1000
