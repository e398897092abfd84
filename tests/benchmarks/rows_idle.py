"""The applet at rest: how often it wakes, what it holds, and which threads it keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import kernel
from .stage import HERE, Applet, asked

if TYPE_CHECKING:
    from .figures import Row
    from .run import Scale
    from .stage import Stage

ACCOUNTS = 4
REST_S = 5.0
"""After this nothing of a refresh is left to be done: the state is saved three seconds after it."""
REFRESHES = 5
ICONS = 5
MORE_ACCOUNTS = 16
"""As many as the tool tip has lines for, and more than a connection pool holds unless told to."""


def idle(stage: Stage, row: Row, scale: Scale) -> None:
    """Floor and applet side by side, between refreshes."""
    with stage.applet(stage.home(ACCOUNTS)) as applet:
        name = stage.panel.until().name
        with stage.floor() as floor:
            time.sleep(REST_S)
            wakeups, cpu, floor_wakeups, floor_cpu = [], [], [], []
            signalled: list[str] = []
            for _ in range(scale.idle_windows):
                signals = len(stage.panel.item(name).signals)
                before, floor_before = kernel.work(applet.pid), kernel.work(floor.pid)
                time.sleep(scale.idle_s)
                here, there = before.until(kernel.work(applet.pid)), floor_before.until(kernel.work(floor.pid))
                wakeups.append(here[0])
                cpu.append(here[1])
                floor_wakeups.append(there[0])
                floor_cpu.append(there[1])
                signalled += stage.panel.item(name).signals[signals:]
    per_minute = 60 / scale.idle_s
    row.figure("floor: wake-ups", "/min", [each * per_minute for each in floor_wakeups])
    row.figure("floor: CPU", "ms/min", [each * per_minute for each in floor_cpu])
    woken = row.figure("trayquota: wake-ups over all threads", "/min", [each * per_minute for each in wakeups])
    worked = row.figure("trayquota: CPU", "ms/min", [each * per_minute for each in cpu])
    row.notes.append(f"signalled to the panel meanwhile: {', '.join(signalled) or 'nothing'}")
    row.count(f"wake-ups in {scale.idle_s:.0f} s, with a wide margin", max(wakeups), 10 if scale.is_short else 20)
    row.count(
        "new icons and new layouts while nothing happens",
        signalled.count("NewIcon") + signalled.count("LayoutUpdated"),
        0,
    )
    row.bar("wake-ups a minute", woken, 6)
    row.bar("CPU a minute, ms", worked, 20)


def memory(stage: Stage, row: Row, scale: Scale) -> None:
    """Floor and applet side by side; the applet refreshes, each time with other values."""
    home = stage.home(ACCOUNTS)
    held = {}
    with stage.floor() as floor, stage.applet(home, is_limited=False) as applet:
        done = 1
        for mark in scale.refreshes:
            while done < mark:
                applet.refresh()
                done += 1
            time.sleep(REST_S)
            held[mark] = kernel.memory(applet.pid)
            if mark == scale.refreshes[0]:
                base = kernel.memory(floor.pid)
    first, last = scale.refreshes[0], scale.refreshes[-1]
    row.figure("floor: PSS", "MiB", base.pss / 1024)
    row.figure("floor: private memory", "MiB", base.own / 1024)
    for mark, each in held.items():
        row.figure(f"trayquota: PSS after {mark:,} refreshes", "MiB", each.pss / 1024)
    row.figure(f"trayquota: private memory after {first} refreshes", "MiB", held[first].own / 1024)
    row.bar(f"PSS after {first} refreshes, of the floor's", held[first].pss / base.pss, 1.25)
    if not scale.is_short:
        row.bar(f"PSS, MB more after {last:,} refreshes than after 100", (held[last].pss - held[100].pss) / 976.6, 1.0)


def five_icons(stage: Stage, row: Row, scale: Scale) -> None:
    """The applet with one icon and with five, side by side, with the same accounts: what four more of them cost."""
    one, five = (stage.home(ICONS + 1) for _ in range(2))
    pinned = sorted(file.name for file in five.accounts.iterdir())
    one.configure('icons = "one"\n')
    five.configure(f'icons = "pinned"\npinned = {pinned}\n')
    spent: dict[str, list[tuple[int, float]]] = {"one icon": [], "five icons": []}
    with stage.applet(one) as single, stage.running(stage.trayquota(), five) as several:
        stage.panel.until_items(ICONS)
        time.sleep(REST_S)
        programs = {"one icon": single.pid, "five icons": several.pid}
        for _ in range(scale.idle_windows):
            before = {name: kernel.work(pid) for name, pid in programs.items()}
            time.sleep(scale.idle_s)
            for name, pid in programs.items():
                spent[name].append(before[name].until(kernel.work(pid)))
        held = {name: kernel.memory(pid).pss / 1024 for name, pid in programs.items()}
        threads_of = {name: len(kernel.threads(pid)) for name, pid in programs.items()}
        processes, icons = len(kernel.family(several.pid)), stage.panel.registered
    per_minute = 60 / scale.idle_s
    woken = {}
    for name, windows in spent.items():
        woken[name] = row.figure(f"{name}: wake-ups", "/min", [wakeups * per_minute for wakeups, _ in windows])
        row.figure(f"{name}: CPU", "ms/min", [cpu_ms * per_minute for _, cpu_ms in windows])
        row.figure(f"{name}: PSS", "MiB", held[name])
    further = ICONS - 1
    row.bar("PSS for each further icon, MiB", (held["five icons"] - held["one icon"]) / further, 1.0)
    # After each redraw a panel asks for what is new, over the icon's own connection.
    row.bar("wake-ups a minute for each further icon", (woken["five icons"] - woken["one icon"]) / further, 1.0)
    row.count("icons for more accounts than that", icons, ICONS)
    row.count("processes", processes, 1)
    row.count("threads more with five icons", threads_of["five icons"] - threads_of["one icon"], 0)


def connections(stage: Stage, row: Row, _scale: Scale) -> None:
    """Several refreshes by click: every request is counted, and every connection."""
    home = stage.home(MORE_ACCOUNTS)
    before, asked_before = stage.provider.stats(), sum(asked(stage).values())
    with stage.applet(home, is_limited=False) as applet:
        for _ in range(REFRESHES):
            applet.refresh()
    after, requests = stage.provider.stats(), sum(asked(stage).values()) - asked_before
    opened, plans = after["connections"] - before["connections"], after["plans"] - before["plans"]
    row.figure("requests for quotas", "", requests)
    row.figure("requests for plans", "", plans)
    row.figure("connections opened", "", opened)
    rounds = REFRESHES + 1
    row.count(f"requests in {rounds} refreshes of {MORE_ACCOUNTS} accounts", requests, MORE_ACCOUNTS * rounds)
    row.count("requests for plans, one for each account whose quotas do not name it", plans, MORE_ACCOUNTS // 2)
    row.count(f"connections for {MORE_ACCOUNTS} workers", opened, MORE_ACCOUNTS)


def threads(stage: Stage, row: Row, _scale: Scale) -> None:
    """The applet's threads by name, at rest after two refreshes."""
    home = stage.home(ACCOUNTS)
    before = asked(stage)
    with stage.running([stage.python, HERE / "named.py"], home) as program:
        applet = Applet(stage, home, program, before)
        applet.until_fresh()
        applet.refresh()
        time.sleep(REST_S)
        names = kernel.threads(program.pid)
    row.figure("threads", "", len(names))
    row.notes.append(", ".join(names))
    # The tray's, the signals', the engine's, the callbacks'; watchdog's two, and one for each place: the accounts, what
    # their folder is in, the settings. No fetcher.
    row.bar("threads at rest", len(names), 9)
