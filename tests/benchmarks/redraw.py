"""An icon in the tray behind the presenter; each line of input is a minute to show, each of output what came of it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import trayquota.render
from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow, Snapshot
from trayquota.providers import provider_title, usage_page
from trayquota.tray.presenter import TrayPresenter
from trayquota.tray.statusnotifier import Icon
from trayquota.tray.statusnotifier import icon as icon_module
from trayquota.views.labels import DisplayOptions
from trayquota.views.tray import tray_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from trayquota.views.tray_view import MenuItem, TrayView

ACCOUNTS = 4
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEK_S = 7 * 86400


class Counted:
    """A function, and how often it was called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self._function(*args, **kwargs)


def counted(module: ModuleType, name: str) -> Counted:
    """Put a counter in front of a function, where ``module`` looks it up."""
    counter = Counted(getattr(module, name))
    setattr(module, name, counter)
    return counter


def snapshot() -> Snapshot:
    return Snapshot(tuple(_usage(each) for each in range(ACCOUNTS)))


def _usage(number: int) -> AccountUsage:
    name = f"user{number}@example.com"
    windows = (
        QuotaWindow("5-hour", 40.0 + number, NOW + timedelta(hours=2, minutes=13, seconds=30), 5 * 3600),
        QuotaWindow("Weekly", 20.0 + number, NOW + timedelta(days=3, hours=4, minutes=30), WEEK_S),
    )
    account = Account(f"claude-{name}.json", "claude", name)
    return AccountUsage(account, AccountState.OK, windows, updated_at=NOW - timedelta(minutes=2, seconds=30))


def labels(shown: TrayView) -> list[str]:
    def deep(rows: tuple[MenuItem, ...]) -> list[str]:
        return [label for row in rows for label in (row.label, *deep(row.children))]

    return deep(shown.menu)


def main() -> None:
    drawn, converted = counted(trayquota.render, "draw"), counted(icon_module, "pixmaps")
    look = DisplayOptions(provider_title=provider_title, usage_page=usage_page)
    icon = Icon("trayquota")
    presenter = TrayPresenter(icon, "statusnotifier", lambda _action: None)

    def work(_icon: Any) -> None:
        before: list[str] = []
        for line in sys.stdin:
            shown = tray_view(snapshot(), NOW + timedelta(minutes=float(line)), look)
            drawn.calls = converted.calls = 0
            presenter.show(shown)
            icon.visible = True
            changed = sum(old != new for old, new in zip(before, labels(shown), strict=False))
            before = labels(shown)
            counted = {"drawn": drawn.calls, "converted": converted.calls, "rows": changed}
            sys.stdout.write(f"{json.dumps(counted)}\n")
            sys.stdout.flush()
        icon.stop()

    icon.run(work)


if __name__ == "__main__":
    main()
