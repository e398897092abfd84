"""A home folder with the logins of other programs in it, for tests."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from trayquota.providers import ProviderSwitches
from trayquota.sources.native import NativeSettings, NativeSource

from .facts import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.sources.native import Mode
    from trayquota.system.watcher import Watcher

LATER, EARLIER = "2026-09-22T20:00:00Z", "2026-09-22T04:00:00Z"
LATER_MS = 1790107200000
"""The same in milliseconds since 1970."""


def put(path: Path, content: object) -> Path:
    """Write a file, JSON unless it is text; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def web_token(**claims: object) -> str:
    """Return an unsigned JSON web token."""
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.x"


def put_claude(home: Path, *, email: str = "ada@example.com", organization: str = "org-1", **login: Any) -> Path:
    """Have Claude Code signed in; ``login`` are fields of its login."""
    account = {"emailAddress": email, "accountUuid": f"user-of-{email}", "organizationUuid": organization}
    put(home / ".claude.json", {"numStartups": 7, "oauthAccount": account | {"organizationName": "Example Corp"}})
    fields = {"accessToken": "claude-access", "refreshToken": "claude-refresh", "expiresAt": LATER_MS}
    fields |= {"scopes": ["user:inference", "user:profile"], "subscriptionType": "max"}
    fields |= {"rateLimitTier": "default_claude_max_20x"} | login
    return put(home / ".claude/.credentials.json", {"claudeAiOauth": fields, "mcpOAuth": {}})


def put_codex(home: Path, *, email: str = "jo@example.com", account_id: str = "acc-1", user: str = "user-1") -> Path:
    """Have Codex CLI signed in."""
    auth = {"chatgpt_account_id": account_id, "chatgpt_plan_type": "plus", "chatgpt_user_id": user}
    tokens = {
        "id_token": web_token(email=email, **{"https://api.openai.com/auth": auth}),
        "access_token": web_token(exp=LATER_MS // 1000),
        "refresh_token": "codex-refresh",
        "account_id": account_id,
    }
    return put(home / ".codex/auth.json", {"OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": EARLIER})


def put_kiro_database(path: Path, token: object, profile: object) -> Path:
    """Have Kiro CLI signed in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        for table, key, value in (
            ("auth_kv", "kirocli:odic:token", token),
            ("state", "api.codewhisperer.profile", profile),
        ):
            database.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY, value TEXT)")
            database.execute(f"INSERT INTO {table} VALUES (?, ?)", (key, json.dumps(value)))  # noqa: S608 - names of this file
    return path


def native_source(
    home: Path,
    mode: Mode = "on",
    *,
    environment: Mapping[str, str] | None = None,
    off: Iterable[str] = (),
    watcher: Watcher | None = None,
) -> NativeSource:
    """Return a source that looks into ``home``."""
    settings = NativeSettings(mode, ProviderSwitches.of(off, []))
    return NativeSource(settings, lambda: NOW, watcher, environment=environment or {}, home=home)


def found(source: NativeSource) -> dict[str, Credential]:
    """Return what a source discovers, by account id."""
    return {each.account.id: each for each in source.discover().accounts}
