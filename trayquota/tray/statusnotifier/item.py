"""org.kde.StatusNotifierItem: D-Bus glue around a :class:`ItemState`, with no thoughts of its own.

Every property is there from the start, empty if unused: some hosts look at the list once. Getters return
what is stored, since one exception would fail the whole GetAll. Hosts ask anew on a ``New…`` signal.

No ``from __future__ import annotations`` here: dbus-fast reads the annotations as they are.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from msgspec import Struct

from trayquota.tray.quirks import Quirks
from trayquota.tray.wire_text import tool_tip

from .dbusmenu import MENU_PATH
from .pixmap import Pixmap, premultiplied

ITEM_INTERFACE: Final = "org.kde.StatusNotifierItem"
READ: Final = PropertyAccess.READ

Pixmaps = Annotated[list[list[Any]], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]
NewLabel = Annotated[list[str], DBusSignature("ss")]


class ItemState(Struct, frozen=True):
    """What an item shows, as it goes over the bus.

    Attributes:
        title: One plain line, which also says in words what the picture shows.
        text: The other lines of the tool tip, plain.
        pixmaps: The icon in several sizes.
        needs_attention: Whether a person has to do something.
        place: Which of several icons it is, from 1 on; 0 for a single one.
    """

    title: str = ""
    text: str = ""
    pixmaps: tuple[Pixmap, ...] = ()
    needs_attention: bool = False
    place: int = 0

    @property
    def status(self) -> str:
        """As it is called on the bus. Never ``Passive``: an item that is not shown is not on the bus."""
        return "NeedsAttention" if self.needs_attention else "Active"

    @property
    def attention_pixmaps(self) -> tuple[Pixmap, ...]:
        """What hosts show in place of the icon: the same, which has the number and the mark of who needs the person."""
        return self.pixmaps if self.needs_attention else ()


class StatusNotifierItem(ServiceInterface):
    """The item's object on one connection.

    Args:
        name: The item's Id, the same in every session.
        state: What it shows at first.
        quirks: The habits of the host.
        on_click: Called on a click that a host does not answer by opening the menu, likewise.
        on_secondary_activate: Called on a middle click, before the reply is sent, so it must return at once.
    """

    def __init__(
        self,
        name: str,
        state: ItemState,
        quirks: Quirks,
        on_click: Callable[[], None],
        on_secondary_activate: Callable[[], None],
    ) -> None:
        """See the class."""
        super().__init__(ITEM_INTERFACE)
        self._id = name
        self._state = state
        self._quirks = quirks
        self._on_click = on_click
        self._on_secondary_activate = on_secondary_activate
        self.on_scroll: Callable[[int], None] = lambda _delta: None
        """Called with the wheel's direction, likewise."""

    def update(self, state: ItemState) -> None:
        """Show ``state`` from now on; signals what differs, and nothing when nothing does."""
        old, self._state = self._state, state
        if (old.title, old.place) != (state.title, state.place):
            self.new_title()
        if old.pixmaps != state.pixmaps:
            self.new_icon()
        if old.attention_pixmaps != state.attention_pixmaps:
            self.new_attention_icon()
        if old.status != state.status:
            self.new_status(state.status)
        if (old.title, old.text) != (state.title, state.text):
            self.new_tool_tip()

    def set_quirks(self, quirks: Quirks) -> None:
        """Show the same to another host."""
        old, self._quirks = self._quirks, quirks
        if self._state.place and old.sorts_by_title is not quirks.sorts_by_title:
            self.new_title()
        if old.tooltip is not quirks.tooltip:
            self.new_tool_tip()
        if old.premultiplied is not quirks.premultiplied:
            self.new_icon()
            if self._state.needs_attention:
                self.new_attention_icon()

    @dbus_property(access=READ, name="Category")
    def category(self) -> DBusStr:
        """What kind of item this is."""
        return "ApplicationStatus"

    @dbus_property(access=READ, name="Id")
    def id(self) -> DBusStr:
        """Names the application."""
        return self._id

    @dbus_property(access=READ, name="Title")
    def title(self) -> DBusStr:
        """One line about the item; of several on a host that sorts by it, the place comes first."""
        place, title = self._state.place, self._state.title
        return f"{place}: {title}" if place and self._quirks.sorts_by_title else title

    @dbus_property(access=READ, name="Status")
    def status(self) -> DBusStr:
        """``NeedsAttention`` while a person has to do something, else ``Active``."""
        return self._state.status

    @dbus_property(access=READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """No window."""
        return 0

    @dbus_property(access=READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        """No folder with icons."""
        return ""

    @dbus_property(access=READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """Where the menu is."""
        return MENU_PATH

    @dbus_property(access=READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """A plain click opens the menu."""
        return True

    @dbus_property(access=READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """Empty: hosts prefer a name over the picture."""
        return ""

    @dbus_property(access=READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        """The icon."""
        return self._sent(self._state.pixmaps)

    @dbus_property(access=READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """None."""
        return ""

    @dbus_property(access=READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        """None."""
        return []

    @dbus_property(access=READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """None."""
        return ""

    @dbus_property(access=READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """The icon while the item needs attention.

        The AppIndicator extension and Plasma show it in place of ``IconPixmap`` then (``appIndicator.js``,
        github.com/ubuntu/gnome-shell-extension-appindicator; ``statusnotifieritemsource.cpp``,
        github.com/KDE/plasma-workspace).
        """
        return self._sent(self._state.attention_pixmaps)

    @dbus_property(access=READ, name="AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        """None."""
        return ""

    @dbus_property(access=READ, name="ToolTip")
    def tool_tip(self) -> ToolTip:
        """Icon name, icon, title and text of the tool tip."""
        return ["", [], *tool_tip(self._state.title, self._state.text, self._quirks.tooltip)]

    @dbus_property(access=READ, name="IconAccessibleDesc")
    def icon_accessible_desc(self) -> DBusStr:
        """The icon in words, for screen readers.

        GNOME's AppIndicator extension reads it (``appIndicator.js``,
        github.com/ubuntu/gnome-shell-extension-appindicator), again after ``NewIcon``.
        """
        return self._state.title

    @dbus_property(access=READ, name="AttentionAccessibleDesc")
    def attention_accessible_desc(self) -> DBusStr:
        """The icon in words while the item needs attention."""
        return self._state.title if self._state.needs_attention else ""

    @dbus_property(access=READ, name="XAyatanaLabel")
    def x_ayatana_label(self) -> DBusStr:
        """No text beside the icon."""
        return ""

    @dbus_property(access=READ, name="XAyatanaLabelGuide")
    def x_ayatana_label_guide(self) -> DBusStr:
        """Nor room for one."""
        return ""

    @dbus_property(access=READ, name="XAyatanaOrderingIndex")
    def x_ayatana_ordering_index(self) -> DBusUInt32:
        """No preferred place."""
        return 0

    @dbus_method(name="ContextMenu")
    def context_menu(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """A click on a host that has no menus; others show the menu by themselves."""
        self._on_click()

    @dbus_method(name="Activate", disabled=True)
    def activate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """Absent from introspection: where it is present, GNOME waits for a double click.

        Plasma calls it all the same and opens the menu when the reply is an error; the session answers the hosts that
        do not (``supportsActivation`` in ``appIndicator.js``, github.com/ubuntu/gnome-shell-extension-appindicator;
        ``activateCallback`` in ``statusnotifieritemsource.cpp``, github.com/KDE/plasma-workspace).
        """

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """A middle click."""
        self._on_secondary_activate()

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, _orientation: DBusStr) -> None:
        """The wheel: a positive number is downwards or to the right."""
        self.on_scroll(delta)

    @dbus_signal(name="NewTitle")
    def new_title(self) -> None:
        """Title changed."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """IconName or IconPixmap changed."""

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None:
        """AttentionIconPixmap changed."""

    @dbus_signal(name="NewOverlayIcon")
    def new_overlay_icon(self) -> None:
        """Part of the interface, never sent."""

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None:
        """ToolTip changed."""

    @dbus_signal(name="NewStatus")
    def new_status(self, status: str) -> DBusStr:
        """Status changed."""
        return status

    @dbus_signal(name="NewMenu")
    def new_menu(self) -> None:
        """Part of the interface, never sent."""

    @dbus_signal(name="XAyatanaNewLabel")
    def x_ayatana_new_label(self, label: str, guide: str) -> NewLabel:
        """Part of the interface, never sent."""
        return [label, guide]

    def _sent(self, pixmaps: tuple[Pixmap, ...]) -> list[list[Any]]:
        """Return pictures as they go over the bus to the host."""
        fitted = map(premultiplied, pixmaps) if self._quirks.premultiplied else pixmaps
        return [[pixmap.width_px, pixmap.height_px, pixmap.argb] for pixmap in fitted]
