"""What was measured, and against which bar; as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity, measured several times."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        """The median, and the least and the most."""
        words = f"{self.name}: {_short(self.median)} {self.unit}".rstrip()
        if len(self.values) == 1:
            return words
        return f"{words} ({_short(min(self.values))} to {_short(max(self.values))}, {len(self.values)} runs)"


@dataclass(frozen=True, slots=True)
class Bar:
    """Something to be reached. A count does not depend on the clock: a run that misses one fails."""

    words: str
    reached: float
    at_most: float
    is_count: bool = False

    @property
    def is_met(self) -> bool:
        return self.reached <= self.at_most

    def __str__(self) -> str:
        """With a verdict in front."""
        verdict = "ok    " if self.is_met else "FAILED" if self.is_count else "missed"
        return f"{verdict} {self.words}: {_short(self.reached)}, at most {_short(self.at_most)}"


@dataclass(slots=True)
class Row:
    """One row of the table of what is to be reached.

    Attributes:
        name: For ``--only``.
        judges_clock: Whether times are held against their bars; a single run tells nothing.
        load: The machine's load average when the row was done.
    """

    name: str
    figures: list[Figure] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    judges_clock: bool = True
    load: float = 0.0

    def figure(self, name: str, unit: str, values: Sequence[float] | float) -> float:
        """Note a quantity; returns its median."""
        several = (float(values),) if isinstance(values, int | float) else tuple(map(float, values))
        self.figures.append(Figure(name, unit, several))
        return self.figures[-1].median

    def bar(self, words: str, reached: float, at_most: float) -> None:
        """Something to be reached, that the clock decides."""
        if self.judges_clock:
            self.bars.append(Bar(words, reached, at_most))

    def count(self, words: str, reached: int, at_most: int) -> None:
        """Something to be reached, that the clock does not decide."""
        self.bars.append(Bar(words, reached, at_most, is_count=True))

    @property
    def has_failed(self) -> bool:
        return any(each.is_count and not each.is_met for each in self.bars)

    def lines(self) -> Iterator[str]:
        """As text."""
        yield f"{self.name} (load {self.load:.2f})"
        yield from (f"    {each}" for each in (*self.figures, *self.notes))
        yield from (f"  {each}" for each in self.bars)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "figures": [asdict(each) | {"median": each.median} for each in self.figures],
            "bars": [asdict(each) | {"is_met": each.is_met} for each in self.bars],
        }


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
