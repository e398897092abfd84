"""The shape of ``state.json``, version 2; its records are checked one by one by whoever reads them."""

from __future__ import annotations

from msgspec import Raw, Struct

VERSION = 2


class Document(Struct, frozen=True):
    """All of the file.

    Attributes:
        version: Of the format.
        accounts: An ``AccountRecord`` each.
        refresh_backoffs: A ``RefreshBackoff`` each, by the refresh token's fingerprint.
        alerts: An alert's key and state each.
    """

    version: int
    accounts: tuple[Raw, ...] = ()
    refresh_backoffs: dict[str, Raw] = {}
    alerts: tuple[Raw, ...] = ()
