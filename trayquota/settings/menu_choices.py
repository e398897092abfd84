"""The settings in force and the accounts → what the menu's submenu of settings offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.settings.language import known_language, languages
from trayquota.views.icon_menu import icon_menu, pin_menu, rename_menu
from trayquota.views.language_menu import language_menu
from trayquota.views.provider_menu import provider_menu
from trayquota.views.settings_menu import MenuSettings

if TYPE_CHECKING:
    from trayquota.core.model import Snapshot
    from trayquota.settings.load import Config
    from trayquota.views.labels import DisplayOptions


def menu_settings(
    config: Config, snapshot: Snapshot, options: DisplayOptions, max_rows: int, *, starts_at_login: bool | None
) -> MenuSettings:
    """Return what is in force, and what there is to choose from.

    Args:
        config: The settings in force.
        snapshot: The accounts.
        options: How they are shown.
        max_rows: Of a submenu.
        starts_at_login: ``None`` when it is not known.
    """
    settings = config.settings
    return MenuSettings(
        interval_minutes=settings.interval_minutes,
        icon_style=settings.icon_style,
        plain_color=settings.plain_color,
        calm=settings.calm,
        icons=settings.icons,
        pins=pin_menu(snapshot, options, settings.pinned, max_rows) if settings.icons == "pinned" else (),
        icon_countdown=settings.icon_countdown,
        shows_used=options.shows_used,
        icon_choices=icon_menu(snapshot, options, max_rows),
        renames=rename_menu(snapshot, options, max_rows),
        notifications=settings.notifications,
        sounds=settings.sounds,
        hide_emails=settings.hide_emails,
        sparklines=settings.sparklines,
        starts_at_login=starts_at_login,
        proxies=settings.connected_proxies,
        languages=language_menu(languages(), known_language(settings.locale), max_rows),
        providers=provider_menu(snapshot, settings.provider_switches),
    )
