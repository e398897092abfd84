"""The history: what recording takes of a refresh and of the memory, and the page of a year."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from usage_kinds import HABITS, NO_HABITS, measured

from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow
from trayquota.engine.history_recorder import HistoryRecorder
from trayquota.engine.past_uses import PastUses
from trayquota.store.history import HistoryStore
from trayquota.store.history_schema import open_history, transaction
from trayquota.store.packed_samples import DAY_S

from . import kernel
from .history_year import WINDOWS, YEAR_DAYS, Year
from .recorded import BEGIN, PATIENCE_S, refreshed
from .rows_idle import REST_S
from .rows_start import applet_start
from .stage import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .figures import Row
    from .rows_start import Begun
    from .run import Scale
    from .stage import Home, Stage

YEAR_ACCOUNTS = 50


def recording(stage: Stage, row: Row, scale: Scale) -> None:
    """Ten accounts whose every window has changed: how long the engine's thread is held up, and when it is written."""
    now = BEGIN + timedelta(days=1)
    recorder = HistoryRecorder(stage.folder / "recording.sqlite3", lambda: now, lambda: timedelta(0), is_on=True)
    recorder.start()
    recorder(refreshed(0))
    recorder.wait_idle(PATIENCE_S)
    held_ms, wall_ms = [], []
    for number in range(1, scale.refreshes[0] + 1):
        snapshot = refreshed(number)
        begun_s = time.perf_counter()
        recorder(snapshot)
        held_ms.append((time.perf_counter() - begun_s) * 1000)
        recorder.wait_idle(PATIENCE_S)
        wall_ms.append((time.perf_counter() - begun_s) * 1000)
    row.figure("recorder: the engine's thread, 10 accounts changed", "ms", held_ms)
    row.figure("recorder: until it is on the disk", "ms", wall_ms)
    row.bar("the engine's thread, 10 accounts changed, ms", median(held_ms), 1.0)
    row.count("threads that stay", sum(thread.name == "history" for thread in threading.enumerate()), 0)


def recording_memory(stage: Stage, row: Row, scale: Scale) -> None:
    """Forty refreshes of ten accounts recorded, in a process that has the applet's modules loaded."""
    grown = []
    for number in range(scale.processes):
        argv = [stage.python, HERE / "recorded.py", stage.folder / f"memory-{number}.sqlite3"]
        done = subprocess.run(list(map(str, argv)), check=True, capture_output=True, text=True)
        grown.append(int(done.stdout) / 1024)
    row.figure("recorder: memory that stays (Pss)", "MiB", grown)
    row.bar("memory that stays, MiB", median(grown), 2.5)


def with_history(stage: Stage, row: Row, scale: Scale) -> None:
    """The applet without and with a year's history of its ten accounts, by turns: start, rest and memory."""
    homes = _homes(stage)
    for home in homes.values():
        with stage.applet(home):
            pass  # what is remembered comes from here
    begun: dict[str, list[Begun]] = {name: [] for name in homes}
    for _ in range(scale.starts):
        for name, home in homes.items():
            begun[name].append(applet_start(stage, home))
    threads, idle_s = {}, 1.0 if scale.is_short else scale.idle_s
    for name, home in homes.items():
        row.figure(f"{name}: start to icon", "ms", [each.icon_ms for each in begun[name]])
        row.figure(f"{name}: start to fresh values", "ms", [each.fresh_ms for each in begun[name]])
        with stage.applet(home) as applet:
            time.sleep(REST_S)
            before = kernel.work(applet.pid)
            time.sleep(idle_s)
            woken, worked_ms = before.until(kernel.work(applet.pid))
            row.figure(f"{name}: CPU", "ms/min", worked_ms * 60 / idle_s)
            row.figure(f"{name}: wake-ups", "/min", woken * 60 / idle_s)
            threads[name] = len(list(Path(f"/proc/{applet.pid}/task").iterdir()))
    # Nothing but the minute's redraw wakes either: a window has one of them or two.
    row.count("threads more at rest, each of which could wake", threads["with a year of it"] - threads["without"], 0)
    pairs = zip(begun["with a year of it"], begun["without"], strict=True)
    row.bar("start to icon, of the one without beside it", median(a.icon_ms / b.icon_ms for a, b in pairs), 1.05)
    _compare_memory(stage, row, scale, homes)


def _homes(stage: Stage) -> dict[str, Home]:
    """Return the home of a person without a history, and of one with a year of it, both with ten accounts."""
    without, recorded = stage.home(10), stage.home(0)
    for number in range(10, 20):
        recorded.add(number)
    config = without.path / ".config" / "trayquota" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("history = false\n")
    now = datetime.now(UTC)
    with open_history(recorded.path / ".local/share/trayquota/history.sqlite3") as database, transaction(database):
        files = [file.stem for file in sorted(recorded.accounts.glob("*.json"))]
        Year(database, int(now.timestamp()) // DAY_S, random.Random(1), has_habits=True).write(files)
    return {"without": without, "with a year of it": recorded}


def _compare_memory(stage: Stage, row: Row, scale: Scale, homes: Mapping[str, Home]) -> None:
    """Note what each holds at rest, by turns, and how much more the one with the history does."""
    held_mib: dict[str, list[float]] = {name: [] for name in homes}
    for _ in range(scale.processes):
        for name, home in homes.items():
            with stage.applet(home) as applet:
                time.sleep(REST_S)
                held_mib[name].append(kernel.memory(applet.pid).pss / 1024)
    for name, held in held_mib.items():
        row.figure(f"{name}: PSS", "MiB", held)
    more_mib = [recorded - bare for bare, recorded in zip(*held_mib.values(), strict=True)]
    row.bar("PSS more, MiB", row.figure("PSS, of the one without beside it more", "MiB", more_mib), 2.5)


def year_page(stage: Stage, row: Row, scale: Scale) -> None:
    """The page of a year of 50 accounts with four windows each, used in office hours."""
    home = stage.home(YEAR_ACCOUNTS)
    path = home.path / "data" / "trayquota" / "history.sqlite3"
    now = datetime.now(UTC)
    with open_history(path) as database, transaction(database):
        files = [file.stem for file in sorted(home.accounts.glob("*.json"))]
        Year(database, int(now.timestamp()) // DAY_S, random.Random(1)).write(files)
    page = home.path / "page.html"
    argv = stage.trayquota("history", "--days", str(YEAR_DAYS), "--html", str(page))
    environment = {**stage.env(home), "XDG_DATA_HOME": str(home.path / "data")}
    wall_ms, worked_ms = [], []
    for _ in range(scale.processes):
        begun_s, before = time.monotonic(), os.times()
        subprocess.run(list(map(str, argv)), env=environment, check=True, capture_output=True)
        wall_ms.append((time.monotonic() - begun_s) * 1000)
        after = os.times()
        worked_s = after.children_user + after.children_system - before.children_user - before.children_system
        worked_ms.append(worked_s * 1000)
    size = page.stat().st_size
    row.figure("history: its file", "MiB", path.stat().st_size / (1 << 20))
    row.figure("history: the page", "MB", size / 1e6)
    row.figure("history: the command, start to end", "ms", wall_ms)
    row.figure("history: its processor time", "ms", worked_ms)
    row.bar("the command that makes the page, ms", median(wall_ms), 1500)
    row.count("bytes of the page", size, 3_000_000)
    row.count("bytes of a year", path.stat().st_size, 40 << 20)


def forecast(_stage: Stage, row: Row, scale: Scale) -> None:
    """People with and without habits: how far forecasts from their own use are off, beside the even pace's."""
    for kind in (*HABITS, *NO_HABITS):
        errors = measured(kind, 12 if scale.is_short else 80)
        name = f"forecast: {kind.__name__}"
        row.figure(f"{name}: people of {errors.people} whose own use it goes by", "", errors.used)
        if errors.used:
            row.figure(f"{name}: its error", "h", errors.own / errors.forecasts)
            row.figure(f"{name}: the even pace's at the same moments", "h", errors.even / errors.forecasts)
            row.figure(f"{name}: said to run out, as likely as", "%", 100 * sum(errors.said) / max(1, len(errors.said)))
            row.figure(f"{name}: ran out", "%", 100 * sum(errors.came) / max(1, len(errors.came)))
        if kind in HABITS:
            row.count(f"{kind.__name__}: percent of the even pace's error", round(errors.ratio * 100), 70)
        else:
            percent = round(100 * errors.used / errors.people)
            row.count(f"{kind.__name__}: percent of people whose own use it goes by", percent, 6)


def past_use(stage: Stage, row: Row, scale: Scale) -> None:
    """What forecasts go by, of ten accounts with eight weeks of office hours: read at most once an hour."""
    path, now = stage.folder / "past.sqlite3", datetime.now(UTC)
    files = [f"claude-user{number}@example.com" for number in range(10)]
    with open_history(path) as database, transaction(database):
        Year(database, int(now.timestamp()) // DAY_S, random.Random(1), has_habits=True).write(files)
    store, took_ms = HistoryStore(path), []
    windows = tuple(QuotaWindow(title, 40.0, now + timedelta(hours=4), length_s) for title, length_s in WINDOWS)
    accounts = [Account(f"{file}.json", "claude", file) for file in files]
    usages = [AccountUsage(account, AccountState.OK, windows, updated_at=now) for account in accounts]
    for _ in range(scale.processes):
        begun_s = time.thread_time()
        PastUses().read(store, usages, now, timedelta(0))
        took_ms.append((time.thread_time() - begun_s) * 1000)
    row.figure("history: what forecasts go by, 10 accounts, once an hour at most, processor time", "ms", took_ms)
