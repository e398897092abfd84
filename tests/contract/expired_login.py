"""A login whose access token has expired, at a provider that accepts each refresh token once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from login_files import login

if TYPE_CHECKING:
    from pathlib import Path

    from provider_stand_in import SingleUseTokens

MORE = {"email": "ada@example.com", "disabled": False, "claude_device_ids": ["0" * 64], "note": "é \U0001f600"}
"""Keys that are none of ours."""


def write_expired(path: Path, server: SingleUseTokens) -> dict[str, object]:
    """Write a login that expired an hour ago; return its content."""
    access, refresh = server.newest
    content = login("claude", "ada@example.com", access=access, refresh=refresh, lifetime=timedelta(hours=-1)) | MORE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return content


def pair_in(path: Path) -> tuple[str, str]:
    """Return the access token and the refresh token in a login's file."""
    content = json.loads(path.read_bytes())
    return content["access_token"], content["refresh_token"]
