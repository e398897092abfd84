"""How things are shown, as the person has configured it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.providers import provider_title, proxy_sign_in, usage_page
from trayquota.settings.language import clock_format
from trayquota.views.labels import BAR_GLYPHS, DisplayOptions

if TYPE_CHECKING:
    from trayquota.settings.load import Config


def display_options(config: Config, bar_glyphs: str = BAR_GLYPHS) -> DisplayOptions:
    """Return how things are to be shown, bars with cells that the font has."""
    settings = config.settings
    return DisplayOptions(
        provider_title=provider_title,
        usage_page=usage_page,
        proxy_sign_in=proxy_sign_in,
        proxies=settings.connected_proxies,
        shows_used=settings.show == "used",
        low_percent=settings.low_percent,
        critical_percent=settings.critical_percent,
        style=settings.icon_style,
        plain_color=settings.plain_color,
        is_calm=settings.calm,
        icon_shows=settings.icon_shows,
        has_tooltip=settings.tooltip,
        icon_counts_down=settings.icon_countdown,
        ignored_windows=frozenset(settings.ignore_windows),
        names=settings.names,
        hide_names=settings.hide_emails,
        clock_format=clock_format(config.locale),
        bar_glyphs=bar_glyphs,
        notifies_lapses=settings.notify_lapse,
        quiet_hours=settings.quiet_hours,
        work_time=config.work_time,
    )
