"""Risk scores computed a second time: by risk factor, by group, in every combination."""

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators import calculate

COEFFICIENTS = Path(__file__).parents[1] / "data" / "calc_prevent_coefficients.json"
MODEST = settings(max_examples=60, deadline=None, derandomize=True)
SEXES = st.sampled_from(["female", "male"])
YES_NO = st.booleans()


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 3))


def prevent_by_hand(
    coefficients: dict[str, float], patient: dict[str, Any], thirty_years: bool
) -> float:
    """The linear predictor as one sum, written out group by group."""
    c = {"age2": 0.0, **coefficients}
    a = Fraction(patient["age"] - 55, 10)
    tc, hdl = patient["cholesterol_total"] * 0.02586, patient["hdl"] * 0.02586
    low_sbp = min(patient["systolic_bp"] - 110, 0) / 20
    high_sbp = max(patient["systolic_bp"] - 130, -20) / 20
    low_bmi, high_bmi = min(patient["bmi"] - 25, 5) / 5, max(patient["bmi"] - 30, 0) / 5
    low_egfr, high_egfr = max(60 - patient["egfr"], 0) / 15, min(90 - patient["egfr"], 30) / 15
    x = c["const"] + c["age"] * float(a) + (c["age2"] * float(a * a) if thirty_years else 0)
    x += (tc - hdl - 3.5) * (
        c["nonhdl"] + c["tx_nonhdl"] * patient["statin"] + c["age_nonhdl"] * float(a)
    )
    x += (hdl - 1.3) / 0.3 * (c["hdl"] + c["age_hdl"] * float(a))
    x += low_sbp * c["sbp_lt110"]
    x += high_sbp * (
        c["sbp_ge110"]
        + c["tx_sbp"] * patient["antihypertensive_treatment"]
        + c["age_sbp"] * float(a)
    )
    x += patient["diabetes"] * (c["dm"] + c["age_dm"] * float(a))
    x += patient["current_smoker"] * (c["smoking"] + c["age_smoking"] * float(a))
    x += low_bmi * c["bmi_lt30"] + high_bmi * (c["bmi_ge30"] + c["age_bmi30"] * float(a))
    x += low_egfr * (c["egfr_lt60"] + c["age_egfr60"] * float(a)) + high_egfr * c["egfr_ge60"]
    x += c["bptx"] * patient["antihypertensive_treatment"] + c["statin"] * patient["statin"]
    odds = math.exp(x)
    return 100 * odds / (1 + odds)


@MODEST
@given(
    patient=st.fixed_dictionaries(
        {
            "age": st.integers(30, 79),
            "sex": SEXES,
            "cholesterol_total": number(130, 320),
            "hdl": number(20, 100),
            "systolic_bp": number(90, 200),
            "diabetes": YES_NO,
            "current_smoker": YES_NO,
            "antihypertensive_treatment": YES_NO,
            "egfr": number(15, 140),
            "statin": YES_NO,
            "bmi": number(18.5, 39.99),
        }
    )
)
def test_prevent_agrees_with_the_coefficients_grouped_by_risk_factor(
    patient: dict[str, Any],
) -> None:
    published = json.loads(COEFFICIENTS.read_text("utf-8"))
    expected = {
        f"risk_{years}y_{outcome}_percent": prevent_by_hand(
            published[f"{years}yr"][f"{patient['sex']}_{outcome}"], patient, years == 30
        )
        for years in (10, 30)
        for outcome in ("total_cvd", "ascvd", "heart_failure")
        if years == 10 or patient["age"] <= 59
    }
    units = {
        "age": "a",
        "cholesterol_total": "mg/dL",
        "hdl": "mg/dL",
        "systolic_bp": "mm[Hg]",
        "egfr": "mL/min/{1.73_m2}",
        "bmi": "kg/m2",
    }

    outputs = calculate(
        "prevent_2023_base",
        {name: (value, units.get(name)) for name, value in patient.items()},
    )

    assert outputs == {name: pytest.approx(percent) for name, percent in expected.items()}


def pooled_cohort_by_hand(patient: dict[str, Any]) -> float:
    """Goff 2014, each group's equation in its own line."""
    a, c, h, s = (
        math.log(patient[name]) for name in ("age", "cholesterol_total", "hdl", "systolic_bp")
    )
    rx, smoker = patient["antihypertensive_treatment"], patient["current_smoker"]
    diabetes = patient["diabetes"]
    if (patient["sex"], patient["race"]) == ("female", "white_or_other"):
        x = a * (-29.799 + 4.884 * a - 3.114 * c + 3.149 * h - 1.665 * smoker)
        x += 13.540 * c - 13.578 * h + (2.019 if rx else 1.957) * s
        return 100 - 100 * math.pow(0.9665, math.exp(x + 7.574 * smoker + 0.661 * diabetes + 29.18))
    if (patient["sex"], patient["race"]) == ("female", "black"):
        x = a * (17.114 + 4.475 * h - (6.432 if rx else 6.087) * s)
        x += 0.940 * c - 18.920 * h + (29.291 if rx else 27.820) * s
        return 100 - 100 * math.pow(0.9533, math.exp(x + 0.691 * smoker + 0.874 * diabetes - 86.61))
    if patient["race"] == "white_or_other":
        x = a * (12.344 - 2.664 * c + 1.769 * h - 1.795 * smoker)
        x += 11.853 * c - 7.990 * h + (1.797 if rx else 1.764) * s
        return 100 - 100 * math.pow(0.9144, math.exp(x + 7.837 * smoker + 0.658 * diabetes - 61.18))
    x = 2.469 * a + 0.302 * c - 0.307 * h + (1.916 if rx else 1.809) * s
    return 100 - 100 * math.pow(0.8954, math.exp(x + 0.549 * smoker + 0.645 * diabetes - 19.54))


@MODEST
@given(
    patient=st.fixed_dictionaries(
        {
            "age": st.integers(40, 79),
            "sex": SEXES,
            "race": st.sampled_from(["white_or_other", "black"]),
            "cholesterol_total": number(130, 320),
            "hdl": number(20, 100),
            "systolic_bp": number(90, 200),
            "antihypertensive_treatment": YES_NO,
            "current_smoker": YES_NO,
            "diabetes": YES_NO,
        }
    )
)
def test_pooled_cohort_agrees_with_the_four_equations(patient: dict[str, Any]) -> None:
    units = {"age": "a", "cholesterol_total": "mg/dL", "hdl": "mg/dL", "systolic_bp": "mm[Hg]"}

    outputs = calculate(
        "ascvd_pce_2013",
        {name: (value, units.get(name)) for name, value in patient.items()},
    )

    assert outputs["risk_10y_ascvd_percent"] == pytest.approx(pooled_cohort_by_hand(patient))


def test_cha2ds2_vasc_is_the_sum_of_its_weights_in_every_combination() -> None:
    weights = {
        "congestive_heart_failure": 1,
        "hypertension": 1,
        "diabetes": 1,
        "stroke_tia_thromboembolism": 2,
        "vascular_disease": 1,
    }
    ages = {18: 0, 64: 0, 65: 1, 74: 1, 75: 2, 99: 2}
    for present in itertools.product([False, True], repeat=len(weights)):
        items = dict(zip(weights, present, strict=True))
        for age, sex in itertools.product(ages, ("male", "female")):
            points = ages[age] + sum(weights[name] for name, yes in items.items() if yes)

            outputs = calculate(
                "cha2ds2_vasc",
                {"age": (age, "a"), "sex": (sex, None)}
                | {name: (yes, None) for name, yes in items.items()},
            )

            assert outputs == {"score_va": points, "score": points + (sex == "female")}


def test_has_bled_counts_its_nine_items_in_every_combination() -> None:
    flags = (
        "uncontrolled_hypertension",
        "abnormal_renal_function",
        "abnormal_liver_function",
        "stroke",
        "bleeding_history",
        "labile_inr",
        "antiplatelet_or_nsaid",
    )
    for present in itertools.product([False, True], repeat=len(flags)):
        for (age, old), (drinks, heavy) in itertools.product(
            ((65, 0), (66, 1)), ((7.9, 0), (8, 1))
        ):
            outputs = calculate(
                "has_bled",
                {"age": (age, "a"), "alcohol_drinks_per_week": (drinks, "{drinks}/wk")}
                | {name: (yes, None) for name, yes in zip(flags, present, strict=True)},
            )

            assert outputs["score"] == present.count(True) + old + heavy
