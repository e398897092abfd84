"""The history's pictures, as SVG.

By drawsvg, which takes 1 ms for a picture and lets the page's style colour it, light or dark. pygal, the usual library
for charts, takes 26 ms and 25 KB each, brings a script from another host, and has neither heat maps nor timelines.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import drawsvg
from msgspec import Struct

from trayquota.views.percents import percent_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 480
_LEFT, _RIGHT = 46, 470
_FONT = 12
_HEAT_LEVELS = 5
_HEAT_CELL = 17
_HEAT_LEFT = _RIGHT - 24 * _HEAT_CELL
"""Beside it the days have their names, which are whole words in Arabic."""


class Mark(Struct, frozen=True):
    """A moment on the axis of time.

    Attributes:
        position: 0 at the picture's left, 1 at its right.
        text: What is written there.
        is_early: It is a reset before its time.
    """

    position: float
    text: str = ""
    is_early: bool = False


class Line(Struct, frozen=True):
    """What was left over time.

    Attributes:
        values: Percents, from left to ``now``; ``None`` is a gap.
        now: Where now is, 0–1.
        labels: On the axis of time.
        resets: Marked on that axis.
        forecast: Where the percent now leads to: a position and a percent.
    """

    values: Sequence[float | None]
    now: float
    labels: Sequence[Mark]
    resets: Sequence[Mark] = ()
    forecast: tuple[float, float] | None = None


class Bar(Struct, frozen=True):
    """A row of the timeline.

    Attributes:
        label: Whose it is; a line of its own, for an e-mail can be long.
        end: Where its reset is, 0–1.
        text: What it is, and when.
    """

    label: str
    end: float
    text: str


def line_picture(line: Line, name: str) -> str:
    """Return the picture of what was left over time; ``name`` is the id of the element that describes it."""
    height, top, bottom = 168, 14, 138
    drawing = _drawing(height, name)
    drawing.append(_scale(top, bottom, tuple(percent_number(percent) for percent in (0, 50, 100))))
    step, scale = line.now * (_RIGHT - _LEFT) / max(1, len(line.values)), (bottom - top) / 100
    area, stroke = [], []
    for first, values in _runs(line.values):
        begin = _LEFT + step * (first + 0.5)
        points = [f"{begin + step * part:.0f} {bottom - scale * value:.1f}" for part, value in enumerate(values)]
        stroke.append("M" + "L".join(points) + ("h1" if len(points) == 1 else ""))
        end = begin + step * (len(values) - 1)
        area.append(f"M{begin:.0f} {bottom}L{'L'.join(points)}L{end:.0f} {bottom}z")
    drawing.append(drawsvg.Path("".join(area), class_="area"))
    drawing.append(drawsvg.Path("".join(stroke), class_="stroke"))
    _add_resets(drawing, line.resets, bottom)
    _add_now(drawing, line, top, bottom)
    for mark in line.labels:
        drawing.append(_text(mark.text, _x(mark.position), height - 6, _anchor(mark.position)))
    return drawing.as_svg(header="")


def cycles_picture(used: Sequence[float], name: str) -> str:
    """Return a bar for each cycle, oldest first: what was used below, what was left unused above."""
    height, top, bottom = 96, 8, 88
    drawing = _drawing(height, name)
    drawing.append(_scale(top, bottom, (percent_number(0), percent_number(100))))
    step = min(28.0, (_RIGHT - _LEFT) / max(1, len(used)))
    width = step * 0.72
    lower, upper = [], []
    for number, percent in enumerate(used):
        x, y = _LEFT + number * step, _y(percent, top, bottom)
        lower.append(f"M{x:.1f} {bottom}V{y:.1f}h{width:.1f}V{bottom}z")
        upper.append(f"M{x:.1f} {y:.1f}V{top}h{width:.1f}V{y:.1f}z")
    drawing.append(drawsvg.Path("".join(upper), class_="unused"))
    drawing.append(drawsvg.Path("".join(lower), class_="used"))
    return drawing.as_svg(header="")


def heat_picture(rates: Sequence[float | None], name: str, days: tuple[str, ...]) -> str:
    """Return a cell for each hour of the week, the stronger in colour the more is used; none where nobody looked."""
    cell, top = _HEAT_CELL, 16
    drawing = _drawing(top + 7 * cell + 4, name)
    most = max((rate for rate in rates if rate is not None), default=0) or 1
    cells: dict[int, list[str]] = {}
    for hour, rate in enumerate(rates):
        if rate is not None:
            level = 0 if rate <= 0 else min(_HEAT_LEVELS - 1, 1 + int(rate / most * (_HEAT_LEVELS - 1)))
            left, above = _HEAT_LEFT + hour % 24 * cell, top + hour // 24 * cell
            cells.setdefault(level, []).append(f"M{left} {above}h{cell - 2}v{cell - 2}h{2 - cell}z")
    for level, paths in sorted(cells.items()):
        drawing.append(drawsvg.Path("".join(paths), class_=f"heat{level}"))
    drawing.append(_week_labels(top, cell, days))
    return drawing.as_svg(header="")


def timeline_picture(bars: Sequence[Bar], labels: Sequence[Mark], name: str) -> str:
    """Return when each window resets, counted from now on the left."""
    row, line = 50, 16
    height = len(bars) * row + 26
    drawing = _drawing(height, name)
    for mark in labels:
        x = _x(mark.position, 8)
        drawing.append(drawsvg.Line(x, 0, x, height - 20, class_="grid"))
        drawing.append(_text(mark.text, x, height - 6, _anchor(mark.position)))
    ends = []
    for number, bar in enumerate(bars):
        y, x = number * row + 24 + line, _x(bar.end, 8)
        ends.append(f"M8 {y}H{max(x, 11):.1f}v5H8z")
        drawing.append(_text(bar.label, 8, y - 5 - line, "start", "row"))
        drawing.append(_text(bar.text, 8, y - 5, "start"))
    drawing.append(drawsvg.Path("".join(ends), class_="used"))
    return drawing.as_svg(header="")


def _add_resets(drawing: drawsvg.Drawing, resets: Iterable[Mark], bottom: float) -> None:
    for name, is_early in (("reset", False), ("early", True)):
        marks = [mark for mark in resets if mark.is_early is is_early]
        tip = bottom + 1
        shape = "l4 5l-4 5l-4 -5z" if is_early else "l3 6h-6z"
        if marks:
            paths = (f"M{_x(mark.position):.1f} {tip}{shape}" for mark in marks)
            drawing.append(drawsvg.Path("".join(paths), class_=name))


def _add_now(drawing: drawsvg.Drawing, line: Line, top: float, bottom: float) -> None:
    x, value = _x(line.now), line.values[-1] if line.values else None
    drawing.append(drawsvg.Line(x, top - 6, x, bottom, class_="now"))
    if value is None:
        return
    y = _y(value, top, bottom)
    if line.forecast is not None:
        position, percent = line.forecast
        drawing.append(drawsvg.Line(x, y, _x(position), _y(percent, top, bottom), class_="forecast"))
    drawing.append(drawsvg.Circle(x, y, 3.5, class_="dot"))


def _runs(values: Sequence[float | None]) -> list[tuple[int, list[float]]]:
    """Return what is known in pieces without a gap, each with the index of its first value."""
    runs: list[tuple[int, list[float]]] = []
    before: float | None = None
    for index, value in enumerate(values):
        if value is not None:
            if before is None:
                runs.append((index, []))
            runs[-1][1].append(value)
        before = value
    return runs


@functools.cache
def _scale(top: float, bottom: float, labels: tuple[str, ...]) -> drawsvg.Raw:
    """Return the labels from 0 to 100%, and a line at each where there are more than the two; drawn once for all."""
    parts: list[drawsvg.DrawingElement] = []
    for number, label in enumerate(labels):
        y = _y(100 * number / (len(labels) - 1), top, bottom)
        if len(labels) > 2:
            parts.append(drawsvg.Line(_LEFT, y, _RIGHT, y, class_="grid"))
        parts.append(_text(label, _LEFT - 5, y + 4, "end"))
    return _drawn(parts)


@functools.cache
def _week_labels(top: int, cell: int, days: tuple[str, ...]) -> drawsvg.Raw:
    """Return the days and hours beside the cells of a week; drawn once for all."""
    names = [_text(day, _HEAT_LEFT - 5, top + number * cell + 12, "end") for number, day in enumerate(days)]
    return _drawn([*names, *(_text(f"{hour}:00", _HEAT_LEFT + hour * cell, 11, "start") for hour in range(0, 24, 6))])


def _drawn(parts: Iterable[drawsvg.DrawingElement]) -> drawsvg.Raw:
    """Return elements as the text that they become."""
    drawing = drawsvg.Drawing(0, 0)
    drawing.extend(parts)
    return drawsvg.Raw(drawing.as_svg(header="").partition("</defs>\n")[2].removesuffix("</svg>"))


def _drawing(height: float, name: str) -> drawsvg.Drawing:
    return drawsvg.Drawing(WIDTH, height, role="img", aria_labelledby=name)


def _text(text: str, x: float, y: float, anchor: str, name: str = "label") -> drawsvg.Text:
    return drawsvg.Text(text, _FONT, round(x, 1), round(y, 1), text_anchor=anchor, class_=name)


def _anchor(position: float) -> str:
    return "start" if position < 0.1 else "end" if position > 0.9 else "middle"


def _x(position: float, left: float = _LEFT) -> float:
    return left + position * (_RIGHT - left)


def _y(percent: float, top: float, bottom: float) -> float:
    return bottom - percent / 100 * (bottom - top)
