"""The providers that there are."""

from __future__ import annotations

import pkgutil

from trayquota import providers


def provider_names() -> list[str]:
    """Return the names of all of them, sorted."""
    modules = sorted(module.name for module in pkgutil.iter_modules(providers.__path__))
    return [name for name in modules if providers.find_provider(name) is not None]
