"""What an account has beside its windows, in the menu, the tooltip, the table and the JSON document."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from rich.console import Console

from trayquota.core.model import AccountState, Credits, ResetCredits
from trayquota.views.json_document import json_document
from trayquota.views.labels import credits_label, extra_lines, lowest_label
from trayquota.views.table import print_table
from trayquota.views.tray import tray_view

from .facts import NOW
from .samples import BOB, OFFLINE, OPTIONS, five_hours, later, snapshot, usage, weekly

SEAT = replace(usage(BOB), credits=Credits(14.5), updated_at=NOW)
"""An account that lives on credits."""


@pytest.mark.parametrize(
    ("money", "label"),
    [
        (Credits(14.5), "14.5 credits left"),
        (Credits(14.0), "14 credits left"),
        (Credits(0.0), "0 credits left"),
        (Credits(1234567.891), "1,234,567.89 credits left"),
        (Credits(), "paid by credits"),
        (Credits(5.0, is_unlimited=True), "unlimited credits"),
    ],
)
def test_credits_in_words(money: Credits, label: str) -> None:
    assert credits_label(money) == label


@pytest.mark.parametrize(
    ("resets", "line"),
    [
        (ResetCredits(1), "1 limit reset to use"),
        (ResetCredits(2), "2 limit resets to use"),
        (ResetCredits(1, later("3d 4h")), "1 limit reset to use · expires in 3d 4h (Fri 16:00)"),
        (ResetCredits(2, later("3d 4h")), "2 limit resets to use · first expires in 3d 4h (Fri 16:00)"),
        (ResetCredits(2, NOW), "2 limit resets to use"),
    ],
)
def test_reset_credits_in_words(resets: ResetCredits, line: str) -> None:
    assert extra_lines(replace(usage(BOB, weekly(80)), reset_credits=resets), NOW, OPTIONS) == (line,)


def test_a_seat_that_lives_on_credits_is_fine_and_says_what_is_left() -> None:
    view = tray_view(snapshot(SEAT), NOW, OPTIONS)
    assert "Codex bob@example.org: 14.5 credits left" in view.lines
    assert view.brief == ("Codex bob@example.org 14.5 credits left",)
    assert [row.label for row in view.menu[:2]] == ["Codex · bob@example.org · Plus", "  14.5 credits left"]
    assert lowest_label(SEAT, NOW, OPTIONS) == "14.5 credits left"
    assert snapshot(SEAT).is_fresh


def test_credits_and_resets_are_rows_of_their_own_beside_windows() -> None:
    shown = replace(usage(BOB, five_hours(70), weekly(37)), credits=Credits(14.5), reset_credits=ResetCredits(2))
    labels = [row.label for row in tray_view(snapshot(shown), NOW, OPTIONS).menu]
    assert labels[3:5] == ["  14.5 credits left", "  2 limit resets to use"]
    out = io.StringIO()
    print_table(snapshot(shown), NOW, OPTIONS, Console(file=out, width=200))
    assert out.getvalue().splitlines()[3:5] == labels[3:5]


@pytest.mark.parametrize("state", [AccountState.EXPIRED, AccountState.DISABLED, AccountState.ERROR])
def test_values_that_do_not_count_are_not_shown(state: AccountState) -> None:
    shown = replace(SEAT, state=state, failure=OFFLINE, reset_credits=ResetCredits(2))
    assert extra_lines(shown, NOW, OPTIONS) == ()


def test_the_keys_of_the_document() -> None:
    account = replace(BOB, organization="Example Corp", subscription_ends_at=datetime(2026, 10, 1, tzinfo=UTC))
    shown = replace(SEAT, account=account, reset_credits=ResetCredits(2, later("1d")))
    (found,) = json.loads(json_document(snapshot(shown), NOW))["accounts"]
    assert (found["state"], found["windows"], found["error"]) == ("ok", [], None)
    assert found["organization"] == "Example Corp"
    assert found["subscription_ends_at"] == "2026-10-01T00:00:00Z"
    assert found["credits"] == {"balance": 14.5, "unlimited": False}
    assert found["reset_credits"] == {"available": 2, "expires_at": "2026-09-23T12:00:00Z"}
