"""What the tray shows, and the action behind each click, as plain data.

Backends turn a :class:`TrayView` into pixels and menus; nothing here knows a toolkit.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.model import Instant, Level
from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from collections.abc import Collection

    from trayquota.views.alert_state import AlertKey


class Placeholder(StrEnum):
    """What the icon shows when it has no number."""

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
        percent: The number shown, what is left or what is used, 0–100, or ``None``: then ``placeholder`` is shown.
        placeholder: What to show without a percent.
        level: How little is left.
        stale: The number is from an earlier refresh: drawn hollow.
        attention: An account needs the user: a small badge beside the number.
        bars: For the style ``bar``: the like (0–100 or ``None``) of the session and the weekly
            window of the most constrained account.
        style: ``number``, ``ring``, ``bar`` or ``plain``.
        countdown: For an empty quota, in place of its number: the time to its reset, as in ``47m``; else empty.
        color: Of the style ``plain``: ``light``, ``dark``, or ``auto`` where the tray does not say which.
        is_calm: The emblem stands for the number.
    """

    percent: int | None = None
    placeholder: Placeholder = Placeholder.LOADING
    level: Level = Level.PLENTY
    stale: bool = False
    attention: bool = False
    bars: tuple[int | None, int | None] = (None, None)
    style: str = "number"
    countdown: str = ""
    color: str = ""
    is_calm: bool = False


class Refresh(Struct, frozen=True):
    """Refresh all accounts now."""


class OpenFolder(RedactedRepr, Struct, frozen=True):
    """Open a credentials folder.

    Attributes:
        path: Which one; empty for the first.
    """

    path: str = ""


class OpenPage(Struct, frozen=True):
    """Open a provider's page.

    Attributes:
        url: Its address; empty where the provider has none.
    """

    url: str


class OpenHistory(Struct, frozen=True):
    """Show the page of the history."""


class OpenSettings(Struct, frozen=True):
    """Open the settings file in the person's editor."""


class Rename(RedactedRepr, Struct, frozen=True):
    """Open the settings file where the name of an account is.

    Attributes:
        account_id: The account.
    """

    repr_fields = ()

    account_id: str


SettingValue = bool | float | str | tuple[str, ...]


class SignIn(RedactedRepr, Struct, frozen=True):
    """Sign the person in again, by the proxy on this machine.

    Attributes:
        account_id: With which account.
        server: The address of the proxy.
    """

    repr_fields = ()

    account_id: str
    server: str


class SetPaused(RedactedRepr, Struct, frozen=True):
    """Take an account out of its proxy's rotation, or put it back.

    Attributes:
        account_id: Which one.
        paused: Take it out.
    """

    repr_fields = ("paused",)

    account_id: str
    paused: bool


class CopyCommand(Struct, frozen=True):
    """Put a program's command on the clipboard, to be pasted into a terminal.

    Attributes:
        command: All of it; ASCII.
    """

    command: str


AccountAction = SignIn | SetPaused | CopyCommand
"""What is done with an account."""


class SetSetting(RedactedRepr, Struct, frozen=True):
    """Give a setting a value, for good.

    Attributes:
        key: The setting's name.
        value: Its new value.
    """

    repr_fields = ("key",)

    key: str
    value: SettingValue


class SetAutostart(Struct, frozen=True):
    """Start at login from now on, or no longer."""

    on: bool


class Snooze(RedactedRepr, Struct, frozen=True):
    """Hold notifications back; a subclass says which, and for how long."""

    repr_fields = ()


class SnoozeFor(Snooze, frozen=True):
    """Show no notification for a while.

    Attributes:
        minutes: How long; with 0 they are shown again.
    """

    minutes: int


class SnoozeUntil(Snooze, frozen=True):
    """Show no notification until then."""

    until: Instant


class SnoozeWindows(Snooze, frozen=True):
    """Show no further notification of these windows until they have reset."""

    keys: tuple[AlertKey, ...]


class Quit(Struct, frozen=True):
    """Leave the tray."""


Action = (
    Refresh
    | OpenFolder
    | OpenPage
    | OpenHistory
    | OpenSettings
    | Rename
    | AccountAction
    | SetSetting
    | SetAutostart
    | Snooze
    | Quit
)
"""What a click has done."""


class MenuItem(RedactedRepr, Struct, frozen=True):
    """One menu entry; ``label`` is plain text, escaped at the edge that gives characters meaning.

    Attributes:
        label: Its text. Ignored in a separator.
        action: What a click does; ``None`` for a text row.
        enabled: Greyed when not.
        checked: ``None`` for a plain entry, else a check mark's state.
        radio: The check mark is one of a group.
        default: What a plain click on the icon does, where a platform has that.
        separator: A line.
        children: A submenu.
        key: What the entry is about, where that is more than its label: with the same key it is the same entry.
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
    key: str = ""


class Arrangement(RedactedRepr, Struct, frozen=True):
    """Where in the menu each account is, by account ids.

    Attributes:
        inline: All rows in the menu itself.
        nested: A row in the menu itself that opens the others.
        more: The same below "More accounts".
    """

    repr_fields = ()

    inline: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    def adapted(self, account_ids: Collection[str]) -> Arrangement:
        """Return the same without the accounts that are gone, new ones below "More accounts"."""
        inline, nested, more = (
            tuple(account_id for account_id in part if account_id in account_ids)
            for part in (self.inline, self.nested, self.more)
        )
        known = {*inline, *nested, *more}
        return Arrangement(inline, nested, (*more, *(key for key in account_ids if key not in known)))


class TrayView(RedactedRepr, Struct, frozen=True):
    """What the tray shows.

    Attributes:
        icon: The picture.
        headline: The one thing that matters, one line.
        advice: The account to use next, or who is back first; empty where there is nothing to say.
        lines: A line per account, then how old it all is.
        brief: A short text per account, those that need the user first, then the most constrained, for places with
            little room.
        menu: The whole menu.
        needs_attention: An account needs the user.
        arrangement: Where in the menu each account is.
        has_tooltip: Whether there is a tooltip.
    """

    repr_fields = ("icon", "menu", "needs_attention", "arrangement")

    icon: IconSpec
    headline: str
    lines: tuple[str, ...]
    brief: tuple[str, ...]
    menu: tuple[MenuItem, ...]
    needs_attention: bool = False
    arrangement: Arrangement = Arrangement()
    advice: str = ""
    has_tooltip: bool = True
