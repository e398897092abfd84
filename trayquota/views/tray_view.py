"""Snapshot, moment and settings → what the tray shows, as plain data.

Backends turn a :class:`TrayView` into pixels and menus; nothing here knows a toolkit.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from trayquota.core.redacted import RedactedRepr


class Level(StrEnum):
    """How much is left, in words."""

    PLENTY = "plenty"
    LOW = "low"
    CRITICAL = "critical"
    EMPTY = "empty"


class Placeholder(StrEnum):
    """What the icon says when it has no number to tell."""

    LOADING = "loading"
    """The first answer is awaited: ``…``."""
    UNKNOWN = "unknown"
    """Accounts, but no number: ``?``."""
    ATTENTION = "attention"
    """No number, and an account needs the user: ``!``."""
    NO_ACCOUNTS = "no-accounts"
    """A plain mark."""


class IconSpec(Struct, frozen=True):
    """All that decides the picture; equal specs draw equal pictures.

    Attributes:
        percent: The lowest remaining percent as a whole number 0–100, or ``None``: then ``mark`` is shown.
        placeholder: What to show without a percent.
        level: The level of ``percent``.
        stale: The number is from an earlier refresh: drawn hollow.
        attention: An account needs the user: a small badge beside the number.
        bars: For the style ``bar``: remaining percents (0–100 or ``None``) of the session and the weekly
            window of the most constrained account.
        style: ``number``, ``ring`` or ``bar``.
    """

    percent: int | None = None
    placeholder: Placeholder = Placeholder.LOADING
    level: Level = Level.PLENTY
    stale: bool = False
    attention: bool = False
    bars: tuple[int | None, int | None] = (None, None)
    style: str = "number"


class ActionKind(StrEnum):
    """What a click asks for."""

    REFRESH = "refresh"
    OPEN_FOLDER = "open-folder"
    """The argument is its path; empty for the first of the credentials folders."""
    OPEN_PAGE = "open-page"
    """The argument is the page's address."""
    OPEN_SETTINGS = "open-settings"
    SET = "set"
    """The argument is a line of TOML: ``interval_minutes = 5``."""
    AUTOSTART = "autostart"
    """The argument is ``on`` or ``off``."""
    QUIT = "quit"


class Action(RedactedRepr, Struct, frozen=True):
    """A click's meaning, with an argument for the kinds that take one."""

    repr_fields = ("kind",)

    kind: ActionKind
    argument: str = ""


class MenuItem(RedactedRepr, Struct, frozen=True):
    """One menu entry; ``label`` is plain text, escaped at the edge that gives characters meaning.

    Attributes:
        label: What it says. Ignored in a separator.
        action: What a click does; ``None`` for a text row.
        enabled: Greyed when not.
        checked: ``None`` for a plain entry, else a check mark's state.
        radio: The check mark is one of a group.
        default: What a plain click on the icon does, where a platform has that.
        separator: A line.
        children: A submenu.
    """

    repr_fields = ("action", "enabled", "checked", "radio", "default", "separator", "children")

    label: str = ""
    action: Action | None = None
    enabled: bool = True
    checked: bool | None = None
    radio: bool = False
    default: bool = False
    separator: bool = False
    children: tuple[MenuItem, ...] = ()


class TrayView(RedactedRepr, Struct, frozen=True):
    """What the tray shows.

    Attributes:
        icon: The picture.
        headline: The one thing that matters, one line.
        lines: A line per account, then how old it all is.
        brief: A few words per account, those that need the user first, then the most constrained, for places with
            little room.
        menu: The whole menu.
        needs_attention: An account needs the user.
    """

    repr_fields = ("icon", "menu", "needs_attention")

    icon: IconSpec
    headline: str
    lines: tuple[str, ...]
    brief: tuple[str, ...]
    menu: tuple[MenuItem, ...]
    needs_attention: bool = False
