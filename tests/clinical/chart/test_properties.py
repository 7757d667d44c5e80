import os
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators.inputs import INPUTS
from clinical.calculators.units import conversion
from clinical.chart import prefill
from clinical.chart.codes.plausible import implausible
from clinical.chart.diagnoses.kidney_stage import SEVERITY, listed_stage
from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import (
    ICD10CM,
    LOINC,
    NOW,
    SNOMED,
    UCUM,
    condition,
    find,
    observation,
    order,
    patient,
    pressure,
    read,
    smoking,
)
from tests.support.tables import each

QUICK = settings(max_examples=500 if os.environ.get("SOAK") else 40, deadline=None, database=None)

# ------------------------------------------------------------------ any JSON

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.decimals()
    | st.just(Decimal("sNaN"))
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            *("Observation", "Patient", "Condition", "MedicationRequest", "Medication"),
            *("final", "preliminary", "active", "p1", "Patient/p1", "#d", "1", "2", "male"),
            *(LOINC, SNOMED, UCUM, ICD10CM, "2951-2", "8480-6", "8462-4", "72166-2", "I10"),
            *("mmol/L", "mm[Hg]", "<", "simvastatin", "1960-11-24", "1960", "0000"),
            *("2026-11-20T09:00:00Z", "2026-11-20T09:00:00+99:99", "0001-01-01T00:00:00+14:00"),
            *("9999-12-31T23:59:59-14:00", "2026-11-20T24:00:00Z", "2026-11-20T09:00:60Z"),
        ]
    )
)
FIELDS = st.sampled_from(
    [
        *("resourceType", "id", "status", "code", "coding", "system", "display", "text", "subject"),
        *("reference", "focus", "effectiveDateTime", "effectivePeriod", "start", "end", "issued"),
        *("meta", "versionId", "lastUpdated", "valueQuantity", "value", "unit", "comparator"),
        *("valueString", "valueCodeableConcept", "dataAbsentReason", "component", "hasMember"),
        *("category", "method", "extension", "url", "referenceRange", "high", "intent", "name"),
        *("clinicalStatus", "verificationStatus", "medicationCodeableConcept", "contained"),
        *("medicationReference", "dosageInstruction", "route", "given", "family", "identifier"),
        *("birthDate", "gender", "type", "deceasedBoolean", "authoredOn", "recordedDate"),
    ]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(FIELDS | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)


@QUICK
@given(JSON)
def test_no_json_makes_the_reading_fail(resources: object) -> None:
    assert prefill(resources, NOW)


# Each of these with one field replaced by any JSON at all.
WHOLE = [
    patient(name=[{"family": "Smart"}], identifier=[{"value": "1"}]),
    observation("2951-2", 140, "mmol/L", meta={"versionId": "1"}, issued="2026-11-20T10:00:00Z"),
    pressure(132, 78),
    smoking("449868002"),
    condition("I10", onsetDateTime="2020-01-01"),
    order("simvastatin", dosageInstruction=[{"route": {"text": "Oral"}}]),
]


def paths(value: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [above, *(path for key, part in inner for path in paths(part, (*above, key)))]


def replaced(value: Any, path: tuple[Any, ...], part: object) -> Any:
    if not path:
        return part
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], part)
    return copy


PLACES = [(resource, path) for resource in WHOLE for path in paths(resource)]


@QUICK
@given(st.sampled_from(PLACES), JSON)
def test_no_json_in_any_place_of_a_resource_makes_the_reading_fail(
    place: tuple[Any, tuple[Any, ...]], part: object
) -> None:
    broken = replaced(*place, part)
    assert prefill([patient(), broken, *WHOLE], NOW)


PARTS = st.sampled_from(["CKD", "stage", "G", "IV", "v", "3", "4", "A", "b", "/", "-", " to "])


@QUICK
@given(st.lists(PARTS | st.text(max_size=2), max_size=8), st.sampled_from(["", " "]))
def test_any_words_tell_a_stage_that_there_is_or_none(parts: list[str], between: str) -> None:
    assert listed_stage({"text": between.join(["CKD", *parts])}) in {"", *SEVERITY}


@each("depth", [400])
def test_deeply_nested_json_does_not_make_the_reading_fail(depth: int) -> None:
    nested: Any = "x"
    for _ in range(depth):
        nested = [{"coding": nested, "component": [nested]}]
    twice = [observation("2951-2", 140, "mmol/L", extension=nested) for _ in range(2)]
    assert prefill([*twice, *nested, nested], NOW)["sodium_mmol_l"] == 140


# ------------------------------------------------------------------ order of the pages

TIMES = st.sampled_from(
    [
        *("2026-11-20T09:00:00Z", "2026-11-20T10:00:00+01:00", "2026-11-20", "2026-11-23"),
        *("2020-01-01", "2062-01-01", None),
    ]
)
COMMON = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c", None]),
        "effectiveDateTime": TIMES,
        "issued": st.sampled_from([None, "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"]),
        "meta": st.sampled_from([None, {"versionId": "1"}, {"versionId": "2"}]),
        "status": st.sampled_from(["final", "corrected", "preliminary", "entered-in-error"]),
        "subject": st.sampled_from(
            [{"reference": "Patient/p1"}] * 3 + [{"reference": "Patient/x"}]
        ),
    }
)
VALUES = st.sampled_from([120, 130, 1400])
RESOURCES = st.lists(
    st.builds(lambda v, more: observation("2951-2", v, "mmol/L", **more), VALUES, COMMON)
    | st.builds(lambda v, more: observation("2951-2", v, "furlong", **more), VALUES, COMMON)
    | st.builds(lambda v, more: pressure(v, 80, **more), VALUES, COMMON)
    | st.builds(lambda v, more: pressure(v, None, **more), VALUES, COMMON)
    | st.builds(lambda v, more: observation("8480-6", v, "mm[Hg]", **more), VALUES, COMMON)
    | st.builds(lambda v, more: observation("8462-4", v, "mm[Hg]", **more), VALUES, COMMON)
    | st.builds(lambda more: smoking("449868002", **more), COMMON)
    | st.builds(lambda more: smoking("266919005", **more), COMMON)
    | st.builds(
        condition,
        st.sampled_from(["I10", "I48.0", "Z83.3"]),
        st.sampled_from(["active", "resolved", None]),
        st.sampled_from(["confirmed", "refuted", "provisional", None]),
        id=st.sampled_from(["a", "b"]),
    )
    | st.builds(
        order,
        st.sampled_from(["simvastatin", "lisinopril", "aspirin gel"]),
        id=st.sampled_from(["a", "b"]),
        status=st.sampled_from(["active", "on-hold", "stopped"]),
    )
    | st.builds(patient, birthDate=st.sampled_from(["1960-11-24", "1961"])),
    max_size=7,
)


@QUICK
@given(RESOURCES, st.randoms(use_true_random=False))
def test_the_order_of_the_resources_does_not_change_the_chart(
    resources: list[Any], shuffler: random.Random
) -> None:
    shuffled = resources.copy()
    shuffler.shuffle(shuffled)
    assert read(*shuffled) == read(*resources)


@QUICK
@given(RESOURCES)
def test_pages_that_overlap_do_not_change_the_chart(resources: list[Any]) -> None:
    with_ids = [resource for resource in resources if "id" in resource]
    twice, once = read(*with_ids, *with_ids), read(*with_ids)
    assert (twice.findings, twice.usable) == (once.findings, once.usable)


@QUICK
@given(RESOURCES)
def test_the_chart_of_another_patient_changes_nothing(resources: list[Any]) -> None:
    others = [
        resource | {"subject": {"reference": "Patient/p2"}, "id": f"other{number}"}
        for number, resource in enumerate(resources)
    ]
    mine, both = read(*resources), read(*resources, *others)
    assert both.findings == mine.findings


# ------------------------------------------------------------------ units

SPELLINGS = [
    (name, unit, factor, offset)
    for name, known in INPUTS.items()
    for unit, (factor, offset) in known.units.items()
    if known.loinc
]


@QUICK
@given(st.sampled_from(SPELLINGS), st.floats(min_value=0.05, max_value=0.95), st.booleans())
def test_a_value_is_the_same_in_every_unit(
    spelling: tuple[str, str, float, float], share: float, printed: bool
) -> None:
    name, unit, factor, offset = spelling
    known = INPUTS[name]
    value = known.low + share * (known.high - known.low)
    stated: dict[str, Any] = {"value": (value - offset) / factor}
    if unit:
        in_ucum = {"system": UCUM, "code": unit.upper()}
        stated |= {"unit": f" {unit.upper()} "} if printed else in_ucum
    finding = find(
        name, observation(known.loinc[0], None, valueQuantity=stated, effectiveDateTime=NOW)
    )
    # A charted unit may be narrower than the hard range.
    narrow = implausible(name, stated["value"], unit)
    assert finding.value == (None if narrow else pytest.approx(value))


@QUICK
@given(st.sampled_from(sorted(INPUTS)), st.text(max_size=6), st.floats(allow_nan=False))
def test_a_unit_outside_the_table_never_gives_a_value(name: str, unit: str, value: float) -> None:
    known = INPUTS[name]
    stated = {"value": value, "unit": unit}
    finding = find(name, observation(known.loinc[0], valueQuantity=stated, effectiveDateTime=NOW))
    if conversion(known.units, unit) is None:
        assert finding.value is None
    elif finding.value is not None:
        assert isinstance(finding.value, float)
        assert known.low <= round(finding.value, 6) <= known.high


def test_of_more_problems_or_drugs_than_any_chart_has_the_longest_are_unclassified() -> None:
    """The shortest are. The others leave open what they could be."""
    long = "and so on " * 97
    heart = [condition({"text": f"heart failure {long}{n}"}, id=f"c{n}") for n in range(420)]
    drugs = [order(f"paracetamol {long}{n}", id=f"m{n}") for n in range(420)]
    named = [condition({"text": "atrial fibrillation"}), order("apixaban 5 mg")]
    one = read(*heart, *drugs, *named)
    other = read(*named, *reversed(drugs), *reversed(heart))
    for name, finding in one.findings.items():
        assert set(finding.could_be) == set(other.findings[name].could_be)
        assert finding.outcome is other.findings[name].outcome
    assert one.findings["congestive_heart_failure"].outcome is Outcome.OFFERED
    assert one.findings["antiplatelet_or_nsaid"].outcome is Outcome.OPEN
    assert one.findings["atrial_fibrillation"].outcome is Outcome.OFFERED
    assert one.findings["oral_anticoagulant"].value is True
    assert one.findings["stroke_tia_thromboembolism"].outcome is Outcome.OPEN


def test_a_medication_with_many_copies_that_differ_tells_no_drug() -> None:
    copies = [
        {"resourceType": "Medication", "id": "x", "code": {"text": text}}
        for text in ("apixaban", *(f"paracetamol {n}" for n in range(30)))
    ]
    ordered = order(None, medicationReference={"reference": "Medication/x"})
    assert find("oral_anticoagulant", *copies, ordered).outcome is Outcome.OPEN
    assert find("oral_anticoagulant", *copies[:2], ordered).value is True
