"""From the start of the process to what a person sees."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from . import kernel
from .answers import left_percent
from .stage import FLOOR_ENV, Applet, asked

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
    floors, icons = [], []
    for _ in range(scale.starts):
        floors.append(_floor(stage))
        icons.append(applet_start(stage, home))
    floor = row.figure("floor: start to icon", "ms", [each.icon_ms for each in floors])
    row.figure("trayquota: start to icon with the last known values", "ms", [each.icon_ms for each in icons])
    row.figure("floor: CPU until then", "ms", [each.cpu_ms for each in floors])
    row.figure("trayquota: CPU until then", "ms", [each.cpu_ms for each in icons])
    values = row.figure("trayquota: start to fresh values of 4 accounts", "ms", [each.fresh_ms for each in icons])
    ratio = median(ours.icon_ms / theirs.icon_ms for ours, theirs in zip(icons, floors, strict=True))
    row.bar("start to icon, of the floor's beside it", ratio, 1.0)
    row.bar("start to fresh values, ms beyond the floor's icon", values - floor, 150)


@dataclass(frozen=True, slots=True)
class Begun:
    """Since the start of a process."""

    icon_ms: float
    cpu_ms: float
    fresh_ms: float = 0.0


def _floor(stage: Stage) -> Begun:
    with stage.running(stage.floor_command(), env=FLOOR_ENV) as program:
        stage.panel.until()
        cpu_ms = kernel.work(program.pid).total_ms
        item = stage.panel.until(lambda item: item.title)
        return Begun((item.registered_s - program.started_s) * 1000, cpu_ms)


def applet_start(stage: Stage, home: Home) -> Begun:
    """The applet, from the start of its process to fresh values."""
    before = asked(stage)
    with stage.running(stage.trayquota(), home) as program:
        stage.panel.until()
        cpu_ms = kernel.work(program.pid).total_ms
        item = stage.panel.until(lambda item: item.first_left)
        assert dict(item.first_left) == {each: left_percent(before[each]) for each in home.names()}, item
        fresh = Applet(stage, home, program, before).until_fresh()
        begun_s = program.started_s
        return Begun((item.icon_s - begun_s) * 1000, cpu_ms, (fresh.seen_s - begun_s) * 1000)
