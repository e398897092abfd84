"""The applet's end, at any moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.app import App
from trayquota.settings.load import load_config
from trayquota.tray.backend_choice import BackendChoice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trayquota.settings.load import Config
    from trayquota.tray.pystray_import import Icon

PATIENCE_S = 10.0
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An applet that nobody sees, with a home of its own and no accounts."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    def settings() -> Config:
        return load_config(folder=str(tmp_path / "accounts"), environment={})

    return App(settings(), BackendChoice("none", "asked for"), reload=settings)


def test_a_signal_that_comes_before_the_loop_ends_it(app: App) -> None:
    app._quit()
    assert app.run() == 0
    assert app._engine_thread.ident is None


def test_a_signal_that_comes_as_the_loop_begins_ends_it(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    run = app._tray._icon.run

    def late(setup: Callable[[Icon], object]) -> None:
        # The last moment at which stopping has no effect yet.
        app._quit()
        run(setup)

    monkeypatch.setattr(app._tray._icon, "run", late)
    assert app.run() == 0


def test_quitting_from_the_menu_ends_it(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = app._set_up

    def click() -> None:
        set_up()
        icon = app._tray._icon
        quit_row = list(icon.menu or ())[-1]
        assert quit_row.text == "Quit"
        quit_row(icon)

    monkeypatch.setattr(app, "_set_up", click)
    assert app.run() == 0
    assert not app._engine_thread.is_alive()


def test_an_icon_that_cannot_be_shown_does_not_keep_the_engine_from_starting(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError

    ended = threading.Event()
    monkeypatch.setattr(app._tray._icon, "_show", fail)
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: ended.set())
    app._services.engine.post(lambda: threading.Thread(target=app._quit).start())
    assert app.run() == 0
    assert ended.wait(PATIENCE_S)
    assert app._engine_thread.ident is not None


def test_a_session_that_is_about_to_end_begins_no_token_refresh_and_one_that_goes_on_does(app: App) -> None:
    guard = app._tray.session_end
    assert guard is not None
    assert not guard.hold(), "nothing is under way"
    assert app._services.closing.is_set()
    guard.resume()
    assert not app._services.closing.is_set()
    app._close()


def test_the_end_of_a_session_waits_for_a_token_refresh_under_way(app: App) -> None:
    guard, manager = app._tray.session_end, app._services.token_manager
    assert guard is not None
    order: list[str] = []

    def finish() -> None:
        guard.finish()
        order.append("session ends")

    with manager._counted():
        assert guard.hold()
        thread = threading.Thread(target=finish)
        thread.start()
        thread.join(0.1)
        order.append("tokens are saved")
    thread.join(PATIENCE_S)
    assert order == ["tokens are saved", "session ends"]
    app._close()
