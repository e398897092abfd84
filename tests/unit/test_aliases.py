"""What a person calls their accounts: where it comes from, where it is shown, and what stays as it is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.settings.config import Settings, decode
from trayquota.settings.edit import set_setting
from trayquota.sources.credential_file import read_account
from trayquota.sources.proxy_entry import read_entry
from trayquota.views.alerts import check_alerts
from trayquota.views.display_names import with_display_names
from trayquota.views.icon_menu import icon_menu, rename_menu
from trayquota.views.json_document import json_document
from trayquota.views.line import format_line, line
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext, TrayLimits
from trayquota.views.tray_view import Rename

from .facts import NOW
from .samples import ADA, BOB, CI, OPTIONS, five_hours, numbered, snapshot, usage, weekly

if TYPE_CHECKING:
    from trayquota.core.model import Account

ACCOUNTS = snapshot(usage(ADA, five_hours(42), weekly(5)), usage(BOB, five_hours(70)))
NAMED = replace(OPTIONS, names={ADA.id: "Work", BOB.id: "  \u202ePrivate\n "})


def names(*accounts: Account, **options: object) -> list[str]:
    shown = with_display_names(snapshot(*(usage(account) for account in accounts)), replace(OPTIONS, **options))
    return [each.account.name for each in shown.accounts]


def test_an_alias_is_shown_everywhere_and_fit_to_show() -> None:
    view = tray_view(ACCOUNTS, NOW, NAMED)
    texts = [view.headline, view.advice, *view.lines, *view.brief, *(row.label for row in view.menu)]
    texts += [row.label for row in icon_menu(ACCOUNTS, NAMED, 18)]
    assert not any("example" in text for text in texts)
    assert view.headline == "5% left: Claude Work, Weekly"
    assert view.lines[1].startswith("Codex Private: ")
    assert format_line(line(ACCOUNTS, NOW, NAMED), "{account} {next}") == "Work Private"
    _, alert = check_alerts({}, with_display_names(ACCOUNTS, NAMED), NOW, NAMED)
    assert alert is not None
    assert alert.title == "Claude Work, Weekly"


def test_data_keep_the_account_s_own_name() -> None:
    accounts = json.loads(json_document(ACCOUNTS, NOW))["accounts"]
    assert [account["name"] for account in accounts] == [ADA.name, BOB.name]


def test_the_proxy_s_note_is_an_alias_unless_the_person_has_one() -> None:
    noted = replace(ADA, note="Team seat")
    assert names(noted) == ["Team seat"]
    assert names(noted, names={ADA.id: "Work"}) == ["Work"]
    assert names(noted, names={ADA.id: ""}) == ["Team seat"]


def test_an_alias_goes_by_the_file_s_name_though_its_folder_is_before_it() -> None:
    twin = replace(ADA, id=f"second/{ADA.id}")
    assert names(twin, names={ADA.id: "Work"}) == ["Work"]
    assert names(twin, names={ADA.id: "Work", twin.id: "Other"}) == ["Other"]


def test_equal_aliases_are_made_different() -> None:
    assert names(ADA, CI, names={ADA.id: "Work", CI.id: "work"}) == ["Work · Max 20x", "work"]


def test_hidden_e_mails_leave_aliases_and_number_the_others() -> None:
    named = {"names": {ADA.id: "Work"}, "hide_names": True}
    assert names(ADA, CI, BOB, **named) == ["Work", "account 2", "account 1"]
    assert names(ADA, hide_names=True, names={ADA.id: "ada@example.com"}) == ["account 1"]
    assert names(replace(ADA, note="seat of ada@example.com"), hide_names=True) == ["account 1"]


@pytest.mark.parametrize(("note", "name"), [("Team seat", "Team seat"), (None, ""), (7, ""), (["x"], "")])
def test_a_note_is_read_from_files_and_from_the_list_of_a_proxy(note: object, name: str) -> None:
    fields = {"type": "claude", "email": "ada@example.com", "note": note}
    assert read_account(Path("claude-ada.json"), fields).account.note == name
    entry = read_entry({**fields, "name": "claude-ada.json"}, "https://proxy.example.com:8317", NOW)
    assert entry is not None
    assert entry.account.note == name


def test_every_account_can_be_renamed_from_the_settings_and_from_its_own_submenu() -> None:
    rows = rename_menu(ACCOUNTS, NAMED, 18)
    assert [row.label for row in rows] == ["Claude Work…", "Codex Private…"]
    assert [row.action for row in rows] == [Rename(ADA.id), Rename(BOB.id)]
    settings = settings_menu_item(MenuSettings(renames=rows))
    assert next(row for row in settings.children if row.label == "Rename").children == rows
    many = snapshot(*(numbered(number, five_hours(number)) for number in range(1, 9)))
    menu = tray_view(many, NOW, OPTIONS, TrayContext(TrayLimits(menu_rows=12))).menu
    nested = [row for more in menu if more.label == "More accounts" for row in more.children]
    assert nested
    assert all(
        [each.label for each in row.children if isinstance(each.action, Rename)] == ["Rename…"] for row in nested
    )


def test_a_name_is_written_below_its_heading_and_other_choices_above_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\nshow = "left"\n\n[names]\n# others\n"codex-bob.json" = "Private"\n')
    for key, value in ((("names", ADA.id), "Work"), ("icon_style", "ring")):
        set_setting(path, key, value, lambda content: decode(content, path))
    written = tomllib.loads(path.read_text())
    assert written == {
        "show": "left",
        "icon_style": "ring",
        "names": {"codex-bob.json": "Private", ADA.id: "Work"},
    }
    assert "# mine" in path.read_text()
    assert "# others" in path.read_text()


def test_a_name_can_be_the_first_setting_of_all(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    set_setting(path, ("names", ADA.id), "", lambda content: decode(content, path))
    assert path.read_text("utf-8").endswith(f'[names]\n"{ADA.id}" = ""\n')
    settings, _ = decode(path.read_bytes(), path)
    assert settings == Settings(names={ADA.id: ""})
