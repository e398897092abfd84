"""A pair of tokens on its way into a file, and how a line of a journal says it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.redacted import RedactedRepr
from trayquota.providers.values import fields, instant, parse_json

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import RefreshedTokens


def fingerprint(secret: str) -> str:
    """Return a token's fingerprint, from which nobody gets the token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class PendingTokens(RedactedRepr, Struct, frozen=True):
    """A pair of tokens that follows a spent one.

    Attributes:
        path: The real path of the credential file that it was refreshed for.
        base: Fingerprint of the refresh token that was sent.
        replaces: Fingerprint of the access token that stood beside it.
        access_token: The new one; empty when the provider gave none that is usable.
        refresh_token: The new one, or the one sent when the provider did not rotate it.
        expired: When the access token ends, as it is to stand in the file (RFC 3339, UTC).
        last_refresh: When the pair came, likewise.
    """

    repr_fields = ("base", "replaces", "expired", "last_refresh")

    path: str
    base: str
    replaces: str
    access_token: str
    refresh_token: str
    expired: str
    last_refresh: str

    @classmethod
    def of(cls, path: Path, login: Tokens, tokens: RefreshedTokens, now: datetime) -> PendingTokens:
        """Return the pair that came ``now`` for the tokens of ``login``, the login in ``path``."""
        return cls(
            path=str(path),
            base=fingerprint(login.refresh_token),
            replaces=fingerprint(login.access_token),
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or login.refresh_token,
            expired=timestamp(now + timedelta(seconds=tokens.lifetime_s)),
            last_refresh=timestamp(now),
        )

    @property
    def is_rotated(self) -> bool:
        """Whether the refresh token that was sent is spent."""
        return fingerprint(self.refresh_token) != self.base

    def applied_to(self, login: Tokens) -> Tokens:
        """Return ``login`` with this pair in place of its own."""
        return replace(
            login,
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=instant(self.expired),
        )


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC as credential files and answers have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def encode_line(content: object) -> bytes:
    """Return a line of a journal that says ``content``, with a checksum."""
    text = json.dumps(content)
    # The newline before it ends a line that an earlier crash may have left unfinished.
    return ("\n" + json.dumps({"entry": text, "sum": fingerprint(text)}) + "\n").encode("ascii")


def decode_line(line: bytes) -> PendingTokens | str | None:
    """Return what a line says: a pair, or the fingerprint of the token that came next; ``None`` for a broken one."""
    try:
        record = fields(parse_json(line))
        text = record.get("entry")
        if not isinstance(text, str) or fingerprint(text) != record.get("sum"):
            return None
        values = fields(parse_json(text.encode()))
    except ValueError:
        return None
    link = values.get("next")
    if isinstance(link, str):
        return link
    texts = {name: values.get(name) for name in PendingTokens.__struct_fields__}
    if not all(isinstance(text, str) for text in texts.values()):
        return None
    return PendingTokens(**{name: str(text) for name, text in texts.items()})
