"""One entry of a proxy's list of credentials, read: an account, and what the proxy has seen of its quotas.

Fields as router-for-me/CLIProxyAPI writes them: ``internal/api/handlers/management/auth_files.go``; ``quota.signals``
as seen in public clients, 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.credential import Credential, Tokens
from trayquota.core.model import Account, Failure, FailureKind
from trayquota.core.observation import Observation
from trayquota.core.person import person
from trayquota.core.text import clean
from trayquota.core.translation import Message
from trayquota.providers import find_provider, provider_name
from trayquota.providers.base import Identity
from trayquota.providers.values import fields, first, instant, text
from trayquota.sources.proxy_api import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TOKEN = "$TOKEN$"  # noqa: S105 - what the proxy puts the token in place of
"""Stands for the access token in what is sent through the proxy."""
_NO_INDEX = Message("The proxy does not offer this account now. Is it running?")


def read_entry(entry: Mapping[str, object], server: str, now: datetime) -> Credential | None:
    """Return the account of an entry; ``None`` for API keys and whatever else has no credential file.

    Args:
        entry: Of the list.
        server: The address of the proxy.
        now: The time.
    """
    file, kind = entry.get("name"), text(first(entry, "provider", "type"))
    if not isinstance(file, str) or not clean(file) or not kind or entry.get("runtime_only") is True:
        return None
    name = provider_name(kind)
    provider = find_provider(name)
    claims = fields(entry.get("id_token"))
    account_id = text(claims.get("chatgpt_account_id"), 200)
    stated = {**entry, "type": kind, "access_token": None, "id_token": None, "account_id": account_id}
    identity = provider.identify(stated) if provider else Identity()
    signals = _observation(entry, name, now)
    account = replace(
        _account(entry, clean(file), name, identity),
        plan=(signals and signals.usage.plan) or identity.plan,
        subscription_ends_at=instant(claims.get("chatgpt_subscription_active_until")),
        server=server,
        paused=entry.get("disabled") is True,
    )
    has_index = isinstance(entry.get("auth_index"), str)
    return Credential(
        account,
        file,
        Tokens(TOKEN, account_id=account_id, extra=identity.extra),
        disabled=account.paused,
        problem=None if has_index else Failure(FailureKind.NETWORK, _NO_INDEX),
        is_supported=provider is not None and identity.is_supported and provider.is_reached_by_proxy,
        min_interval_s=provider.min_interval_s if provider else 0.0,
        writable=False,
        observed=signals,
    )


def _account(entry: Mapping[str, object], file: str, provider: str, identity: Identity) -> Account:
    email = text(first(entry, "email"), 100) or _email(text(entry.get("account"), 100))
    return Account(
        file,
        provider,
        email or text(entry.get("label"), 100) or file,
        organization=identity.organization,
        person=person(
            account=identity.account_id, organization=identity.organization_id, user=identity.user_id, name=email
        ),
        source=SOURCE,
        note=text(entry.get("note"), 100) or "",
    )


def _email(stated: str | None) -> str | None:
    return stated if stated and "@" in stated else None


def _observation(entry: Mapping[str, object], name: str, now: datetime) -> Observation | None:
    """Return what the proxy saw; without the windows that have reset since, for which it saw nothing."""
    quota, provider = fields(entry.get("quota")), find_provider(name)
    observed_at = instant(quota.get("observed_at"))
    if provider is None or observed_at is None:
        return None
    signals = {key.lower(): value for key, value in fields(quota.get("signals")).items() if isinstance(value, str)}
    usage = provider.read_signals(signals, observed_at)
    if usage is None:
        return None
    windows = tuple(window for window in usage.windows if window.resets_at is None or window.resets_at > now)
    return Observation(observed_at, replace(usage, windows=windows)) if windows else None
