"""Accounts of one e-mail are told apart wherever they are named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from trayquota.core.model import Account
from trayquota.sources.credential_file import read_account
from trayquota.views.alerts import check_alerts
from trayquota.views.display_names import header_parts, with_display_names
from trayquota.views.table import print_table
from trayquota.views.tray import tray_view

from . import facts
from .facts import NOW
from .samples import ADA, OPTIONS, five_hours, snapshot, usage

JO = "jo@example.com"


def account(name: str, plan: str | None = None, organization: str | None = None, email: str = JO) -> Account:
    return Account(f"{name}.json", name.partition("-")[0], email, plan, organization=organization)


def names(*accounts: Account) -> list[str]:
    shown = with_display_names(snapshot(*map(usage, accounts)), OPTIONS)
    return [each.account.name for each in shown.accounts]


def test_the_names_of_the_facts() -> None:
    fact = facts.newer("claude_files_same_email.json")
    accounts = [read_account(Path(name), source).account for name, source in fact["answer"].items()]
    assert names(*accounts) == fact["expected"]["names"]


def test_an_e_mail_that_is_there_once_stays_as_it_is() -> None:
    accounts = (
        account("claude-a", "Max", "Example Corp"),
        account("codex-a", "Plus"),
        account("claude-b", email="b@x"),
    )
    assert names(*accounts) == [JO, JO, "b@x"]


@pytest.mark.parametrize(
    ("accounts", "details"),
    [
        ([account("claude-a", organization="Ex"), account("claude-b", organization="Other")], ["Ex", "Other"]),
        ([account("claude-a", organization="Ex"), account("claude-b")], ["Ex", ""]),
        ([account("codex-a", "Plus"), account("codex-b", "Team")], ["Plus", "Team"]),
        ([account("codex-a", "Plus", "Ex"), account("codex-b", "Team", "Ex")], ["Plus", "Team"]),
        ([account("codex-a", "Team", "Ex"), account("codex-b", "Team", "Ex")], ["a", "b"]),
        ([account("claude-a", organization=f"{JO}'s Organization"), account("claude-b", "Max")], ["", "Max"]),
        ([account(f"codex-1a2b3c4d-{JO}-team"), account(f"codex-1a2f3c4d-{JO}-team")], ["1a2b3c4d", "1a2f3c4d"]),
        ([account(f"claude-{JO}"), account(f"claude-{JO}-0f00-aa")], ["", "0f00-aa"]),
        ([account(f"claude-{JO}"), account(f"claude-{JO} copy")], ["", "copy"]),
        (
            [account("codex-1-plus", "Plus"), account("codex-2-team", "Team"), account("codex-3-team", "Team")],
            ["Plus", "Team · 2", "Team · 3"],
        ),
        ([account("codex-\u200b"), account("codex-\u200c")], ["file 1", "file 2"]),
    ],
)
def test_what_tells_accounts_apart(accounts: list[Account], details: list[str]) -> None:
    assert names(*accounts) == [f"{JO} · {detail}" if detail else JO for detail in details]


def test_upper_and_lower_case_are_one_e_mail() -> None:
    accounts = (account("claude-a", organization="Ex"), account("claude-b", email=JO.upper()))
    assert names(*accounts) == [f"{JO} · Ex", JO.upper()]


def test_a_folder_tells_two_files_of_one_name_apart() -> None:
    first = account("claude-a")
    assert names(first, replace(first, id="work/claude-a.json")) == [JO, f"{JO} · work"]


def test_a_plan_that_is_in_the_name_is_not_repeated() -> None:
    shown = with_display_names(snapshot(usage(account("codex-a", "Plus")), usage(account("codex-b", "Team"))), OPTIONS)
    assert [header_parts(each.account) for each in shown.accounts] == [(f"{JO} · Plus",), (f"{JO} · Team",)]
    assert header_parts(ADA) == ("ada@example.com", "Max 20x")


TEXTS = st.text(st.sampled_from("ab-\u0301\u200b "), max_size=5)


@given(st.lists(st.tuples(TEXTS, st.none() | TEXTS, st.none() | TEXTS), max_size=6, unique_by=lambda row: row[0]))
def test_no_two_accounts_have_one_name(rows: list[tuple[str, str | None, str | None]]) -> None:
    found = names(*(account(f"claude-{stem}", plan, organization) for stem, plan, organization in rows))
    assert len({name.casefold() for name in found}) == len(rows)


TWINS = (account("codex-1a2b3c4d-team", "Team"), account("codex-2b3c4d5e-team", "Team"))


def test_they_are_told_apart_in_headline_tooltip_menu_table_and_notification() -> None:
    twins = snapshot(usage(TWINS[0], five_hours(80)), usage(TWINS[1], five_hours(3)))
    view = tray_view(twins, NOW, OPTIONS)
    tight = f"Codex {JO} · 2b3c4d5e"
    assert view.headline == f"3% left: {tight}, 5-hour"
    assert [line.partition(":")[0] for line in view.lines[:2]] == [tight, f"Codex {JO} · 1a2b3c4d"]
    assert view.brief[0] == f"{tight} 3%"
    headers = [row.label for row in view.menu if row.label.startswith("Codex")]
    assert headers == [f"Codex · {JO} · 1a2b3c4d · Team", f"Codex · {JO} · 2b3c4d5e · Team · next"]
    _, alert = check_alerts({}, with_display_names(twins, OPTIONS), NOW, OPTIONS)
    assert alert is not None
    assert alert.title == f"{tight}, 5-hour"
    out = io.StringIO()
    print_table(twins, NOW, OPTIONS, Console(file=out, width=200))
    assert headers == [line for line in out.getvalue().splitlines() if line.startswith("Codex")]
    assert f"3% left at the least: {tight}, 5-hour" in out.getvalue()


def test_hidden_names_hide_organizations_too() -> None:
    accounts = (account("claude-a", "Max", "Example Corp"), account("claude-b", "Max", "Other Ltd"))
    hidden = with_display_names(snapshot(*map(usage, accounts)), replace(OPTIONS, hide_names=True))
    assert [header_parts(each.account) for each in hidden.accounts] == [("account 1", "Max"), ("account 2", "Max")]
