"""What the kernel itself counts of a process."""

from __future__ import annotations

import contextlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Work:
    """Since the process began, per thread: how often it went to sleep, and nanoseconds on a processor."""

    switches: dict[int, int]
    cpu_ns: dict[int, int]

    @property
    def total_ms(self) -> float:
        """CPU milliseconds of the threads that live."""
        return sum(self.cpu_ns.values()) / 1e6

    def until(self, later: Work) -> tuple[int, float]:
        """Wake-ups and CPU milliseconds from here to ``later``; of threads that live then."""
        wakeups = sum(later.switches[each] - self.switches.get(each, 0) for each in later.switches)
        cpu_ns = sum(later.cpu_ns[each] - self.cpu_ns.get(each, 0) for each in later.cpu_ns)
        return wakeups, cpu_ns / 1e6


@dataclass(frozen=True, slots=True)
class Memory:
    """KiB: proportional share, and what is the process's own alone."""

    pss: int
    own: int


def work(pid: int) -> Work:
    """What the threads of ``pid`` have done, with those of its children and theirs."""
    switches, cpu_ns = {}, {}
    for process in family(pid):
        for task in (PROC / str(process) / "task").iterdir():
            try:
                status, scheduled = (task / "status").read_text(), (task / "schedstat").read_text()
            except OSError:
                continue  # ended just now
            switches[int(task.name)] = _field(status, "voluntary_ctxt_switches")
            cpu_ns[int(task.name)] = int(scheduled.split()[0])
    return Work(switches, cpu_ns)


def memory(pid: int) -> Memory:
    """Of ``pid``, its children and theirs."""
    rollups = [(PROC / str(each) / "smaps_rollup").read_text() for each in family(pid)]
    return Memory(
        sum(_field(each, "Pss") for each in rollups),
        sum(_field(each, "Private_Clean") + _field(each, "Private_Dirty") for each in rollups),
    )


def threads(pid: int) -> list[str]:
    """The names of the threads of ``pid``, as far as the kernel was told them."""
    names = []
    for each in (PROC / str(pid) / "task").glob("*/comm"):
        with contextlib.suppress(OSError):  # it has ended just now
            names.append(each.read_text().strip())
    return sorted(names)


def family(pid: int) -> list[int]:
    """``pid``, its children, and theirs."""
    found = [pid]
    for each in found:
        for task in (PROC / str(each) / "task").glob("*/children"):
            with contextlib.suppress(OSError):  # the thread has ended just now
                found += [int(child) for child in task.read_text().split()]
    return found


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = next((line.partition(":")[2].strip() for line in _lines("cpuinfo") if line.startswith("model name")), "?")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(_field((PROC / "meminfo").read_text(), "MemTotal") / (1 << 20), 1),
        "kernel": platform.release(),
        "load_average": load_average(),
    }


def load_average() -> float:
    """Of the last minute."""
    return float((PROC / "loadavg").read_text().split()[0])


def _lines(name: str) -> list[str]:
    return (PROC / name).read_text().splitlines()


def _field(text: str, name: str) -> int:
    line = next(each for each in text.splitlines() if each.startswith(f"{name}:"))
    return int(line.split()[1])
