"""Where quotas come from: one file per provider, imported when there is an account of it.

A module here that sets ``PROVIDER`` is a provider under the module's name; nothing else has to name it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.providers.base import Provider, ProxySignIn

_NAMES = {
    "xai": "grok",
    "x-ai": "grok",
    "grok-cli": "grok",
    "gemini-cli": "gemini",
    "github-copilot": "copilot",
    "kimi-ai": "kimi",
}
"""By the ``type`` of a credential file, lower case with ``-`` for ``_``: the provider's name, where it is another."""
_TITLES = {"vertex": "Vertex AI", "iflow": "iFlow"}
"""Names for people, where there is no provider and the plain name in title case is not it."""


@cache
def find_provider(name: str) -> Provider | None:
    """Return the provider called ``name``; ``None`` when its accounts have no quota source here."""
    module = f"{__name__}.{name}"
    if not name.isidentifier() or find_spec(module) is None:
        return None
    provider: Provider | None = getattr(import_module(module), "PROVIDER", None)
    return provider


def provider_name(file_type: str) -> str:
    """Return the provider's name for a credential file's ``type``; unknown types are kept as they are."""
    key = clean(file_type, 40).lower().replace("_", "-")
    return _NAMES.get(key, key)


class ProviderSwitches(Struct, frozen=True):
    """Which providers the person has switched off, and which of those that are off by default they have switched on."""

    off: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()

    @classmethod
    def of(cls, off: Iterable[str], on: Iterable[str]) -> ProviderSwitches:
        """Return the switches for two lists of names, as the settings have them."""
        return cls(frozenset(off), frozenset(on))

    def is_off(self, name: str) -> bool:
        """Whether accounts of the provider called ``name`` are disabled."""
        provider = find_provider(name)
        is_off_by_default = provider is not None and provider.is_off_by_default
        return name in self.off or (is_off_by_default and name not in self.on)

    def switched(self, name: str, *, on: bool) -> ProviderSwitches:
        """Return the switches with that provider switched on or off."""
        provider = find_provider(name)
        if provider is not None and provider.is_off_by_default:
            return ProviderSwitches(self.off - {name}, self.on | {name} if on else self.on - {name})
        return ProviderSwitches(self.off - {name} if on else self.off | {name}, self.on)


def provider_title(name: str) -> str:
    """Return a provider's name for people."""
    provider = find_provider(name)
    return provider.title if provider else _TITLES.get(name) or name[:1].upper() + name[1:]


def proxy_sign_in(name: str) -> ProxySignIn | None:
    """Return how a proxy signs a person in at a provider; ``None`` where it cannot."""
    provider = find_provider(name)
    return provider.sign_in if provider else None


def usage_page(name: str) -> str:
    """Return where a provider shows people the same numbers; empty when it is not known."""
    provider = find_provider(name)
    return provider.usage_page if provider else ""
