"""What all tests share."""

from __future__ import annotations

import os

import pytest

LOGIN_VARIABLES = (
    "CLAUDE_SECURESTORAGE_CONFIG_DIR",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "GROK_HOME",
    "KIMI_CODE_HOME",
    "KIRO_DATA_DIR",
)
"""Where other programs' logins are looked up, beside the home folder."""


def pytest_configure() -> None:
    """Have no test find the logins of whoever runs them."""
    for name in LOGIN_VARIABLES:
        os.environ.pop(name, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--complete",
        action="store_true",
        help="compare all of what is sampled otherwise; CI in the environment does too",
    )
    parser.addoption(
        "--update-goldens", action="store_true", help="draw the golden pictures anew instead of comparing with them"
    )


@pytest.fixture(scope="session")
def complete(request: pytest.FixtureRequest) -> None:
    """Run the test with ``--complete`` alone."""
    if not request.config.getoption("--complete"):
        pytest.skip("takes long: --complete runs it")
