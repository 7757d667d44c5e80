from typing import Any

import pytest

from clinical.chart.codes.observations import SMOKING_ANSWERS
from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import (
    HL7,
    LOINC,
    SNOMED,
    concept,
    condition,
    find,
    observation,
    smoking,
    sources,
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("449868002", True),
        ("428041000124106", True),
        ("77176002", True),
        ("428071000124103", True),
        ("428061000124105", True),
        ("8517006", False),
        ("266919005", False),
        ("266927001", None),
        ("999999", None),
    ],
)
def test_a_coded_smoking_status_answers_whether_the_patient_smokes(
    answer: str, expected: bool | None
) -> None:
    finding = find("current_smoker", smoking(answer))
    assert finding.value is expected
    assert finding.outcome is (Outcome.UNREADABLE if expected is None else Outcome.FOUND)


@pytest.mark.parametrize(
    "newest",
    [
        {"valueCodeableConcept": concept(SNOMED, "266927001")},
        {"valueCodeableConcept": concept(SNOMED, "999999")},
        {"valueCodeableConcept": {"coding": [{"code": "449868002"}]}},
        {"valueCodeableConcept": concept(LOINC, "449868002")},
    ],
)
def test_a_newest_answer_whose_code_says_nothing_stays_empty(newest: Any) -> None:
    older = smoking("266919005", effectiveDateTime="2026-01-01")
    finding = find("current_smoker", older, smoking(id="newest", **newest))
    assert (finding.outcome, finding.value) == (Outcome.UNREADABLE, None)


@pytest.mark.parametrize(
    "uncoded",
    [
        {"valueString": "current every day smoker"},
        {"valueCodeableConcept": {"text": "current every day smoker"}},
    ],
)
@pytest.mark.parametrize(
    ("coded_at", "value", "outcome"),
    [("2026-01-01", False, Outcome.FOUND), ("2020-01-01", None, Outcome.UNREADABLE)],
)
def test_an_uncoded_newest_answer_gives_way_to_a_coded_one_inside_the_look_back(
    uncoded: Any, coded_at: str, value: bool | None, outcome: Outcome
) -> None:
    coded = smoking("266919005", effectiveDateTime=coded_at)
    finding = find("current_smoker", coded, smoking(id="newest", **uncoded))
    assert (finding.value, finding.outcome) == (value, outcome)
    noted = {"Observation/newest": "second_choice"} if outcome is Outcome.FOUND else {}
    assert sources(finding) == noted


@pytest.mark.parametrize(
    ("at", "value", "flags"),
    [("2026-06-01", False, ()), ("2023-06-01", False, ("old",)), ("2020-06-01", None, ("stale",))],
)
def test_a_smoking_status_grows_old_like_any_value(
    at: str, value: bool | None, flags: tuple[str, ...]
) -> None:
    finding = find("current_smoker", smoking("266919005", effectiveDateTime=at))
    assert (finding.value, finding.flags) == (value, flags)


def test_the_newest_smoking_status_wins() -> None:
    before = smoking("449868002", id="before", effectiveDateTime="2025-01-01")
    assert find("current_smoker", before, smoking("8517006")).value is False


def test_a_smoking_status_entered_in_error_is_ignored() -> None:
    wrong = smoking("449868002", status="entered-in-error")
    assert find("current_smoker", wrong).outcome is Outcome.ABSENT


def test_answers_that_differ_are_in_conflict() -> None:
    assert find("current_smoker", smoking("449868002", "266919005")).outcome is Outcome.CONFLICTING
    one, other = smoking("449868002", id="a"), smoking("266919005", id="b")
    assert find("current_smoker", one, other).outcome is Outcome.CONFLICTING


def test_a_problem_that_says_the_patient_smokes_leaves_a_status_of_no_open() -> None:
    for problem in (
        *(concept(SNOMED, code) for code, smokes in SMOKING_ANSWERS.items() if smokes),
        concept(SNOMED, "1000004", text="Smokes tobacco daily (finding)"),
        *({"text": text} for text in ("Smoker, 1 pack a day", "Tobacco use disorder", "Smoking")),
    ):
        finding = find("current_smoker", smoking("266919005"), condition(problem))
        assert (finding.value, finding.outcome) == (None, Outcome.CONFLICTING), problem
        assert find("current_smoker", smoking("449868002"), condition(problem)).value is True
        ended = find("current_smoker", smoking("266919005"), condition(problem, "resolved"))
        assert ended.value is False, problem
    for text in (
        *("Ex-smoker", "Ex-very heavy cigarette smoker (40+/day)", "History of tobacco use"),
        *("Former heavy smoker", "Non-smoker", "Never smoker", "Smoking cessation education"),
        *("Tobacco use disorder, in remission", "Passive smoker", "Smokeless tobacco use"),
        *("Father smokes", "Tobacco smoking consumption unknown", "Asthma", "see note"),
    ):
        finding = find("current_smoker", smoking("266919005"), condition({"text": text}))
        assert finding.value is False, text


def test_a_smoking_status_under_another_code_counts_only_where_there_is_no_other() -> None:
    vendor = smoking("449868002", id="vendor", code=concept(SNOMED, "229819007"))
    assert find("current_smoker", vendor).value is True
    older = smoking("266919005", effectiveDateTime="2026-01-01")
    assert find("current_smoker", vendor, older).value is False


def test_the_code_of_the_smoking_status_itself_is_shown() -> None:
    both = {"coding": [{"system": SNOMED, "code": "229819007"}, {"system": LOINC}]}
    both["coding"][1]["code"] = "72166-2"
    evidence = find("current_smoker", smoking("449868002", code=both)).chosen
    assert evidence is not None
    assert evidence.code is not None
    assert evidence.code.code == "72166-2"


def test_a_code_of_another_system_bears_on_no_question() -> None:
    other = observation("", 15, "{score}", code=concept(SNOMED, "9269-2"))
    assert find("consciousness", other).outcome is Outcome.ASKED


def test_a_smoking_status_in_free_text_is_shown() -> None:
    note = smoking(code=concept(LOINC, "11367-0"), valueString="20 a day")
    finding = find("current_smoker", note)
    assert finding.value is None
    assert finding.chosen is not None
    assert finding.chosen.charted == "20 a day"


def test_an_absent_answer_gives_way_to_the_next_older_one() -> None:
    absent = {"dataAbsentReason": concept(HL7 + "data-absent-reason", "asked-declined")}
    older = smoking("8517006", effectiveDateTime="2026-01-01")
    assert find("current_smoker", older, smoking(id="newest", **absent)).value is False


def test_a_smoking_panel_without_a_value_is_not_found() -> None:
    panel = smoking(
        code=concept(SNOMED, "229819007"), hasMember=[{"reference": "Observation/child"}]
    )
    assert find("current_smoker", panel).outcome is Outcome.ABSENT


@pytest.mark.parametrize(
    "name", ["consciousness", "alcohol_drinks_per_week", "spo2_scale", "labile_inr"]
)
def test_what_a_chart_cannot_answer_is_asked(name: str) -> None:
    finding = find(name)
    assert (finding.outcome, finding.value) == (Outcome.ASKED, None)


def test_what_bears_on_a_question_is_shown_and_not_used() -> None:
    older = observation("9269-2", 14, "{score}", id="older", effectiveDateTime="2026-11-01")
    finding = find("consciousness", older, observation("9269-2", 15, "{score}"))
    assert (finding.outcome, finding.value) == (Outcome.OFFERED, None)
    assert finding.chosen is not None
    assert finding.chosen.charted == "15"
    assert [evidence.charted for evidence in finding.further] == ["14"]
