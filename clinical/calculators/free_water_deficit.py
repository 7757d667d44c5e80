"""Free water deficit in hypernatremia, after Adrogue and Madias, N Engl J Med 2000;342:1493."""

import math

from clinical.calculators.in_chart import DAY, InChart
from clinical.calculators.limits import above, at_least, at_most
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    CheckedInputs,
    Citation,
    Exclusion,
    Note,
    Output,
    Sex,
)


def water_percent(age: int, sex: Sex) -> int:
    """Return total body water as a percentage of body weight."""
    elderly = at_least(age, 65)
    if sex == "female":
        return 45 if elderly else 50
    return 50 if elderly else 60


def deficit(age: int, sex: Sex, weight: float, sodium: float) -> float:
    """Return the free water deficit, L, from weight in kg and sodium in mmol/L."""
    return water_percent(age, sex) * weight * (sodium - 140) / 14000


def _water(values: CheckedInputs) -> str:
    """Return the total body water behind the result."""
    percent = water_percent(values["age"], values["sex"])
    water = percent * values["weight"] / 100
    return f"total body water {water:.1f} L, {percent}% of {values['weight']:.1f} kg"


CALCULATOR = Calculator(
    name="free_water_deficit",
    title="Free water deficit",
    short="Water deficit",
    subject="Metabolic",
    year=2000,
    purpose="Estimates the water needed to bring a high sodium to 140 mmol/L.",
    population="Adults with a sodium above 145 mmol/L.",
    cautions=(
        "Ongoing losses and losses of electrolytes come on top of it.",
        "The rate of correction is a clinical decision. It is not calculated here.",
        "Total body water is estimated from weight, age and sex.",
        "The share at age 65 and older is lower.",
        "The age is our choice, because the source says only elderly.",
        "The sodium must be from the last 48 hours.",
    ),
    outputs=(
        Output(
            name="free_water_deficit_l",
            label="Free water deficit",
            unit="L",
            digits=1,
            equation="TBW x (sodium / 140 - 1); TBW = weight x 0.6 [male], 0.5 [female]; from age "
            "65, 0.5 [male], 0.45 [female]",
            formula=deficit,
            needs=("age", "sex", "weight", "sodium"),
            checked_if_given=("glucose",),
            limits=(ADULTS,),
            exclusions=(
                Exclusion(
                    "Sodium is not above 145 mmol/L: no hypernatremia",
                    lambda values: at_most(values.get("sodium", math.inf), 145),
                ),
            ),
            meaning=_water,
        ),
    ),
    sources=(
        Citation(
            "Adrogue HJ, Madias NE. N Engl J Med 2000;342:1493-1499", "10.1056/NEJM200005183422006"
        ),
    ),
    notes=(
        Note(
            "Glucose above 200 mg/dL (11.1 mmol/L): correct sodium for glucose first",
            lambda values: above(values.get("glucose", -math.inf), 200),
        ),
    ),
    aliases="fwd adrogue madias",
    words="hypernatraemia hypernatremia dehydration fluid sodium electrolytes nephrology",
    validation="Not a risk score, so it has no c statistic.",
    definitions={"glucose": "above 200 mg/dL, correct sodium for glucose first"},
    in_chart=InChart(max_age={"sodium": 2 * DAY, "glucose": 2 * DAY}),
)
