"""Looking at a folder of accounts as time goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.credentials.scan import PATIENCE_S, Scan, Scanner

from . import facts

if TYPE_CHECKING:
    from trayquota.core.model import FailureKind

ADA = facts.content("cred_claude.json")
CAROL = facts.content("cred_codex.json")
BLANKED = facts.content("cred_codex_blank_after_refresh.json")
HALF = facts.content("cred_claude_half_written.json")
EMPTY = facts.content("cred_zero_bytes.json")


def look(scanner: Scanner, after_s: float = 0.0) -> Scan:
    """Scan so many seconds after noon."""
    return scanner.scan(facts.NOW + timedelta(seconds=after_s))


def names(scan: Scan) -> list[str]:
    return [each.account.name for each in scan.credentials]


def problems(scan: Scan) -> dict[str, FailureKind]:
    return {each.account.id: each.problem.kind for each in scan.credentials if each.problem is not None}


def settled(scanner: Scanner) -> Scan:
    """Return what is left to say after the patience."""
    look(scanner)
    return look(scanner, PATIENCE_S)
