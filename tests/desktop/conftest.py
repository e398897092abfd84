"""Desks for the tests of this folder, and what a failed test tells of them."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from .needs import what_is_missing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from .desktop_session import Desk

# These desktops are Linux's; nor is dbus-fast installed elsewhere.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]

DESK = pytest.StashKey["Desk"]()


class OpenDesk(Protocol):
    """Opens the test's desk, with a session bus or without."""

    def __call__(self, *, bus: bool = True) -> Desk: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs programs that are not here, unless ``TRAYQUOTA_REQUIRE_DESKTOP=1``: then it fails."""
    missing = what_is_missing()
    if missing and os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") != "1":
        for item in items:
            if "desk_folder" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture
def desk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a desk, on a machine that has the programs for one."""
    missing = what_is_missing()
    if missing:
        pytest.fail(missing, pytrace=False)
    return tmp_path_factory.mktemp("desk")  # a short name: the length of a socket's path is limited


@pytest.fixture
def open_desk(request: pytest.FixtureRequest, desk_folder: Path) -> Iterator[OpenDesk]:
    """Opens a bare desk: neither tray nor notifications yet."""
    from .desktop_session import Desk

    with ExitStack() as until_the_end:

        def open_one(*, bus: bool = True) -> Desk:
            desk = until_the_end.enter_context(Desk(desk_folder, bus=bus))
            request.node.stash[DESK] = desk
            return desk

        yield open_one


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    """Xfce's panel: a watcher and host of StatusNotifierItems."""
    desk = open_desk()
    desk.start_panel()
    return desk


@pytest.fixture
def xembed_desk(open_desk: OpenDesk) -> Desk:
    """A tray of the old kind and no session bus."""
    desk = open_desk(bus=False)
    desk.start_trayer()
    return desk


@pytest.fixture
def xembed_desk_with_bus(open_desk: OpenDesk) -> Desk:
    """A tray of the old kind; a session bus with a notification server and nobody to show items."""
    desk = open_desk()
    desk.start_trayer()
    desk.start_notifications()
    return desk


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To the report of a failed test add what was on its desk."""
    report = yield
    desk = item.stash.get(DESK, None)
    if desk is not None and report.failed and report.when != "teardown":
        desk.screenshot(f"failed-{item.name}")
        report.sections.extend((f"desk: {name}", log) for name, log in desk.logs().items() if log)
    return report
