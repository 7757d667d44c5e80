"""What a chart page shows of the chart itself: problems, orders, the newest results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.charts.resources import Charts, Resource

_MOST_RESULTS = 12
_MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Result:
    """One observation, as a line."""

    name: str
    value: str
    when: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The chart of one patient, shortened."""

    problems: Sequence[str]
    drugs: Sequence[str]
    results: Sequence[Result]


def contents(charts: Charts, patient: str) -> Contents:
    """Return what is shown of a patient's chart."""
    problems = [
        _name(one.body.get("code", {}))
        for one in _of(charts, "Condition", patient)
        if _codes(one, "clinicalStatus") <= {"active"}
        and _codes(one, "verificationStatus").isdisjoint({"entered-in-error", "refuted"})
    ]
    drugs = [
        _drug(one)
        for one in _of(charts, "MedicationRequest", patient)
        if one.body.get("status") == "active"
    ]
    results = sorted(_results(charts, patient), key=lambda one: one.when, reverse=True)
    return Contents(problems[:_MOST_LINES], drugs[:_MOST_LINES], results[:_MOST_RESULTS])


def _of(charts: Charts, fhir_type: str, patient: str) -> Iterator[Resource]:
    return (one for one in charts.of_type(fhir_type) if one.patient == patient)


def _codes(resource: Resource, member: str) -> set[str]:
    return {str(one.get("code")) for one in resource.body.get(member, {}).get("coding", [])}


def _name(concept: Mapping[str, Any]) -> str:
    codings = concept.get("coding") or [{}]
    named = concept.get("text") or codings[0].get("display") or codings[0].get("code")
    return str(named or "without a name")


def _drug(order: Resource) -> str:
    if "medicationCodeableConcept" in order.body:
        return _name(order.body["medicationCodeableConcept"])
    return str(order.body.get("medicationReference", {}).get("display", "without a name"))


def _results(charts: Charts, patient: str) -> Iterator[Result]:
    for one in _of(charts, "Observation", patient):
        quantity = one.body.get("valueQuantity")
        if isinstance(quantity, dict) and "value" in quantity and one.body.get("status") == "final":
            value = (
                f"{quantity.get('comparator', '')}{quantity['value']} {quantity.get('unit', '')}"
            )
            when = str(one.body.get("effectiveDateTime", ""))[:10]
            yield Result(_name(one.body.get("code", {})), value.strip(), when)
