"""What recording keeps of the memory: run as a program that has the applet's modules loaded; prints KiB of Pss."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow, Snapshot

ACCOUNTS, REFRESHES = 10, 40
BEGIN = datetime(2026, 9, 22, tzinfo=UTC)
PATIENCE_S = 60.0


def refreshed(number: int) -> Snapshot:
    """Return ten accounts with other percents at each number."""
    at = BEGIN + timedelta(minutes=5 * number)
    resets_at = BEGIN + timedelta(days=2)
    windows = tuple(QuotaWindow(title, number % 90 + 0.5, resets_at, 604800) for title in ("Weekly", "Weekly (Opus)"))
    users = (Account(f"claude-{user}.json", "claude", f"user{user}@example.com") for user in range(ACCOUNTS))
    return Snapshot(tuple(AccountUsage(user, AccountState.OK, windows, updated_at=at) for user in users))


def main() -> None:
    """Record and print."""
    import trayquota.app  # noqa: F401 - what the applet has in its memory anyway
    from trayquota.engine.history_recorder import HistoryRecorder

    end = BEGIN + timedelta(days=1)
    recorder = HistoryRecorder(Path(sys.argv[1]), lambda: end, lambda: timedelta(0), is_on=True)
    recorder.start()
    snapshots = [refreshed(number) for number in range(REFRESHES)]
    gc.collect()
    before = _pss_kib()
    for snapshot in snapshots:
        recorder(snapshot)
        recorder.wait_idle(PATIENCE_S)
    gc.collect()
    sys.stdout.write(f"{_pss_kib() - before}\n")


def _pss_kib() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
