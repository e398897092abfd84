"""Hosts for the tests of this folder, each started once, and what a failed test says of them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .applet import Applet
    from .desktop_session import Desk
    from .host import Host
    from .hosts import Case
    from .notifications import NotificationLog
    from .standin import Accounts

# These desktops are Linux's; nor are dbus-fast and Xlib installed elsewhere.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]

DESK: pytest.StashKey[Desk] = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of a host side by side, so that it is started once."""

    def case(item: pytest.Item) -> str:
        callspec = getattr(item, "callspec", None)
        return str(callspec.params.get("started", "")) if callspec is not None else ""

    hosted = [index for index, item in enumerate(items) if case(item)]
    in_order = sorted((items[index] for index in hosted), key=case)
    for index, item in zip(hosted, in_order, strict=True):
        items[index] = item


@pytest.fixture(scope="session")
def started(request: pytest.FixtureRequest) -> Iterator[Host]:
    """The host of the case that the test is parametrized with."""
    case: Case = request.param
    with case.started(case.place_or_skip()) as host:
        yield host


@pytest.fixture
def host(request: pytest.FixtureRequest, started: Host) -> Iterator[Host]:
    """The host, in order: nothing open, the pointer away from the panel."""
    request.node.stash[DESK] = started.desk
    if not started.is_alive:
        started.start()
    yield started
    started.tidy()


@pytest.fixture
def folder(host: Host) -> Path:
    """A new folder where the host's programs see it."""
    return Path(tempfile.mkdtemp(dir=host.desk.folder))


@pytest.fixture
def accounts(folder: Path) -> Iterator[Accounts]:
    """Six people's."""
    from .people import add_people
    from .standin import Accounts, Providers

    with Providers() as providers:
        accounts = Accounts(folder / "accounts", providers)
        add_people(accounts)
        yield accounts


@pytest.fixture
def notifications(host: Host) -> Iterator[NotificationLog]:
    """What is sent on the host's bus."""
    from .notifications import NotificationLog

    with NotificationLog(host.desk) as log:
        yield log


@pytest.fixture
def applet(host: Host, accounts: Accounts, folder: Path) -> Iterator[Applet]:
    """The program under test, not started yet, which does not notify by itself."""
    from .applet import Applet

    applet = Applet(host, folder / "home", accounts)
    applet.configure("notifications = false\n")
    yield applet
    applet.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To the report of a failed test add what was on its desk."""
    report = yield
    desk = item.stash.get(DESK, None)
    if desk is not None and report.failed and report.when != "teardown":
        desk.screenshot(f"failed-{item.name}")
        report.sections.extend((f"desk: {name}", log[-4000:]) for name, log in desk.logs().items() if log)
    return report
