"""The requests that most providers take: JSON over HTTPS, with a bearer token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trayquota.providers.base import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.credential import Tokens


def get_json(url: str, login: Tokens, headers: Mapping[str, str] | None = None) -> Request:
    """Return a GET with the access token as a bearer; ``headers`` are added, and win over the usual ones."""
    return Request("GET", url, _bearer(login) | {"Accept": "application/json"} | dict(headers or {}))


def post_json(url: str, login: Tokens, body: object, headers: Mapping[str, str] | None = None) -> Request:
    """Return a POST of ``body`` as JSON, with the access token as a bearer; ``headers`` win over the usual ones."""
    usual = {"Accept": "application/json", "Content-Type": "application/json"}
    return Request("POST", url, _bearer(login) | usual | dict(headers or {}), json.dumps(body).encode())


def _bearer(login: Tokens) -> dict[str, str]:
    return {"Authorization": f"Bearer {login.access_token}"}
