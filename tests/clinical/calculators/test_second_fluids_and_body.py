"""Pressure, body weight, sodium, water and kidney handling, computed a second time in fractions."""

from fractions import Fraction
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators import calculate, evaluate
from tests.support.charts.calculators import in_canonical_units
from tests.support.tables import each

MODEST = settings(max_examples=60, deadline=None, derandomize=True)


def number(low: int, high: int) -> st.SearchStrategy[Fraction]:
    """Tenths between two whole numbers."""
    return st.integers(10 * low, 10 * high).map(lambda tenths: Fraction(tenths, 10))


def outputs(calculator: str, **values: Any) -> dict[str, float]:
    given = {name: float(one) if isinstance(one, Fraction) else one for name, one in values.items()}
    return dict(calculate(calculator, in_canonical_units(given)))


@MODEST
@given(diastolic=st.integers(40, 150), pulse=st.integers(1, 150))
def test_the_mean_pressure_is_that_of_a_third_in_systole(diastolic: int, pulse: int) -> None:
    (made,) = outputs(
        "mean_arterial_pressure", systolic_bp=diastolic + pulse, diastolic_bp=diastolic
    ).values()
    assert made == pytest.approx(mean([diastolic, diastolic, diastolic + pulse]))


@MODEST
@given(sex=st.sampled_from(["female", "male"]), height=number(135, 220), over=number(0, 100))
def test_the_ideal_weight_is_that_of_the_metric_form(
    sex: str, height: Fraction, over: Fraction
) -> None:
    """115/127 kg for each cm, and 4.5 kg less in a woman."""
    ideal = Fraction("152.4") * Fraction(-115, 127) + height * Fraction(115, 127)
    ideal += 50 if sex == "male" else Fraction(91, 2)
    made = outputs("ideal_body_weight", sex=sex, height=height, weight=ideal + over)
    assert made["ideal_body_weight"] == pytest.approx(float(ideal))
    assert made["adjusted_body_weight"] == pytest.approx(float(ideal + over * 2 / 5))


@MODEST
@given(sodium=number(100, 180), glucose=st.integers(100, 2000))
def test_sodium_is_corrected_by_8_and_12_for_500_of_glucose(sodium: Fraction, glucose: int) -> None:
    made = outputs("corrected_sodium", sodium=sodium, glucose=glucose)
    steps = Fraction(glucose - 100, 500)
    assert made["corrected_sodium_katz"] == pytest.approx(float(sodium + 8 * steps))
    assert made["corrected_sodium_hillier"] == pytest.approx(float(sodium + 12 * steps))


@MODEST
@given(
    sex=st.sampled_from(["female", "male"]),
    age=st.integers(18, 100),
    weight=number(30, 200),
    sodium=number(146, 180),
)
def test_the_water_deficit_is_that_of_the_water_at_each_age(
    sex: str, age: int, weight: Fraction, sodium: Fraction
) -> None:
    (made,) = outputs("free_water_deficit", age=age, sex=sex, weight=weight, sodium=sodium).values()
    twentieths = 12 if sex == "male" else 10
    twentieths -= (2 if sex == "male" else 1) if age > 64 else 0
    water = weight * twentieths / 20
    assert made == pytest.approx(float(water * sodium / 140 - water))


@MODEST
@given(
    blood=st.tuples(number(100, 170), number(1, 10), number(5, 100)),
    urine=st.tuples(number(1, 150), number(50, 300), number(5, 900)),
)
def test_what_is_excreted_is_the_ratio_of_two_urine_to_plasma_ratios(
    blood: tuple[Fraction, ...], urine: tuple[Fraction, ...]
) -> None:
    sodium, creatinine, urea = (u / p for u, p in zip(urine, blood, strict=True))
    names = ("sodium", "creatinine", "bun"), ("urine_sodium", "urine_creatinine")
    values = dict(zip((*names[0], *names[1], "urine_urea_nitrogen"), blood + urine, strict=True))
    evaluation = evaluate(
        "fractional_excretion", in_canonical_units({k: float(v) for k, v in values.items()})
    )
    for name, ratio in (("fena_percent", sodium), ("feurea_percent", urea)):
        share = ratio / creatinine
        if share > 1:
            assert "above 100%" in str(evaluation.refusals[name])
        else:
            assert evaluation.outputs[name] == pytest.approx(float(100 * share))


def test_an_ideal_weight_of_nothing_is_refused() -> None:
    """By 97.2 cm, Devine's weight of a man has fallen to zero."""
    body = {"sex": "male", "weight": 20, "height": 97.8}
    assert outputs("ideal_body_weight", **body)["ideal_body_weight"] == pytest.approx(
        0.559, abs=2e-3
    )
    too_short = in_canonical_units(body | {"height": 97.1})
    assert set(evaluate("ideal_body_weight", too_short).outputs) == set()


NORMAL: dict[str, Any] = {"age": 60, "sex": "male", "weight": 80, "height": 180, "sodium": 150}


@each(
    ("calculator", "name", "last", "first", "note"),
    [
        ("corrected_sodium", "glucose", 400, 401, "Glucose above 400 mg/dL"),
        ("free_water_deficit", "glucose", 200, 201, "Glucose above 200 mg/dL"),
        ("ideal_body_weight", "height", 152.4, 152.3, "Height below 60 in"),
    ],
)
def test_a_note_is_shown_beyond_its_limit(
    calculator: str, name: str, last: float, first: float, note: str
) -> None:
    told = [
        evaluate(calculator, in_canonical_units({**NORMAL, name: value})).notes
        for value in (last, first)
    ]
    assert told[0] == ()
    assert [one.partition(":")[0].startswith(note) for one in told[1]] == [True]


def test_the_water_behind_the_deficit_is_told() -> None:
    (result,) = evaluate("free_water_deficit", in_canonical_units(NORMAL)).results.values()
    assert result.meaning == "total body water 48.0 L, 60% of 80.0 kg"
