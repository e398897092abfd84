"""Wheel and sdist of the last commit, checked: ``python .packaging/build_wheel.py FOLDER``.

Built again they are the same to the byte: hatchling takes all times from ``SOURCE_DATE_EPOCH``, which is the commit's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from checkout import last_commit, run_python, version


def build_wheel(target: Path) -> list[Path]:
    """Build both into ``target``, and check metadata, long description and contents; return their paths."""
    target = target.resolve()
    with last_commit() as source:
        run_python("-m", "build", "--outdir", target, source)
        stem = f"trayquota-{version(source)}"
    wheel = target / f"{stem}-py3-none-any.whl"
    sdist = target / f"{stem}.tar.gz"
    run_python("-m", "twine", "check", "--strict", wheel, sdist)
    run_python("-m", "check_wheel_contents", wheel)
    return [wheel, sdist]


if __name__ == "__main__":
    for path in build_wheel(Path(sys.argv[1])):
        print(path)
