from typing import Any

import pytest

from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import ICD10CM, concept, condition, find, read


@pytest.mark.parametrize(
    ("verification", "value", "outcome"),
    [
        ("confirmed", True, Outcome.FOUND),
        (None, True, Outcome.FOUND),
        ("unconfirmed", None, Outcome.OFFERED),
        ("provisional", None, Outcome.OFFERED),
        ("differential", None, Outcome.OFFERED),
        ("made-up", None, Outcome.OFFERED),
        ("refuted", False, Outcome.ABSENT),
        ("entered-in-error", False, Outcome.ABSENT),
    ],
)
def test_verification_decides_whether_a_condition_counts(
    verification: str | None, value: bool | None, outcome: Outcome
) -> None:
    finding = find("atrial_fibrillation", condition("I48.91", verification=verification))
    assert (finding.value, finding.outcome) == (value, outcome)


@pytest.mark.parametrize(
    "status", [{"text": "Provisional"}, "provisional", {"coding": [{"display": "?"}]}, {}]
)
def test_a_verification_status_that_cannot_be_read_is_not_taken_as_absent(status: object) -> None:
    finding = find("atrial_fibrillation", condition("I48.91", verificationStatus=status))
    assert finding.outcome is Outcome.OFFERED


@pytest.mark.parametrize(
    ("clinical", "now", "ever"),
    [
        ("active", True, True),
        ("recurrence", True, True),
        ("relapse", True, True),
        (None, True, True),
        ("inactive", False, True),
        ("remission", False, True),
        ("resolved", False, True),
        ("made-up", None, True),
    ],
)
def test_only_items_of_now_need_an_active_condition(
    clinical: str | None, now: bool | None, ever: bool
) -> None:
    chart = read(condition("I10", clinical, id="a"), condition("I63.9", clinical, id="b"))
    assert chart.findings["hypertension"].value is now
    assert chart.findings["stroke_tia_thromboembolism"].value is ever


def test_a_coding_without_a_code_is_shown_by_its_name() -> None:
    told = {"coding": [{"display": "High BP"}], "text": "hypertension"}
    chosen = find("hypertension", condition(told)).chosen
    assert chosen is not None
    assert chosen.coded == "High BP"


def test_an_ended_condition_without_a_clinical_status_is_asked_about() -> None:
    ended = {"abatementDateTime": "2020-01-01"}
    finding = find("hypertension", condition("I10", None, **ended))
    assert (finding.outcome, finding.why) == (
        Outcome.OFFERED,
        "documented as ended, but without a clinical status",
    )
    assert find("hypertension", condition("I10", "active", **ended)).value is True
    assert find("hypertension", condition("I10", None, abatementString="")).value is True
    assert find("atrial_fibrillation", condition("I48.0", None, **ended)).value is True


@pytest.mark.parametrize(
    ("clinical", "verification", "now", "ever"),
    [
        ("active", "confirmed", Outcome.OPEN, Outcome.OPEN),
        ("made-up", "provisional", Outcome.OPEN, Outcome.OPEN),
        ("resolved", None, Outcome.ABSENT, Outcome.OPEN),
        ("active", "refuted", Outcome.ABSENT, Outcome.ABSENT),
    ],
)
def test_an_unknown_problem_leaves_open_what_its_state_allows(
    clinical: str, verification: str | None, now: Outcome, ever: Outcome
) -> None:
    chart = read(
        condition({"text": "see note"}, clinical, verification), condition("J45.9", id="b")
    )
    assert chart.findings["hypertension"].outcome is now
    assert chart.findings["atrial_fibrillation"].outcome is ever
    assert chart.findings["known_cvd_excludes_risk_score"].outcome is ever
    assert chart.findings["statin"].outcome is Outcome.ABSENT
    counted = ever is Outcome.OPEN
    assert (chart.problems.entries, len(chart.problems.unclassified)) == (1 + counted, counted)


def test_what_is_found_or_suggested_beats_what_nobody_can_tell() -> None:
    chart = read(condition({"text": "see note"}, id="a"), condition("I48.0", id="b"))
    assert chart.findings["atrial_fibrillation"].value is True
    chart = read(condition({"text": "see note"}, id="a"), condition("I42.0", id="b"))
    assert chart.findings["congestive_heart_failure"].outcome is Outcome.OFFERED
    assert chart.findings["known_cvd_excludes_risk_score"].outcome is Outcome.OFFERED


def test_one_condition_that_counts_is_enough() -> None:
    finding = find(
        "hypertension",
        condition("I10", "resolved", id="resolved"),
        condition("I10", verification="provisional", id="provisional"),
        condition("I10", id="active", recordedDate="2020-01-01"),
        condition("I15.9", id="newer", recordedDate="2025-01-01"),
    )
    assert finding.value is True
    assert finding.chosen is not None
    assert finding.chosen.source == "Condition/newer"
    assert [evidence.source for evidence in finding.further] == ["Condition/active"]
    assert {p.evidence.source: p.flag.value for p in finding.passed_over} == {
        "Condition/resolved": "not_current",
        "Condition/provisional": "unconfirmed",
    }


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("ESKF, on PD", "dialysis_status"),
        ("Transplanted kidney present", "kidney_transplant"),
        ("Renal Tx 2010", "kidney_transplant"),
        ("Nierentransplantation 2018", "kidney_transplant"),
        ("Greffe rénale", "kidney_transplant"),
        ("Trasplante renal 2015", "kidney_transplant"),
        ("Pre-eclampsia", "pregnancy"),
        ("HELLP syndrome", "pregnancy"),
        ("Third trimester, 34w3d", "pregnancy"),
        ("Schwangerschaft, 30. SSW", "pregnancy"),
        ("Grossesse en cours", "pregnancy"),
        ("Embarazo de 20 semanas", "pregnancy"),
        ("Mechanische Mitralklappe", "valve_or_mitral_stenosis"),
        ("Prothèse valvulaire mécanique", "valve_or_mitral_stenosis"),
        ("Prótesis valvular mecánica mitral", "valve_or_mitral_stenosis"),
        ("Herzschrittmacher", "wide_qrs"),
        ("Bloc de branche gauche", "wide_qrs"),
        ("Marcapasos", "wide_qrs"),
        ("Cardiac resynchronization therapy", "wide_qrs"),
    ],
)
def test_a_problem_in_words_suggests_what_only_warns(text: str, item: str) -> None:
    assert find(item, condition({"text": text})).outcome is Outcome.OFFERED


def test_dialysis_is_offered_and_never_ticked() -> None:
    chart = read(condition("Z99.2"))
    assert chart.findings["dialysis"].outcome is Outcome.OFFERED
    assert chart.findings["abnormal_renal_function"].value is True


def test_a_condition_of_another_patient_is_ignored() -> None:
    other = condition("I10", subject={"reference": "Patient/p2"})
    chart = read(other)
    assert chart.findings["hypertension"].value is False
    assert chart.foreign == ("Condition/c1",)


def test_a_condition_keeps_its_dates_name_and_states() -> None:
    named = concept(ICD10CM, "I48.91", text="Atrial fibrillation, unspecified")
    resource: Any = condition(named, "inactive", onsetDateTime="2019-05", recordedDate="2020-01-01")
    evidence = find("atrial_fibrillation", resource).chosen
    assert evidence is not None
    assert evidence.charted == "Atrial fibrillation, unspecified"
    assert evidence.status == "inactive confirmed"
    assert evidence.moment is not None
    assert evidence.moment.text == "2019-05"
