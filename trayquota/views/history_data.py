"""The history → data: the JSON document of ``history --json``, schema 1, and comma-separated values."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from trayquota.views.json_document import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.history import AccountHistory, Cycle, WindowHistory

SCHEMA = 1
_HEADINGS = ("account", "provider", "name", "window", "at", "remaining_percent")
_FORMULA = ("=", "+", "-", "@", "\t")
"""What spreadsheets run when a cell begins with it."""


def history_json(histories: Iterable[AccountHistory]) -> str:
    """Return the JSON document."""
    accounts = [
        {
            "id": history.account.id,
            "provider": history.account.provider,
            "name": history.account.name,
            "windows": [_window(window) for window in history.windows],
            "outages": [
                {
                    "kind": outage.kind.value,
                    "began_at": instant_text(outage.began_at),
                    "ended_at": instant_text(outage.ended_at),
                }
                for outage in history.outages
            ],
        }
        for history in histories
    ]
    return json.dumps({"schema": SCHEMA, "accounts": accounts}, indent=1)


def history_csv(histories: Iterable[AccountHistory]) -> str:
    """Return a heading line, and a row for each sample."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_HEADINGS)
    for history in histories:
        account = history.account
        for window in history.windows:
            cells = [_text_cell(cell) for cell in (account.id, account.provider, account.name, window.title)]
            for sample in window.samples:
                rows.writerow((*cells, instant_text(sample.at), round(sample.remaining_percent, 2)))
    return text.getvalue()


def _window(window: WindowHistory) -> dict[str, object]:
    samples = [
        {"at": instant_text(sample.at), "remaining_percent": round(sample.remaining_percent, 2)}
        for sample in window.samples
    ]
    return {"title": window.title, "samples": samples, "cycles": [_cycle(cycle) for cycle in window.cycles]}


def _cycle(cycle: Cycle) -> dict[str, object]:
    return {
        "started_at": instant_text(cycle.started_at),
        "ended_at": instant_text(cycle.ended_at),
        "used_percent": round(cycle.used_percent, 2),
        "ended_early": cycle.ended_early,
    }


def _text_cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
