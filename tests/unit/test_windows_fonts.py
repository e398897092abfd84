"""What bars are made of in Windows' menus."""

from __future__ import annotations

import sys

import pytest

from trayquota.system import windows_fonts
from trayquota.system.fonts import bar_glyphs

assert sys.platform == "win32"  # elsewhere it is not collected, nor checked


def test_the_font_of_menus_is_asked_for_glyphs() -> None:
    assert windows_fonts.menu_font_has("Refresh 42%")
    assert not windows_fonts.menu_font_has("42\ue000")


def test_bars_are_made_of_glyphs_that_menus_have() -> None:
    assert windows_fonts.menu_font_has(bar_glyphs())


@pytest.mark.parametrize(("missing", "glyphs"), [("", "▰▱"), ("▰", "█░"), ("▰█", "#-")])
def test_bars_get_plainer_with_what_the_font_lacks(missing: str, glyphs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_fonts, "menu_font_has", lambda text: not set(text) & set(missing))
    assert bar_glyphs() == glyphs
