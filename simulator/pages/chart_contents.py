"""The contents of a chart page: problems, orders and the latest value of each test.

The latest value is the newest released one, in its current version. Preliminary and withdrawn
values are ignored, and so are values dated later than they were filed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from simulator.charts.resources import Charts, Resource
from simulator.fhir.search_parameters import observed

_MOST_RESULTS = 30
_MOST_LINES = 12
_RELEASED = ("final", "amended", "corrected")
_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """One observation, as a line; `when` is the day, or "" if the chart has no date."""

    name: str
    value: str
    when: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """One patient's chart, abridged."""

    problems: Sequence[str]
    drugs: Sequence[str]
    results: Sequence[Result]


def contents(charts: Charts, patient: str) -> Contents:
    """Return the abridged chart of a patient."""
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
    results = sorted(_newest(charts, patient), key=lambda one: one.moment, reverse=True)
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


def _newest(charts: Charts, patient: str) -> Iterator[Result]:
    """Yield the newest value of each test, or all its values if several have the same time."""
    known: dict[str, list[Result]] = {}
    for code, result in _results(charts, patient):
        known.setdefault(code, []).append(result)
    for results in known.values():
        last = max(one.moment for one in results)
        yield from dict.fromkeys(one for one in results if one.moment == last)


def _results(charts: Charts, patient: str) -> Iterator[tuple[str, Result]]:
    for fhir_id in dict.fromkeys(one.id for one in _of(charts, "Observation", patient)):
        # An id may be listed in two versions.
        current = charts.find("Observation", fhir_id)
        if current is None or current.body.get("status") not in _RELEASED:
            continue
        taken = observed(current.body)
        moment = taken.start if taken else _UNDATED
        body = json.loads(current.text, parse_float=Decimal)
        value = _value(body)
        if value and moment <= current.last_updated:
            concept = body.get("code", {})
            code = json.dumps(concept.get("coding") or _name(concept))
            when = moment.date().isoformat() if taken else ""
            yield code, Result(_name(concept), value, when, moment)


def _value(observation: Mapping[str, Any]) -> str:
    """Return the value with its unit, or the values of a panel's components, or ""."""
    own = _amount(observation.get("valueQuantity"))
    return own or " / ".join(
        filter(
            None, (_amount(one.get("valueQuantity")) for one in observation.get("component", []))
        )
    )


def _amount(quantity: object) -> str:
    if not isinstance(quantity, dict) or "value" not in quantity:
        return ""
    return f"{quantity.get('comparator', '')}{quantity['value']} {quantity.get('unit', '')}".strip()
