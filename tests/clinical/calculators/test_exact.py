"""Formulas a second time, in fractions, with inputs that give a decimal number: the result is that
number, 25 and not 24.999999999999996.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators import calculate
from clinical.calculators.inputs import INPUTS, OTHER_NUMBERS
from tests.support.tables import each

NUMBERS = {**INPUTS, **OTHER_NUMBERS}
Drawn = st.SearchStrategy[Any]


def one(*values: float) -> Drawn:
    return st.sampled_from(values).map(Fraction)


def tenths(first: int, last: int, of: Fraction | int = 1, power: int = 1) -> Drawn:
    return st.integers(first, last).map(lambda number: Fraction(number, 10) ** power * of)


def root(number: Fraction, power: int) -> Fraction:
    found = Fraction(round(10 * float(number) ** (1 / power)), 10)
    assert found**power == number
    return found


OF_BUN, OF_ETHANOL = Fraction("2.8"), Fraction("4.6")
MEN = {"age": one(68), "sex": st.just("male")}
QT, SODIUM, ALBUMIN = tenths(2500, 6000), tenths(1250, 1370), tenths(15, 35)
# An output, its formula, and inputs. Formulas with a logarithm, with a power of 0.9938 or with
# Sampson's divisors aren't here, because no charted inputs give them a decimal number.
EXACT: list[tuple[str, Callable[..., Fraction], dict[str, Drawn]]] = [
    (
        "bmi bmi",
        lambda weight, height: 10000 * weight / height**2,
        {"weight": tenths(400, 1500), "height": one(125, 160, 200)},
    ),
    (
        "bsa_mosteller bsa",
        lambda weight, height: root(weight * height / 3600, 2),
        {"weight": tenths(12, 26, 20, power=2), "height": one(180)},
    ),
    (
        "creatinine_clearance_cg crcl_actual_weight",
        lambda weight, creatinine, **_: weight / creatinine,
        {"weight": tenths(400, 1500), "creatinine": tenths(1, 2, 5)} | MEN,
    ),
    (
        "corrected_calcium corrected_calcium_mg_dl",
        lambda calcium_total, albumin: calcium_total + (4 - albumin) * 8 / 10,
        {"calcium_total": tenths(50, 150), "albumin": ALBUMIN},
    ),
    (
        "serum_osmolality osmolal_gap",
        lambda osmolality_measured, sodium, glucose, bun, ethanol: (
            osmolality_measured - 2 * sodium - glucose / 18 - bun / OF_BUN - ethanol / OF_ETHANOL
        ),
        {"osmolality_measured": tenths(2800, 5000), "sodium": SODIUM}
        | {"glucose": tenths(30, 400, 18), "bun": tenths(20, 400, OF_BUN)}
        | {"ethanol": tenths(0, 600, OF_ETHANOL)},
    ),
    (
        "anion_gap anion_gap_albumin_corrected",
        lambda sodium, chloride, bicarbonate, albumin: (
            sodium - chloride - bicarbonate + (4 - albumin) * 25 / 10
        ),
        {"sodium": SODIUM, "chloride": tenths(800, 1200)}
        | {"bicarbonate": tenths(50, 400), "albumin": ALBUMIN},
    ),
    (
        "anion_gap anion_gap_with_potassium",
        lambda sodium, potassium, chloride, bicarbonate: (
            sodium + potassium - chloride - bicarbonate
        ),
        {"sodium": SODIUM, "potassium": tenths(20, 80)}
        | {"chloride": tenths(800, 1200), "bicarbonate": tenths(50, 400)},
    ),
    (
        "fib4 fib4",
        lambda age, ast, alt, platelets: age * ast / root(alt, 2) / platelets,
        {"age": st.integers(18, 90), "ast": st.integers(10, 300)}
        | {"alt": one(6.25, 16, 64), "platelets": one(50, 80, 100, 125, 200, 250)},
    ),
    (
        "ldl ldl_friedewald",
        lambda cholesterol_total, hdl, triglycerides: cholesterol_total - hdl - triglycerides / 5,
        {"cholesterol_total": tenths(2000, 3000), "hdl": tenths(200, 900)}
        | {"triglycerides": tenths(300, 4000)},
    ),
    (
        "qtc bazett",
        lambda qt_interval, heart_rate: qt_interval * root(heart_rate / 60, 2),
        {"qt_interval": QT, "heart_rate": tenths(7, 15, 60, power=2)},
    ),
    (
        "qtc fridericia",
        lambda qt_interval, heart_rate: qt_interval * root(heart_rate / 60, 3),
        {"qt_interval": QT, "heart_rate": tenths(7, 15, 60, power=3)},
    ),
    (
        "qtc framingham",
        lambda qt_interval, heart_rate: qt_interval + 154 - 9240 / heart_rate,
        {"qt_interval": QT, "heart_rate": one(55, 66, 75, 77, 96, 105, 110)},
    ),
    (
        "qtc hodges",
        lambda qt_interval, heart_rate: qt_interval + (heart_rate - 60) * 7 / 4,
        {"qt_interval": QT, "heart_rate": tenths(300, 1500)},
    ),
    (
        "meld meld_3_0_uncapped",
        lambda sodium, albumin, **_: (
            6 + (137 - sodium) * 82 / 100 + (35 - 10 * albumin) * 185 / 1000
        ),
        {"sodium": SODIUM, "albumin": ALBUMIN, "dialysis": st.just(False)}
        | {"creatinine": one(1), "bilirubin_total": one(1), "inr": one(1)}
        | MEN,
    ),
]


@each(("output", "exact", "inputs"), EXACT, ids=[one[0] for one in EXACT])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_result_that_is_a_decimal_number_is_exactly_that_number(
    output: str, exact: Callable[..., Fraction], inputs: dict[str, Drawn], data: st.DataObject
) -> None:
    values = data.draw(st.fixed_dictionaries(inputs))
    calculator, name = output.split()
    outputs = calculate(
        calculator,
        {
            name: (float(value), NUMBERS[name].unit) if name in NUMBERS else (value, None)
            for name, value in values.items()
        },
    )
    assert outputs[name] == float(exact(**values))
