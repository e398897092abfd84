"""The applet's end, at any moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from insides import close_app, engine_thread, icon_of, quit_app, services_of, token_refresh_under_way, tray_of

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
    quit_app(app)
    assert app.run() == 0
    assert engine_thread(app).ident is None


def test_a_signal_that_comes_as_the_loop_begins_ends_it(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    run = icon_of(app).run

    def late(setup: Callable[[Icon], object]) -> None:
        # The last moment at which stopping has no effect yet.
        quit_app(app)
        run(setup)

    monkeypatch.setattr(icon_of(app), "run", late)
    assert app.run() == 0


def test_quitting_from_the_menu_ends_it(app: App) -> None:
    def click() -> None:
        icon = icon_of(app)
        quit_row = list(icon.menu or ())[-1]
        assert quit_row.text == "Quit"
        quit_row(icon)

    services_of(app).engine.post(lambda: threading.Thread(target=click).start())
    assert app.run() == 0
    assert not engine_thread(app).is_alive()


def test_an_icon_that_cannot_be_shown_does_not_keep_the_engine_from_starting(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError

    ended = threading.Event()
    monkeypatch.setattr(icon_of(app), "_show", fail)
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: ended.set())
    services_of(app).engine.post(lambda: threading.Thread(target=lambda: quit_app(app)).start())
    assert app.run() == 0
    assert ended.wait(PATIENCE_S)
    assert engine_thread(app).ident is not None


def test_a_session_that_is_about_to_end_begins_no_token_refresh_and_one_that_goes_on_does(app: App) -> None:
    guard = tray_of(app).session_end
    assert guard is not None
    assert not guard.hold(), "nothing is under way"
    assert services_of(app).closing.is_set()
    guard.resume()
    assert not services_of(app).closing.is_set()
    close_app(app)


def test_the_end_of_a_session_waits_for_a_token_refresh_under_way(app: App) -> None:
    guard, manager = tray_of(app).session_end, services_of(app).token_manager
    assert guard is not None
    order: list[str] = []

    def finish() -> None:
        guard.finish()
        order.append("session ends")

    with token_refresh_under_way(manager):
        assert guard.hold()
        thread = threading.Thread(target=finish)
        thread.start()
        thread.join(0.1)
        order.append("tokens are saved")
    thread.join(PATIENCE_S)
    assert order == ["tokens are saved", "session ends"]
    close_app(app)
