"""The charts against the product's own reading of them: nothing has to be typed to calculate."""

import json
from functools import cache
from typing import Any

import pytest

from clinical.calculators import REGISTRY, Evaluation, calculate, evaluate, with_computed_inputs
from clinical.calculators.inputs import INPUTS
from clinical.chart import prefill, read_chart
from clinical.chart.draws import drawn_together
from clinical.chart.evidence import Outcome
from clinical.chart.resources.times import parse_now
from simulator.charts.generated import load_resources
from tests.support.tables import each

NOW = "2026-11-20T11:00:00-06:00"

# What no chart holds, and a person has to judge or ask.
ASKED: dict[str, tuple[object, str | None]] = {
    "race": ("white_or_other", None),
    "alcohol_drinks_per_week": (0, "{drinks}/wk"),
    "labile_inr": (False, None),
    "consciousness": ("alert", None),
    "spo2_scale": (1, None),
}


@cache
def resources(name: str) -> list[dict[str, Any]]:
    """A chart as the product's entry point wants it: its patient is always called p1."""
    patient = f"synthetic-{name}"
    return [
        json.loads(one.text.replace(patient, "p1"))
        for one in load_resources()
        if one.patient == patient
    ]


@cache
def inputs(name: str) -> dict[str, tuple[object, str | None]]:
    known: dict[str, tuple[object, str | None]] = {"age": (None, "a")}
    for given, value in prefill(resources(name), NOW).items():
        unit = INPUTS[given].unit if given in INPUTS else "a" if given == "age" else None
        known[given] = (value, unit)
    return dict(with_computed_inputs({**known, **ASKED}))


def evaluated(calculator: str, name: str) -> Evaluation:
    return evaluate(calculator, inputs(name))


# Each calculator with a suitable patient: its result is in the range that the diagnosis implies.
@each(
    ("calculator", "name", "output", "low", "high", "band"),
    [
        ("egfr_ckd_epi_2021", "alma", "egfr", 30, 45, "G3b"),
        ("egfr_ckd_epi_2021", "bruno", "egfr", 90, 125, "G1"),
        ("egfr_ckd_epi_2021", "dario", "egfr", 15, 30, "G4"),
        ("creatinine_clearance_cg", "cora", "crcl_actual_weight", 50, 60, None),
        ("creatinine_clearance_cg", "dario", "crcl_selected_weight", 15, 30, None),
        ("bmi", "alma", "bmi", 30, 35, "30 to below 35"),
        ("bmi", "bruno", "bmi", 18.5, 25, "18.5 to below 25"),
        ("bsa_mosteller", "bruno", "bsa", 1.9, 2.1, None),
        ("prevent_2023_base", "alma", "risk_10y_ascvd_percent", 10, 20, "10 % or more: high"),
        ("prevent_2023_base", "alma", "risk_30y_total_cvd_percent", 40, 60, None),
        ("prevent_2023_base", "bruno", "risk_10y_ascvd_percent", 0, 3, "below 3 %: low"),
        ("prevent_2023_base", "dario", "risk_10y_total_cvd_percent", 20, 50, "7.5 % or more"),
        ("ascvd_pce_2013", "alma", "risk_10y_ascvd_percent", 7.5, 20, "7.5 to below 20 %"),
        ("ascvd_pce_2013", "dario", "risk_10y_ascvd_percent", 20, 40, "20 % or more: high"),
        ("cha2ds2_vasc", "cora", "score", 7, 7, "3 or more in a woman"),
        ("cha2ds2_vasc", "cora", "score_va", 6, 6, "2 or more: class I threshold"),
        ("has_bled", "cora", "score", 2, 2, "0 to 2: not high"),
        ("meld", "elsa", "meld_3_0", 20, 25, None),
        ("meld", "elsa", "meld_na", 20, 25, None),
        ("fib4", "elsa", "fib4", 2.67, 12, "above 2.67: high"),
        ("fib4", "alma", "fib4", 0.5, 1.3, "below 1.3"),
        ("corrected_calcium", "elsa", "corrected_calcium_mg_dl", 9, 9.5, "8.5 to 10.5"),
        ("corrected_calcium", "dario", "corrected_calcium_mg_dl", 8.5, 9, "8.5 to 10.5"),
        ("anion_gap", "dario", "anion_gap_albumin_corrected", 10, 14, None),
        ("serum_osmolality", "dario", "calculated_osmolality", 295, 305, "above 295: high"),
        ("serum_osmolality", "dario", "osmolal_gap", 0, 10, "10 or below: not elevated"),
        ("serum_osmolality", "elsa", "calculated_osmolality", 265, 275, "below 275: low"),
        ("ldl", "bruno", "ldl_sampson_nih", 100, 110, None),
        ("ldl", "hugo", "non_hdl", 165, 165, None),
        ("news2", "hugo", "score", 7, 12, "7 or more: high"),
        ("qtc", "cora", "fridericia", 400, 460, "below 460"),
        ("qtc", "elsa", "fridericia", 500, 520, "above 500 ms"),
    ],
)
def test_a_result_lies_where_the_diagnosis_puts_it(
    calculator: str, name: str, output: str, low: float, high: float, band: str | None
) -> None:
    result = evaluated(calculator, name).results[output]
    assert low <= result.value <= high
    assert result.band == band or (band is not None and (result.band or "").startswith(band))
    assert calculate(calculator, inputs(name))[output] == result.value


# No output lacks an input, except inputs that don't apply and the optional ethanol.
COMPLETE = [
    ("egfr_ckd_epi_2021", "alma"),
    ("creatinine_clearance_cg", "alma"),
    ("bmi", "alma"),
    ("bsa_mosteller", "alma"),
    ("prevent_2023_base", "alma"),
    ("ascvd_pce_2013", "alma"),
    ("cha2ds2_vasc", "cora"),
    ("has_bled", "cora"),
    ("meld", "elsa"),
    ("fib4", "elsa"),
    ("corrected_calcium", "dario"),
    ("anion_gap", "dario"),
    ("serum_osmolality", "dario"),
    ("ldl", "dario"),
    ("news2", "hugo"),
    ("qtc", "cora"),
]


@each(("calculator", "name"), COMPLETE)
def test_a_calculator_is_complete_without_typing(calculator: str, name: str) -> None:
    done = evaluated(calculator, name)
    assert set(done.results) == {output.name for output in REGISTRY[calculator].outputs}
    measured = [one for one in done.calculator.inputs if one in INPUTS and one != "ethanol"]
    checked_only = {"ldl_reported"} if calculator == "ascvd_pce_2013" else set()
    assert all(inputs(name)[one][0] is not None for one in measured if one not in checked_only)


def test_every_calculator_is_among_those() -> None:
    assert {calculator for calculator, _ in COMPLETE} == set(REGISTRY)


@each(
    ("calculator", "name"),
    [
        ("anion_gap", "dario"),
        ("serum_osmolality", "dario"),
        ("corrected_calcium", "elsa"),
        ("ldl", "dario"),
        ("meld", "elsa"),
        ("fib4", "elsa"),
        ("news2", "hugo"),
    ],
)
def test_values_that_one_formula_combines_were_taken_together(calculator: str, name: str) -> None:
    rule, now = REGISTRY[calculator].in_chart.draw, parse_now(NOW)
    assert rule
    draw = drawn_together(rule, read_chart(resources(name), now, "p1", None).usable, now)
    assert draw
    assert set(rule.inputs) <= set(draw.values)
    assert draw.warning == ""


@each(
    ("name", "diagnosis", "drugs"),
    [
        ("alma", {"hypertension", "diabetes"}, {"statin", "antihypertensive_treatment"}),
        ("cora", {"atrial_fibrillation", "stroke"}, {"oral_anticoagulant"}),
        ("dario", {"hypertension", "abnormal_renal_function"}, {"statin"}),
        ("elsa", {"abnormal_liver_function"}, set()),
        ("hugo", {"hypertension", "diabetes"}, {"statin"}),
    ],
)
def test_the_diagnoses_and_drugs_of_a_chart_are_found(
    name: str, diagnosis: set[str], drugs: set[str]
) -> None:
    ticked = {given for given, (value, _) in inputs(name).items() if value is True}
    assert diagnosis | drugs <= ticked


@each("name", ["bruno", "falk"])
def test_the_healthy_and_the_unknown_have_no_diagnosis(name: str) -> None:
    assert not [given for given, (value, _) in inputs(name).items() if value is True]


def test_nothing_can_be_calculated_of_whom_nothing_is_known() -> None:
    assert all(evaluated(calculator, "falk").missing for calculator in REGISTRY)


# What each of Greta's doubtful entries comes to.
@each(
    ("given", "value", "outcome"),
    [
        ("creatinine", 124 / 88.42, Outcome.FOUND),
        ("sodium", 137, Outcome.FOUND),
        ("potassium", 4.4, Outcome.FOUND),
        ("calcium_total", None, Outcome.UNREADABLE),
        ("alt", None, Outcome.UNREADABLE),
        ("bicarbonate", None, Outcome.UNREADABLE),
        ("chloride", None, Outcome.IMPLAUSIBLE),
        ("bilirubin_total", None, Outcome.BOUND),
        ("triglycerides", None, Outcome.BOUND),
        ("heart_rate", None, Outcome.CONFLICTING),
        ("albumin", 4.1, Outcome.FOUND),
        ("glucose", 6.1 * 18.016, Outcome.FOUND),
        ("bun", 15, Outcome.FOUND),
        ("platelets", 212, Outcome.FOUND),
        ("inr", 1.1, Outcome.FOUND),
        ("ast", 31, Outcome.FOUND),
        ("weight", 165 * 0.45359237, Outcome.FOUND),
        ("height", 165.1, Outcome.FOUND),
        ("temperature", 66.4 / 1.8, Outcome.FOUND),
        ("spo2", 96, Outcome.FOUND),
        ("hba1c", 53 * 0.09148 + 2.152, Outcome.FOUND),
        ("hdl", 1.3 * 38.67, Outcome.FOUND),
        ("ldl_reported", 3.1 * 38.67, Outcome.FOUND),
        ("systolic_bp", 146, Outcome.FOUND),
        ("diastolic_bp", 84, Outcome.FOUND),
        ("current_smoker", False, Outcome.FOUND),
        ("diabetes", None, Outcome.OPEN),
        ("atrial_fibrillation", None, Outcome.OFFERED),
        ("congestive_heart_failure", None, Outcome.OFFERED),
        ("hypertension", True, Outcome.FOUND),
        ("vascular_disease", True, Outcome.FOUND),
        ("stroke", None, Outcome.OPEN),
        ("bleeding_history", True, Outcome.FOUND),
        ("statin", False, Outcome.ABSENT),
        ("antiplatelet_or_nsaid", False, Outcome.ABSENT),
        ("vitamin_k_antagonist", False, Outcome.ABSENT),
        ("antihypertensive_treatment", None, Outcome.OFFERED),
    ],
)
def test_dirty_data_are_neither_guessed_nor_lost(
    given: str, value: float | bool | None, outcome: Outcome
) -> None:
    finding = read_chart(resources("greta"), parse_now(NOW), "p1", None).findings[given]
    assert finding.outcome is outcome
    assert finding.value == pytest.approx(value)
