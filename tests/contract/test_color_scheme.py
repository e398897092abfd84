"""Whether the panel is dark, by the desktop's portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.tray.quirks import GNOME
from trayquota.tray.statusnotifier import Icon

from .fake_portal import DARK, KEY, LIGHT, NONE, FakePortal
from .recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from session_bus import SessionBus

    from .fake_host import FakeHost

    MakePortal = Callable[[int], FakePortal]
    MakeIcon = Callable[..., Icon]


@pytest.fixture
def make_portal(bus: SessionBus) -> Iterator[MakePortal]:
    portals: list[FakePortal] = []

    def make(scheme: int) -> FakePortal:
        portals.append(FakePortal(bus.address, scheme))
        return portals[-1]

    yield make
    for portal in portals:
        portal.close()


def watched(icon: Icon) -> Recorder[bool | None]:
    """Note what the icon says whenever it may say something else."""
    answers: Recorder[bool | None] = Recorder()
    icon.on_quirks_changed = lambda: answers.add(icon.is_panel_dark())
    return answers


def test_the_preference_is_read_and_followed(host: FakeHost, make_icon: MakeIcon, make_portal: MakePortal) -> None:
    portal, icon = make_portal(LIGHT), make_icon()
    host.settle()
    answers = watched(icon)
    assert icon.is_panel_dark() is None
    assert answers.until_there_are(1) == [False]
    for count, (scheme, is_dark) in enumerate(((DARK, True), (LIGHT, False), (NONE, None)), 2):
        portal.change(scheme)
        assert answers.until_there_are(count)[-1] is is_dark
    assert portal.reads.seen == [KEY]


def test_nothing_is_read_until_it_is_of_interest_and_then_once(
    host: FakeHost, make_icon: MakeIcon, make_portal: MakePortal
) -> None:
    portal, icon = make_portal(DARK), make_icon()
    host.settle()
    assert portal.reads.seen == []
    for _ in range(3):
        assert icon.is_panel_dark() is not False
    assert portal.reads.until_there_are(1) == [KEY]
    icon.title = "7% left"
    host.settle()
    assert portal.reads.seen == [KEY]


def test_other_settings_and_other_senders_change_nothing(
    host: FakeHost, make_icon: MakeIcon, make_portal: MakePortal
) -> None:
    portal, icon = make_portal(DARK), make_icon()
    answers = watched(icon)
    icon.is_panel_dark()
    portal.reads.until_there_are(1)
    portal.change(LIGHT, ("org.freedesktop.appearance", "contrast"))
    portal.change(LIGHT, ("org.example", "color-scheme"))
    portal.ping(host.item)
    portal.change(LIGHT)
    assert answers.until_there_are(2) == [True, False]


@pytest.mark.usefixtures("host")
def test_without_a_portal_nothing_is_known(make_icon: MakeIcon) -> None:
    assert make_icon().is_panel_dark() is None


def test_a_panel_that_is_dark_in_any_case_does_not_go_by_the_preference() -> None:
    icon = Icon("test")
    icon.prefers_dark = False
    assert icon.is_panel_dark() is False
    icon.quirks = GNOME
    assert icon.is_panel_dark() is True
