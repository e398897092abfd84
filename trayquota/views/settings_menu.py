"""The settings that matter at once, as a submenu."""

from __future__ import annotations

from msgspec import Struct

from trayquota.views.tray_view import Action, ActionKind, MenuItem

_INTERVALS = (1, 2, 5, 10, 15, 30, 60)
_STYLES = (("number", "Number"), ("ring", "Ring"), ("bar", "Two bars"))


class MenuSettings(Struct, frozen=True):
    """What is in force, for the check marks.

    Attributes:
        interval_minutes: How often each account is asked.
        icon_style: ``number``, ``ring`` or ``bar``.
        notifications: Whether there are any.
        hide_emails: Whether e-mails are masked.
        starts_at_login: ``None`` when it is not known here.
    """

    interval_minutes: float = 5
    icon_style: str = "number"
    notifications: bool = True
    hide_emails: bool = False
    starts_at_login: bool | None = None


def settings_menu_item(choices: MenuSettings) -> MenuItem:
    """Return the submenu."""
    rows = [
        MenuItem("Refresh every", children=tuple(_intervals(choices.interval_minutes))),
        MenuItem("Icon", children=tuple(_styles(choices.icon_style))),
        _toggle("Notifications", "notifications", is_on=choices.notifications),
        _toggle("Hide e-mails", "hide_emails", is_on=choices.hide_emails),
    ]
    if choices.starts_at_login is not None:
        act = Action(ActionKind.AUTOSTART, "off" if choices.starts_at_login else "on")
        rows.append(MenuItem("Start at login", act, checked=choices.starts_at_login))
    rows += [MenuItem(separator=True), MenuItem("Open the settings file", Action(ActionKind.OPEN_SETTINGS))]
    return MenuItem("Settings", children=tuple(rows))


def _intervals(chosen: float) -> list[MenuItem]:
    minutes = sorted({*_INTERVALS, chosen})
    return [
        MenuItem(
            f"{each:g} minute{'' if each == 1 else 's'}",
            Action(ActionKind.SET, f"interval_minutes = {int(each) if each == int(each) else each}"),
            checked=each == chosen,
            radio=True,
        )
        for each in minutes
    ]


def _styles(chosen: str) -> list[MenuItem]:
    return [
        MenuItem(title, Action(ActionKind.SET, f'icon_style = "{name}"'), checked=name == chosen, radio=True)
        for name, title in _STYLES
    ]


def _toggle(label: str, key: str, *, is_on: bool) -> MenuItem:
    return MenuItem(label, Action(ActionKind.SET, f"{key} = {'false' if is_on else 'true'}"), checked=is_on)
