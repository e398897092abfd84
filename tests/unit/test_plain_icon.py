"""The icon in one colour, and the one without a number while there is plenty."""

from __future__ import annotations

from itertools import combinations

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from trayquota.core.model import AccountState, Level
from trayquota.render import SIZES, palette, render
from trayquota.tray.headless import Icon
from trayquota.tray.presenter import TrayPresenter
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import IconSpec, Placeholder

from .facts import NOW
from .samples import ADA, CI, EXPIRED, OPTIONS, five_hours, snapshot, usage
from .test_render import contrast, luminance, on_panel, pixels_of

PLAIN = replace(OPTIONS, style="plain", plain_color="dark")
PANELS = {"light": ((36, 36, 36), (0, 0, 0), (46, 52, 54)), "dark": ((246, 245, 244), (255, 255, 255), (239, 240, 241))}


def states(color: str) -> list[IconSpec]:
    # The same number in all, so that no state differs from another by its digits alone.
    numbers = [
        IconSpec(42, level=level, stale=stale, attention=attention, style="plain", color=color)
        for level in Level
        for stale in (False, True)
        for attention in (False, True)
    ]
    calm = [IconSpec(42, is_calm=True, attention=attention, style="plain", color=color) for attention in (False, True)]
    return [*numbers, *calm, *(IconSpec(placeholder=mark, style="plain", color=color) for mark in Placeholder)]


@pytest.mark.parametrize("color", ["light", "dark"])
def test_every_state_is_unlike_every_other_at_the_smallest_size(color: str) -> None:
    pictures = [(spec, render(spec, 16).getchannel("A")) for spec in states(color)]
    for (one, first), (other, second) in combinations(pictures, 2):
        apart = sum(step > 40 for step in ImageChops.difference(first, second).tobytes())
        assert apart >= 8, (one, other, apart)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("color", ["light", "dark"])
def test_it_has_one_colour_that_stands_out_and_the_panel_shows_through(color: str, size: int) -> None:
    for spec in states(color):
        image = render(spec, size)
        covers = image.getchannel("A").tobytes()
        inks = {pixel for pixel, cover in zip(pixels_of(image), covers, strict=True) if cover}
        assert inks == {palette.LIGHT if color == "light" else palette.DARK}
        assert 0.08 <= sum(cover >= 128 for cover in covers) / len(covers) <= 0.6, spec
        for panel in PANELS[color]:
            ground = Image.new("RGB", (1, 1), panel)
            assert contrast(*(luminance(pixels_of(each)[0]) for each in (on_panel(_dot(inks), panel), ground))) >= 7


def _dot(inks: set[tuple[int, int, int]]) -> Image.Image:
    return Image.new("RGBA", (1, 1), (*next(iter(inks)), 255))


def test_on_a_panel_nobody_knows_it_brings_a_ground_of_its_own() -> None:
    for spec in states("auto"):
        image = render(spec, 32)
        signs = render(replace(spec, color="light"), 32).getchannel("A")
        seen = {pixel for pixel, cover in zip(pixels_of(image), signs.tobytes(), strict=True) if cover == 255}
        assert seen == {palette.LIGHT}
        assert image.getchannel("A").tobytes().count(255) > signs.tobytes().count(255)
    assert contrast(luminance(palette.LIGHT), luminance(palette.DARK)) >= 7


def test_number_and_placeholder_are_in_the_colour_of_the_setting() -> None:
    for color in ("light", "dark", "auto"):
        options = replace(PLAIN, plain_color=color)
        assert tray_view(snapshot(usage(ADA, five_hours(42))), NOW, options).icon.color == color
        assert tray_view(snapshot(), NOW, options).icon.color == color
    assert tray_view(snapshot(usage(ADA, five_hours(42))), NOW, replace(OPTIONS, plain_color="dark")).icon.color == ""


@pytest.mark.parametrize("style", ["number", "ring", "plain"])
def test_a_calm_icon_has_no_number_while_there_is_plenty(style: str) -> None:
    calm = replace(OPTIONS, style=style, plain_color="dark", is_calm=True)

    def icon(left: float, state: AccountState = AccountState.OK) -> IconSpec:
        return tray_view(snapshot(usage(ADA, five_hours(left), state=state)), NOW, calm).icon

    assert icon(25).is_calm
    assert not icon(24).is_calm
    assert not icon(0).is_calm
    assert not icon(80, AccountState.STALE).is_calm
    needing = snapshot(usage(ADA, five_hours(80)), usage(CI, state=AccountState.EXPIRED, failure=EXPIRED))
    spec = tray_view(needing, NOW, calm).icon
    assert spec.is_calm
    assert spec.attention
    assert render(spec, 22).tobytes() != render(replace(spec, is_calm=False), 22).tobytes()
    if style == "plain":
        assert render(spec, 22).tobytes() == render(replace(spec, percent=60), 22).tobytes()


def test_two_bars_are_no_number() -> None:
    options = replace(OPTIONS, style="bar", is_calm=True)
    assert not tray_view(snapshot(usage(ADA, five_hours(80))), NOW, options).icon.is_calm


class Panel(Icon):
    """An icon on a panel that is dark or light."""

    def __init__(self) -> None:
        super().__init__("test")
        self.is_dark: bool | None = None

    def is_panel_dark(self) -> bool | None:
        return self.is_dark


def test_automatic_colour_goes_by_the_panel_and_follows_it() -> None:
    icon = Panel()
    presenter = TrayPresenter(icon, "none", lambda _action: None)
    view = tray_view(snapshot(usage(ADA, five_hours(42))), NOW, replace(PLAIN, plain_color="auto"))
    for icon.is_dark, color in ((None, "auto"), (True, "light"), (False, "dark"), (True, "light")):
        presenter.show(view)
        assert icon.icon is not None
        assert icon.icon.tobytes() == render(replace(view.icon, color=color), 64).tobytes()


def test_a_colour_of_choice_does_not_go_by_the_panel() -> None:
    icon = Panel()
    icon.is_panel_dark = lambda: pytest.fail("the panel was asked")  # type: ignore[method-assign]
    TrayPresenter(icon, "none", lambda _action: None).show(tray_view(snapshot(), NOW, PLAIN))
