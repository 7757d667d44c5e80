"""What each key of the prefetch counts as, and that all of it is about one patient (CDS Hooks 2.0,
"Providing FHIR Resources to a CDS Service").
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from functions.cds_services.prefetch import require_one_patient
from shared import strict_json
from shared.errors import PatientDenied
from shared.fhir import quick_accept
from shared.fhir.quick_accept import Expected
from shared.fhir.references import Compartment
from tests.support.ehr.cds import (
    KEYS,
    OUTCOME,
    Cds,
    bundle,
    chart,
    creatinine,
    diagnosis,
    order,
    patient,
    smoking,
    value,
)
from tests.support.ehr.odd_answers import BASE, Maker
from tests.support.tables import each

EGFR = {"egfr_ckd_epi_2021": "warning"}


def foreign(key: str) -> Any:
    """A resource of another patient, of the kind that the key is for."""
    return {
        "patient": patient("p2"),
        "labs": creatinine(of="p2"),
        "slow": value("8302-2", 165, "cm", of="p2"),
        "vitals": value("29463-7", 80, "kg", of="p2"),
        "social": value("72166-2", 1, "1", of="p2"),
        "conditions": diagnosis("I48.0", of="p2"),
        "drugs": order("apixaban", of="p2"),
    }[key]


def denied(cds: Cds, prefetch: Mapping[str, Any], **changes: Any) -> None:
    reads = len(cds.main.fhir_reads)
    lines = len(cds.log("fhir_denied"))
    answer = cds.main.call(prefetch, fhirAuthorization=cds.main.access(), **changes)
    assert (answer.status, answer.code) == (403, "patient_denied"), answer.text
    assert len(cds.log("fhir_denied")) == lines + 1
    assert cds.last("fhir_denied")["code"] == "patient_denied"
    assert len(cds.main.fhir_reads) == reads
    assert "p2" not in answer.text


@each("key", KEYS)
def test_another_patients_resource_in_any_key_refuses_the_whole_call(cds: Cds, key: str) -> None:
    denied(cds, chart(**{key: foreign(key)}))
    denied(cds, chart(**{key: bundle(creatinine(), foreign(key))}))
    # This holds even if the key is for another type, or the entry is an outcome.
    denied(cds, chart(**{key: bundle(foreign("conditions"))}))
    remark = {"resource": foreign(key), "search": {"mode": "outcome"}}
    denied(cds, chart(**{key: {**bundle(), "entry": [remark]}}))


def test_another_patients_resource_is_found_wherever_it_stands(cds: Cds) -> None:
    other = creatinine(of="p2")
    contained = {**order("apixaban"), "contained": [{**diagnosis("I48.0", of="p2"), "id": "c"}]}
    for prefetch in (
        chart(another=other),
        chart(another={"deep": [[{"resource": other}]]}),
        chart(labs=bundle(bundle(other))),
        chart(labs={**OUTCOME, "contained": [other]}),
        chart(drugs=bundle(contained)),
        chart(labs=bundle({**creatinine(), "extension": [{"valueX": patient("p2")}]})),
        chart(labs=[other]),
        # A lenient reader takes it for a resource.
        chart(labs=bundle({**creatinine(), "contained": [{"ResourceType": "Observation"}]})),
        chart(slow=bundle({"resourceType": "Encounter", "subject": {"reference": "Patient/p2"}})),
    ):
        denied(cds, prefetch)


def test_the_pass_over_a_calls_bytes_never_decides_otherwise_than_the_check_of_all_of_it() -> None:
    seen: Counter[str] = Counter()
    for seed in range(500):
        body = b'{"prefetch": {"labs": ' + Maker(seed, 0.03).bundle() + b"}}"
        try:
            prefetch = strict_json.parse(body)["prefetch"]
        except ValueError:
            continue
        expected = Expected(
            frozenset({"Observation"}), frozenset(), Compartment("p1", BASE), is_bundle=True
        )
        seen[str(quick_accept.accepted_keys(body, expected))] += 1
        try:
            unproved = require_one_patient(prefetch, "p1", BASE)
        except PatientDenied:
            with pytest.raises(PatientDenied):
                require_one_patient(prefetch, "p1", BASE, body)
            continue
        assert require_one_patient(prefetch, "p1", BASE, body) == unproved, seed
    assert min(seen.values()) > 50, seen


# How references are read: tests/shared/fhir/test_references.py and test_compartment.py.
@each(
    "subject",
    [
        {"reference": "Patient/p1/../p2"},
        {"reference": "Patient/p1", "identifier": {"value": "1"}, "Reference": "Patient/p2"},
    ],
    ids=repr,
)
def test_a_subject_that_another_reader_could_take_for_another_patient_refuses(
    cds: Cds, subject: object
) -> None:
    denied(cds, chart(labs=bundle({**creatinine(), "subject": subject})))


def test_a_resource_whose_type_only_a_lenient_reader_finds_refuses(cds: Cds) -> None:
    for name in ("ResourceType", "resourcetype", "resourceType "):
        resource = creatinine(of="p2")
        resource[name] = resource.pop("resourceType")
        denied(cds, chart(labs=bundle(creatinine(), resource)))
    denied(cds, chart(labs=bundle({**creatinine(), "ResourceType": "Patient"})))


def test_references_on_the_fhir_base_are_the_patients(cds: Cds) -> None:
    base = cds.main.tenant.base
    for reference in (f"{base}/Patient/p1", f"{base}/Patient/p1/_history/3", "Patient/p1"):
        labs = bundle({**creatinine(), "subject": {"reference": reference}})
        assert cds.main.calculators(chart(labs=labs)) == EGFR
    # Without fhirServer the client's own base counts.
    labs = bundle({**creatinine(), "subject": {"reference": f"{base}/Patient/p1"}})
    assert cds.main.calculators(chart(labs=labs), fhirServer=None) == EGFR


@each(
    "changes",
    [
        {"subject": None},
        {"subject": {"reference": "Group/g1"}},
        {"focus": [{"reference": "Patient/p1"}, {"reference": "Device/d"}]},
        {"focus": [{"reference": "RelatedPerson/fetus"}]},
        {"extension": [{"valueReference": {"resourceType": "Observation"}}]},
    ],
    ids=repr,
)
def test_what_proves_no_patient_is_set_aside(cds: Cds, changes: dict[str, Any]) -> None:
    unproved = {**creatinine(), **changes}
    if changes.get("subject", ...) is None:
        del unproved["subject"]
    assert cds.main.cards(chart(labs=bundle(unproved))) == []
    assert cds.main.calculators(chart(labs=bundle(unproved, creatinine()))) == EGFR


def test_a_key_may_hold_one_resource_or_a_bundle(cds: Cds) -> None:
    assert cds.main.calculators(chart(labs=creatinine(), patient=bundle(patient()))) == EGFR


@each(
    "labs",
    [
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": None},
        {"resourceType": "Bundle", "entry": "no list"},
        {"resourceType": "Bundle", "entry": [None, 7, [], {}, {"resource": "text"}]},
        {"resourceType": "Bundle", "entry": [{"resource": OUTCOME, "search": {"mode": "outcome"}}]},
        {"resourceType": "Bundle", "entry": [{"resource": diagnosis("I48.0")}]},
        {"resourceType": "Bundle", "total": 0, "link": [{"relation": "self", "url": "x"}]},
        None,
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_key_without_a_hit_is_whole_and_never_read(cds: Cds, labs: object) -> None:
    reads = len(cds.main.fhir_reads)
    assert cds.main.cards(chart(labs=labs), fhirAuthorization=cds.main.access()) == []
    assert len(cds.main.fhir_reads) == reads
    told = cds.last("cds_answered")
    assert (told["missing"], told["read"]) == ([], [])


def test_a_key_that_failed_at_the_ehr_is_not_asked_again_and_answers_nothing(cds: Cds) -> None:
    reads = len(cds.main.fhir_reads)
    access = cds.main.access()
    for key in ("labs", "slow", "vitals", "social", "conditions", "drugs"):
        prefetch = whole() | {key: OUTCOME}
        cds.main.call(prefetch, fhirAuthorization=access)
        assert cds.last("cds_answered")["missing"] == [key]
    assert len(cds.main.fhir_reads) == reads


@each(
    "odd",
    ["123", "<html>no</html>", 7, True, [], ["x"], {}, {"resourceType": 7}, {"resourceType": "X"}],
    ids=repr,
)
def test_a_value_that_cannot_be_used_counts_as_absent(cds: Cds, odd: object) -> None:
    """An error page as a value is no reason to fail."""
    assert cds.main.calculators(chart(vitals=odd, another=odd, social=odd)) == EGFR
    assert cds.last("cds_answered")["missing"] == ["vitals", "social"]


def whole() -> dict[str, Any]:
    """A chart of which each key makes a card or keeps one from being made."""
    return chart(
        labs=bundle(creatinine(), creatinine(days=120)),
        slow=bundle(value("2093-3", 240, "mg/dL"), value("2085-9", 35, "mg/dL")),
        vitals=bundle(value("8480-6", 165, "mm[Hg]")),
        social=bundle(smoking("266919005")),
        conditions=bundle(diagnosis("I48.0"), diagnosis("I10")),
        drugs=bundle(order("metoprolol")),
    )


ALL = {"cha2ds2_vasc": "warning", "egfr_ckd_epi_2021": "warning", "prevent_2023_base": "info"}
# What is left where a key answers nothing.
WITHOUT: dict[str, set[str]] = {
    "labs": {"cha2ds2_vasc"},
    "slow": {"cha2ds2_vasc", "egfr_ckd_epi_2021"},
    "vitals": {"cha2ds2_vasc", "egfr_ckd_epi_2021"},
    "social": {"cha2ds2_vasc", "egfr_ckd_epi_2021"},
    "conditions": set(),
    "drugs": {"egfr_ckd_epi_2021"},
}


@each("key", WITHOUT)
def test_a_key_with_a_next_link_answers_nothing_without_a_token(cds: Cds, key: str) -> None:
    assert cds.main.calculators(whole()) == ALL
    for following in (f"{cds.main.tenant.base}?page=2", "https://other.example.org/x", "", 7):
        links = [{"relation": "next", "url": following}]
        prefetch = whole()
        prefetch[key] = {**bundle(*_resources(prefetch[key])), "link": links}
        assert set(cds.main.calculators(prefetch)) == WITHOUT[key]
        assert cds.last("cds_answered")["missing"] == [key]


def _resources(searchset: Mapping[str, Any]) -> list[Any]:
    return [entry["resource"] for entry in searchset.get("entry", [])]


@each("key", WITHOUT)
def test_a_key_that_failed_or_is_absent_answers_nothing(cds: Cds, key: str) -> None:
    for one in (OUTCOME, ...):
        prefetch = {k: v for k, v in (whole() | {key: one}).items() if v is not ...}
        assert set(cds.main.calculators(prefetch)) == WITHOUT[key]


def test_a_value_in_another_key_does_not_stand_in_for_one_that_did_not_come(cds: Cds) -> None:
    """A newer one may be among what did not come."""
    prefetch = chart(labs=OUTCOME, vitals=bundle(creatinine()))
    assert cds.main.cards(prefetch) == []


def test_drugs_may_bring_the_medications_that_orders_refer_to(cds: Cds) -> None:
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "apixaban 5 mg"}}
    ordered = order("x", medicationReference={"reference": "Medication/m1"})
    del ordered["medicationCodeableConcept"]
    prefetch = whole() | {"drugs": bundle(ordered, medication)}
    assert "cha2ds2_vasc" not in cds.main.calculators(prefetch)


@each(
    ("changes", "lacking"),
    [
        ({"patient": ...}, "patient"),
        ({"patient": None}, "patient"),
        ({"patient": OUTCOME}, "patient"),
        ({"patient": bundle()}, "patient"),
        ({"patient": "text"}, "patient"),
        ({"labs": ..., "slow": ..., "vitals": ...}, "labs, slow, vitals"),
        ({"labs": OUTCOME, "slow": 7, "vitals": ...}, "labs, slow, vitals"),
        (
            {"labs": bundle(following="x"), "slow": OUTCOME, "vitals": ..., "patient": None},
            "patient, labs, slow, vitals",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_without_what_no_card_can_do_the_call_is_refused(
    cds: Cds, changes: dict[str, Any], lacking: str
) -> None:
    answer = cds.main.call(chart(**changes))
    assert (answer.status, answer.code) == (412, "cds_data_missing")
    assert f"could not be read: {lacking}." in answer.text


def test_a_patient_that_the_ehr_did_not_find_or_give_is_not_asked_for_again(cds: Cds) -> None:
    reads = len(cds.main.fhir_reads)
    for one in (None, OUTCOME):
        answer = cds.main.call(chart(patient=one), fhirAuthorization=cds.main.access())
        assert (answer.status, answer.code) == (412, "cds_data_missing")
    assert len(cds.main.fhir_reads) == reads


def test_one_kind_of_measured_values_is_enough(cds: Cds) -> None:
    for kept in ("labs", "slow", "vitals"):
        gone = dict.fromkeys(("labs", "slow", "vitals", "social", "conditions", "drugs"), ...)
        for one in (bundle(), None):
            prefetch = chart(**{**gone, kept: one})
            assert cds.main.cards(prefetch) == []


def test_withdrawn_and_doubled_versions_do_not_count(cds: Cds) -> None:
    first = creatinine(2.9, id="o1", meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    withdrawn = {
        **first,
        "status": "entered-in-error",
        "meta": {"lastUpdated": "2026-01-02T00:00:00Z"},
    }
    assert cds.main.cards(chart(labs=bundle(first, withdrawn))) == []
    assert cds.main.cards(chart(labs=bundle(withdrawn), slow=bundle(first))) == []
    assert cds.main.calculators(chart(labs=bundle(first, first), vitals=bundle(first))) == EGFR
