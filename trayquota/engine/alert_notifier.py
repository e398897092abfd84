"""The sink that notifies people: of each thing once, over restarts too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.views.alerts import check_alerts
from trayquota.views.display_names import with_display_names
from trayquota.views.early_reset import early_reset_alert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from trayquota.core.history import EarlyReset
    from trayquota.core.model import Snapshot
    from trayquota.store.state import StateStore
    from trayquota.views.alerts import Alert
    from trayquota.views.labels import DisplayOptions


class AlertNotifier:
    """Notifies of what is new in a snapshot. Belongs to the engine's thread."""

    def __init__(
        self,
        store: StateStore,
        notify: Callable[[Alert], None],
        clock: Callable[[], datetime],
        options: DisplayOptions,
    ) -> None:
        """Go on from what ``store`` says has been notified; :attr:`options` may be changed at any time."""
        self._store = store
        self._notify = notify
        self._clock = clock
        self.options = options
        self._states = store.alert_states()

    def __call__(self, snapshot: Snapshot) -> None:
        """Notify, and have the state say so, before anything can go wrong with showing it."""
        shown = with_display_names(snapshot, self.options)
        states, alert = check_alerts(self._states, shown, self._clock(), self.options)
        if states != self._states:
            self._states = states
            self._store.set_alert_states(states)
        if alert is not None:
            self._notify(alert)

    def notify_early_resets(self, resets: Sequence[EarlyReset], snapshot: Snapshot) -> None:
        """Notify of windows that have started afresh before their time."""
        alert = early_reset_alert(resets, with_display_names(snapshot, self.options), self.options)
        if alert is not None:
            self._notify(alert)
