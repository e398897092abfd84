"""The providers in the settings' submenu: which there are, and what a click on each sets."""

from __future__ import annotations

import pytest

from trayquota.core.model import Account, AccountState, AccountUsage, Snapshot
from trayquota.providers import ProviderSwitches
from trayquota.views.provider_menu import provider_menu
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray_view import SetSetting


def snapshot(*providers: str) -> Snapshot:
    return Snapshot(tuple(AccountUsage(Account(f"{name}-1.json", name, name), AccountState.OK) for name in providers))


def test_only_providers_with_accounts_and_a_quota_source_can_be_switched() -> None:
    found = provider_menu(snapshot("codex", "claude", "codex", "qwen", "copilot"), ProviderSwitches())
    assert [(switch.title, switch.is_on) for switch in found] == [
        ("Claude", True),
        ("Codex", True),
        ("GitHub Copilot", True),
    ]


@pytest.mark.parametrize(
    ("off", "on", "name", "is_on", "sets"),
    [
        ([], [], "claude", True, SetSetting("providers_off", ("claude",))),
        (["claude", "kimi"], [], "claude", False, SetSetting("providers_off", ("kimi",))),
        (["kimi"], [], "claude", True, SetSetting("providers_off", ("claude", "kimi"))),
        ([], [], "meta", False, SetSetting("providers_on", ("meta",))),
        ([], ["meta"], "meta", True, SetSetting("providers_on", ())),
    ],
    ids=["switch off", "switch on", "keep the others", "off by default", "switched on before"],
)
def test_a_click_switches_one_provider_and_keeps_the_others(
    off: list[str], on: list[str], name: str, is_on: bool, sets: SetSetting
) -> None:
    (switch,) = provider_menu(snapshot(name), ProviderSwitches.of(off, on))
    assert (switch.is_on, switch.action) == (is_on, sets)


def test_the_submenu_lists_them_with_check_marks() -> None:
    providers = provider_menu(snapshot("claude", "codex"), ProviderSwitches.of(["codex"], []))
    rows = {row.label: row for row in settings_menu_item(MenuSettings(providers=providers)).children}
    assert [(row.label, row.checked) for row in rows["Providers"].children] == [("Claude", True), ("Codex", False)]


def test_without_accounts_there_is_nothing_to_switch() -> None:
    assert "Providers" not in {row.label for row in settings_menu_item(MenuSettings()).children}
