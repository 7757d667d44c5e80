from typing import Any

import pytest

from clinical.chart.evidence import Outcome
from tests.support.chart_resources import (
    ATC,
    RXNORM,
    SNOMED,
    concept,
    condition,
    find,
    order,
    read,
    sources,
)

STATIN = "simvastatin 20 MG Oral Tablet"


def coded_in_atc(text: str, *codes: str) -> Any:
    return concept(ATC, *codes, text=text)


def route(code: str | None = None, text: str | None = None) -> list[Any]:
    coded = concept(SNOMED, code, text=text) if code else {"text": text}
    return [{"route": coded}]


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("statin", "SIMVASTATIN 20 MG"),
        ("statin", "ezetimibe/simvastatin 10-20"),
        ("statin", "rosuvastatin(5mg)"),
        ("antiplatelet_or_nsaid", "aspirin 81 MG Oral Tablet"),
        ("antiplatelet_or_nsaid", "Acetylsalicylic Acid 100 mg"),
        ("antiplatelet_or_nsaid", "ibuprofen 200 MG Oral Capsule [Advil Liqui-Gel]"),
        ("antiplatelet_or_nsaid", "ibuprofen 200 MG Oral Capsule, Liquid Gel"),
        ("antiplatelet_or_nsaid", "naproxen sodium 220 MG Liquid Filled Gel Capsule"),
        ("antiplatelet_or_nsaid", "naproxen sodium 220 MG Liquid Gels"),
        ("oral_anticoagulant", "apixaban 5 MG"),
        ("oral_anticoagulant", "warfarin sodium 5 MG"),
        ("vitamin_k_antagonist", "warfarin sodium 5 MG"),
    ],
)
def test_a_whole_generic_name_counts(name: str, drug: str) -> None:
    finding = find(name, order(drug))
    assert finding.value is True
    assert finding.chosen is not None
    assert (finding.chosen.charted, finding.chosen.source) == (drug, "MedicationRequest/m1")
    assert finding.chosen.notes == ("ordered, which is not proof that it is taken",)


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("statin", "nystatin 100000 UNT/ML Oral Suspension"),
        ("statin", "imipenem/cilastatin"),
        ("statin", "pentostatin"),
        ("statin", "octreotide, a somatostatin analogue"),
        ("statin", "simvastatine"),
        ("antiplatelet_or_nsaid", "acetaminophen 500 MG"),
        ("vitamin_k_antagonist", "apixaban 5 MG"),
        ("oral_anticoagulant", "enoxaparin"),
    ],
)
def test_part_of_a_name_or_another_drug_is_not_found(name: str, drug: str) -> None:
    finding = find(name, order(drug))
    assert (finding.value, finding.outcome) == (False, Outcome.ABSENT)


@pytest.mark.parametrize(
    ("changes", "value", "flag"),
    [
        ({"status": "active"}, True, None),
        ({"status": "on-hold"}, None, "on_hold"),
        ({"status": "completed"}, False, "status"),
        ({"status": "stopped"}, False, "status"),
        ({"status": "cancelled"}, False, "status"),
        ({"status": "draft"}, False, "status"),
        ({"status": "entered-in-error"}, False, "status"),
        ({"status": None}, False, "status"),
        ({"intent": "proposal"}, False, "not_an_order"),
        ({"intent": "plan"}, False, "not_an_order"),
        ({"intent": "option"}, False, "not_an_order"),
        ({"intent": "original-order"}, True, None),
        ({"intent": "filler-order"}, True, None),
        ({"doNotPerform": True}, False, "not_an_order"),
        ({"doNotPerform": False}, True, None),
        ({"subject": {"reference": "Patient/p2"}}, False, None),
    ],
)
def test_only_an_active_order_for_the_patient_counts(
    changes: Any, value: bool | None, flag: str | None
) -> None:
    finding = find("statin", order(STATIN, **changes))
    assert finding.value is value
    assert list(sources(finding).values()) == ([flag] if flag else [])


@pytest.mark.parametrize(
    "named",
    [
        {"medicationCodeableConcept": {"text": STATIN}},
        {"medicationCodeableConcept": {"coding": [{"display": STATIN}]}},
        {"medicationReference": {"reference": "Medication/x", "display": STATIN}},
        {
            "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": STATIN}}],
            "medicationReference": {"reference": "#d"},
        },
        {
            "contained": [
                {
                    "resourceType": "Medication",
                    "id": "d",
                    "ingredient": [{"itemCodeableConcept": {"text": "simvastatin"}}],
                }
            ],
            "medicationReference": {"reference": "#d"},
        },
        {"medicationReference": {"reference": "Medication/sent"}},
        {"medicationReference": {"reference": "https://ehr.example/r4/Medication/sent"}},
        {"medicationCodeableConcept": concept(ATC, "C10AA01")},
        {"medicationCodeableConcept": concept(RXNORM, "36567")},
    ],
)
def test_a_drug_is_named_in_any_of_these_places(named: Any) -> None:
    sent = {"resourceType": "Medication", "id": "sent", "code": {"text": STATIN}}
    assert find("statin", order(None, **named), sent).value is True


@pytest.mark.parametrize(
    ("name", "drug", "value"),
    [
        ("antihypertensive_treatment", coded_in_atc("timolol", "S01ED01"), False),
        ("antihypertensive_treatment", coded_in_atc("timolol", "C07AA06"), True),
        ("antihypertensive_treatment", coded_in_atc("timolol", "S01ED01", "C07AA06"), True),
        ("antihypertensive_treatment", coded_in_atc("timolol", ""), True),
        ("antihypertensive_treatment", coded_in_atc("terazosin", "G04CA03"), True),
        ("antihypertensive_treatment", coded_in_atc("tamsulosin", "G04CA02"), False),
        ("antihypertensive_treatment", coded_in_atc("atorvastatin/amlodipine", "C10BX03"), True),
        ("antiplatelet_or_nsaid", coded_in_atc("diclofenac", "M02AA15"), False),
        ("antiplatelet_or_nsaid", coded_in_atc("diclofenac", "M01AB05"), True),
        ("antiplatelet_or_nsaid", coded_in_atc("acetylsalicylic acid", "N02BA01"), True),
        ("antiplatelet_or_nsaid", coded_in_atc("codeine/paracetamol", "N02AJ06"), False),
        ("statin", coded_in_atc("atorvastatin/amlodipine", "C10BX03"), True),
        ("statin", coded_in_atc("simvastatin", "V03AX"), False),
    ],
)
def test_an_atc_code_decides_before_the_name(name: str, drug: Any, value: bool) -> None:
    assert find(name, order(drug), condition("I10")).value is value


def test_an_atc_code_decides_before_an_rxnorm_ingredient() -> None:
    gel = {"coding": [{"system": RXNORM, "code": "3355"}, {"system": ATC, "code": "M02AA15"}]}
    assert find("antiplatelet_or_nsaid", order(gel)).value is False


@pytest.mark.parametrize(
    "named",
    [
        {"medicationCodeableConcept": concept("urn:oid:1.2.3", "C10AA01")},
        {"medicationCodeableConcept": concept(RXNORM, "312961")},
        {"medicationReference": {"reference": "Medication/unsent"}},
        {
            "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": STATIN}}],
            "medicationReference": {"reference": "#other"},
        },
        {"note": [{"text": STATIN}]},
    ],
)
def test_a_drug_that_is_not_named_is_not_found(named: Any) -> None:
    assert find("statin", order(None, **named)).value is False


@pytest.mark.parametrize(
    ("name", "drug", "more", "value"),
    [
        ("antiplatelet_or_nsaid", "diclofenac 1 % Topical Gel", {}, False),
        ("antiplatelet_or_nsaid", "diclofenac 50 MG", {}, True),
        ("antiplatelet_or_nsaid", "ketorolac ophthalmic solution", {}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("6064005")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("54485002")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("10547007")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("372468001")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("372464004")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("448598008")}, False),
        ("antiplatelet_or_nsaid", "diclofenac", {"dosageInstruction": route("26643006")}, True),
        (
            "antiplatelet_or_nsaid",
            "diclofenac",
            {"dosageInstruction": route(text="Both Eyes")},
            False,
        ),
        (
            "antiplatelet_or_nsaid",
            "diclofenac",
            {"dosageInstruction": [*route("6064005"), *route("26643006")]},
            True,
        ),
        ("antihypertensive_treatment", "timolol 0.5 % Ophthalmic Solution", {}, False),
        ("antihypertensive_treatment", "timolol 10 MG Oral Tablet", {}, True),
        ("antihypertensive_treatment", "clonidine 0.1 MG/Day Transdermal Patch", {}, True),
        ("antihypertensive_treatment", "minoxidil 5 % topical foam", {}, False),
    ],
)
def test_a_drug_for_skin_eye_or_ear_is_left_out(
    name: str, drug: str, more: Any, value: bool
) -> None:
    assert find(name, order(drug, **more), condition("I10")).value is value


@pytest.mark.parametrize(
    ("drug", "dosage", "value"),
    [
        ("diclofenac 1 % Topical Gel", {"route": concept("urn:oid:1.2.3", "TOP")}, False),
        ("diclofenac 1 % Topical Gel", {"route": concept(SNOMED, "999")}, False),
        ("diclofenac 1 % Topical Gel", {"route": {"text": "as told"}}, False),
        ("diclofenac 50 MG", {"route": concept("urn:oid:1.2.3", "TOP")}, True),
        ("diclofenac gel", {"route": concept(SNOMED, "26643006")}, True),
        ("diclofenac gel", {"route": {"text": "Oral"}}, True),
        ("ketorolac", {"text": "1 drop in both eyes twice daily"}, False),
        ("ketorolac", {"text": "Instill into the left ear"}, False),
        ("diclofenac", {"text": "Apply to affected area"}, False),
        ("ibuprofen", {"text": "400 mg every 6 hours as needed for ear pain"}, True),
        ("ibuprofen", {"route": {"text": "Oral"}, "text": "Stop if it itches on the skin"}, True),
    ],
)
def test_a_route_that_is_not_understood_leaves_it_to_the_other_texts(
    drug: str, dosage: Any, value: bool
) -> None:
    ordered = order(drug, dosageInstruction=[dosage])
    assert find("antiplatelet_or_nsaid", ordered).value is value


def test_one_coding_of_a_route_is_enough() -> None:
    both = {"coding": [{"system": "urn:oid:1.2.3", "code": "TOP"}]}
    both["coding"].append({"system": SNOMED, "code": "6064005"})
    gel = order("diclofenac", dosageInstruction=[{"route": both}])
    assert find("antiplatelet_or_nsaid", gel).value is False


def test_the_dose_form_of_a_contained_medication_tells_the_route() -> None:
    drops = {
        "resourceType": "Medication",
        "id": "d",
        "code": {"text": "timolol"},
        "form": {"text": "Ophthalmic drops"},
    }
    eye = order(None, contained=[drops], medicationReference={"reference": "#d"})
    assert find("antihypertensive_treatment", eye, condition("I10")).value is False


@pytest.mark.parametrize(
    ("drug", "diagnosis", "value", "flags"),
    [
        ("lisinopril 10 MG", condition("I10"), True, ()),
        ("lisinopril 10 MG", None, None, ("no_diagnosis",)),
        ("metoprolol 50 MG", condition("I10"), True, ()),
        ("metoprolol 50 MG", None, None, ("no_diagnosis",)),
        ("metoprolol 50 MG", condition("I10", "resolved"), None, ("no_diagnosis",)),
        ("metoprolol 50 MG", condition("I10", verification="provisional"), None, ("no_diagnosis",)),
        ("furosemide 40 MG", condition("I10"), None, ("suggestion",)),
        (concept(ATC, "C09AA03"), condition("I10"), True, ()),
        (concept(ATC, "C03CA01"), condition("I10"), None, ("suggestion",)),
        (concept(RXNORM, "6918"), condition("I10"), True, ()),
        (concept(RXNORM, "4603"), condition("I10"), None, ("suggestion",)),
        (concept(RXNORM, "4603"), None, None, ("suggestion",)),
    ],
)
def test_an_antihypertensive_without_the_diagnosis_is_offered(
    drug: Any, diagnosis: Any, value: bool | None, flags: tuple[str, ...]
) -> None:
    finding = find("antihypertensive_treatment", order(drug), diagnosis)
    assert (finding.value, finding.flags) == (value, flags)


def test_one_active_order_is_enough() -> None:
    chart = read(
        order(STATIN, id="done", status="completed"),
        order("atorvastatin 40 MG", id="new", authoredOn="2026-11-01"),
        order(STATIN, id="old", authoredOn="2026-01-01"),
    )
    finding = chart.findings["statin"]
    assert finding.value is True
    assert finding.chosen is not None
    assert finding.chosen.source == "MedicationRequest/new"
    assert [evidence.source for evidence in finding.further] == ["MedicationRequest/old"]
    assert sources(finding) == {"MedicationRequest/done": "status"}
