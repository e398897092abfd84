"""Programs for the tests of autostart to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path) -> str:
    """Return the path of a program in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trayquota"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)
