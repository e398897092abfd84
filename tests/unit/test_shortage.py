"""Too few threads, open files or too little memory: a sentence each, and whatever still can be done is done."""

from __future__ import annotations

import errno
import threading
import time
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

import pytest
from insides import engine_thread

from trayquota.app import App
from trayquota.cli import main as main_module
from trayquota.core.account_state import FetchResult
from trayquota.core.credential import Credential, Tokens
from trayquota.core.model import Account, FailureKind
from trayquota.engine.discoverer import start_thread
from trayquota.engine.fetch_pool import FetchPool, FetchTask
from trayquota.net.failures import explain
from trayquota.settings.load import load_config
from trayquota.system.shortage import shortage
from trayquota.tray.backend_choice import BackendChoice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_THREAD = RuntimeError("can't start new thread")
SHORTAGES = [
    (NO_THREAD, "threads"),
    (MemoryError(), "memory"),
    (OSError(errno.EMFILE, "x"), "open files"),
    (OSError(errno.ENFILE, "x"), "open files"),
    (OSError(errno.ENOMEM, "x"), "memory"),
]


def refuse(*_: object) -> None:
    raise NO_THREAD


@pytest.mark.parametrize(("error", "short"), SHORTAGES)
def test_the_resource_that_is_short_is_named_by_the_error(error: Exception, short: str) -> None:
    assert shortage(error) == short


@pytest.mark.parametrize(
    "error", [RuntimeError("dictionary changed size"), OSError(errno.EIO, "x"), OSError("x"), ValueError()]
)
def test_other_errors_are_no_shortage(error: Exception) -> None:
    assert shortage(error) is None


@pytest.mark.parametrize(("error", "short"), SHORTAGES)
def test_a_command_that_fails_of_it_says_so_without_asking_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, short: str
) -> None:
    def fail(_options: object) -> int:
        raise error

    monkeypatch.setattr(main_module, "_command", lambda _name: fail)
    assert main_module.main(["status"]) == 71
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"trayquota: the system has no more {short} for this program.\n"


@pytest.mark.parametrize(("error", "short"), SHORTAGES)
def test_a_request_that_fails_of_it_says_so(error: Exception, short: str) -> None:
    failure = explain(OSError("outer", error), "The proxy").failure
    assert failure.kind is FailureKind.NETWORK
    assert short in failure.message


def test_the_applet_ends_when_its_engine_has_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    config = load_config(folder=str(tmp_path), environment={})
    app = App(config, BackendChoice("none", "asked for"), reload=lambda: config)
    monkeypatch.setattr(engine_thread(app), "start", refuse)
    with pytest.raises(RuntimeError, match="start new thread"):
        app.run()


def test_without_a_thread_a_discovery_runs_where_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    start_thread(lambda: ran.append(threading.current_thread().name))
    assert ran == [threading.current_thread().name]


class FewThreads(Executor):
    """Takes whatever is submitted, and like Python's own says of what no further thread could be started for."""

    def __init__(self, threads: int) -> None:
        self.left = threads
        self.queued: list[Callable[[], object]] = []

    def submit(self, action: Callable[..., Any], /, *arguments: Any, **more: Any) -> Future[Any]:
        self.queued.append(lambda: action(*arguments, **more))
        self.left -= 1
        if self.left < 0:
            raise NO_THREAD
        return Future()


def fetched(threads: int) -> dict[str, FetchResult]:
    """Return what comes of fetching two accounts with so many threads to be had."""
    executor, results = FewThreads(threads), dict[str, FetchResult]()

    def done(task: FetchTask, result: FetchResult) -> None:
        if pool.complete(task):
            results[task.account_id] = result

    pool = FetchPool(lambda *_: FetchResult(), done, time.monotonic, lambda: executor)
    for name in ("a", "b"):
        pool.submit(Credential(Account(name, "claude", name), name, Tokens()), None)
    for action in executor.queued if threads else ():
        action()
    return results


def test_fetches_wait_for_the_threads_that_there_are() -> None:
    assert fetched(1) == {"a": FetchResult(), "b": FetchResult()}


def test_without_any_thread_each_account_has_a_failure_in_words() -> None:
    failures = [result.error for result in fetched(0).values()]
    assert [failure and (failure.kind, "threads" in failure.message) for failure in failures] == [
        (FailureKind.NETWORK, True)
    ] * 2
