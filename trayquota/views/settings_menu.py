"""The settings that matter at once, as a submenu."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from trayquota.core.translation import _, marked, ngettext
from trayquota.core.urls import management_page
from trayquota.views.tray_view import MenuItem, OpenPage, OpenSettings, SetAutostart, SetSetting

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERVALS = (1, 2, 5, 10, 15, 30, 60)
_STYLES = (
    ("number", marked("Number")),
    ("ring", marked("Ring")),
    ("bar", marked("Two bars")),
    ("plain", marked("Plain")),
)
_ICONS = (
    ("one", marked("One for all")),
    ("providers", marked("One per provider")),
    ("pinned", marked("One per pinned account")),
)
_COLORS = (("auto", marked("By the desktop")), ("light", marked("Light")), ("dark", marked("Dark")))


class ProviderSwitch(Struct, frozen=True):
    """A provider that there are accounts of.

    Attributes:
        title: Its name for people.
        is_on: Whether its accounts are polled.
        action: What switches it over.
    """

    title: str
    is_on: bool
    action: SetSetting


class MenuSettings(Struct, frozen=True):
    """What is in force, for the check marks.

    Attributes:
        interval_minutes: How often each account is refreshed.
        icon_style: ``number``, ``ring``, ``bar`` or ``plain``.
        plain_color: ``auto``, ``light`` or ``dark``.
        calm: Whether there is no number while there is plenty.
        icons: ``one``, ``providers`` or ``pinned``.
        pins: The rows that pin accounts.
        icon_countdown: Whether an empty quota shows the time to its reset.
        shows_used: Whether percents and bars say what is used.
        icon_choices: The rows that choose what the icon shows.
        renames: The rows that rename accounts.
        notifications: Whether there are any.
        sounds: Whether some are heard.
        hide_emails: Whether accounts are numbered instead of named.
        sparklines: Whether rows end in what was left over time.
        starts_at_login: ``None`` when it is not known here.
        providers: Those that there are accounts of.
        proxies: The addresses of those that are connected.
        languages: The rows that choose the language; none where there is English alone.
    """

    interval_minutes: float = 5
    icon_style: str = "number"
    plain_color: str = "auto"
    calm: bool = False
    icons: str = "one"
    pins: tuple[MenuItem, ...] = ()
    icon_countdown: bool = True
    shows_used: bool = False
    icon_choices: tuple[MenuItem, ...] = ()
    renames: tuple[MenuItem, ...] = ()
    notifications: bool = True
    sounds: bool = False
    hide_emails: bool = False
    sparklines: bool = False
    starts_at_login: bool | None = None
    providers: tuple[ProviderSwitch, ...] = ()
    proxies: tuple[str, ...] = ()
    languages: tuple[MenuItem, ...] = ()


def settings_menu_item(in_force: MenuSettings) -> MenuItem:
    """Return the submenu."""
    rows = [
        MenuItem(_("Refresh every"), children=tuple(_intervals(in_force.interval_minutes))),
        MenuItem(_("Icon"), children=tuple(_icon_rows(in_force))),
        *([MenuItem(_("Number stands for"), children=in_force.icon_choices)] if in_force.icon_choices else ()),
        *([MenuItem(_("Rename"), children=in_force.renames)] if in_force.renames else ()),
        _switch(_("Notifications"), "notifications", is_on=in_force.notifications),
        _switch(_("Sounds"), "sounds", is_on=in_force.sounds),
        _switch(_("Hide e-mails"), "hide_emails", is_on=in_force.hide_emails),
        _switch(_("Sparklines"), "sparklines", is_on=in_force.sparklines),
    ]
    if in_force.providers:
        switches = (
            MenuItem(switch.title, switch.action, checked=switch.is_on, key=switch.title)
            for switch in in_force.providers
        )
        rows.append(MenuItem(_("Providers"), children=tuple(switches)))
    if in_force.proxies:
        pages = (
            MenuItem(urlsplit(address).netloc, OpenPage(management_page(address)), key=address)
            for address in in_force.proxies
        )
        rows.append(MenuItem(_("Proxies"), children=tuple(pages)))
    if in_force.languages:
        rows.append(MenuItem(_("Language"), children=in_force.languages))
    is_on = in_force.starts_at_login
    if is_on is not None:
        rows.append(MenuItem(_("Start at login"), SetAutostart(on=not is_on), checked=is_on))
    rows += [MenuItem(separator=True), MenuItem(_("Open the settings file"), OpenSettings())]
    return MenuItem(_("Settings"), children=tuple(rows))


def _intervals(in_force: float) -> list[MenuItem]:
    return [
        MenuItem(
            _minutes_text(minutes),
            SetSetting("interval_minutes", int(minutes) if minutes == int(minutes) else minutes),
            checked=minutes == in_force,
            radio=True,
            key=f"{minutes}",
        )
        for minutes in sorted({*_INTERVALS, in_force})
    ]


def _minutes_text(minutes: float) -> str:
    # Of a part of a minute there are several.
    number = int(minutes) if minutes == int(minutes) else 2
    return ngettext("{count} minute", "{count} minutes", number).format(count=f"{minutes:g}")


def _icon_rows(in_force: MenuSettings) -> Iterator[MenuItem]:
    for style, title in _STYLES:
        yield MenuItem(_(title), SetSetting("icon_style", style), checked=style == in_force.icon_style, radio=True)
    yield MenuItem(separator=True)
    if in_force.icon_style == "plain":
        yield MenuItem(_("Colour"), children=tuple(_colors(in_force.plain_color)))
    icons = (
        MenuItem(_(title), SetSetting("icons", value), checked=value == in_force.icons, radio=True)
        for value, title in _ICONS
    )
    yield MenuItem(_("Several icons"), children=tuple(icons))
    if in_force.pins:
        yield MenuItem(_("Pinned"), children=in_force.pins)
    yield _switch(_("No number while there is plenty"), "calm", is_on=in_force.calm)
    yield _switch(_("Time to the reset when empty"), "icon_countdown", is_on=in_force.icon_countdown)
    value = "left" if in_force.shows_used else "used"
    yield MenuItem(_("What is used, not what is left"), SetSetting("show", value), checked=in_force.shows_used)


def _colors(in_force: str) -> Iterator[MenuItem]:
    for color, title in _COLORS:
        yield MenuItem(_(title), SetSetting("plain_color", color), checked=color == in_force, radio=True)


def _switch(label: str, key: str, *, is_on: bool) -> MenuItem:
    return MenuItem(label, SetSetting(key, not is_on), checked=is_on)
