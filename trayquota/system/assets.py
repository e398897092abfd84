"""The files that come with the program."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def asset(name: str) -> Path:
    """A file of the artwork, by its name.

    A wheel carries the artwork inside the package; in a checkout, and so in an editable install, it lies beside.

    Raises:
        FileNotFoundError: There is no such file.
    """
    for folder in (_PACKAGE / "icons", _PACKAGE.parent / "icons"):
        path = folder / name
        if path.is_file():
            return path
    msg = f"{name} is missing from the artwork"
    raise FileNotFoundError(msg)
