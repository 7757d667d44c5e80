"""Kidney formulas computed a second time, from the papers or published variants."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators import calculate

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
SEXES = st.sampled_from(["female", "male"])


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 3))


@MODEST
@given(age=st.integers(18, 100), sex=SEXES, creatinine=number(0.2, 15))
def test_egfr_agrees_with_the_four_branches_of_the_paper(
    age: int, sex: str, creatinine: float
) -> None:
    # Inker 2021, by sex and creatinine, in logarithms.
    scale, kappa = (142 * 1.012, 0.7) if sex == "female" else (142, 0.9)
    low_slope = -0.241 if sex == "female" else -0.302
    slope = -1.2 if creatinine > kappa else low_slope
    logarithm = math.log(scale) + slope * math.log(creatinine / kappa) + age * math.log(0.9938)

    outputs = calculate(
        "egfr_ckd_epi_2021",
        {"age": (age, "a"), "sex": (sex, None), "creatinine": (creatinine, "mg/dL")},
    )

    assert outputs["egfr"] == pytest.approx(math.exp(logarithm))


@MODEST
@given(
    age=st.integers(18, 100),
    sex=SEXES,
    creatinine=number(0.3, 12),
    weight=number(40, 200),
    height=number(120, 210),
)
def test_clearance_agrees_with_exact_fractions(
    age: int, sex: str, creatinine: float, weight: float, height: float
) -> None:
    kg, cm = Fraction(str(weight)), Fraction(str(height))
    factor = Fraction(140 - age) / (72 * Fraction(str(creatinine)))
    if sex == "female":
        factor *= Fraction(85, 100)
    base = Fraction("45.5") if sex == "female" else Fraction(50)
    ideal = base + Fraction("2.3") * (cm / Fraction("2.54") - 60)
    adjusted = ideal * Fraction(6, 10) + kg * Fraction(4, 10)
    bmi = kg / (cm / 100) ** 2
    selected = kg if bmi < Fraction("18.5") else adjusted if bmi >= 25 else min(ideal, kg)

    outputs = calculate(
        "creatinine_clearance_cg",
        {
            "age": (age, "a"),
            "sex": (sex, None),
            "creatinine": (creatinine, "mg/dL"),
            "weight": (weight, "kg"),
            "height": (height, "cm"),
        },
    )

    assert outputs == {
        "crcl_actual_weight": pytest.approx(float(factor * kg)),
        "crcl_ideal_weight": pytest.approx(float(factor * ideal)),
        "crcl_adjusted_weight": pytest.approx(float(factor * adjusted)),
        "crcl_selected_weight": pytest.approx(float(factor * selected)),
    }
