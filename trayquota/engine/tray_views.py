"""Snapshot and settings in force → what each icon of the tray shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.settings.menu_choices import menu_settings
from trayquota.views.icon_groups import icon_groups
from trayquota.views.settings_menu import settings_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trayquota.core.model import Snapshot
    from trayquota.engine.alert_notifier import AlertNotifier
    from trayquota.engine.history_recorder import HistoryRecorder
    from trayquota.engine.icon_peek import IconPeek
    from trayquota.settings.current import CurrentSettings
    from trayquota.system.autostart_switch import AutostartSwitch
    from trayquota.tray.tray import Tray
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import TrayView


class TrayViews(Struct, frozen=True):
    """Where it is known what decides the views. Belongs to the engine's thread.

    Attributes:
        tray: Says what it has room for, and whose menu is open.
        settings: The settings in force.
        autostart: Says whether the program starts at login.
        notifier: Says until when notifications are snoozed.
        recorder: Has what was left over time.
        peek: Says what an icon is about while the wheel is turned over it.
        has_history_page: There is a page of the history to show.
    """

    tray: Tray
    settings: CurrentSettings
    autostart: AutostartSwitch
    notifier: AlertNotifier
    recorder: HistoryRecorder
    peek: IconPeek
    has_history_page: bool

    def of_icons(self, snapshot: Snapshot, options: DisplayOptions, now: datetime) -> list[TrayView]:
        """Return what each icon shows, at least one."""
        return self._views(snapshot, options, now, self._groups(snapshot))

    def scroll(self, snapshot: Snapshot, options: DisplayOptions, icon: int, steps: int) -> None:
        """Have an icon show something else for a moment, by its number, when the wheel is turned over it."""
        groups = self._groups(snapshot)
        if icon < len(groups):
            self.peek.scroll(steps, options, icon, groups[icon])

    def of_all(self, snapshot: Snapshot, options: DisplayOptions, now: datetime) -> TrayView:
        """Return the view of all accounts, however many icons there are."""
        return self._views(snapshot, options, now, [None])[0]

    def _groups(self, snapshot: Snapshot) -> list[tuple[str, ...]]:
        """Return the ids of the accounts that each icon is about."""
        settings = self.settings.config.settings
        return icon_groups(snapshot, settings.icons if self.tray.has_additional_icons else "one", settings.pinned)

    def _views(
        self, snapshot: Snapshot, options: DisplayOptions, now: datetime, groups: Iterable[tuple[str, ...] | None]
    ) -> list[TrayView]:
        context, recorder, settings = self._context(snapshot, options), self.recorder, self.settings.config.settings
        options = replace(
            options,
            sparklines=recorder.sparklines if settings.sparklines else {},
            past_use=recorder.past_use if settings.history else {},
        )
        return [
            tray_view(
                snapshot,
                now,
                replace(options, icon_shows=self.peek.shown(options, number)),
                replace(context, arrangement=self.tray.arrangement(number), account_ids=account_ids),
            )
            for number, account_ids in enumerate(groups)
        ]

    def _context(self, snapshot: Snapshot, options: DisplayOptions) -> TrayContext:
        """Return what the views of all icons have in common."""
        settings, limits = self.settings.config.settings, self.tray.limits
        choices = menu_settings(
            self.settings.config, snapshot, options, limits.menu_rows, starts_at_login=self.autostart.is_on
        )
        return TrayContext(
            limits,
            settings=settings_menu_item(choices),
            problem=self.settings.problem,
            has_history=self.has_history_page and settings.history,
            notifies=bool(settings.notifications or settings.notify_command or settings.ntfy),
            snoozed_until=self.notifier.snoozed_until,
        )
