"""The chart of one patient, read into the inputs of the calculators, each with its provenance.

It reads plain FHIR R4 JSON without a server or a clock: the same resources in any order give the
same chart. If a value is absent, unreadable, implausible, contradictory, too old or preliminary,
the input is left empty with the reason, so that the page asks for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from clinical.calculators.inputs import INPUTS
from clinical.chart import patient
from clinical.chart.answers import (
    always_asked,
    current_smoker,
    unless_a_problem_differs,
    with_problem,
)
from clinical.chart.choice import Question, charted, choose, in_order, is_usable, usable
from clinical.chart.classified import Classified
from clinical.chart.derived import derived
from clinical.chart.diagnoses import diagnoses
from clinical.chart.evidence import Candidate, ChartFinding, Evidence, Value
from clinical.chart.medications import drug_classes
from clinical.chart.observations import Entry, ObservationReader, measured
from clinical.chart.pressure import pressures
from clinical.chart.resources.scope import scope_of
from clinical.chart.resources.times import parse_now
from shared.frozen import dataclass

# The patient of the mapping cases.
_PATIENT_OF_THE_CASES = "p1"
_PRESSURES = ("systolic_bp", "diastolic_bp")
_LDL = "ldl_reported"


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient's chart at one time.

    `findings` has a finding for every input, by name. `entries` are the patient's Observations as
    read for the findings, in the order received. `usable` has the dated values of each measured
    input inside its look-back, newest first. `foreign` names the resources of other patients, which
    were set aside. `problems` and `drugs` count the entries and list the unclassified ones.
    """

    findings: Mapping[str, ChartFinding]
    usable: Mapping[str, tuple[Evidence, ...]]
    foreign: tuple[str, ...]
    problems: Classified
    drugs: Classified
    entries: tuple[Entry, ...] = field(compare=False)


def read_chart(
    resources: object,
    now: datetime,
    patient_id: str,
    fhir_base: str | None,
    reader: ObservationReader | None = None,
) -> Chart:
    """Read the chart of one patient from FHIR resources; never raises, regardless of content.

    `resources` is a list of R4 resources as parsed JSON. `now` is an aware time in the site's time
    zone, whose date decides the age. `patient_id` is the patient in context. `fhir_base` is the
    server's base URL, or None if unknown. `reader` may have read some of the Observations already.
    """
    scope = scope_of(resources, patient_id, fhir_base)
    entries = tuple(map((reader or ObservationReader(now.tzinfo)).entry, scope.observations))
    candidates = {name: in_order(some) for name, some in measured(entries).items()}
    questions = {name: question(name, now) for name in INPUTS}
    problems = diagnoses(scope.conditions, now.tzinfo)
    findings = _by_name(
        (
            patient.age(scope.patients, now),
            patient.sex(scope.patients),
            *_measurements(questions, candidates),
            current_smoker(entries, now),
            *always_asked(entries, now),
            *problems.findings,
        )
    )
    smoker = unless_a_problem_differs(findings["current_smoker"], findings["smoker_in_problems"])
    findings[smoker.input] = smoker
    findings |= _by_name(with_problem(findings[one.input], one) for one in problems.judged)
    drugs = drug_classes(
        scope.requests, scope.uses, scope.medications, findings, problems.drugs_named, now.tzinfo
    )
    findings |= _by_name(drugs.findings)
    values = {name: usable(questions[name], some) for name, some in candidates.items()}
    ldl = charted(questions[_LDL], candidates.get(_LDL, ()))
    findings |= _by_name(derived(findings, ldl, values.get("creatinine", ())))
    return Chart(
        findings=findings,
        usable=values,
        foreign=scope.foreign,
        problems=problems.classified,
        drugs=drugs.classified,
        entries=entries,
    )


def question(name: str, now: datetime) -> Question:
    """Return the question to the chart for a measured input."""
    known = INPUTS[name]
    return Question(name, known.unit, known.fresh_days, known.max_days, now)


def valued(
    resources: object,
    now: datetime,
    patient_id: str,
    fhir_base: str | None,
    reader: ObservationReader,
) -> frozenset[str]:
    """Return the measured inputs that have a usable value in the patient's Observations.

    Used to decide whether to read more pages. `reader` keeps what it reads for the chart.
    """
    scope = scope_of(resources, patient_id, fhir_base)
    known = measured(map(reader.entry, scope.observations))
    questions = {name: question(name, now) for name in known}
    return frozenset(
        name for name, some in known.items() if any(is_usable(questions[name], one) for one in some)
    )


def _measurements(
    questions: Mapping[str, Question], candidates: Mapping[str, Sequence[Candidate]]
) -> Iterable[ChartFinding]:
    upper, lower = _PRESSURES
    yield from pressures(
        questions[upper], questions[lower], candidates.get(upper, ()), candidates.get(lower, ())
    )
    for name, question in questions.items():
        if name not in _PRESSURES:
            yield choose(question, candidates.get(name, ()))


def _by_name(findings: Iterable[ChartFinding]) -> dict[str, ChartFinding]:
    return {finding.input: finding for finding in findings}


def prefill(resources: object, now_iso: str) -> dict[str, Value]:
    """Return the value of every input; None means ask, False means "not found in chart".

    A measured input is in its canonical unit, under its name and under its name with the unit
    appended (`sodium`, `sodium_mmol_l`). The patient is always Patient/p1, as in the mapping cases,
    on any server; for other patients use `read_chart`. Raises ValueError unless `now_iso` is an ISO
    8601 time.
    """
    chart = read_chart(resources, parse_now(now_iso), _PATIENT_OF_THE_CASES, None)
    values = {name: finding.value for name, finding in chart.findings.items()}
    return values | {_with_unit(name): values[name] for name in INPUTS}


def _with_unit(name: str) -> str:
    unit = re.sub(r"[^a-z0-9]+", "_", INPUTS[name].unit.lower()).strip("_")
    return f"{name}_{unit}".rstrip("_")
