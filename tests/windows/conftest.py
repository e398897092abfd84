"""One Windows for all tests of this folder."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from .needs import what_is_missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .wine import Wine

# Wine is Linux's here; on Windows itself the unit and contract tests run without this.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]

SIZE = (1024, 640)
"""Of the screen and the desktop on it, in pixels."""


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
    from .screen import virtual_screen
    from .wine import Wine

    with virtual_screen(SIZE) as display, Wine(tmp_path_factory.mktemp("windows"), display, SIZE) as wine:
        yield wine
