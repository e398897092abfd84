"""Where other processes of the same person reach the applet.

That is a socket in a folder that only its owner can enter; on Windows, where Python has none, a port of the loopback
interface, which a secret guards.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import DecodeError, Struct, json

from trayquota.system.files import read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 2.0
"""How long one side waits for the other."""
_USER_FOLDERS, _TEMPORARY = "/run/user", "/tmp"  # noqa: S108 - for a folder of this user alone, looked at before use
_SECRET_BYTES = 16
LARGEST_BYTES = 1 << 12
"""Of what one side says, and of the file that says where."""
_LONGEST_PATH = 103 if sys.platform == "darwin" else 107
"""Bytes of a socket's path that the system takes."""
_FILE_FAMILY = getattr(socket, "AF_UNIX", socket.AF_INET)


class Endpoint(Protocol):
    """A way for processes of one user to reach each other."""

    def bind(self) -> tuple[socket.socket, bytes]:
        """Return a listening socket and the secret for it; raises ``OSError``."""

    def connect(self) -> tuple[socket.socket, bytes]:
        """Return a connection to whoever listens and the secret it expects; raises ``OSError``."""

    def unbind(self) -> None:
        """Take away what :meth:`bind` has left; raises nothing."""


def endpoint(folder: Path, key: str) -> Endpoint:
    """Return this platform's way.

    Args:
        folder: A private folder of the program's own.
        key: Distinguishes the endpoints of one user; for a file's name.
    """
    way: Endpoint = SocketFile(f"trayquota-{key}")
    if sys.platform == "win32":
        way = LoopbackPort(folder / "instance.json")
    return way


class SocketFile:
    """A socket among the files of the session, in a folder that is its owner's alone."""

    def __init__(self, name: str) -> None:
        """Be reached by ``name``."""
        self._name = name
        self._bound: tuple[Path, int] | None = None

    def bind(self) -> tuple[socket.socket, bytes]:
        """Listen in the first folder that takes the socket. One that a crash has left there is replaced."""
        for path in self._paths(is_made=True):
            if _is_in_use(path):
                raise FileExistsError
            listener = socket.socket(_FILE_FAMILY)
            try:
                if path.is_socket():
                    path.unlink()
                listener.bind(str(path))
                path.chmod(0o600)  # the umask may have denied even its owner
                listener.listen()
                self._bound = path, path.stat().st_ino
            except OSError:
                listener.close()
            else:
                return listener, b"show"
        raise FileNotFoundError

    def connect(self) -> tuple[socket.socket, bytes]:
        """Connect to the first socket that somebody listens on."""
        for path in self._paths(is_made=False):
            with contextlib.suppress(OSError):
                return _connect_to_file(path), b"show"
        raise ConnectionRefusedError

    def unbind(self) -> None:
        """Remove the socket, if it is still the one that was made here."""
        if self._bound is not None:
            (path, inode), self._bound = self._bound, None
            with contextlib.suppress(OSError):
                if path.stat().st_ino == inode:
                    path.unlink()

    def _paths(self, *, is_made: bool) -> Iterator[Path]:
        for folder in _session_folders(is_made=is_made):
            path = folder / self._name
            if len(os.fsencode(path)) <= _LONGEST_PATH:
                yield path


class LoopbackPort:
    """A port of the loopback interface; a private file says which, and the secret that guards it."""

    class Address(Struct, frozen=True):
        """What a caller has to know."""

        port: int
        secret: str

    def __init__(self, address_file: Path) -> None:
        """Be reached by what ``address_file`` says."""
        self._address_file = address_file

    def bind(self) -> tuple[socket.socket, bytes]:
        """Listen on a free port, and say so."""
        listener = socket.create_server(("127.0.0.1", 0))
        import secrets  # for Windows alone

        secret = secrets.token_hex(_SECRET_BYTES)
        try:
            write_atomic(self._address_file, json.encode(self.Address(listener.getsockname()[1], secret)))
        except OSError:
            listener.close()
            raise
        return listener, secret.encode()

    def connect(self) -> tuple[socket.socket, bytes]:
        """Connect to the port that is stated."""
        try:
            stated = json.decode(read_bounded(self._address_file, LARGEST_BYTES), type=self.Address)
            address = "127.0.0.1", stated.port
            return socket.create_connection(address, timeout=TIMEOUT_S), stated.secret.encode()
        except (DecodeError, OverflowError, UnicodeError):
            raise ConnectionRefusedError from None

    def unbind(self) -> None:
        """Forget the port."""
        with contextlib.suppress(OSError):
            self._address_file.unlink(missing_ok=True)


def _session_folders(*, is_made: bool) -> Iterator[Path]:
    """Yield the folders for sockets that are private to this user, the usual one first."""
    user = _user()
    for folder in (Path(os.environ.get("XDG_RUNTIME_DIR", "")), Path(_USER_FOLDERS) / str(user)):
        if folder.is_absolute() and _is_private(folder, user):
            yield folder
    # Somebody's own temporary folder may be too far down. Not by ``tempfile``: that takes 5 ms of a start to import.
    for temporary in filter(None, (os.environ.get("TMPDIR"), _TEMPORARY)):
        own = Path(temporary) / f"trayquota-{user}"
        if is_made:
            # Somebody else may have made one of that name; it is not used then.
            with contextlib.suppress(OSError):
                own.mkdir(0o700)
                own.chmod(0o700)
        if _is_private(own, user):
            yield own


def _user() -> int:
    user = 0
    if sys.platform != "win32":
        user = os.getuid()
    return user


def _is_private(folder: Path, user: int) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & 0o077


def _is_in_use(path: Path) -> bool:
    """Whether somebody listens on a socket. Where locks do not work, two may take themselves for the first."""
    try:
        _connect_to_file(path).close()
    except TimeoutError:
        return True
    except OSError:
        return False
    return True


def _connect_to_file(path: Path) -> socket.socket:
    connection = socket.socket(_FILE_FAMILY)
    try:
        connection.settimeout(TIMEOUT_S)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection
