"""The logins of other programs, each in its own form, read as the fields that credential files have.

Refresh tokens are left out: each program refreshes and rotates its own, and a second one that does ends the session.
Loaded when there is such a login.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from trayquota.core.credential import Credential
from trayquota.core.errors import UnreadableError, UnusableFileError
from trayquota.core.model import NATIVE, Account, Failure, FailureKind
from trayquota.core.text import clean
from trayquota.core.translation import Message
from trayquota.core.urls import scheme_and_host
from trayquota.providers.claude_usage import read_profile
from trayquota.providers.values import fields, first, instant, jwt_claims, parse_json, text
from trayquota.sources.credential_file import read_account, read_bytes, unreadable
from trayquota.system.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trayquota.sources.native_places import NativePlace

Fields = dict[str, object]
_LARGEST_STATE = 1 << 25
"""Bytes of Claude Code's own state, which holds a line for each folder that it was used in."""
_SCOPE = "user:profile"


def read_native(place: NativePlace, content: bytes | None = None) -> Credential | None:
    """Return the account of the login at ``place``; ``None`` when there is none to read quotas with.

    Args:
        place: Where it is.
        content: What is there, where it is no file.

    Raises:
        FileNotFoundError: It is gone.
        FileInUseError: Another program keeps it to itself.
        UnreadableError: It cannot be read, or not be understood.
    """
    found = _READERS[place.form](place, content)
    if found is None:
        return None
    credential = read_account(place.path, {"type": place.provider, **found})
    plan, may_read = found.get("plan"), found.get("may_read", True)
    problem = credential.problem and unreadable(
        Message("The login in the file is damaged. {sign_in}", sign_in=place.advice)
    )
    if problem is None and not may_read:
        problem = Failure(
            FailureKind.SCOPE_MISSING, Message("This login of {tool} may not read quotas.", tool=place.tool)
        )
    return replace(
        credential,
        account=replace(
            credential.account,
            id=place.account_id,
            folder=str(place.path.parent),
            plan=(plan if isinstance(plan, str) else None) or credential.account.plan,
            source=NATIVE,
        ),
        problem=problem,
        refreshed_by=place.tool if place.is_refreshed else "",
        advice=place.advice,
        writable=False,
    )


def unreadable_native(place: NativePlace, message: str) -> Credential:
    """Return the stand-in for a login that never could be read."""
    account = Account(place.account_id, place.provider, clean(place.path.name), source=NATIVE)
    return Credential(account, str(place.path), problem=unreadable(message), writable=False, advice=place.advice)


def _json(place: NativePlace, content: bytes | None = None) -> Mapping[str, object]:
    try:
        return fields(parse_json(read_bytes(place.path) if content is None else content))
    except ValueError:
        message = Message("The file is not complete JSON.")
        raise UnreadableError(message) from None


def _beside(path: Path, limit: int = 1 << 20) -> bytes:
    """Return the content of a file that only says more; nothing when it cannot be read."""
    try:
        return read_bounded(path, limit)
    except (OSError, UnusableFileError):
        return b""


class _ClaudeState(msgspec.Struct):
    """What is of use in Claude Code's own state; the rest, which can be megabytes, is skipped."""

    account: object = msgspec.field(default=None, name="oauthAccount")


def _claude(place: NativePlace, content: bytes | None) -> Fields | None:
    login = fields(_json(place, content).get("claudeAiOauth"))
    if not login.get("accessToken"):
        return None
    account: Mapping[str, object] = {}
    for path in place.beside:
        try:
            account = fields(msgspec.json.decode(_beside(path, _LARGEST_STATE), type=_ClaudeState).account)
        except (msgspec.DecodeError, RecursionError):
            continue
        if account:
            break
    organization = {
        "organization_type": f"claude_{text(login.get('subscriptionType'), 40)}",
        "rate_limit_tier": first({**account, **login}, "rateLimitTier", "organizationRateLimitTier"),
    }
    scopes = login.get("scopes")
    return {
        "access_token": login["accessToken"],
        "expires_at": login.get("expiresAt"),
        "email": account.get("emailAddress"),
        "account_uuid": account.get("accountUuid"),
        "organization_uuid": account.get("organizationUuid"),
        "organization_name": account.get("organizationName"),
        "plan": read_profile({"organization": organization}).plan,
        "may_read": not isinstance(scopes, list) or _SCOPE in scopes,
    }


def _codex(place: NativePlace, _content: bytes | None) -> Fields | None:
    tokens = fields(_json(place).get("tokens"))
    access = first(tokens, "access_token", "accessToken")
    if not access:
        # An API key alone, or an agent's own identity, reads no usage.
        return None
    return {
        "access_token": access,
        "id_token": first(tokens, "id_token", "idToken"),
        "account_id": first(tokens, "account_id", "accountId"),
    }


def _gemini(place: NativePlace, _content: bytes | None) -> Fields | None:
    found = _json(place)
    try:
        settings = fields(parse_json(_beside(place.beside[0]) or b"{}"))
    except ValueError:
        settings = {}
    chosen = fields(fields(settings.get("security")).get("auth")).get("selectedType") or settings.get(
        "selectedAuthType"
    )
    if not found.get("access_token") or not str(chosen or "oauth-personal").startswith("oauth"):
        return None
    return {
        "access_token": found["access_token"],
        "expires_at": found.get("expiry_date"),
        "email": jwt_claims(found.get("id_token")).get("email"),
    }


def _kimi(place: NativePlace, _content: bytes | None) -> Fields | None:
    found = _json(place)
    if not found.get("access_token"):
        return None
    devices = (_beside(path, 1 << 10).decode("utf-8", "replace").strip() for path in place.beside)
    device = next((device for device in devices if device), None)
    return {"access_token": found["access_token"], "expires_at": found.get("expires_at"), "device_id": device}


def _grok(place: NativePlace, _content: bytes | None) -> Fields | None:
    servers = ("https://auth.x.ai::", "https://accounts.x.ai/sign-in")
    logins = [fields(login) for server, login in _json(place).items() if server.startswith(servers)]
    usable = [login for login in logins if login.get("key")]
    if not usable:
        return None
    login = max(usable, key=lambda login: str(instant(login.get("expires_at")) or ""))
    return {
        "access_token": login["key"],
        "expires_at": login.get("expires_at"),
        "email": login.get("email"),
        "sub": login.get("user_id"),
    }


def _copilot(place: NativePlace, _content: bytes | None) -> Fields | None:
    for server, found in _json(place).items():
        login = fields(found)
        if server.partition(":")[0] == "github.com" and login.get("oauth_token"):
            return {"access_token": login["oauth_token"], "username": login.get("user")}
    return None


def _gh(place: NativePlace, _content: bytes | None) -> Fields | None:
    """Read the one block of a YAML file that matters, as the GitHub CLI writes it."""
    found: dict[str, str] = {}
    is_inside, depth = False, 0
    for line in read_bytes(place.path).decode("utf-8", "replace").splitlines():
        key, _, value = line.strip().partition(":")
        indent = len(line) - len(line.lstrip())
        if not indent and key:
            is_inside, depth = key == "github.com", 0
        elif is_inside and indent == (depth := depth or indent):
            # What is further in is of all users, not of the one that is signed in.
            found[key] = value.strip().strip("'\"")
    token = found.get("oauth_token")
    return {"access_token": token, "username": found.get("user")} if token else None


def _kiro(place: NativePlace, _content: bytes | None) -> Fields | None:
    found = _json(place)
    if not found.get("accessToken"):
        return None
    return {
        "access_token": found["accessToken"],
        "expires_at": found.get("expiresAt"),
        "profile_arn": found.get("profileArn"),
    }


def _kiro_cli(place: NativePlace, _content: bytes | None) -> Fields | None:
    from trayquota.sources.native_database import read_values

    # The misspelling is the program's own.
    queries = {"token": ("auth_kv", "kirocli:odic:token"), "profile": ("state", "api.codewhisperer.profile")}
    values = read_values(place.path, queries)
    try:
        login, profile = (fields(parse_json(values.get(name) or b"{}")) for name in queries)
    except ValueError:
        message = Message("The login in the file is not complete JSON.")
        raise UnreadableError(message) from None
    if not login.get("access_token"):
        return None
    return {
        "access_token": login["access_token"],
        "expires_at": login.get("expires_at"),
        "profile_arn": first(profile, "arn", "profile_arn"),
    }


def _devin(place: NativePlace, _content: bytes | None) -> Fields | None:
    import tomllib

    try:
        found = tomllib.loads(read_bytes(place.path).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        message = Message("The file is not complete TOML.")
        raise UnreadableError(message) from None
    token = first(found, "windsurf_api_key", "devin_api_key", "api_key")
    server = text(found.get("api_server_url"), 300)
    # A key for another server is nothing for the one that is asked.
    if not token or (server and scheme_and_host(server) != ("https", "server.codeium.com")):
        return None
    return {"session_token": token}


_READERS: dict[str, Callable[[NativePlace, bytes | None], Fields | None]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "kimi": _kimi,
    "grok": _grok,
    "copilot": _copilot,
    "gh": _gh,
    "kiro": _kiro,
    "kiro-cli": _kiro_cli,
    "devin": _devin,
}
