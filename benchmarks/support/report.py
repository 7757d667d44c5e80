"""The results of a measurement: rows with their budgets, as a table and as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Literal

SCHEMA = 1
_LIBRARIES = (
    *("functions-framework", "flask", "gunicorn", "httptools", "urllib3", "requests"),
    *("google-cloud-firestore", "grpcio", "cryptography"),
)

Verdict = Literal["within", "over", "-"]


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
        `value`: the value that the budget limits; None if it couldn't be measured.
        `unit`: of `value`: "ratio", or the counted unit.
        `beside`: both sides' measurements. Each name ends with the unit.
    """

    id: str
    what: str
    value: float | None
    unit: str
    budget: Budget | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the value is within the budget, if it has both."""
        if self.value is None or self.budget is None:
            return "-"
        return "within" if self.budget.holds(self.value) else "over"


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


def as_table(rows: Sequence[Row]) -> str:
    """Return the rows for a terminal: one line per row, followed by the compared measurements."""
    lines = []
    for row in rows:
        value = "not measured" if row.value is None else f"{_short(row.value)} {row.unit}"
        budget = f"budget {row.budget}" if row.budget else ""
        verdict = row.verdict if row.budget else ""
        lines.append(f"{row.what:<58} {value:<28} {budget:<14} {verdict}".rstrip())
        beside = ", ".join(f"{name} {_short(value)}" for name, value in row.beside.items())
        lines += [f"    {text}" for text in (beside, row.note) if text]
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
