"""The table of ``status``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.console import Console

from trayquota.core.model import (
    Snapshot,
)
from trayquota.views.table import print_table

from .facts import NOW
from .samples import ADA, DESIGN, OPTIONS, snapshot, usage

if TYPE_CHECKING:
    from trayquota.views.labels import DisplayOptions


def table(shown: Snapshot, options: DisplayOptions = OPTIONS) -> str:
    output = io.StringIO()
    print_table(shown, NOW, options, Console(file=output, width=200, highlight=False, soft_wrap=True))
    return output.getvalue()


def test_the_table_of_the_design() -> None:
    assert table(DESIGN).splitlines() == [
        "Claude · ada@example.com · Max 20x · next",
        "  ▰▰▰▰▱▱▱▱▱▱ \u200742%  5-hour · resets in 2h 13m (14:13) · runs out in 2h",
        "  ▰▰▰▰▰▰▰▰▱▱ \u200780%  Weekly · resets in 3d 4h (Fri 16:00) · lasts until reset",
        "Claude · ci@example.com",
        "  Login expired. Sign in again with your proxy's login command.",
        "Codex · bob@example.org · Plus",
        "  ▰▰▰▰▰▰▰▱▱▱ \u200770%  5-hour · resets in 1h 50m (13:50) · lasts until reset",
        "  ▰▰▰▰▱▱▱▱▱▱ \u200737%  Weekly · resets in 4d (Sat 12:00) · runs out in 1d 18h",
        "",
        "37% left at the least: Codex bob@example.org, Weekly",
        "Updated 2 min ago",
    ]


def test_the_table_keeps_to_the_settings() -> None:
    lines = table(DESIGN, replace(OPTIONS, hide_names=True, ignored_windows=frozenset({"Weekly"}))).splitlines()
    assert [each for each in lines if each[0:1] not in {" ", ""}] == [
        "Claude · account 1 · Max 20x",
        "Claude · account 2",
        "Codex · account 1 · Plus · next",
        "42% left at the least: Claude account 1, 5-hour",
        "Updated 2 min ago",
    ]


def test_the_table_without_accounts_is_empty() -> None:
    assert table(Snapshot()) == ""


def test_names_are_no_markup() -> None:
    odd = replace(ADA, name="[red]ada[/red] :smile:", plan="[b]")
    assert table(snapshot(usage(odd))).splitlines()[0] == "Claude · [red]ada[/red] :smile: · [b]"
