"""Laboratory formulas computed a second time: in decimals, fractions and SI units."""

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
@given(age=st.integers(18, 100), ast=number(5, 900), alt=number(5, 900), platelets=number(10, 900))
def test_fib4_agrees_with_its_square(age: int, ast: float, alt: float, platelets: float) -> None:
    outputs = calculate(
        "fib4",
        {
            "age": (age, "a"),
            "ast": (ast, "U/L"),
            "alt": (alt, "U/L"),
            "platelets": (platelets, "10*9/L"),
        },
    )

    assert outputs["fib4"] ** 2 * platelets**2 * alt == pytest.approx((age * ast) ** 2)


@MODEST
@given(calcium=number(1.2, 4.5), albumin=number(10, 60))
def test_corrected_calcium_agrees_with_its_si_form(calcium: float, albumin: float) -> None:
    outputs = calculate(
        "corrected_calcium", {"calcium_total": (calcium, "mmol/L"), "albumin": (albumin, "g/L")}
    )

    # The SI form rounds 0.8 mg/g, which is 0.08 / 4.008 mmol/g, to 0.02.
    si = calcium + 0.08 / 4.008 * (40 - albumin)
    assert outputs["corrected_calcium_mg_dl"] / 4.008 == pytest.approx(si)


@MODEST
@given(
    sodium=number(110, 170),
    potassium=number(2, 8),
    chloride=number(70, 140),
    bicarbonate=number(4, 50),
    albumin=number(10, 60),
)
def test_anion_gaps_agree_with_figges_form_per_gram_a_litre(
    sodium: float, potassium: float, chloride: float, bicarbonate: float, albumin: float
) -> None:
    outputs = calculate(
        "anion_gap",
        {
            "sodium": (sodium, "mmol/L"),
            "potassium": (potassium, "mmol/L"),
            "chloride": (chloride, "mmol/L"),
            "bicarbonate": (bicarbonate, "mmol/L"),
            "albumin": (albumin, "g/L"),
        },
    )

    gap = sodium - (chloride + bicarbonate)
    assert outputs == {
        "anion_gap": pytest.approx(gap),
        "anion_gap_albumin_corrected": pytest.approx(gap + 0.25 * (40 - albumin)),
        "anion_gap_with_potassium": pytest.approx(gap + potassium),
    }


@MODEST
@given(
    sodium=number(110, 170),
    glucose=number(2, 60),
    urea=number(1, 60),
    ethanol=number(0, 100),
    measured=number(200, 500),
)
def test_osmolality_agrees_with_its_si_form(
    sodium: float, glucose: float, urea: float, ethanol: float, measured: float
) -> None:
    outputs = calculate(
        "serum_osmolality",
        {
            "sodium": (sodium, "mmol/L"),
            "glucose": (glucose, "mmol/L"),
            "bun": (urea, "mmol/L"),
            "ethanol": (ethanol, "mmol/L"),
            "osmolality_measured": (measured, "mmol/kg"),
        },
    )

    # In SI units every divisor is 1. 18, 2.8 and 4.6 round the molar masses of the conversions.
    si = 2 * sodium + glucose * 18.016 / 18 + urea * 2.801 / 2.8 + ethanol * 4.607 / 4.6
    assert outputs["calculated_osmolality"] == pytest.approx(si)
    assert outputs["osmolal_gap"] == pytest.approx(measured - outputs["calculated_osmolality"])


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
