"""Inputs of any size that could make a loop over them quadratic, and what reads them.

tests/support/app/metered.py counts the work. Each shape repeats one thing a number of times.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from clinical.calculators import REGISTRY
from clinical.chart import read_chart
from clinical.chart.resources.times import zone_of
from clinical.clock import Clock
from functions.cds_services import cards, prefetch
from functions.smart_calc import all_results, unclassified
from functions.smart_calc.page import banner
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.latest_values import newest
from shared import explain, strict_json
from shared.fhir import nested, searchset
from shared.fhir.references import Compartment
from shared.inbound import cookies
from tests.support.app.metered import Case

# Each size takes the way of a large document.
strict_json._WORTH_BYTES = 0

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
BASE = "https://ehr.example.org/r4"
PATIENT = {"reference": "Patient/p1"}
LOINC = "http://loinc.org"
SODIUM, CREATININE, BICARBONATE, PANEL = "2951-2", "2160-0", "2028-9", "85354-9"
Resource = dict[str, Any]


def _code(code: str = SODIUM, display: str = "", system: str = LOINC) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _observation(number: int, loinc: str = SODIUM, minutes: float = 0, **more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "subject": PATIENT,
        "category": [_code("laboratory", system="http://hl7.org/category")],
        "code": _code(loinc),
        "effectiveDateTime": (NOW - timedelta(minutes=minutes + 1)).isoformat(),
        "valueQuantity": {"value": 130 + number % 15, "unit": "mmol/L"},
        **more,
    }


def _condition(number: int, **more: Any) -> Resource:
    return {
        "resourceType": "Condition",
        "id": f"c{number}",
        "subject": PATIENT,
        "code": {"text": f"problem {number}"},
        **more,
    }


def _order(number: int, **more: Any) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m{number}",
        "status": "active",
        "intent": "order",
        "subject": PATIENT,
        **more,
    }


def _patient(**more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p1", "birthDate": "1950-02-09", **more}


def _codings(size: int) -> Resource:
    display = "a name as long as one item " * 2
    return {
        "coding": [
            {"system": LOINC, "code": f"{n}-0", "display": f"{display}{n}"} for n in range(size)
        ]
    }


def _components(size: int) -> list[Resource]:
    part = {"valueQuantity": {"value": 120, "unit": "mm[Hg]"}}
    return [{"code": _code("8480-6"), **part} for _ in range(size)]


def _meta(size: int, **meta: Any) -> list[Resource]:
    return [_observation(0, meta=meta, status="amended", note=n) for n in range(size)]


SHAPES: Mapping[str, Callable[[int], list[Resource]]] = {
    "one id": _meta,
    "one id, one update": lambda n: _meta(n, lastUpdated="2026-11-01T00:00:00Z"),
    "one id, one version": lambda n: _meta(n, versionId="7"),
    "one id, one version after another": lambda n: [
        _observation(0, meta={"versionId": str(one)}) for one in range(n)
    ],
    "one time": lambda n: [_observation(one) for one in range(n)],
    "one time, one value": lambda n: [
        _observation(one, valueQuantity={"value": 140, "unit": "mmol/L"}) for one in range(n)
    ],
    "no id": lambda n: [{**_observation(one), "id": None} for one in range(n)],
    "no time": lambda n: [_observation(one, effectiveDateTime=None) for one in range(n)],
    "one code": lambda n: [_observation(one, minutes=one) for one in range(n)],
    "one code in one day, the other months before": lambda n: [
        *(_observation(one, minutes=one * 600 / n) for one in range(n)),
        *(_observation(n + one, code, 100_000) for one, code in enumerate((BICARBONATE, "2075-0"))),
    ],
    "two codes, never together": lambda n: [
        _observation(one, SODIUM if one < n // 2 else BICARBONATE, minutes=one * 30)
        for one in range(n)
    ],
    "creatinines": lambda n: [
        _observation(one, CREATININE, one, valueQuantity={"value": 1.1, "unit": "mg/dL"})
        for one in range(n)
    ],
    "preliminary": lambda n: [
        _observation(one, minutes=one, status="preliminary") for one in range(n)
    ],
    "many tests": lambda n: [_observation(one, f"{one}-0", one) for one in range(n)],
    "unknown unit": lambda n: [
        _observation(one, valueQuantity={"value": 1, "unit": f"u{one}"}) for one in range(n)
    ],
    "codings of an Observation": lambda n: [_observation(0, code=_codings(n))],
    "codings of each component": lambda n: [
        _observation(0, component=[{"code": _codings(n)}, {"code": _codings(n)}])
    ],
    "components": lambda n: [_observation(0, PANEL, component=_components(n))],
    "codings and components": lambda n: [
        _observation(0, code=_codings(n), component=_components(n))
    ],
    "method and components": lambda n: [
        _observation(0, PANEL, method=_codings(n), component=_components(n))
    ],
    "categories": lambda n: [_observation(0, category=[_code(f"c{one}") for one in range(n)])],
    "panels": lambda n: [_observation(one, PANEL, component=_components(2)) for one in range(n)],
    "problems": lambda n: [_condition(one) for one in range(n)],
    "one problem": lambda n: [
        _condition(one, code={"text": "atrial fibrillation"}) for one in range(n)
    ],
    "one coded problem": lambda n: [
        _condition(one, code=_code("I48.0", "AF", "http://hl7.org/fhir/sid/icd-10"))
        for one in range(n)
    ],
    "codings of a problem": lambda n: [
        _condition(0, code=_codings(n)),
        _condition(
            1,
            code={
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/sid/icd-10",
                        "code": f"I48.{one}",
                        "display": f"AF {one}",
                    }
                    for one in range(n)
                ]
            },
        ),
    ],
    "names of problems": lambda n: [
        _condition(0, code={"coding": [{"display": f"heart failure {one}"} for one in range(n)]})
    ],
    "categories of a problem": lambda n: [
        _condition(
            0, code={"text": "atrial fibrillation"}, category=[_code(f"c{one}") for one in range(n)]
        )
    ],
    "orders": lambda n: [
        _order(one, medicationCodeableConcept={"text": f"apixaban {one} mg"}) for one in range(n)
    ],
    "unknown drugs": lambda n: [
        _order(one, medicationCodeableConcept={"text": f"xyzzy {one}"}) for one in range(n)
    ],
    "one Medication, many copies, many orders": lambda n: [
        *(
            {"resourceType": "Medication", "id": "x", "code": {"text": f"d{one}"}}
            for one in range(n)
        ),
        *(_order(one, medicationReference={"reference": "Medication/x"}) for one in range(n)),
    ],
    "contained and ingredients": lambda n: [
        _order(
            0,
            medicationReference={"reference": "#x"},
            contained=[
                {
                    "resourceType": "Medication",
                    "id": "x",
                    "code": {"text": "mix"},
                    "ingredient": [{"itemReference": {"reference": "#x"}} for _ in range(n)],
                },
                *({"resourceType": "Medication", "id": "x"} for _ in range(n)),
            ],
        )
    ],
    "names of a drug": lambda n: [
        _order(
            0,
            medicationCodeableConcept={
                "coding": [{"display": f"apixaban {one}", "code": str(one)} for one in range(n)]
            },
        )
    ],
    "dosages": lambda n: [
        _order(
            0,
            medicationCodeableConcept={"text": "apixaban"},
            dosageInstruction=[{"text": "eye"}] * n,
        )
    ],
    "copies of the patient": lambda n: [_patient(gender="male", n=one) for one in range(n)],
    "names, numbers and extensions of the patient": lambda n: [
        _patient(
            name=[{"family": f"F{one}", "given": ["G"] * 3} for one in range(n)],
            identifier=[{"value": str(one)} for one in range(n)],
            extension=[{"url": str(one), "extension": [{"url": "type"}]} for one in range(n)],
        )
    ],
    "focuses": lambda n: [_observation(0, focus=[PATIENT] * n)],
    "other patients'": lambda n: [
        _observation(one, subject={"reference": "Patient/p2"}) for one in range(n)
    ],
    "smoking": lambda n: [
        _observation(
            one,
            "72166-2",
            one,
            valueCodeableConcept=_code("266919005", "n", "http://snomed.info/sct"),
        )
        for one in range(n)
    ],
    "always asked": lambda n: [
        _observation(one, "80288-4", one, valueString="alert") for one in range(n)
    ],
}


def _bundle(resources: list[Resource]) -> Resource:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def _nested(size: int) -> Resource:
    """Return resources within resources, in a list and one in another."""
    inner: Resource = {"resourceType": "Observation", "subject": PATIENT}
    for _ in range(min(size, 60)):
        inner = {"resourceType": "Observation", "subject": PATIENT, "x": [inner, inner["subject"]]}
    many = [{"resourceType": "Observation", "subject": PATIENT} for _ in range(size)]
    return {"resourceType": "Basic", "contained": many, "x": inner}


def _chart(resources: list[Resource]) -> None:
    """Read the chart for the page: its calculators, notes, cautions and tables."""
    chart = read_chart([_patient(), *resources], NOW, "p1", BASE)
    clock = Clock(NOW)
    in_groups(chart, clock)
    newest(chart.entries, clock)
    unclassified.view(chart, clock)
    zone_of((entry.heading.moment for entry in chart.entries), NOW)
    patients = (one for one in [*resources, _patient()] if one["resourceType"] == "Patient")
    banner.read(next(patients), NOW)


def _cards(resources: list[Resource]) -> None:
    cards.of_resources([_patient(), *resources], NOW.isoformat(), REGISTRY)


def _results(resources: list[Resource]) -> None:
    body = json.dumps({"offset": 0, "pages": [_bundle(resources)]}).encode()
    all_results.answer(body, "p1", BASE, NOW)


def _answer(document: Resource) -> None:
    """Check a prefetch, and a response for the browser."""
    prefetch.require_one_patient({"labs": document}, "p1", BASE)
    for one in nested.of_answer(document):
        nested.is_free_of_others(one, Compartment("p1", BASE))
    searchset.of_document(document, {"Observation"})


def _one_cookie(size: int) -> Callable[[], object]:
    return partial(cookies.parse, [f"{cookies.session_name('h' * 22)}=1;"] * size)


def _explained(text: str) -> None:
    explain.diagnose(explain.parse(text))
    explain.harmless(text)


# Those that its own loops, not the chart's, could be slow for.
_OBSERVATIONS = ("one id", "one time", "one code", "no time", "panels", "method and components")
_DOCUMENTS: Mapping[str, Callable[[int], Resource]] = {
    "a page": lambda n: _bundle([_observation(one) for one in range(n)]),
    "a Bundle in each entry": lambda n: _bundle([_bundle([_observation(one)]) for one in range(n)]),
    "resources within": _nested,
    "links": lambda n: {**_bundle([]), "link": [{"relation": "next", "url": "x"}] * n},
    "references of one resource": lambda n: {
        "resourceType": "Appointment",
        "participant": [{"actor": PATIENT} for _ in range(n)],
    },
}
# What explain reads of a pasted text has a limit, but a smaller text can repeat something too.
_TEXTS = (
    "code=abc ",
    "&client_id={{a}}",
    "redirect_uri=http://a.b/c ",
    "error: access_denied\n",
    "&amp;",
    "scope=launch ",
    "urn:x:",
    '{"a":"b"}',
)


def _case(read: Callable[[Any], None], make: Callable[[int], Any], size: int) -> Callable[[], None]:
    return partial(read, make(size))


CASES: Mapping[str, Case] = {
    **{f"chart: {name}": partial(_case, _chart, make) for name, make in SHAPES.items()},
    **{
        f"cards: {name}": partial(_case, _cards, SHAPES[name])
        for name in ("creatinines", "problems")
    },
    **{f"results: {name}": partial(_case, _results, SHAPES[name]) for name in _OBSERVATIONS},
    **{f"document: {name}": partial(_case, _answer, make) for name, make in _DOCUMENTS.items()},
    **{f"pasted: {text!r}": partial(_case, _explained, text.__mul__) for text in _TEXTS},
    "one cookie": _one_cookie,
}
