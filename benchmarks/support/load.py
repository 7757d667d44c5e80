"""The processor time that other programs use during a measurement.

It's everything that the machine spent (/proc/stat) except what this process and its descendants
spent (/proc/PID/stat). The load average can't tell the benchmark's own work from other programs'.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# A shorter time has too few clock ticks.
_SHORTEST_SECONDS = 0.5


@dataclass(frozen=True)
class Spent:
    """A process: its parent, and the ticks that it and its ended children have used."""

    parent: int
    ticks: int


@dataclass(frozen=True)
class Moment:
    """The processor seconds used so far: by the whole machine, and by the benchmark."""

    at: float
    machine: float
    own: float


def processes() -> dict[int, Spent]:
    """Return all running processes by their id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(folder.name)] = spent((folder / "stat").read_text("utf-8"))
    return found


def spent(stat: str) -> Spent:
    """Read /proc/PID/stat (proc(5)). The program name, in parentheses, may contain spaces."""
    fields = stat.rpartition(")")[2].split()
    return Spent(int(fields[1]), sum(int(one) for one in fields[11:15]))


def of_machine(stat: str) -> int:
    """Return the ticks in /proc/stat during which the processors weren't idle."""
    user, nice, system, _idle, _waiting, irq, softirq, steal = stat.split("\n", 1)[0].split()[1:9]
    return sum(int(one) for one in (user, nice, system, irq, softirq, steal))


def of_tree(root: int, every: Mapping[int, Spent]) -> int:
    """Return the ticks of a process and its descendants."""
    children = (pid for pid, one in every.items() if one.parent == root)
    return every[root].ticks + sum(of_tree(pid, every) for pid in children)


def now() -> Moment:
    """Read both clocks."""
    own = of_tree(os.getpid(), processes())
    machine = of_machine(Path("/proc/stat").read_text("ascii"))
    return Moment(time.monotonic(), machine / _TICKS, own / _TICKS)


def cores_of_others(before: Moment, after: Moment) -> float:
    """Return how many cores other programs used on average between two moments."""
    others = (after.machine - before.machine) - (after.own - before.own)
    return max(0.0, others / (after.at - before.at))


class Watch:
    """Watches the other programs from one row to the next."""

    def __init__(self) -> None:
        self._before = now()
        self._others = 0.0

    def others(self) -> float:
        """Return the cores that others used since the previous row. Rows that a measurement returns
        together get the same value.
        """
        if time.monotonic() - self._before.at >= _SHORTEST_SECONDS:
            after = now()
            self._others = cores_of_others(self._before, after)
            self._before = after
        return self._others
