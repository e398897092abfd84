"""Text made fit for D-Bus, and where the bus is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.text import escape_markup
from trayquota.core.translation import use_catalogue
from trayquota.tray.quirks import TooltipStyle, host_quirks
from trayquota.tray.session_bus import session_bus_address
from trayquota.tray.wire_text import headline_and_rest, menu_label, sendable, tool_tip

if TYPE_CHECKING:
    from pathlib import Path

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_any_text_becomes_sendable(text: str) -> None:
    arrived = sendable(text)
    assert "\0" not in arrived
    assert arrived.encode().decode() == arrived
    assert len(arrived) == len(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_sendable_text_is_unchanged(text: str) -> None:
    assert sendable(text) == text


@given(ANY_TEXT)
def test_underscores_in_labels_come_in_pairs(text: str) -> None:
    assert menu_label(text).replace("__", "") == sendable(text).replace("_", "")
    assert menu_label(text).count("_") == 2 * text.count("_")


def test_a_row_of_an_arabic_menu_is_in_the_order_of_the_desktop_s_language() -> None:
    use_catalogue(None, "ar")
    try:
        assert menu_label("5 a_b") == "\N{RIGHT-TO-LEFT ISOLATE}5 a__b\N{POP DIRECTIONAL ISOLATE}"
    finally:
        use_catalogue(None)
    assert menu_label("5 a_b") == "5 a__b"


def test_markup_is_escaped_once() -> None:
    assert escape_markup("R&D <b> &amp;\nnext") == "R&amp;D &lt;b&gt; &amp;amp;\nnext"


def test_a_waybar_that_parses_the_title_shows_a_tooltip_of_any_name() -> None:
    style = host_quirks("waybar", "sway").tooltip
    title, text = tool_tip("16% left: R&D <b>", "R&D <b>: 16%", style)
    assert title == "16% left: R\N{FULLWIDTH AMPERSAND}D \u2039b\u203a"
    assert text == "R&amp;D &lt;b&gt;: 16%"


@given(ANY_TEXT)
def test_a_title_that_may_be_parsed_holds_no_markup(text: str) -> None:
    title, _ = tool_tip(text, "", TooltipStyle.MARKUP_TITLE)
    assert not set(title) & set("<>&")
    assert len(title) == len(text)


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("", ("", "")),
        ("42% left", ("42% left", "")),
        ("42% left\nClaude: 42%\nCodex: 70%", ("42% left", "Claude: 42%\nCodex: 70%")),
        ("42% left\n\n  Claude\n", ("42% left", "  Claude")),
    ],
)
def test_a_title_is_a_headline_and_the_rest(title: str, parts: tuple[str, str]) -> None:
    assert headline_and_rest(title) == parts


def test_the_environment_variable_gives_the_address(tmp_path: Path) -> None:
    (tmp_path / "bus").touch()
    environ = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/elsewhere", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert session_bus_address(environ) == "unix:path=/elsewhere"


@pytest.mark.parametrize("address", [{}, {"DBUS_SESSION_BUS_ADDRESS": ""}])
def test_without_the_variable_the_bus_is_found_in_the_runtime_folder(tmp_path: Path, address: dict[str, str]) -> None:
    folder = tmp_path / "a b~ä"
    folder.mkdir()
    environ = {"XDG_RUNTIME_DIR": str(folder)} | address
    assert session_bus_address(environ) is None
    (folder / "bus").touch()
    assert session_bus_address(environ) == f"unix:path={tmp_path}/a%20b%7E%C3%A4/bus"


def test_without_variable_and_runtime_folder_there_is_no_address() -> None:
    assert session_bus_address({}) is None
