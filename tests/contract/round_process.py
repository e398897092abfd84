"""A process of one user that keeps the logins of many folders alive, as a tray does, for as long as it is told to.

Run as a script, with the folder of all tests in ``PYTHONPATH``: ``round_process.py USER GROUP STATE GATEWAY``. Each
line on standard input is a JSON array of folders; it refreshes the logins in each of them, and answers with a line when
that is done. ``USER`` -1 stays who it is.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from token_rounds import now, refresh

from trayquota.net.transport import Transport
from trayquota.providers import find_provider

THREADS = 12


def main(user: int, group: int, state: Path, gateway: str) -> None:
    find_provider("claude")
    # Another user may not be able to read what Python is made of.
    for module in ("ctypes", "email.utils", "encodings.idna", "trayquota.net.exchange", "filelock", "stringprep"):
        import_module(module)
    transport = Transport(now, gateway=gateway)
    if sys.platform != "win32" and user >= 0:
        os.setgroups([group])
        os.setgid(group)
        os.setuid(user)
    os.umask(0o007)
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            folders = [Path(path) for path in json.loads(line)]
            dead = sum(pool.map(lambda folder: refresh(folder, state / folder.name, transport), folders))
            sys.stdout.write(f"{dead}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
