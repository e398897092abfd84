"""The item as panels see it: its properties, and what is signalled when something changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from insides import on_loop, service_of
from PIL import Image

from trayquota.tray.pystray_import import Menu, MenuItem

from .backend_contract import picture
from .bus_client import RemoteError
from .fake_host import ITEM_PATH, FakeHost
from .recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tray.statusnotifier import Icon
    from trayquota.tray.statusnotifier.session import TrayState

    MakeIcon = Callable[..., Icon]

PROPERTIES = {
    "Category": "ApplicationStatus",
    "Id": "trayquota-test",
    "Title": "42% left",
    "Status": "Active",
    "WindowId": 0,
    "IconThemePath": "",
    "Menu": "/MenuBar",
    "ItemIsMenu": True,
    "IconName": "",
    "OverlayIconName": "",
    "OverlayIconPixmap": [],
    "AttentionIconName": "",
    "AttentionIconPixmap": [],
    "AttentionMovieName": "",
    "IconAccessibleDesc": "42% left",
    "AttentionAccessibleDesc": "",
    "ToolTip": ["", [], "42% left", "Claude: 42%\nCodex: 70%"],
    "XAyatanaLabel": "",
    "XAyatanaLabelGuide": "",
    "XAyatanaOrderingIndex": 0,
}
SIGNALS = {
    "NewTitle",
    "NewIcon",
    "NewAttentionIcon",
    "NewOverlayIcon",
    "NewToolTip",
    "NewStatus",
    "NewMenu",
    "XAyatanaNewLabel",
}


def test_every_property_is_there_from_the_start(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(title="42% left\nClaude: 42%\nCodex: 70%")
    properties = host.properties()
    assert [(width, height) for width, height, _ in properties.pop("IconPixmap")] == [
        (size, size) for size in (16, 22, 24, 32, 48, 64)
    ]
    assert properties == PROPERTIES


def test_the_icon_is_sent_in_all_its_variants(host: FakeHost, make_icon: MakeIcon) -> None:
    image = picture()
    image.info["variants"] = (picture("blue", 22), Image.new("RGBA", (2, 2), (1, 2, 3, 4)))
    make_icon(icon=image)
    small, large = host.properties()["IconPixmap"]
    assert small == [2, 2, bytes([4, 1, 2, 3]) * 4]
    assert large == [22, 22, bytes([255, 0, 0, 255]) * 22 * 22]


def test_it_is_registered_by_its_connection(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    assert host.item.startswith(":")


def test_introspection_names_every_signal_and_no_activate(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    text = host.introspect(ITEM_PATH)
    assert all(f'signal name="{name}"' in text for name in SIGNALS)
    assert '"Activate"' not in text
    assert '"SecondaryActivate"' in text
    with pytest.raises(RemoteError, match="UnknownMethod"):
        host.on_item("Activate", "ii", 0, 0)


def test_unused_methods_are_answered(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    assert host.on_item("ContextMenu", "ii", 0, 0) == []
    assert host.on_item("Scroll", "is", 120, "vertical") == []


def test_a_middle_click_runs_the_default_entry(host: FakeHost, make_icon: MakeIcon) -> None:
    calls: Recorder[str] = Recorder()
    make_icon(menu=Menu(MenuItem("a", lambda: calls.add("a")), MenuItem("b", lambda: calls.add("b"), default=True)))
    host.on_item("SecondaryActivate", "ii", 0, 0)
    assert calls.until_there_are(1) == ["b"]


def test_a_middle_click_without_a_default_entry_does_nothing(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    host.on_item("SecondaryActivate", "ii", 0, 0)
    assert host.sent() == []


def test_it_needs_attention_while_a_person_has_to_do_something(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(title="42% left")
    host.settle()
    icon.set_attention(is_needed=True)
    assert [(signal.member, signal.body) for signal in host.sent()] == [
        ("NewAttentionIcon", []),
        ("NewStatus", ["NeedsAttention"]),
    ]
    properties = host.properties()
    assert (properties["Status"], properties["AttentionAccessibleDesc"]) == ("NeedsAttention", "42% left")
    assert properties["AttentionIconPixmap"] == properties["IconPixmap"] != []
    icon.set_attention(is_needed=False)
    assert [signal.body for signal in host.sent() if signal.member == "NewStatus"][1:] == [["Active"]]
    properties = host.properties()
    assert (properties["Status"], properties["AttentionIconPixmap"]) == ("Active", [])


def test_a_new_picture_is_one_of_its_attention_too(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    icon.set_attention(is_needed=True)
    host.settle()
    before = len(host.sent())
    icon.icon = picture("blue")
    assert host.sent_members()[before:] == ["NewIcon", "NewAttentionIcon"]
    assert host.properties()["AttentionIconPixmap"] == host.properties()["IconPixmap"]


def test_a_new_title_is_signalled(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    host.settle()
    icon.title = "7% left\nClaude"
    assert sorted(host.sent_members()) == ["NewTitle", "NewToolTip"]
    properties = host.properties()
    assert properties["Title"] == "7% left"
    assert properties["ToolTip"] == ["", [], "7% left", "Claude"]


def test_a_new_line_below_the_headline_signals_the_tooltip_alone(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(title="title\nold")
    host.settle()
    icon.title = "title\nnew"
    assert host.sent_members() == ["NewToolTip"]


def test_a_new_icon_is_signalled(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    host.settle()
    icon.icon = picture("red")
    assert host.sent_members() == ["NewIcon"]
    assert host.properties()["IconPixmap"][0][2][:4] == bytes([255, 255, 0, 0])


def test_an_unchanged_item_sends_nothing(host: FakeHost, make_icon: MakeIcon) -> None:
    def menu() -> Menu:
        return Menu(MenuItem("a", None), Menu.SEPARATOR, MenuItem("b", Menu(MenuItem("c", None))))

    icon = make_icon(menu=menu(), title="title\nmore")
    host.settle()
    icon.icon = picture()
    icon.title = "title\nmore"
    icon.title = "title\nmore\n"
    icon.menu = menu()
    icon.visible = True
    icon.update_menu()
    assert host.sent() == []
    icon.icon = picture("red")
    assert host.sent_members() == ["NewIcon"]


def test_the_last_of_many_is_what_is_shown(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    for turn in range(200):
        icon.title = f"title {turn}"
    host.settle()
    assert host.properties()["Title"] == "title 199"


def test_changes_while_the_loop_is_busy_are_one_update(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    host.settle()
    service = service_of(icon)
    show = service.show
    gathered: list[TrayState] = []
    service.show = gathered.append  # type: ignore[method-assign, assignment]
    for turn in range(10):
        icon.title = f"title {turn}"
    service.show = show  # type: ignore[method-assign]
    # All ten handed over within one callback of the loop, so none can be flushed in between.
    on_loop(icon, lambda: [show(each) for each in gathered])
    host.wait_for("NewToolTip")
    assert sorted(host.sent_members()) == ["NewTitle", "NewToolTip"]


def test_markup_is_escaped_in_the_tool_tips_text_alone(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(title="R&D <1>\nR&D <2>")
    properties = host.properties()
    assert properties["Title"] == "R&D <1>"
    assert properties["ToolTip"][2:] == ["R&D <1>", "R&amp;D &lt;2&gt;"]


@pytest.mark.parametrize("title", ["", "\nonly below"])
def test_without_a_headline_the_name_stands_in(host: FakeHost, make_icon: MakeIcon, title: str) -> None:
    make_icon(title=title)
    properties = host.properties()
    assert properties["Title"] == properties["ToolTip"][2] == "trayquota-test"
    assert properties["ToolTip"][3] == title.strip()


def test_unsendable_text_does_not_end_the_connection(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(title="nul \0\nhalf \udc80", menu=Menu(MenuItem("\ud800 \0 ok \U0001f600", None)))
    item = host.item
    properties = host.properties()
    assert properties["Title"] == "nul \ufffd"
    assert properties["ToolTip"][3] == "half \ufffd"
    assert host.layout().labels() == ["\ufffd \ufffd ok \U0001f600"]
    icon.notify("\0\udc80", "\ud800")
    host.settle()
    assert host.item == item


def test_hidden_it_is_gone_for_every_host_and_shown_it_is_back(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    first = host.item
    icon.visible = False
    host.signals.until(lambda seen: any(s.member == "NameOwnerChanged" and s.body == [first, first, ""] for s in seen))
    icon.title = "changed while hidden"
    icon.visible = True
    second = host.registrations.until_there_are(2)[-1]
    assert second != first
    assert host.properties()["Title"] == "changed while hidden"


def test_hiding_and_showing_at_once_sends_nothing(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    host.settle()
    service = service_of(icon)
    show = service.show
    gathered: list[TrayState] = []
    service.show = gathered.append  # type: ignore[method-assign, assignment]
    icon.visible = False
    icon.visible = True
    service.show = show  # type: ignore[method-assign]
    on_loop(icon, lambda: [show(each) for each in gathered])
    host.settle()
    assert host.sent() == []
    assert len(host.registrations.seen) == 1


def test_an_icon_that_is_never_shown_is_never_registered(host: FakeHost, make_icon: MakeIcon) -> None:
    hidden = make_icon(lambda icon: icon.notify("never shown"))
    hidden.title = "still hidden"
    make_icon(title="shown")
    assert host.properties()["Title"] == "shown"
    assert len(host.registrations.seen) == 1
