"""MELD and LDL computed a second time, in decimals and fractions."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators import calculate

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
SEXES = st.sampled_from(["female", "male"])
YES_NO = st.booleans()


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 3))


def half_up(value: Decimal, step: str) -> Decimal:
    return value.quantize(Decimal(step), ROUND_HALF_UP)


def clip(value: str, low: str, high: str) -> Decimal:
    return sorted((Decimal(low), Decimal(value), Decimal(high)))[1]


@MODEST
@given(
    age=st.integers(12, 90),
    sex=SEXES,
    creatinine=number(0.3, 12),
    bilirubin=number(0.2, 50),
    inr=number(0.6, 8),
    sodium=number(110, 150),
    albumin=number(0.8, 5.5),
    dialysis=YES_NO,
)
def test_meld_agrees_with_decimal_arithmetic(
    age: int,
    sex: str,
    creatinine: float,
    bilirubin: float,
    inr: float,
    sodium: float,
    albumin: float,
    dialysis: bool,
) -> None:
    b = clip(str(bilirubin), "1", "1000").ln()
    i = clip(str(inr), "1", "1000").ln()
    na = 137 - clip(str(sodium), "125", "137")
    alb = Decimal("3.5") - clip(str(albumin), "1.5", "3.5")
    cr3 = (Decimal(3) if dialysis else clip(str(creatinine), "1", "3")).ln()
    cr4 = (Decimal(4) if dialysis else clip(str(creatinine), "1", "4")).ln()
    meld3 = 6 + (Decimal("1.33") if sex == "female" or age < 18 else 0)
    meld3 += b * (Decimal("4.56") - Decimal("0.24") * na) + Decimal("0.82") * na
    meld3 += Decimal("9.09") * i + cr3 * (Decimal("11.14") - Decimal("1.83") * alb)
    meld3 += Decimal("1.85") * alb
    initial = Decimal("0.957") * cr4 + Decimal("0.378") * b + Decimal("1.120") * i
    meld_na = half_up(initial + Decimal("0.643"), "0.1") * 10
    if meld_na > 11:
        meld_na += na * (Decimal("1.32") - Decimal("0.033") * meld_na)

    outputs = calculate(
        "meld",
        {
            "age": (age, "a"),
            "sex": (sex, None),
            "creatinine": (creatinine, "mg/dL"),
            "bilirubin_total": (bilirubin, "mg/dL"),
            "inr": (inr, "{INR}"),
            "sodium": (sodium, "mmol/L"),
            "albumin": (albumin, "g/dL"),
            "dialysis": (dialysis, None),
        },
    )

    assert outputs == {
        "meld_3_0": min(max(half_up(meld3, "1"), Decimal(6)), Decimal(40)),
        "meld_na": min(max(half_up(meld_na, "1"), Decimal(6)), Decimal(40)),
        "meld_3_0_uncapped": pytest.approx(float(meld3)),
    }


@MODEST
@given(total=number(150, 400), hdl=number(20, 90), triglycerides=number(30, 400))
def test_ldl_agrees_with_exact_fractions(total: float, hdl: float, triglycerides: float) -> None:
    tc, h, tg = (Fraction(str(value)) for value in (total, hdl, triglycerides))
    friedewald = (5 * (tc - h) - tg) / 5
    sampson = tc / Fraction("0.948") - h / Fraction("0.971") - Fraction("9.44")
    sampson -= tg * (1 / Fraction("8.56") + (tc - h) / 2140 - tg / 16100)
    expected = {"ldl_sampson_nih": sampson, "ldl_friedewald": friedewald, "non_hdl": tc - h}

    outputs = calculate(
        "ldl",
        {
            "cholesterol_total": (total, "mg/dL"),
            "hdl": (hdl, "mg/dL"),
            "triglycerides": (triglycerides, "mg/dL"),
        },
    )

    assert outputs == {
        name: pytest.approx(float(value)) for name, value in expected.items() if value > 0
    }
