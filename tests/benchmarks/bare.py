"""The bare programs: ask the URLs in a file from 32 threads and do nothing else.

``bare.py FILE`` calls ``requests.get``, which opens a connection for each request. ``bare.py FILE sessions`` keeps
a session per thread: what is left then are the library's own costs.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 32
TIMEOUT_S = 15

Target = tuple[str, dict[str, str]]


def get(targets: Iterator[Target]) -> None:
    # One iterator for all threads: a list's hands out each item once.
    for url, headers in targets:
        requests.get(url, headers=headers, timeout=TIMEOUT_S)


def get_in_session(targets: Iterator[Target]) -> None:
    session = requests.Session()
    session.trust_env = False
    for url, headers in targets:
        session.get(url, headers=headers, timeout=TIMEOUT_S)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        targets = iter(json.load(file))
    work = get_in_session if sys.argv[2:] == ["sessions"] else get
    threads = [threading.Thread(target=work, args=(targets,)) for _ in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


if __name__ == "__main__":
    main()
