"""The wheel over the icon: through all that it could be about, and back by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState
from trayquota.engine.icon_peek import IconPeek, choices

from .samples import ADA, BOB, CI, OPTIONS, five_hours, snapshot, usage, weekly

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.engine.engine import Engine

SEEN = snapshot(usage(ADA, five_hours(40)), usage(BOB, five_hours(50)), replace(usage(CI), state=AccountState.DISABLED))
IDS = (ADA.id, BOB.id, CI.id)


class PeekRig:
    """An engine that has a snapshot, and keeps what is to be done later."""

    def __init__(self) -> None:
        self.later: dict[str, Callable[[], None]] = {}
        self.drawn = 0
        engine = SimpleNamespace(snapshot=SEEN, call_later=self._call_later)
        self.peek = IconPeek(cast("Engine", engine), self._show_anew)

    def _call_later(self, name: str, _delay_s: float, action: Callable[[], None]) -> None:
        self.later[name] = action

    def _show_anew(self) -> None:
        self.drawn += 1

    def scroll(self, *steps: int) -> str:
        for step in steps:
            self.peek.scroll(step, OPTIONS, 0, IDS)
        return self.peek.shown(OPTIONS)


def test_the_person_s_own_choice_comes_first_and_each_once() -> None:
    assert choices(SEEN, "lowest", IDS) == ("lowest", "next", ADA.id, BOB.id)
    assert choices(SEEN, BOB.id, IDS) == (BOB.id, "lowest", "next", ADA.id)


def test_a_single_account_s_windows_are_gone_through() -> None:
    seen = snapshot(usage(ADA, five_hours(40), weekly(80)), usage(BOB, five_hours(50)))
    assert choices(seen, "lowest", {ADA.id}) == ("lowest", f"{ADA.id} / 5-hour", f"{ADA.id} / Weekly")


def test_the_wheel_over_one_icon_changes_no_other() -> None:
    rig = PeekRig()
    rig.peek.scroll(1, OPTIONS, 1, {BOB.id})
    assert rig.peek.shown(OPTIONS, 1) == f"{BOB.id} / 5-hour"
    assert rig.peek.shown(OPTIONS, 0) == "lowest"
    rig.peek.scroll(1, OPTIONS, 0, {ADA.id})
    assert rig.peek.shown(OPTIONS, 0) == f"{ADA.id} / 5-hour"
    assert rig.peek.shown(OPTIONS, 1) == "lowest"


@pytest.mark.parametrize(
    ("steps", "shown"),
    [((), "lowest"), ((1,), "next"), ((120, 120), ADA.id), ((-1,), BOB.id), ((1,) * 4, "lowest"), ((1, -1), "lowest")],
)
def test_each_turn_shows_the_next_choice(steps: tuple[int, ...], shown: str) -> None:
    rig = PeekRig()
    assert rig.scroll(*steps) == shown
    assert rig.drawn == len(steps)


def test_after_some_seconds_it_is_the_person_s_choice_again() -> None:
    rig = PeekRig()
    rig.scroll(1, 1)
    (end,) = rig.later.values()
    end()
    assert rig.peek.shown(OPTIONS) == "lowest"
    assert rig.drawn == 3
    assert rig.scroll(1) == "next", "it begins anew"
