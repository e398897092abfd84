"""The seams through which tests reach inside the program, each where nothing public would do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

from trayquota.system import autostart, log

if TYPE_CHECKING:
    import asyncio
    import logging
    import threading
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from dbus_fast.aio import MessageBus
    from watchdog.observers.api import BaseObserver

    from trayquota.app import App
    from trayquota.core.account_state import AccountRecord
    from trayquota.engine.discoverer import Discoverer
    from trayquota.engine.engine import Engine
    from trayquota.engine.fetch_pool import FetchTask
    from trayquota.services import Services
    from trayquota.store.state import StateStore
    from trayquota.system.watcher import Watcher
    from trayquota.tokens.manager import TokenManager
    from trayquota.tray.statusnotifier import Icon
    from trayquota.tray.statusnotifier.service import ShownIcon
    from trayquota.tray.tray import Tray
    from trayquota.views.tray_view import Action


# The engine. Who uses it sees snapshots only, not what is under way.


def fetch_tasks(engine: Engine) -> Mapping[str, FetchTask]:
    """Return the fetches under way, by account; the live mapping."""
    return engine._fetches._tasks


def discoverer(engine: Engine) -> Discoverer:
    """Return what has the sources discover their accounts."""
    return engine._discoverer


def records(engine: Engine) -> Mapping[str, AccountRecord]:
    """Return the records as the engine has them now, saved or not."""
    return engine._registry.records()


def begin_ticking(engine: Engine) -> None:
    """Schedule the first tick as ``Engine.run`` does, which does not return."""
    engine.scheduler.once("tick", 60.0, engine._tick)


def pass_unnoticed(engine: Engine, seconds: float) -> None:
    """Have the engine take a step of the monotonic clock alone for no sleep."""
    engine._detector._offset_s -= seconds


# The applet. It is put together in its constructor and then runs until its end.


def tray_of(app: App) -> Tray:
    """Return what shows its views."""
    return app._tray


def icon_of(app: App) -> Any:
    """Return its icon, of whichever backend."""
    return app._tray._icon


def services_of(app: App) -> Services:
    """Return what it shares with the command ``status``."""
    return app._services


def engine_thread(app: App) -> threading.Thread:
    """Return the engine's thread, started or not."""
    return app._engine_thread


def act(app: App, action: Action) -> None:
    """Do what a click on a row of the menu stands for."""
    app.act(action)


def quit_app(app: App) -> None:
    """End it, as a signal does."""
    app._quit()


def close_app(app: App) -> None:
    """End an applet that never ran."""
    app._close()


@contextlib.contextmanager
def token_refresh_under_way(manager: TokenManager) -> Iterator[None]:
    """A token refresh that begins and ends when the test wants."""
    with manager._counted():
        yield


# Files, loggers and lines whose readers and writers are in the program.


def state_file(store: StateStore) -> Path:
    """Return where a store keeps what it saves."""
    return store._path


def log_handlers() -> list[logging.Handler]:
    """Return the handlers that :func:`set_up_logging` has added; the live list, so that a test can take them away."""
    return log._handlers


def windows_arguments(line: str) -> list[str]:
    """Return how a value of the Run key is read, which Windows itself starts."""
    return autostart._windows_arguments(line)


# The tray. A test that must come between two callbacks of its loop has to be on that loop.


def service_of(icon: Icon) -> ShownIcon:
    """Return what has the icon on the bus; it runs."""
    assert icon._shown is not None
    return icon._shown


def on_loop(icon: Icon, call: Callable[[], object]) -> None:
    """Have a function called on the loop's thread."""
    assert icon._service is not None
    icon._service.post(call)


def flush(icon: Icon) -> None:
    """Send the pending signals at once. On the loop's thread."""
    service_of(icon).flush()


def window_of(icon: Any) -> int:
    """Return the handle of a Windows icon's hidden window: whoever clicks on the icon sends it a message."""
    return int(icon._hwnd)


@contextlib.contextmanager
def wrapped(
    icon: Any, hook: Literal["_show", "_start_setup"], wrap: Callable[[Callable[..., object]], Callable[..., object]]
) -> Iterator[None]:
    """Replace one of pystray's hooks for backends: only they are called at exactly that moment."""
    setattr(icon, hook, wrap(getattr(icon, hook)))
    yield
    delattr(icon, hook)


# Watching. That an observer is kept, or replaced, shows nowhere else.


def observer_of(watcher: Watcher) -> BaseObserver | None:
    """Return watchdog's observer, if it watches."""
    return watcher._observer


def hanging(watcher: Watcher) -> contextlib.AbstractContextManager[object]:
    """Hold its lock, as a thread does that hangs in a call of the system."""
    return watcher._lock


# Libraries.


def disconnected(bus: MessageBus) -> asyncio.Future[object]:
    """Return the future that is done when a connection has ended; ``wait_for_disconnect`` raises what ended it."""
    future: asyncio.Future[object] = bus._disconnect_future
    return future


def forget_locales() -> None:
    """Empty Babel's cache: what it keeps of one locale gets into the next."""
    from babel import localedata

    localedata._cache.clear()
