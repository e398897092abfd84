"""The providers that can be switched on and off, for the settings' submenu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.providers import ProviderSwitches, find_provider, provider_title
from trayquota.views.settings_menu import ProviderSwitch
from trayquota.views.tray_view import SetSetting

if TYPE_CHECKING:
    from trayquota.core.model import Snapshot


def provider_menu(snapshot: Snapshot, switches: ProviderSwitches) -> tuple[ProviderSwitch, ...]:
    """Return the providers that can be switched: those that there are accounts of and a quota source for."""
    names = sorted({usage.account.provider for usage in snapshot.accounts}, key=provider_title)
    return tuple(_provider_switch(name, switches) for name in names if find_provider(name) is not None)


def _provider_switch(name: str, switches: ProviderSwitches) -> ProviderSwitch:
    is_on = not switches.is_off(name)
    after = switches.switched(name, on=not is_on)
    key, names = ("providers_on", after.on) if after.on != switches.on else ("providers_off", after.off)
    return ProviderSwitch(provider_title(name), is_on, SetSetting(key, tuple(sorted(names))))
