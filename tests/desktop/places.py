"""Where a desktop's programs are: on this machine, or in a Debian 13 root on it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IS_ROOT = sys.platform != "win32" and os.geteuid() == 0

# Its own view of the mounts ends with the program, so nothing is left mounted on the machine.
_ENTER = """\
root=$1 folder=$2
shift 2
mount --rbind /proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --rbind /tmp "$root/tmp" || exit 125
exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
"""


class MissingError(Exception):
    """Something is not there; the text is one line with what to do."""


@dataclass(frozen=True)
class Place:
    """A file system with programs of desktops in it.

    Attributes:
        name: For test names and messages.
        root: Its folder on this machine.
        python: The interpreter in it that has the program under test.
    """

    name: str
    root: Path = field(default=Path("/"))
    python: str = os.environ.get("TRAYQUOTA_TEST_PYTHON", sys.executable)

    def command(self, argv: Sequence[str | Path], folder: Path) -> list[str]:
        """What starts a program here. Its process id stays that of the child.

        Args:
            argv: The program and its arguments.
            folder: Its current one; below ``/tmp``, which is the same everywhere.
        """
        words = [str(word) for word in argv]
        if self.root == Path("/"):
            return words
        return [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            _ENTER,
            "enter",
            *map(str, (self.root, folder)),
            *words,
        ]

    def has(self, program: str) -> bool:
        """Whether a program, by name or path, is here."""
        if program.startswith("/"):
            return (self.root / program.lstrip("/")).exists()
        path = os.pathsep.join(str(self.root / folder.lstrip("/")) for folder in os.environ["PATH"].split(os.pathsep))
        return shutil.which(program, path=path) is not None

    def missing(self, needs: Mapping[str, str]) -> str:
        """One line on what is not here of ``needs``, program → Debian's package; empty when all is."""
        missing = [program for program in needs if not self.has(program)]
        if not missing:
            return ""
        packages = " ".join(dict.fromkeys(needs[program] for program in missing))
        return f"{self.name} lacks {', '.join(missing)}: apt-get install {packages}"


HERE = Place("here")
