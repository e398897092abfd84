"""What credential files hold: logins as their writers leave them, and pairs of tokens that follow each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sample_files import fact, web_token

OLD = {
    "access_token": "old-access",
    "refresh_token": "old-refresh",
    "type": "claude",
    "expired": "2026-09-22T12:00:00Z",
}
"""A login whose tokens are replaced."""
NEW = {
    "access_token": "new-access",
    "refresh_token": "new-refresh",
    "expired": "2026-09-22T20:00:00Z",
    "last_refresh": "2026-09-22T12:00:00Z",
}
"""The pair that replaces them."""
THEIRS = {**OLD, "access_token": "their-access", "refresh_token": "their-refresh"}
"""The login that another program writes meanwhile."""


def login(
    provider: str, email: str, *, access: str, refresh: str | None = None, lifetime: timedelta = timedelta(hours=7)
) -> dict[str, Any]:
    """Return a login like the sample of its provider, which expires in ``lifetime`` from now.

    Without ``refresh`` it has the sample's refresh token.
    """
    content: dict[str, Any] = fact(f"cred_{provider}.json") | {
        "access_token": access,
        "email": email,
        "expired": (datetime.now(UTC) + lifetime).isoformat(timespec="seconds"),
    }
    if refresh is not None:
        content["refresh_token"] = refresh
    if provider == "codex":
        content["id_token"] = web_token(fact("codex_id_token_claims.json") | {"email": email})
    return content
