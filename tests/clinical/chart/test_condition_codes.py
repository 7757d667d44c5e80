"""Maps problems to items, by code and by text. For more charts, see test_chart_truth.py."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from clinical.chart.codes.diagnoses import (
    IS_OF_NOW,
    JUDGED,
    NOT_THE_PATIENTS,
    OF_NOW_TOO,
    PAST_OF,
    SOMETHING_ELSE,
)
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.codes.tables import listed, rows
from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import ICD10CM, SNOMED, concept, condition, find, read

WHO = "http://hl7.org/fhir/sid/icd-10"
GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
CVD = "known_cvd_excludes_risk_score"
STROKE = "stroke_tia_thromboembolism stroke stroke_or_tia"
# Current conditions that belong to a history item don't have separate rows.
LISTED = {*IS_OF_NOW} - {*OF_NOW_TOO.values()}
# What each code counts as, and after the bar what it only suggests. Nothing else is found by it.
CODES: Mapping[tuple[str, str], str] = {
    (ICD10CM, "I48.0"): "atrial_fibrillation",
    (ICD10CM, "i4891"): "atrial_fibrillation",
    (ICD10CM, "I47.1"): "",
    (ICD10CM, "I09.81"): f"congestive_heart_failure {CVD}",
    (WHO, "I09.8"): f"| congestive_heart_failure {CVD}",
    (ICD10CM, "I13.2"): f"congestive_heart_failure {CVD} hypertension chronic_kidney_disease"
    " | abnormal_renal_function",
    (ICD10CM, "O11.1"): "pregnancy | hypertension",
    (ICD10CM, "O80"): "",
    (ICD10CM, "O9A.2"): "pregnancy",
    (ICD10CM, "E13.52"): f"diabetes vascular_disease {CVD}",
    (GM, "E11.50+"): f"diabetes | vascular_disease {CVD}",
    (GM, "E14.9 -"): "diabetes",
    (ICD10CM, "E14.9"): "",
    (ICD10CM, "O24.119"): "pregnancy diabetes",
    (ICD10CM, "G45.9"): f"stroke_tia_thromboembolism stroke_or_tia {CVD}",
    (ICD10CM, "G45.4"): "",
    (ICD10CM, "Z86.73"): f"{STROKE} {CVD}",
    (WHO, "Z86.7"): f"| {STROKE} previous_vte {CVD}",
    (ICD10CM, "Z86.71"): "previous_vte",
    (ICD10CM, "I61.9"): f"stroke stroke_or_tia bleeding_history intracranial_haemorrhage | {CVD}",
    (ICD10CM, "I70.92"): f"vascular_disease {CVD}",
    (ICD10CM, "I70.90"): f"| vascular_disease {CVD}",
    (ICD10CM, "K25.4"): "| bleeding_history",
    (ICD10CM, "K25.9"): "",
    (ICD10CM, "K57.31"): "| bleeding_history",
    (ICD10CM, "K57.30"): "",
    (ICD10CM, "K74.00"): "| known_cirrhosis",
    (ICD10CM, "K74.02"): "known_cirrhosis | abnormal_liver_function",
    (ICD10CM, "N18.6"): "abnormal_renal_function chronic_kidney_disease dialysis_status | dialysis",
    (ICD10CM, "Z95.810"): "wide_qrs",
    (ICD10CM, "Z82.49"): "",
    (ICD10CM, "I26.99"): "| previous_vte",
    (ICD10CM, "I80.02"): "",
    (WHO, "I80.2"): "| previous_vte",
    (ICD10CM, "I20.9"): f"ischemic_heart_disease {CVD}",
    (ICD10CM, "I25.10"): f"{CVD} | vascular_disease ischemic_heart_disease",
    (ICD10CM, "K74.3"): "primary_biliary_cholangitis known_cirrhosis abnormal_liver_function",
    (ICD10CM, "J18.9"): "pneumonia",
    (ICD10CM, "A41.9"): "sepsis",
    (ICD9, "402.91"): f"hypertension congestive_heart_failure {CVD}",
    (ICD9, "402.90"): "hypertension",
    (ICD9, "V45.81"): f"{CVD} | ischemic_heart_disease",
    (ICD9, "650"): "pregnancy",
    (SNOMED, "399211009"): f"vascular_disease ischemic_heart_disease {CVD}",
    (SNOMED, "195967001"): "",
    (SNOMED, "275526006"): f"{STROKE} {CVD}",
    (SNOMED, "44088000"): f"| congestive_heart_failure {CVD}",
    (f"{SNOMED}/900000000000207008", "44054006"): "diabetes",
}


def _found(code: object) -> tuple[set[str], set[str]]:
    """The diagnoses that a problem is, and those that it suggests."""
    findings = read(condition(code)).findings  # type: ignore[arg-type]
    by_outcome = {
        outcome: {name for name in LISTED if findings[name].outcome is outcome}
        for outcome in (Outcome.FOUND, Outcome.OFFERED, Outcome.OPEN)
    }
    assert not by_outcome[Outcome.OPEN]
    return by_outcome[Outcome.FOUND], by_outcome[Outcome.OFFERED]


def test_a_code_says_in_its_edition_what_it_says_and_nothing_else() -> None:
    wrong = {}
    for (system, code), expected in CODES.items():
        counts, _, suggests = expected.partition("|")
        items = _found(concept(system, code))
        if items != (set(counts.split()), set(suggests.split())):
            wrong[system, code] = items
    assert wrong == {}


def test_a_code_beside_an_item_that_is_listed_as_something_else_is_never_found() -> None:
    near = [
        (row["item"], code.partition("-")[0])
        for row in rows("icd")
        for code in listed(row, "not")
        if re.fullmatch(r"[A-Z]\d[0-9A-Z.]*", code.partition("-")[0])
    ]
    assert len(near) > 30
    no = (Outcome.ABSENT, Outcome.ASKED)
    found = [(PAST_OF.get(name, name), code) for name, code in near]
    assert [one for one in found if find(one[0], condition(one[1])).outcome not in no] == []


def test_every_row_of_a_list_is_about_an_item_that_is_answered() -> None:
    lists = (row for name in ("icd", "snomed", "words") for row in rows(name))
    named = {item for row in lists for item in row["item"].split()}
    answered = {*IS_OF_NOW, *(one.name for one in DRUG_CLASSES), NOT_THE_PATIENTS, SOMETHING_ELSE}
    answered |= {*PAST_OF, *JUDGED}
    assert named - answered == set()
    assert LISTED - named == set()


@pytest.mark.parametrize("beside", ["Z83.3", "Z13.1"])
def test_no_code_counts_beside_that_of_a_relative_or_of_a_screening(beside: str) -> None:
    both = {"coding": [{"system": SNOMED, "code": "73211009"}, {"system": ICD10CM, "code": beside}]}
    assert find("diabetes", condition(both)).outcome is Outcome.OFFERED
    assert find("diabetes", condition(beside)).value is False


def test_a_code_under_no_known_system_is_classified_by_nobody() -> None:
    systems = ("http://snomed.info/sct", ICD9, "http://hl7.org/fhir/sid/icd-10-pcs", "")
    for system in systems:
        finding = find("hypertension", condition(concept(system, "I10")))
        assert finding.outcome is Outcome.OPEN
        assert [one.charted for one in finding.could_be] == ["I10"]


# The item that a text suggests, or "" for a text that is understood but isn't one of the items.
TEXTS: Mapping[str, str] = {
    "Essential hypertension": "hypertension",
    "Hypertensive heart disease without heart failure": "hypertension",
    "Essential hypertension, not at goal": "hypertension",
    "No chest pain; hypertension": "hypertension",
    "No AF. HTN": "hypertension",
    "Pulmonary hypertension": "",
    "Hypertension, pulmonary embolism": "hypertension previous_vte",
    "Hypertension, portal": "",
    "White coat hypertension": "",
    "Diabetes mellitus type 2": "diabetes",
    "No longer diabetic": "diabetes",
    "Prediabetes": "",
    "Pre-diabetes, on diet": "",
    "Diabetes insipidus": "",
    "Gestational diabetes": "",
    "Type 2 diabetes, history of gestational diabetes": "diabetes",
    "FH: diabetes mellitus": "",
    "Fam hx diabetes": "",
    "diabetes screening": "",
    "paroxysmal ATRIAL FIBRILLATION": "atrial_fibrillation",
    "A-fib with RVR": "atrial_fibrillation",
    "Fibrillation auriculaire": "atrial_fibrillation",
    "Fibrilación auricular": "atrial_fibrillation",
    "old stroke": f"{STROKE} {CVD}",
    "Stroke without TIA": f"{STROKE} {CVD}",
    "Infarction of the left basal ganglia": f"{STROKE} {CVD}",
    "Heat stroke": "",
    "Stroke ruled out": "",
    "stroke in mother": "",
    "Denies any history of stroke or TIA": "",
    "Chronic cough, not heart failure": "",
    "NSTEMI 2019": f"vascular_disease ischemic_heart_disease {CVD}",
    "Carotid stenosis": CVD,
    "GI bleed": "bleeding_history",
    "Asthma": "",
    "low back pain.": "",
}
UNKNOWN = ("rhythm problem", "see note", "Initial visit", "asthma and the other thing", "af", "dm")


def test_a_text_only_suggests_what_it_affirms() -> None:
    wrong = {}
    for text, expected in TEXTS.items():
        for code in ({"text": text}, concept(SNOMED, "1000004", text=text)):
            items = _found(code)
            if items != (set(), set(expected.split())):
                wrong[text] = items
    assert wrong == {}


def test_a_text_that_names_nothing_known_leaves_every_diagnosis_open() -> None:
    for text in UNKNOWN:
        chart = read(condition({"text": text}))
        assert {chart.findings[name].outcome for name in IS_OF_NOW} == {Outcome.OPEN}
        assert [one.charted for one in chart.problems.unclassified] == [text]


@pytest.mark.parametrize("other", ["Pulmonary hypertension", "No hypertension"])
def test_one_name_about_something_else_keeps_the_others_from_suggesting(other: str) -> None:
    named = {"text": "Hypertension", "coding": [{"display": other}]}
    assert find("hypertension", condition(named)).value is False


@pytest.mark.parametrize(
    ("verification", "value", "flag"),
    [("refuted", False, "refuted"), ("provisional", None, "text_match")],
)
def test_a_refuted_text_does_not_suggest(verification: str, value: bool | None, flag: str) -> None:
    finding = find("hypertension", condition({"text": "Hypertension"}, "active", verification))
    assert finding.value is value
    assert [passed.flag for passed in finding.passed_over] == [flag]


def test_a_text_beside_an_icd_code_does_not_suggest() -> None:
    coded = concept(ICD10CM, "I27.20", text="Pulmonary hypertension, hypertension")
    assert find("hypertension", condition(coded)).value is False


def test_a_drug_that_a_problem_names_is_suggested() -> None:
    chart = read(condition({"text": "Afib, on apixaban"}))
    assert chart.findings["oral_anticoagulant"].outcome is Outcome.OFFERED
    assert read(condition("Z79.01", "resolved")).findings["oral_anticoagulant"].value is False
    allergy = concept(SNOMED, "1000004", text="Allergy to aspirin (finding)")
    assert read(condition(allergy)).findings["antiplatelet_or_nsaid"].value is False


N18_30: dict[str, Any] = concept(ICD10CM, "N18.30")
N18_32: dict[str, Any] = concept(ICD10CM, "N18.32")


@pytest.mark.parametrize(
    ("code", "stage"),
    [
        (N18_32, "3b"),
        (N18_30, "3"),
        (concept(ICD10CM, "N18.9"), ""),
        (concept(ICD10CM, "I13.2"), "5"),
        (concept(SNOMED, "700378005", text="CKD"), "3a"),
        ({"text": "CKD stage 3 B"}, "3b"),
        ({"text": "CKD4"}, "4"),
        ({"text": "CKD stage IIIb"}, "3b"),
        ({"text": "CKD V"}, "5"),
        ({"text": "CKD in diabetes"}, ""),
        ({"text": "CKD stage 1 through stage 4"}, ""),
        ({"text": "CKD 2019"}, ""),
        ({"text": "CKD stage IVb"}, "4"),
        ({"text": "CKD stage 4 B"}, "4"),
        ({"text": "CKD after stage IVB ovarian cancer"}, "4"),
        ({"text": "CKD stage 5 b/l small kidneys"}, "5"),
        ({"text": "CKD stage 3 a/w diabetes"}, "3"),
        ({"coding": [{"display": "CKD, stage 3"}], "text": "CKD 3b"}, "3b"),
        ({"text": "CKD stage 3, now 3a: CKD 3a"}, "3a"),
        ({"coding": [*N18_30["coding"], *concept(SNOMED, "700378005")["coding"]]}, "3a"),
        ({"text": "CKD stage 3, now stage 4"}, "4"),
        ({"text": "CKD stages III-IV"}, "4"),
        ({"coding": [*N18_32["coding"], *concept(SNOMED, "433144002")["coding"]]}, "3b"),
    ],
)
def test_chronic_kidney_disease_keeps_its_stage(code: Mapping[str, object], stage: str) -> None:
    chosen = find("chronic_kidney_disease", condition(dict(code))).chosen
    assert chosen is not None
    assert chosen.stage == stage
