"""The sink that notifies people: of each thing once, over restarts too, and not while they want to be left alone."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trayquota.core.history import EarlyReset
    from trayquota.core.model import Snapshot
    from trayquota.store.state import StateStore
    from trayquota.views.alert import Alert
    from trayquota.views.alert_state import AlertKey, AlertState
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import Snooze


class AlertNotifier:
    """Notifies of what is new in a snapshot. Belongs to the engine's thread.

    While notifications are held back, by a snooze or in the quiet hours, what was notified of stays as it is. So what
    comes up meanwhile is new afterwards, if it is still so.
    """

    def __init__(
        self,
        store: StateStore,
        notify: Callable[[Alert], None],
        clock: Callable[[], datetime],
        options: DisplayOptions,
    ) -> None:
        """Go on from what ``store`` says has been notified."""
        self._store = store
        self._notify = notify
        self._clock = clock
        self.options = options
        """May be changed at any time."""
        self._early_resets: list[EarlyReset] = []
        self._changes: list[Callable[[DisplayOptions], Alert]] = []
        """What was held back of what the program has changed."""
        self._held_back: Snapshot | None = None
        """The newest snapshot of those that were not notified of."""

    @cached_property
    def _states(self) -> dict[AlertKey, AlertState]:
        """What was notified of; read when it is needed, which is never without an applet."""
        return self._store.alert_states()

    @cached_property
    def _snoozed_until(self) -> datetime | None:
        return self._store.snoozed_until()

    @property
    def snoozed_until(self) -> datetime | None:
        """Until when the person wants no notification; ``None`` when they want them."""
        until = self._snoozed_until
        return until if until is not None and until > self._clock() else None

    def __call__(self, snapshot: Snapshot) -> None:
        """Notify, and have the state say so, before anything can go wrong with showing it."""
        if self._is_held_back():
            self._held_back = snapshot
            return
        # Commands that show no notification do without the rules.
        from trayquota.views.alerts import check_alerts
        from trayquota.views.display_names import with_display_names

        before, now = self._states, self._clock()

        def check(options: DisplayOptions) -> tuple[dict[AlertKey, AlertState], Alert | None]:
            return check_alerts(before, with_display_names(snapshot, options), now, options)

        self._states, alert = check(self.options)
        if self._states != before:
            self._store.set_alert_states(self._states)
        self._send(alert, lambda options: check(options)[1])
        self._held_back = None

    def notify_held_back(self) -> None:
        """Notify of what was held back and is still so, once it no longer is."""
        changes, self._changes = self._changes, []
        for make in changes:
            self.notify_change(make)
        if (snapshot := self._held_back) is not None and not self._is_held_back():
            self(snapshot)
            resets, self._early_resets = self._early_resets, []
            self.notify_early_resets(resets, snapshot)

    def notify_early_resets(self, resets: Sequence[EarlyReset], snapshot: Snapshot) -> None:
        """Notify of windows that have started afresh before their time."""
        if self._is_held_back():
            self._held_back = snapshot
            self._early_resets += resets
        else:
            from trayquota.views.display_names import with_display_names
            from trayquota.views.early_reset import early_reset_alert  # they are few

            def make(options: DisplayOptions) -> Alert | None:
                return early_reset_alert(resets, with_display_names(snapshot, options), options)

            self._send(make(self.options), make)

    def notify_change(self, make: Callable[[DisplayOptions], Alert]) -> None:
        """Notify of what the program has changed by itself, as ``make`` makes it of the options."""
        if self._is_held_back():
            self._changes.append(make)
        else:
            self._send(make(self.options), make)

    def snooze(self, choice: Snooze) -> None:
        """Notify of nothing for as long as was chosen; a snooze that is over shows what it has held back."""
        from trayquota.views.alerts import snoozed
        from trayquota.views.tray_view import SnoozeFor, SnoozeUntil, SnoozeWindows

        match choice:
            case SnoozeFor(minutes):
                self._snooze_until(self._clock() + timedelta(minutes=minutes))
            case SnoozeUntil(until):
                self._snooze_until(until)
            case SnoozeWindows(keys):
                self._states = snoozed(self._states, keys)
                self._store.set_alert_states(self._states)
        self.notify_held_back()

    def _snooze_until(self, until: datetime) -> None:
        self._snoozed_until = until
        self._store.set_snoozed_until(until)

    def _is_held_back(self) -> bool:
        return self.snoozed_until is not None or self._is_quiet()

    def _is_quiet(self) -> bool:
        if not self.options.quiet_hours:
            return False
        from trayquota.core.day_hours import is_within  # only some people have any

        return is_within(self.options.quiet_hours, self._clock(), self.options.zone)

    def _send(self, alert: Alert | None, make: Callable[[DisplayOptions], Alert | None]) -> None:
        """Notify of ``alert``, which ``make`` makes of the options, if it is one."""
        if alert is not None:
            self._notify(replace(alert, anonymous=make(replace(self.options, hide_names=True))))
