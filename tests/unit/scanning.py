"""Looking at a folder of accounts as time goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.sources.retrying_file import WRITE_GRACE_S

from . import facts

if TYPE_CHECKING:
    from trayquota.core.model import FailureKind
    from trayquota.sources.base import Discovery
    from trayquota.sources.folder_scan import FolderScanner

ADA = facts.content("cred_claude.json")
CAROL = facts.content("cred_codex.json")
BLANKED = facts.content("cred_codex_blank_after_refresh.json")
HALF = facts.content("cred_claude_half_written.json")
EMPTY = facts.content("cred_zero_bytes.json")


def look(scanner: FolderScanner, after_s: float = 0.0) -> Discovery:
    """Scan so many seconds after noon."""
    return scanner.scan(facts.NOW + timedelta(seconds=after_s))


def names(scan: Discovery) -> list[str]:
    return [each.account.name for each in scan.accounts]


def problems(scan: Discovery) -> dict[str, FailureKind]:
    return {each.account.id: each.problem.kind for each in scan.accounts if each.problem is not None}


def settled(scanner: FolderScanner) -> Discovery:
    """Return what is left to say after the patience."""
    look(scanner)
    return look(scanner, WRITE_GRACE_S)
