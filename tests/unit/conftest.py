"""What the unit tests share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

JOIN_S = 10.0

# How long an example takes says more about the machine than about the program.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Fail when a test leaves a thread."""
    before = set(threading.enumerate())
    yield
    for each in set(threading.enumerate()) - before:
        each.join(JOIN_S)
    assert [each.name for each in set(threading.enumerate()) - before] == []
