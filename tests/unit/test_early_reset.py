"""What is notified of a reset before its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.history import EarlyReset
from trayquota.engine.alert_notifier import AlertNotifier
from trayquota.store.state import StateStore
from trayquota.views.early_reset import early_reset_alert
from trayquota.views.tray import tray_view

from .facts import NOW
from .samples import ADA, BOB, DESIGN, OPTIONS

if TYPE_CHECKING:
    from trayquota.core.model import Snapshot
    from trayquota.views.alert import Alert
    from trayquota.views.labels import DisplayOptions

WEEKLY = EarlyReset(ADA.id, "Weekly", 40)


def alert(*resets: EarlyReset, options: DisplayOptions = OPTIONS, snapshot: Snapshot = DESIGN) -> Alert | None:
    return early_reset_alert(resets, snapshot, options)


def test_one_is_named_with_what_was_left() -> None:
    found = alert(WEEKLY)
    assert found is not None
    assert (found.title, found.body) == ("Claude ada@example.com, Weekly", "Reset before its time, with 60% left")
    assert (found.provider, found.snoozable) == ("claude", ())


def test_several_are_one_notification() -> None:
    found = alert(WEEKLY, EarlyReset(BOB.id, "Weekly", 10))
    assert found is not None
    assert found.title == "2 windows reset before their time"
    assert found.body.splitlines()[1] == "Codex bob@example.org, Weekly: reset before its time, with 90% left"
    many = alert(*[WEEKLY] * 9)
    assert many is not None
    assert many.body.splitlines()[-1] == "+4 more"


@pytest.mark.parametrize("used", [76, 95, 100])
def test_one_that_was_low_is_left_to_the_notification_of_every_reset(used: float) -> None:
    assert alert(replace(WEEKLY, used_percent=used)) is None


def test_nothing_is_said_of_windows_that_do_not_count_nor_of_accounts_that_are_gone() -> None:
    assert alert(WEEKLY, options=replace(OPTIONS, ignored_windows=frozenset({"Weekly"}))) is None
    assert alert(replace(WEEKLY, account_id="gone.json")) is None
    assert alert() is None


def test_hidden_names_are_hidden_here_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    notified: list[Alert] = []
    store = StateStore(tmp_path_factory.mktemp("state") / "state.json")
    notifier = AlertNotifier(store, notified.append, lambda: NOW, replace(OPTIONS, hide_names=True))
    notifier.notify_early_resets([WEEKLY], DESIGN)
    assert [found.title for found in notified] == ["Claude account 1, Weekly"]


def test_a_row_of_the_menu_ends_in_its_sparkline() -> None:
    options = replace(OPTIONS, sparklines={(ADA.id, "Weekly"): "█▅▁"})
    rows = {item.key: item.label for item in tray_view(DESIGN, NOW, options).menu}
    assert rows[f"{ADA.id} Weekly"].endswith(" · █▅▁")
    assert "█" not in rows[f"{ADA.id} 5-hour"]
