"""What stands between a token manager and the disk, and another program at the same file."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trayquota.system.files import create_file, open_regular
from trayquota.system.native_files import exchange_files
from trayquota.tokens import in_place, prepared_file

from .token_files import Provider, TokenRig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from trayquota.providers.base import Request, Response

CALLS = ("write", "fsync", "replace", "unlink", "ftruncate", "lseek")


class CrashError(BaseException):
    """The process ends here."""


class Seam:
    """Stands between manager and disk: has something happen at one of its calls, and lets a dead process do nothing."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_dead = False
        self.is_read_only = False
        self.can_exchange = True
        self.in_gap = False
        self._left = 0
        self._is_crash = self._is_alone = False
        self._event: Callable[[], None] = lambda: None
        for name in CALLS:
            patch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        patch.setattr(prepared_file, "exchange_files", self._wrapped("exchange", exchange_files))
        patch.setattr(prepared_file, "create_file", self._wrapped("create", create_file))
        patch.setattr(in_place, "open_regular", self._wrapped("create", open_regular))
        patch.setattr(in_place, "alone_with", self._alone)

    def arm(self, moment: int, event: Callable[[], None], *, is_crash: bool = False) -> None:
        self._left, self._event, self._is_crash = moment, event, is_crash

    @contextlib.contextmanager
    def _alone(self, _handle: int) -> Iterator[None]:
        """Have all others wait, as a lease of the system does."""
        time.sleep(0)
        self._is_alone = True
        try:
            yield
        finally:
            self._is_alone = False

    def _wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if self.is_dead:
                raise CrashError
            # Between the answer and the first write nobody can help; that is the one gap there is.
            if not self.in_gap and (self._is_crash or not self._is_alone):
                self._left -= 1
                if self._left == 0:
                    self._event()
            if self.is_read_only and name in {"exchange", "create"}:
                raise OSError(errno.EROFS, "read-only")
            if name == "exchange" and not self.can_exchange:
                raise NotImplementedError
            result = None if name == "fsync" else original(*arguments)
            self.in_gap = self.in_gap and name != "write"
            return result

        return call


class GapProvider(Provider):
    """Tells the seam when a pair has been given out that is nowhere yet."""

    seam: Seam

    def __call__(self, request: Request, *, proxy_url: str | None = None) -> Response:
        before = self.rotations
        answer = super().__call__(request, proxy_url=proxy_url)
        self.seam.in_gap = self.rotations > before
        return answer


class Other:
    """Another program that writes the file in place, at once or in two steps; what it writes it has in its hands."""

    def __init__(self, token_rig: TokenRig) -> None:
        self._token_rig = token_rig
        self._file: Any = None
        self._rest = b""
        self.pair: tuple[str, str] | None = None

    @property
    def handle(self) -> int | None:
        return self._file.fileno() if self._file is not None else None

    def write(self, content: dict[str, object], *, slowly: bool) -> None:
        self.finish()
        data = json.dumps(content).encode()
        half = len(data) // 2 if slowly else len(data)
        self.pair = (str(content["access_token"]), str(content["refresh_token"]))
        self._file, self._rest = self._token_rig.path.open("wb", buffering=0), data[half:]
        self._file.write(data[:half])
        if not slowly:
            self.finish()

    def finish(self) -> None:
        if self._file is not None:
            self._file.write(self._rest)
            self._file.close()
        self._file = self.pair = None

    def read(self) -> dict[str, object] | None:
        self.finish()
        try:
            return dict(self._token_rig.content())
        except (ValueError, FileNotFoundError):
            return None


def close_files_below(folder: Path, others: int | None) -> None:
    """Do what the system does for a process that has ended; ``others`` is somebody else's."""
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if handle.readlink().is_relative_to(folder) and int(handle.name) != others:
                os.close(int(handle.name))
