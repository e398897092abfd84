"""The menu's row for the page of the history."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from insides import act, close_app, services_of, tray_of

from trayquota.app import App
from trayquota.settings.load import load_config
from trayquota.tray.backend_choice import BackendChoice
from trayquota.views.menu import account_room
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext, TrayLimits
from trayquota.views.tray_view import OpenHistory

from .facts import NOW
from .samples import DESIGN, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_S = 10.0
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def labels(context: TrayContext) -> list[str]:
    return [item.label for item in tray_view(DESIGN, NOW, OPTIONS, context).menu]


def app(folder: Path, open_history: Callable[[], str | None]) -> App:
    config = load_config(folder=str(folder / "accounts"), environment={})
    return App(config, BackendChoice("none", "asked for"), reload=lambda: config, open_history=open_history)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def test_there_is_a_row_where_there_is_a_page_and_accounts_leave_it_room() -> None:
    assert "History…" not in labels(TrayContext())
    assert "History…" in labels(TrayContext(has_history=True))
    limits = TrayLimits(menu_rows=12)
    rooms = [account_room(DESIGN, TrayContext(limits, has_history=has_history)) for has_history in (False, True)]
    assert rooms[0] - rooms[1] == 1


def test_a_click_opens_it_and_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, notified = threading.Event(), []

    def open_history() -> str:
        opened.set()
        return "Why not."

    applet = app(tmp_path, open_history)
    monkeypatch.setattr(tray_of(applet), "notify", lambda *texts: notified.append(texts))
    act(applet, OpenHistory())
    assert opened.wait(PATIENCE_S)
    engine = services_of(applet).engine
    while not notified:
        engine.step(PATIENCE_S)
    assert notified == [("There is no history to show", "Why not.")]
    close_app(applet)
