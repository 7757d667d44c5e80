"""The basis of a calculator's result: findings, verification, and the code systems read. Pure."""

from collections.abc import Iterable, Sequence
from functools import cache

from clinical.calculators.inputs import INPUTS
from clinical.calculators.registry import DERIVED, REGISTRY
from clinical.chart.codes.diagnoses import IS_OF_NOW
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.codes.systems import System
from clinical.chart.derived import BUILDS_ON

# The day when every formula was last compared with a second implementation, on published cases and
# random inputs (tests/clinical/calculators/test_second_*.py).
VERIFIED_ON = "29 Nov 2026"
VERIFIED = (
    f"Verified {VERIFIED_ON} against an independent second implementation; not reviewed by a "
    "clinician."
)
MAY_BE_MISSED = "Entries in other code systems may be missed."

_NEEDED_BY_DRUGS = {drugs.name: (drugs.needs,) for drugs in DRUG_CLASSES if drugs.needs}
_DRUGS = frozenset(drugs.name for drugs in DRUG_CLASSES)


@cache
def names_behind(calculator: str) -> frozenset[str]:
    """Return a calculator's inputs, the names it declares about charts, and their sources."""
    declared = REGISTRY[calculator]
    return _with_sources((*declared.inputs, *declared.in_chart.names))


def code_systems(calculator: str) -> str:
    """Return the sentence that lists the code systems that the calculator reads."""
    return f"This calculator reads these code systems: {systems_read(calculator)}. {MAY_BE_MISSED}"


def systems_read(calculator: str) -> str:
    """Return the code systems that the calculator reads, by kind of resource."""
    names = names_behind(calculator)
    measured, smoking = names & INPUTS.keys(), names & {"current_smoker"}
    read = (
        (measured or smoking, "observations", (System.LOINC, *[System.SNOMED] * bool(smoking))),
        (names & IS_OF_NOW.keys(), "diagnoses", (System.ICD10, System.ICD9CM, System.SNOMED)),
        (names & _DRUGS, "drugs", (System.RXNORM, System.ATC)),
    )
    return "; ".join(f"{_listed(systems)} ({what})" for used, what, systems in read if used)


def _listed(systems: Sequence[System]) -> str:
    *first, last = (system.value for system in systems)
    return f"{', '.join(first)} and {last}" if first else last


def _with_sources(names: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    due = list(names)
    while due:
        name = due.pop()
        if name not in seen:
            seen.add(name)
            due += BUILDS_ON.get(name, ())
            due += _NEEDED_BY_DRUGS.get(name, ())
            due += DERIVED[name].output.needs if name in DERIVED else ()
    return frozenset(seen)
