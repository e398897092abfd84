"""Which accounts each of several icons is about."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage
from trayquota.views.icon_groups import MOST_ICONS, icon_groups
from trayquota.views.icon_menu import pin_menu
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext
from trayquota.views.tray_view import SetSetting

from .facts import NOW
from .samples import ADA, BOB, CI, OPTIONS, five_hours, snapshot, usage, weekly

USAGES = (usage(ADA, five_hours(42)), usage(CI, weekly(5)), usage(BOB, five_hours(70)))
ACCOUNTS = snapshot(*USAGES)


def of(provider: str, *, state: AccountState = AccountState.OK) -> AccountUsage:
    return usage(Account(f"{provider}.json", provider, f"{provider}@example.com"), five_hours(50), state=state)


@pytest.mark.parametrize(
    ("icons", "pinned", "groups"),
    [
        ("one", (BOB.id,), [(ADA.id, CI.id, BOB.id)]),
        ("providers", (), [(ADA.id, CI.id), (BOB.id,)]),
        ("pinned", (BOB.id,), [(BOB.id,), (ADA.id, CI.id)]),
        ("pinned", (BOB.id, ADA.id, BOB.id, CI.id), [(BOB.id,), (ADA.id,), (CI.id,)]),
        ("pinned", (), [(ADA.id, CI.id, BOB.id)]),
        ("pinned", ("gone.json",), [(ADA.id, CI.id, BOB.id)]),
    ],
)
def test_every_account_has_one_icon(icons: str, pinned: tuple[str, ...], groups: list[tuple[str, ...]]) -> None:
    assert icon_groups(ACCOUNTS, icons, pinned) == groups


def test_providers_keep_their_icons_when_the_order_of_accounts_changes() -> None:
    assert icon_groups(snapshot(*USAGES[::-1]), "providers", ()) == [(CI.id, ADA.id), (BOB.id,)]


def test_without_accounts_there_is_one_icon() -> None:
    assert [icon_groups(snapshot(), icons, ("gone.json",)) for icons in ("one", "providers", "pinned")] == [[()]] * 3


@pytest.mark.parametrize("count", [4, 5, 6, 40])
def test_there_are_five_icons_at_most_and_the_last_has_the_rest(count: int) -> None:
    many = snapshot(*(of(f"p{number:02}") for number in range(count)))
    ids = tuple(each.account.id for each in many.accounts)
    for icons in ("providers", "pinned"):
        groups = icon_groups(many, icons, ids)
        assert len(groups) == min(count, MOST_ICONS)
        assert [key for group in groups for key in group] == list(ids)
    groups = icon_groups(many, "pinned", ids[:4])
    assert len(groups) == min(count, MOST_ICONS)


def test_accounts_that_are_never_polled_have_no_icon_of_their_own() -> None:
    disabled = of("kimi", state=AccountState.DISABLED)
    shown = snapshot(*USAGES, disabled)
    assert icon_groups(shown, "providers", ())[-1] == (BOB.id, disabled.account.id)
    assert icon_groups(shown, "pinned", (disabled.account.id, ADA.id))[0] == (ADA.id,)


def test_a_view_of_some_accounts_names_no_other() -> None:
    view = tray_view(ACCOUNTS, NOW, OPTIONS, TrayContext(account_ids=(BOB.id,)))
    assert view.headline == "70% left: Codex bob@example.org, 5-hour"
    assert not any("Claude" in row.label for row in view.menu)
    assert view.icon.percent == 70
    hidden = replace(OPTIONS, hide_names=True)
    second = tray_view(ACCOUNTS, NOW, hidden, TrayContext(account_ids=(CI.id,)))
    assert second.headline == "5% left: Claude account 2, Weekly"


@pytest.mark.parametrize(
    ("icons", "label"),
    [("one", "One for all"), ("providers", "One per provider"), ("pinned", "One per pinned account")],
)
def test_the_settings_offer_several_icons(icons: str, label: str) -> None:
    (icon,) = (row for row in settings_menu_item(MenuSettings(icons=icons)).children if row.label == "Icon")
    (several,) = (row for row in icon.children if row.label == "Several icons")
    assert [row.label for row in several.children if row.checked] == [label]
    assert SetSetting("icons", icons) in [row.action for row in several.children]


def test_accounts_are_pinned_and_unpinned_by_a_click() -> None:
    rows = pin_menu(ACCOUNTS, OPTIONS, (BOB.id,), 18)
    assert [row.checked for row in rows] == [False, False, True]
    assert [row.action for row in rows] == [
        SetSetting("pinned", (BOB.id, ADA.id)),
        SetSetting("pinned", (BOB.id, CI.id)),
        SetSetting("pinned", ()),
    ]
    (icon,) = (row for row in settings_menu_item(MenuSettings(pins=rows)).children if row.label == "Icon")
    assert next(row for row in icon.children if row.label == "Pinned").children == rows
