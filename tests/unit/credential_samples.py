"""The accounts of credential files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.sources.credential_file import read_account

if TYPE_CHECKING:
    from trayquota.core.credential import Credential


def credential(name: str = "claude-ada@example.com.json", /, **source: object) -> Credential:
    """Return the account of a file that holds ``source``."""
    return read_account(Path("folder") / name, {"type": "claude", "access_token": "fake-access"} | source)


END = "2026-09-22T12:00:00Z"
END_S = 1790078400
