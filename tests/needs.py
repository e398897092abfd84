"""Programs that tests need: without one a test is skipped, or fails where a desktop was promised."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str) -> str:
    """The program's path."""
    found = shutil.which(program)
    if found is not None:
        return found
    reason = f"{program} is not installed"
    if os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
