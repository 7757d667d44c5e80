"""The results of a measurement: rows with their budgets, compared with earlier runs, as one screen,
in detail, and as JSON.
"""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from itertools import pairwise
from statistics import median
from typing import Any, Literal

SCHEMA = 2
# If other programs use more, a row isn't judged. One busy program gets at least this much of two
# cores, so a load of 1 or more from other programs is noticed.
QUIET_CORES = 0.5
# A value has changed if it differs from the last run's by more than this multiple of the median
# difference between consecutive runs. If runs vary at random (normal distribution), this happens in
# 2% of comparisons with ten earlier runs, and in 6% with four.
_STEPS = 5
# The least relative change that counts, and the one that counts while there are few earlier runs.
_LEAST, _UNKNOWN = 0.05, 0.2
_FEW, _KEPT = 4, 10
_LIBRARIES = (
    *("functions-framework", "flask", "gunicorn", "httptools", "urllib3", "requests"),
    *("google-cloud-firestore", "grpcio", "cryptography"),
)

Verdict = Literal["over", "not judged", "within", "-"]
_HEADINGS: Mapping[Verdict, str] = {
    "over": "Over budget",
    "not judged": f"Not judged: other programs took more than {QUIET_CORES:g} cores",
    "within": "Within budget",
    "-": "Without a budget, changed",
}


@dataclass(frozen=True)
class Budget:
    """A limit for a row's `value`: a maximum, or with `at_least` a minimum."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a value is within the budget."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """One measured value. `id` is stable across versions.

    Fields:
        `value`: the value that the budget limits.
        `unit`: of `value`: "ratio", or the counted unit.
        `beside`: both sides' measurements. Each name ends with the unit.
        `others`: the cores that other programs used during the measurement.
        `earlier`: the values of earlier runs on this machine that were quiet, the latest last.
    """

    id: str
    what: str
    value: float
    unit: str
    budget: Budget | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    others: float = 0.0
    earlier: Sequence[float] = ()

    @property
    def quiet(self) -> bool:
        """Whether other programs left the machine to this measurement."""
        return self.others <= QUIET_CORES

    @property
    def verdict(self) -> Verdict:
        """Whether the value is within the budget, if the machine was quiet."""
        if self.budget is None:
            return "-"
        if not self.quiet:
            return "not judged"
        return "within" if self.budget.holds(self.value) else "over"

    @property
    def changed(self) -> bool:
        """Whether the value differs from the last quiet run's by more than runs usually do."""
        if not (self.earlier and self.quiet):
            return False
        last = self.earlier[-1]
        return abs(self.value - last) > _usual_change(self.earlier)

    def after(self, last: "Row | None") -> "Row":
        """Add the values of earlier runs, from the last run's row."""
        if last is None:
            return self
        values = (*last.earlier, last.value) if last.quiet else last.earlier
        return replace(self, earlier=tuple(values[-_KEPT:]))


def _usual_change(earlier: Sequence[float]) -> float:
    last = abs(earlier[-1])
    if len(earlier) < _FEW:
        return _UNKNOWN * last
    steps = [abs(later - before) for before, later in pairwise(earlier)]
    return max(_STEPS * median(steps), _LEAST * last)


def machine() -> dict[str, object]:
    """Return the facts that a reader needs about the machine, but never its name.

    `load` is the average number of running processes in the last minute before the measurements.
    """
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "load": round(os.getloadavg()[0], 2),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def as_json(rows: Sequence[Row], facts: Mapping[str, object], seconds: float) -> str:
    """Return the stored document; `schema` changes with its format."""
    described = [{**asdict(row), "verdict": row.verdict} for row in rows]
    document = {
        "schema": SCHEMA,
        "machine": facts,
        "seconds": round(seconds, 1),
        "rows": described,
    }
    return json.dumps(document, indent=2) + "\n"


def from_json(text: str) -> list[Row]:
    """Return the rows of a stored document, or none if its format is another version's."""
    document = json.loads(text)
    return [_row(one) for one in document["rows"]] if document["schema"] == SCHEMA else []


def _row(stored: dict[str, Any]) -> Row:
    del stored["verdict"]
    return Row(**{**stored, "budget": stored["budget"] and Budget(**stored["budget"])})


def as_screen(rows: Sequence[Row], facts: Mapping[str, object], seconds: float) -> str:
    """Return one line for each row that has a budget or has changed, by verdict."""
    lines = []
    for verdict, heading in _HEADINGS.items():
        shown = [r for r in rows if r.verdict == verdict and (r.budget or r.changed)]
        lines += [f"{heading} ({len(shown)})"] * bool(shown) + [_line(row) for row in shown]
    most = max((row.others for row in rows), default=0.0)
    compared = [row for row in rows if row.earlier and row.quiet]
    changed = sum(row.changed for row in compared)
    run = f"{seconds:.0f} seconds; {facts['cores']} cores, Python {facts['python']}"
    lines += [
        f"{run}; load before the run {facts['load']}; other programs took up to {most:.1f} cores.",
        f"Changed since the last quiet run (*): {changed} of the {len(compared)} compared rows."
        if compared
        else "No row can be compared, because none has a stored quiet run.",
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    unit = "" if row.unit == "ratio" else f" {row.unit}"
    last = f"was {_short(row.earlier[-1])}" if row.earlier else ""
    loud = "" if row.quiet else f"others {row.others:.1f}"
    mark = "*" if row.changed else " "
    value = f"{_short(row.value)}{unit}"
    return f"{mark} {row.what:<61} {value:<13}{row.budget or ''!s:<8} {loud or last}".rstrip()


def as_details(rows: Sequence[Row]) -> str:
    """Return each row with what was measured on both sides, and how the run was."""
    lines = []
    for row in rows:
        budget = f", budget {row.budget}: {row.verdict}" if row.budget else ""
        lines.append(f"{row.what}: {_short(row.value)} {row.unit}{budget}")
        beside = ", ".join(f"{name} {_short(value)}" for name, value in row.beside.items())
        others = f"other programs took {row.others:.2f} cores"
        earlier = ", ".join(_short(value) for value in row.earlier)
        notes = "; ".join(filter(None, (row.note, others, earlier and f"earlier runs {earlier}")))
        lines += [f"    {text}" for text in (beside, notes) if text]
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
