"""The management keys of connected proxies: in the system's keyring where there is one, else in a private file.

``keyring`` is an extra. Its own fall-back keeps keys in the clear or raises: only what it recommends counts.
"""

from __future__ import annotations

import contextlib
import json
import os
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from trayquota.core.errors import ConfigError
from trayquota.core.translation import Message
from trayquota.core.urls import is_unprotected
from trayquota.settings.paths import NAME
from trayquota.system.files import private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = "TRAYQUOTA_MANAGEMENT_KEY"
_SERVICE = f"{NAME} management key"
_MAX_BYTES = 1 << 16


class _Keyring(Protocol):
    """A backend of the ``keyring`` library."""

    priority: float

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class ManagementKeys:
    """The keys by the address of their server. May block, for a keyring may want to be unlocked."""

    def __init__(self, path: Path, environment: Mapping[str, str] = os.environ) -> None:
        """Keep the file at ``path``; a key in ``environment`` serves where none is kept."""
        self._path = path
        self._environment = environment

    def find(self, address: str) -> str:
        """Return the key for the server at ``address``; empty when there is none."""
        kept = None
        if ring := _keyring():
            with contextlib.suppress(Exception):
                kept = ring.get_password(_SERVICE, address)
        kept = kept or self._read().get(address, "")
        # Beyond this machine a key goes over plain http only where ``connect --insecure`` has kept it for that.
        return kept or ("" if is_unprotected(address) else self._environment.get(VARIABLE, ""))

    def keep(self, address: str, key: str) -> str:
        """Keep a key; return where, for people.

        Raises:
            ConfigError: It cannot be kept.
        """
        if ring := _keyring():
            with contextlib.suppress(Exception):
                ring.set_password(_SERVICE, address, key)
                self._write({other: kept for other, kept in self._read().items() if other != address})
                return Message("the system's keyring")
        self._write({**self._read(), address: key})
        return Message("{path}, which only you can read", path=self._path)

    def remove(self, address: str) -> None:
        """Keep no key for ``address`` any more; raises ``ConfigError``."""
        if ring := _keyring():
            with contextlib.suppress(Exception):
                ring.delete_password(_SERVICE, address)
        self._write({other: kept for other, kept in self._read().items() if other != address})

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(read_bounded(self._path, _MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        entries = found.items() if isinstance(found, dict) else ()
        return {address: key for address, key in entries if isinstance(key, str)}

    def _write(self, keys: Mapping[str, str]) -> None:
        try:
            if not keys:
                self._path.unlink(missing_ok=True)
                return
            if not self._path.parent.is_dir():
                private_folder(self._path.parent)
            write_atomic(self._path, json.dumps(keys).encode())
        except OSError as error:
            message = Message("{path}: cannot be written ({reason}).", path=self._path, reason=error.strerror)
            raise ConfigError(message) from None


def _keyring() -> _Keyring | None:
    """Return the system's keyring, ``None`` where there is none that ``keyring`` recommends."""
    try:
        ring = cast("_Keyring", import_module("keyring").get_keyring())
        is_safe = ring.priority >= 1
    except Exception:  # noqa: BLE001 - backends raise whatever their libraries do, and a file does as well
        return None
    return ring if is_safe else None
