"""What a page gets: results with their bands, refusals with their reasons, notes."""

import pytest

from clinical.calculators import (
    Refused,
    UnknownCalculator,
    calculate,
    evaluate,
    with_computed_inputs,
)
from clinical.calculators.limits import round_half_away
from clinical.calculators.model import Implausible, MissingInput, NotApplicable, Raw, UnknownUnit
from tests.support.tables import each

KIDNEY: Raw = {"age": (66, "a"), "sex": ("male", None), "creatinine": (1.3, "mg/dL")}


def test_a_result_carries_its_number_its_print_and_its_band() -> None:
    result = evaluate("egfr_ckd_epi_2021", KIDNEY).results["egfr"]

    assert result.value == pytest.approx(60.587, abs=1e-3)
    assert result.printed == "61"
    assert result.band == "G2: 60 to below 90, mildly decreased"
    # The unrounded number, whatever else is given.
    more = {**KIDNEY, "shoe_size": (42, "cm")}
    assert calculate("egfr_ckd_epi_2021", more) == {"egfr": result.value}


def test_an_unknown_calculator_is_an_error_of_the_caller() -> None:
    with pytest.raises(UnknownCalculator):
        calculate("qrisk3", {})


@each("absent", [{}, {"creatinine": (None, "mg/dL")}])
def test_what_is_missing_is_named_and_never_assumed(absent: Raw) -> None:
    given = {name: value for name, value in KIDNEY.items() if name != "creatinine"}

    evaluation = evaluate("egfr_ckd_epi_2021", {**given, **absent})

    assert evaluation.results == {}
    assert evaluation.missing == ("creatinine",)
    assert evaluation.refused == "Missing: Creatinine, serum or plasma"


def test_a_condition_not_answered_is_missing_and_not_no() -> None:
    with pytest.raises(Refused, match="Vascular disease"):
        calculate(
            "cha2ds2_vasc",
            {
                "age": (70, "a"),
                "sex": ("male", None),
                "congestive_heart_failure": (False, None),
                "hypertension": (False, None),
                "diabetes": (False, None),
                "stroke_tia_thromboembolism": (False, None),
            },
        )


IONS: Raw = {
    "sodium": (140, "mmol/L"),
    "chloride": (100, "mmol/L"),
    "bicarbonate": (24, "mmol/L"),
}


def test_an_output_whose_inputs_are_missing_does_not_hide_the_others() -> None:
    evaluation = evaluate("anion_gap", IONS)

    assert evaluation.outputs == {"anion_gap": 16}
    assert evaluation.refused is None
    assert isinstance(evaluation.refusals["anion_gap_albumin_corrected"], MissingInput)
    assert isinstance(evaluation.refusals["anion_gap_with_potassium"], MissingInput)


@each(
    ("calculator", "inputs", "refusal"),
    [
        ("anion_gap", {**IONS, "albumin": (4.0, "mg/dL")}, UnknownUnit),
        ("anion_gap", {**IONS, "albumin": (40, "g/dL")}, Implausible),
        (
            "creatinine_clearance_cg",
            {**KIDNEY, "weight": (70, "kg"), "height": (1.7, "cm")},
            Implausible,
        ),
        (
            "creatinine_clearance_cg",
            {**KIDNEY, "weight": (0, "kg"), "height": (170, "cm")},
            Implausible,
        ),
    ],
)
def test_a_number_that_cannot_be_true_closes_the_whole_calculator(
    calculator: str, inputs: Raw, refusal: type[Refused]
) -> None:
    evaluation = evaluate(calculator, inputs)

    assert evaluation.outputs == {}
    assert evaluation.refused is not None
    assert refusal in {type(one) for one in evaluation.refusals.values()}


def test_a_sex_that_the_score_does_not_know_closes_only_the_score_that_needs_it() -> None:
    asked = evaluate("cha2ds2_vasc", {"sex": ("other", None)}).calculator.inputs
    inputs: Raw = dict.fromkeys(asked, (False, None)) | {
        "age": (80, "a"),
        "sex": ("other", None),
    }

    evaluation = evaluate("cha2ds2_vasc", inputs)

    assert evaluation.outputs == {"score_va": 2}


def test_meld_na_needs_neither_age_nor_sex_nor_albumin() -> None:
    outputs = calculate(
        "meld",
        {
            "creatinine": (2.0, "mg/dL"),
            "bilirubin_total": (5.0, "mg/dL"),
            "inr": (1.8, None),
            "sodium": (128, "mmol/L"),
            "dialysis": (False, None),
        },
    )

    assert outputs == {"meld_na": 30}


def test_not_applicable_is_said_before_what_is_missing() -> None:
    evaluation = evaluate("prevent_2023_base", {"age": (82, "a")})

    refusal = evaluation.refusals["risk_10y_ascvd_percent"]
    assert isinstance(refusal, NotApplicable)
    assert str(refusal) == "PREVENT is for ages 30 to 79"
    assert evaluation.missing == ()


def test_an_optional_input_that_is_wrong_refuses_the_output_that_uses_it() -> None:
    evaluation = evaluate(
        "serum_osmolality",
        {
            "sodium": (140, "mmol/L"),
            "glucose": (90, "mg/dL"),
            "bun": (14, "mg/dL"),
            "ethanol": (9000, "mg/dL"),
        },
    )

    assert isinstance(evaluation.refusals["calculated_osmolality"], Implausible)


def test_prevent_inputs_are_computed_from_the_chart_values() -> None:
    body: Raw = {**KIDNEY, "weight": (80, "kg"), "height": (2, "m")}

    completed = with_computed_inputs(body)

    assert completed["bmi"] == (20, "kg/m2")
    assert completed["egfr"][0] == calculate("egfr_ckd_epi_2021", KIDNEY)["egfr"]
    assert {name: completed[name] for name in body} == body


def test_a_given_bmi_is_kept_and_an_uncomputable_egfr_stays_absent() -> None:
    completed = with_computed_inputs(
        {"bmi": (31, "kg/m2"), "weight": (80, "kg"), "height": (2, "m")}
    )

    assert completed["bmi"] == (31, "kg/m2")
    assert "egfr" not in completed


@each(
    ("value", "digits", "rounded"),
    [
        (11.5, 0, 12),
        (12.5, 0, 13),
        (-11.5, 0, -12),
        (36.05, 1, 36.1),
        (1.005, 2, 1.01),
        (0.49, 0, 0),
    ],
)
def test_halves_are_rounded_away_from_zero(value: float, digits: int, rounded: float) -> None:
    assert round_half_away(value, digits) == rounded


def test_a_small_negative_result_is_not_printed_as_minus_zero() -> None:
    result = evaluate(
        "anion_gap",
        {
            "sodium": (140, "mmol/L"),
            "chloride": (110, "mmol/L"),
            "bicarbonate": (30.2, "mmol/L"),
        },
    ).results["anion_gap"]

    assert result.printed == "0"


def test_a_number_is_printed_with_the_digits_that_keep_it_in_its_band() -> None:
    # 77.7 kg and 177 cm: BMI 24.80; 78.18 kg: 24.955, which one digit would print as 25.0.
    body: Raw = {"age": (50, "a"), "weight": (78.18, "kg"), "height": (177, "cm")}

    result = evaluate("bmi", body).results["bmi"]

    assert result.band == "18.5 to below 25: normal range"
    assert result.printed == "24.95"


def test_temperature_is_rounded_to_the_tenth_before_it_is_scored() -> None:
    inputs: Raw = {
        "respiratory_rate": (16, "/min"),
        "spo2": (98, "%"),
        "supplemental_oxygen": (False, None),
        "systolic_bp": (124, "mm[Hg]"),
        "heart_rate": (72, "/min"),
        "consciousness": ("alert", None),
        "spo2_scale": (1, None),
    }

    assert calculate("news2", {**inputs, "temperature": (36.05, "Cel")}) == {"score": 0}
    assert calculate("news2", {**inputs, "temperature": (36.04, "Cel")}) == {"score": 1}
    # 96.89 degF is 36.05 Cel.
    assert calculate("news2", {**inputs, "temperature": (96.89, "[degF]")}) == {"score": 0}


@each(
    ("calculator", "inputs", "note"),
    [
        ("cha2ds2_vasc", {"atrial_fibrillation": (False, None)}, "No atrial fibrillation: "),
        ("fib4", {"age": (35, "a")}, "FIB-4 is unreliable"),
        ("creatinine_clearance_cg", {"height": (150, "cm")}, "Height below 60 in"),
        ("qtc", {"heart_rate": (110, "/min")}, "Heart rate outside 60 to 100"),
        ("ldl", {"triglycerides": (500, "mg/dL")}, "Triglycerides above 400"),
    ],
)
def test_a_caution_that_depends_on_the_inputs_is_a_note(
    calculator: str, inputs: Raw, note: str
) -> None:
    assert [text.startswith(note) for text in evaluate(calculator, inputs).notes] == [True]


@each(
    ("calculator", "inputs"),
    [
        ("cha2ds2_vasc", {"atrial_fibrillation": (True, None)}),
        ("cha2ds2_vasc", {}),
        ("fib4", {"age": (36, "a")}),
        ("creatinine_clearance_cg", {"height": (152.4, "cm")}),
        ("qtc", {"heart_rate": (100, "/min")}),
        ("ldl", {"triglycerides": (400, "mg/dL")}),
    ],
)
def test_there_is_no_note_without_its_cause(calculator: str, inputs: Raw) -> None:
    assert evaluate(calculator, inputs).notes == ()
