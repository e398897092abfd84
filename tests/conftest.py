"""What all tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--complete",
        action="store_true",
        help="compare all of what is sampled otherwise; CI in the environment does too",
    )
    parser.addoption(
        "--update-goldens", action="store_true", help="draw the golden pictures anew instead of comparing with them"
    )
