"""From a view to an icon's picture, title and menu."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.model import Level
from trayquota.settings.locales import time_format
from trayquota.tray.headless import Icon
from trayquota.tray.presenter import TrayPresenter
from trayquota.tray.pystray_import import Icon as PystrayIcon
from trayquota.tray.quirks import BACKENDS
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import Action, IconSpec, MenuItem, OpenFolder, Refresh, TrayView

from .facts import NOW
from .samples import DESIGN, OPTIONS

if TYPE_CHECKING:
    from trayquota.tray.pystray_import import Menu

SPEC = IconSpec(percent=42, level=Level.PLENTY)
VIEW = TrayView(
    icon=SPEC,
    headline="42% left: Claude ada@example.com, 5-hour",
    lines=("Claude ada@example.com: 5-hour 42% (2h 13m)", "Updated 2 min ago"),
    brief=("Claude ada@example.com 42%",),
    menu=(
        MenuItem("Claude · ada & bob", OpenFolder()),
        MenuItem("Refresh now", Refresh(), default=True),
    ),
)


class Recording(Icon):
    """An icon that records what is set on it, and refuses some of it on demand."""

    def __init__(self) -> None:
        super().__init__("test")
        self.set: list[str] = []
        self.refuses: set[str] = set()

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"icon", "title", "menu"} and hasattr(self, "set"):
            self.set.append(name)
            if name in self.refuses:
                raise OSError(name)
        super().__setattr__(name, value)


def labels(menu: Menu | None) -> list[str]:
    return [item.text for item in menu or ()]


def shown() -> tuple[TrayPresenter, Recording]:
    icon = Recording()
    presenter = TrayPresenter(icon, "none", lambda _action: None)
    presenter.show(VIEW)
    return presenter, icon


def test_attention_is_passed_on_when_it_changes() -> None:
    presenter, icon = shown()
    asked: list[bool] = []
    icon.set_attention = lambda *, is_needed: asked.append(is_needed)  # type: ignore[method-assign]
    for needs_attention in (False, True, True, False):
        presenter.show(replace(VIEW, needs_attention=needs_attention))
    assert asked == [True, False]


def test_the_first_view_sets_everything() -> None:
    _, icon = shown()
    assert icon.set == ["icon", "title", "menu"]
    assert icon.title == "\n".join((VIEW.headline, *VIEW.lines))
    assert labels(icon.menu) == ["Claude · ada & bob", "Refresh now"]


def test_an_unchanged_view_sets_nothing() -> None:
    presenter, icon = shown()
    icon.set.clear()
    presenter.show(replace(VIEW))
    assert icon.set == []


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"icon": replace(SPEC, percent=41)}, ["icon"]),
        ({"headline": "41% left"}, ["title"]),
        ({"lines": ("Updated 3 min ago",)}, ["title"]),
        ({"menu": VIEW.menu[:1]}, ["menu"]),
        ({"brief": ()}, []),
    ],
)
def test_only_what_changed_is_set(change: dict[str, object], touched: list[str]) -> None:
    presenter, icon = shown()
    icon.set.clear()
    presenter.show(replace(VIEW, **change))
    assert icon.set == touched


@pytest.mark.parametrize("part", ["icon", "title", "menu"])
def test_what_a_backend_refused_is_tried_again(part: str) -> None:
    icon = Recording()
    presenter = TrayPresenter(icon, "none", lambda _action: None)
    icon.refuses = {part}
    with pytest.raises(OSError, match=part):
        presenter.show(VIEW)
    icon.refuses = set()
    icon.set.clear()
    presenter.show(VIEW)
    assert part in icon.set
    assert icon.title
    assert labels(icon.menu)
    assert icon.icon is not None


def test_a_click_passes_on_the_rows_action() -> None:
    icon, clicked = Recording(), list[Action]()
    TrayPresenter(icon, "none", clicked.append).show(VIEW)
    icon()
    assert clicked == [Refresh()]


def test_windows_titles_are_short_and_ampersands_doubled() -> None:
    lines = tuple(f"Claude person{number}@example.com: 5-hour {number}% (2h 13m)" for number in range(20))
    brief = tuple(f"Claude person{number}@example.com {number}%" for number in range(20))
    icon = Recording()
    icon.quirks = BACKENDS["win32"]
    presenter = TrayPresenter(icon, "win32", lambda _action: None)
    presenter.show(replace(VIEW, lines=lines, brief=brief))
    assert len(icon.title.encode("utf-16-le")) // 2 <= 127
    assert icon.title.startswith(VIEW.headline)
    assert "more" in icon.title
    assert labels(icon.menu)[0] == "Claude · ada && bob"


def in_wgl4(char: str) -> bool:
    """Whether the character list that every font of Windows covers has it: that of these code pages."""
    for page in ("cp1250", "cp1251", "cp1252", "cp1253", "cp437", "cp850"):
        with contextlib.suppress(UnicodeEncodeError):
            return bool(char.encode(page))
    return False


def test_menus_of_windows_have_no_character_that_its_fonts_lack() -> None:
    icon = Recording()
    icon.quirks = BACKENDS["win32"]
    options = replace(OPTIONS, bar_glyphs="█░", clock_format=time_format("en_US"))
    TrayPresenter(icon, "win32", lambda _action: None).show(tray_view(DESIGN, NOW, options))
    text = "".join(labels(icon.menu))
    assert "█" in text
    assert {char for char in text if not in_wgl4(char)} == set()


def test_backends_of_pystray_have_the_habits_of_their_platform() -> None:
    assert TrayPresenter(PystrayIcon("test"), "win32", lambda _action: None).quirks is BACKENDS["win32"]


def test_pictures_are_transparent() -> None:
    _, icon = shown()
    assert icon.icon is not None
    assert icon.icon.getchannel("A").getextrema()[0] == 0


def test_an_unchanged_title_is_not_set_though_its_view_changed() -> None:
    presenter, icon = shown()
    icon.set.clear()
    presenter.show(replace(VIEW, brief=("another",)))
    assert icon.set == []
