"""One Windows for all tests of this folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .build import build
from .needs import what_is_missing
from .providers import Providers
from .screen import SIZE, Screen, virtual_screen
from .wine import Wine

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# Wine is Linux's here; on Windows itself the unit and contract tests run without this.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs programs that are not here, unless ``TRAYQUOTA_REQUIRE_DESKTOP=1``: then it fails."""
    missing = what_is_missing()
    if missing and os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") != "1":
        for item in items:
            if "wine" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    """A Windows with a desktop and a taskbar, on a screen of its own."""
    if missing := what_is_missing():
        pytest.fail(missing, pytrace=False)
    with virtual_screen(SIZE) as display, Wine(tmp_path_factory.mktemp("windows"), display, SIZE) as wine:
        yield wine


@pytest.fixture(scope="session")
def program(wine: Wine, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The program of a new one-folder build, which takes minutes; or of the one that ``TRAYQUOTA_TEST_BUILD`` names."""
    request.getfixturevalue("complete")
    if made := os.environ.get("TRAYQUOTA_TEST_BUILD"):
        return Path(made) / "trayquota.exe"
    return build(wine, tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("build"))


@pytest.fixture
def screen(wine: Wine) -> Screen:
    """What is on that desktop."""
    return Screen(wine.environment["DISPLAY"])


@pytest.fixture
def providers() -> Iterator[Providers]:
    """The providers, on loopback."""
    with Providers() as providers:
        yield providers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failed test keep a picture of the screen; say where."""
    report = yield
    used = getattr(item, "funcargs", {})
    screen = used.get("screen")
    if isinstance(screen, Screen) and report.when == "call" and report.failed:
        place = used["tmp_path"] / "screen.png"
        screen.picture().save(place)
        report.sections.append(("screen", str(place)))
    return report
