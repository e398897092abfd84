"""Reading one credential file: bytes to fields, and fields to an account with its login.

The keys are those that router-for-me/CLIProxyAPI reads: ``sdk/cliproxy/auth/types.go`` (expiry, nested tokens),
``sdk/auth/filestore.go`` (``type``, ``disabled``) and ``internal/api/handlers/management/api_tools.go`` (where a token
may stand); ``access``, ``refresh`` and ``expires`` are written by nikships/droidproxy.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trayquota.core.credential import LONGEST_REFRESH_TOKEN, Credential, Tokens, is_token
from trayquota.core.errors import FileInUseError, UnreadableError, UnusableFileError
from trayquota.core.model import Account, Failure, FailureKind
from trayquota.core.person import person
from trayquota.core.text import clean
from trayquota.core.translation import Message
from trayquota.providers import find_provider, provider_name
from trayquota.providers.base import SIGN_IN, Identity
from trayquota.providers.values import fields, first, instant, number, parse_json, text
from trayquota.system.files import is_in_use, read_bounded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

LARGEST_BYTES = 1 << 20
"""A credential file has a few kilobytes; what is larger than this is none."""
_EXPIRY_KEYS = ("expired", "expire", "expires_at", "expiresAt", "expiry", "expires")


_TOKEN_KEYS = ("token", "Token")


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file, through symbolic links.

    Raises:
        FileNotFoundError: It is gone, and no dangling link either.
        FileInUseError: Another program keeps it to itself.
        UnreadableError: It is no regular file, too large, or may not be read.
    """
    try:
        return read_bounded(path, LARGEST_BYTES)
    except FileNotFoundError:
        if path.is_symlink():
            message = Message("The file is a link that points to nothing.")
            raise UnreadableError(message) from None
        raise
    except UnusableFileError as error:
        message = Message("The file is not read: {reason}.", reason=error.strerror)
        raise UnreadableError(message) from None
    except PermissionError as error:
        if is_in_use(error):
            message = Message("Another program keeps the file to itself. It is read when it can be.")
            raise FileInUseError(message) from None
        message = Message("The file cannot be read: permission denied. Check its owner and mode.")
        raise UnreadableError(message) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else Message("unknown error")
        message = Message("The file cannot be read ({reason}).", reason=reason)
        raise UnreadableError(message) from None


def parse_fields(content: bytes) -> Mapping[str, object] | None:
    """Return the fields of a credential file, ``None`` when it is JSON but no account.

    Raises:
        UnreadableError: It is empty, truncated or no JSON.
    """
    if not content.strip():
        message = Message("The file is empty.")
        raise UnreadableError(message)
    try:
        source = fields(parse_json(content))
    except ValueError:
        message = Message("The file is not complete JSON.")
        raise UnreadableError(message) from None
    return source if text(source.get("type")) else None


def read_refresh_token(path: Path) -> str:
    """Return the refresh token in a file, be it an account's or not; empty where there is none to be read."""
    try:
        token = fields(parse_json(read_bytes(path))).get("refresh_token")
    except (OSError, UnreadableError, ValueError):
        return ""
    return token if isinstance(token, str) else ""


def read_account(path: Path, source: Mapping[str, object]) -> Credential:
    """Return the account that ``source``, the fields of ``path``, describes."""
    name_of_provider = provider_name(str(source["type"]))
    provider = find_provider(name_of_provider)
    identity = provider.identify(source) if provider else Identity()
    account, login, problem = _account(path, source, name_of_provider, identity), _login(source, identity), None
    is_sound = is_token(login.access_token or "-")
    if not (is_sound and is_token(login.refresh_token or "-", longest=LONGEST_REFRESH_TOKEN)):
        login, problem = Tokens(), unreadable(Message("The login in the file is damaged. {sign_in}", sign_in=SIGN_IN))
    return Credential(
        account,
        str(path),
        login,
        account.paused,
        problem,
        is_supported=provider is not None and identity.is_supported,
        refreshed_by=provider.refreshed_by if provider else "",
        min_interval_s=provider.min_interval_s if provider else 0.0,
    )


def _account(path: Path, source: Mapping[str, object], provider: str, identity: Identity) -> Account:
    name = (
        text(source.get("email"), 100)
        or identity.email
        or text(source.get("login"), 100)
        or text(source.get("username"), 100)
        or clean(path.name)
    )
    return Account(
        account_id(path),
        provider,
        name,
        identity.plan,
        organization=identity.organization,
        subscription_ends_at=identity.subscription_ends_at,
        person=person(
            account=identity.account_id,
            organization=identity.organization_id,
            user=identity.user_id,
            name=name if name != clean(path.name) else None,
        ),
        note=text(source.get("note"), 100) or "",
        paused=is_paused(source),
        place=str(path.parent),
    )


def _login(source: Mapping[str, object], identity: Identity) -> Tokens:
    stated = first(source, *_TOKEN_KEYS)
    token = fields(stated if isinstance(stated, dict) else {"access_token": stated})
    return Tokens(
        access_token=identity.access_token or _secret(source, token, "access_token", "accessToken", "access"),
        refresh_token=_secret(source, token, "refresh_token", "refresh"),
        expires_at=_expires_at(source, token, identity),
        account_id=identity.account_id,
        proxy_url=text(first(source, "proxy_url", "proxy-url"), 2000),
        extra=identity.extra,
    )


def has_other_form(source: Mapping[str, object]) -> bool:
    """Whether a file has its access token where this program would not put a new one."""
    others = (source.get(key) for key in ("accessToken", *_TOKEN_KEYS))
    return not source.get("access_token") and any(isinstance(each, str) and each for each in others)


def account_id(path: Path) -> str:
    """Return the file's name, with what is no text in it written out, so that it can be saved and printed."""
    return path.name.encode("utf-8", "backslashreplace").decode("utf-8")


def unreadable(message: str) -> Failure:
    """Return the failure for a file that cannot be used."""
    return Failure(FailureKind.UNREADABLE_FILE, message)


def unreadable_account(path: Path, message: str) -> Credential:
    """Return the stand-in for a file that never could be read; the provider is guessed from its name."""
    guess = provider_name(path.name.split("-", 1)[0])
    is_supported = find_provider(guess) is not None
    return Credential(
        Account(account_id(path), guess if is_supported else "unknown", clean(path.name), place=str(path.parent)),
        str(path),
        problem=unreadable(message),
        is_supported=is_supported,
    )


def _secret(source: Mapping[str, object], nested: Mapping[str, object], *keys: str) -> str:
    for part in (source, nested):
        for key in keys:
            value = part.get(key)
            if isinstance(value, str) and value:
                return value
    return ""


def _expires_at(source: Mapping[str, object], nested: Mapping[str, object], identity: Identity) -> datetime | None:
    """Return when the access token ends; the file's own keys are of another one where the provider picked its own."""
    if identity.access_token is not None:
        return identity.expires_at
    return _expiry(source) or _expiry(nested) or identity.expires_at


def _expiry(source: Mapping[str, object]) -> datetime | None:
    return next((moment for key in _EXPIRY_KEYS if (moment := instant(source.get(key))) is not None), None)


def is_paused(source: Mapping[str, object]) -> bool:
    """Whether a credential file says ``disabled``: true, a number other than 0 or the text, as its writers read it."""
    value = source.get("disabled")
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or bool(number(value))
