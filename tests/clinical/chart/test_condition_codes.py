import pytest

from clinical.chart.evidence import Outcome
from tests.support.chart_resources import ICD10CM, SNOMED, concept, condition, find

TAIWAN = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("atrial_fibrillation", "I48.0"),
        ("atrial_fibrillation", "I4891"),
        ("congestive_heart_failure", "I50.22"),
        ("congestive_heart_failure", "I11.0"),
        ("congestive_heart_failure", "I13.2"),
        ("congestive_heart_failure", "I09.81"),
        ("hypertension", "I10"),
        ("hypertension", "i10"),
        ("hypertension", "I13.10"),
        ("hypertension", "I16.9"),
        ("diabetes", "E11.9"),
        ("diabetes", "E08.00"),
        ("diabetes", "O24.119"),
        ("stroke_tia_thromboembolism", "I63.9"),
        ("stroke_tia_thromboembolism", "G45.9"),
        ("stroke_tia_thromboembolism", "Z86.73"),
        ("stroke_tia_thromboembolism", "I69.354"),
        ("stroke_tia_thromboembolism", "I74.3"),
        ("stroke", "I61.9"),
        ("stroke", "I63.9"),
        ("vascular_disease", "I25.2"),
        ("vascular_disease", "I70.213"),
        ("vascular_disease", "E11.51"),
        ("known_cvd_excludes_risk_score", "I25.10"),
        ("known_cvd_excludes_risk_score", "I50.9"),
        ("known_cvd_excludes_risk_score", "G45.4"),
        ("abnormal_renal_function", "Z94.0"),
        ("abnormal_liver_function", "K74.60"),
        ("bleeding_history", "K92.2"),
        ("bleeding_history", "I60.9"),
    ],
)
def test_an_icd_10_cm_code_counts_by_its_prefix(name: str, code: str) -> None:
    finding = find(name, condition(code))
    assert (finding.value, finding.outcome) == (True, Outcome.FOUND)
    assert finding.chosen is not None
    assert finding.chosen.code is not None
    assert finding.chosen.code.code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hypertension", "I27.0"),
        ("hypertension", "O13.9"),
        ("hypertension", "H35.039"),
        ("diabetes", "R73.03"),
        ("diabetes", "O24.410"),
        ("diabetes", "E23.2"),
        ("diabetes", "Z83.3"),
        ("stroke_tia_thromboembolism", "G45.4"),
        ("stroke_tia_thromboembolism", "I61.9"),
        ("stroke_tia_thromboembolism", "I26.99"),
        ("stroke_tia_thromboembolism", "I82.409"),
        ("stroke_tia_thromboembolism", "Z82.3"),
        ("stroke", "G45.9"),
        ("known_cvd_excludes_risk_score", "Z82.49"),
        ("atrial_fibrillation", "I47.1"),
        ("abnormal_renal_function", "N18.30"),
    ],
)
def test_another_icd_10_cm_code_is_not_found(name: str, code: str) -> None:
    finding = find(name, condition(code))
    assert (finding.value, finding.outcome) == (False, Outcome.ABSENT)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (ICD10CM, True),
        ("http://hl7.org/fhir/sid/icd-10", True),
        (TAIWAN, True),
        ("http://hl7.org/fhir/sid/icd-9-cm", False),
        (SNOMED, False),
        ("", False),
    ],
)
def test_icd_10_is_taken_from_its_known_systems(system: str, expected: bool) -> None:
    assert find("hypertension", condition(concept(system, "I10"))).value is expected


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("atrial_fibrillation", "49436004"),
        ("congestive_heart_failure", "84114007"),
        ("hypertension", "38341003"),
        ("diabetes", "44054006"),
        ("stroke_tia_thromboembolism", "266257000"),
        ("vascular_disease", "22298006"),
        ("abnormal_renal_function", "46177005"),
        ("abnormal_liver_function", "19943007"),
    ],
)
def test_a_snomed_concept_counts(name: str, code: str) -> None:
    assert find(name, condition(concept(SNOMED, code))).value is True


def test_a_code_of_a_relative_keeps_a_snomed_concept_from_counting() -> None:
    both = {"coding": [{"system": SNOMED, "code": "73211009"}, {"system": ICD10CM}]}
    both["coding"][1]["code"] = "Z83.3"
    assert find("diabetes", condition(both)).value is False


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hypertension", "Essential hypertension"),
        ("diabetes", "Diabetes mellitus type 2"),
        ("atrial_fibrillation", "paroxysmal ATRIAL FIBRILLATION"),
        ("stroke_tia_thromboembolism", "old stroke"),
        ("bleeding_history", "gastrointestinal bleed"),
    ],
)
def test_a_text_alone_only_suggests(name: str, text: str) -> None:
    for code in ({"text": text}, {"coding": [{"system": SNOMED, "code": "1", "display": text}]}):
        finding = find(name, condition(code))
        assert (finding.value, finding.outcome) == (None, Outcome.OFFERED)
        assert finding.flags == ("text_match",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hypertension", "Pulmonary hypertension"),
        ("hypertension", "Hypertensive"),
        ("diabetes", "Family history of diabetes"),
        ("diabetes", "Prediabetes"),
        ("diabetes", "Diabetes insipidus"),
        ("diabetes", "Gestational diabetes"),
        ("diabetes", "FH: diabetes mellitus"),
        ("diabetes", "Fam hx diabetes"),
        ("stroke_tia_thromboembolism", "FHx stroke"),
        ("stroke_tia_thromboembolism", "Stroke ruled out"),
        ("stroke_tia_thromboembolism", "No stroke"),
        ("stroke_tia_thromboembolism", "Denies any history of stroke or TIA"),
        ("congestive_heart_failure", "Hypertensive heart disease without heart failure"),
        ("congestive_heart_failure", "Chronic cough, not heart failure"),
        ("stroke_tia_thromboembolism", "Initial visit"),
    ],
)
def test_a_text_about_something_else_does_not_suggest(name: str, text: str) -> None:
    assert find(name, condition({"text": text})).value is False


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("diabetes", (SNOMED, "313436004"), "Type II diabetes mellitus without complication"),
        ("diabetes", (SNOMED, "111552007"), "Diabetes mellitus without complication"),
        ("diabetes", ("urn:oid:1.2.3", "E11.9"), "Type 2 diabetes mellitus without complications"),
        ("vascular_disease", ("", ""), "Acute myocardial infarction without ST elevation"),
        ("hypertension", ("", ""), "Essential hypertension, not at goal"),
        ("congestive_heart_failure", ("", ""), "Chronic heart failure, no edema"),
        ("stroke_tia_thromboembolism", ("", ""), "Stroke without TIA"),
        ("hypertension", ("", ""), "No chest pain; hypertension"),
    ],
)
def test_a_negation_of_something_else_keeps_no_text_from_suggesting(
    name: str, code: tuple[str, str], text: str
) -> None:
    finding = find(name, condition(concept(*code, text=text)))
    assert (finding.value, finding.outcome) == (None, Outcome.OFFERED)


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


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("congestive_heart_failure", "I42.9"),
        ("vascular_disease", "I25.10"),
        ("abnormal_renal_function", "N18.5"),
        ("bleeding_history", "K25.4"),
        ("bleeding_history", "D69.6"),
    ],
)
def test_a_code_that_may_count_is_offered(name: str, code: str) -> None:
    finding = find(name, condition(code))
    assert (finding.value, finding.flags) == (None, ("suggestion",))


def test_an_ulcer_without_haemorrhage_is_not_offered() -> None:
    assert find("bleeding_history", condition("K25.9")).value is False
