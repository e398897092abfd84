"""Where quotas come from: one file per provider.

A module here that sets ``PROVIDER`` is a provider; nothing else has to name it.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from trayquota.core.text import clean
from trayquota.providers.base import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

# Types that the proxies write and that have no quota source here: alias → (name, title).
_KNOWN = {
    "xai": ("grok", "Grok"),
    "x-ai": ("grok", "Grok"),
    "grok": ("grok", "Grok"),
    "grok-cli": ("grok", "Grok"),
    "antigravity": ("antigravity", "Antigravity"),
    "gemini": ("gemini", "Gemini"),
    "gemini-cli": ("gemini", "Gemini"),
    "kimi": ("kimi", "Kimi"),
    "vertex": ("vertex", "Vertex AI"),
    "qwen": ("qwen", "Qwen"),
    "iflow": ("iflow", "iFlow"),
    "github-copilot": ("copilot", "Copilot"),
    "copilot": ("copilot", "Copilot"),
    "kiro": ("kiro", "Kiro"),
    "cline": ("cline", "Cline"),
    "cursor": ("cursor", "Cursor"),
}


@cache
def providers() -> Mapping[str, Provider]:
    """Return the providers by name."""
    found = (
        getattr(import_module(f"{__name__}.{module.name}"), "PROVIDER", None)
        for module in pkgutil.iter_modules(__path__)
    )
    return {each.name: each for each in found if isinstance(each, Provider)}


def provider_name(file_type: str) -> str:
    """Return the provider's name for a credential file's ``type``; unknown types are kept as they are."""
    key = clean(file_type, 40).lower().replace("_", "-")
    for each in providers().values():
        if key in each.types:
            return each.name
    return _KNOWN[key][0] if key in _KNOWN else key


def provider_title(name: str) -> str:
    """Return a provider's name for people."""
    known = providers().get(name)
    if known is not None:
        return known.title
    titles = dict(_KNOWN.values())
    return titles.get(name) or name[:1].upper() + name[1:]


def usage_page(name: str) -> str:
    """Return where a provider shows people the same numbers; empty when it is not known."""
    known = providers().get(name)
    return known.usage_page if known else ""
