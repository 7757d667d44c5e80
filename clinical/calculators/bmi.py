"""Body mass index and the adult classes of WHO Technical Report Series 894 (2000)."""

from clinical.calculators.in_chart import ChartCaution, InChart, Reported
from clinical.calculators.limits import at_least, below, within
from clinical.calculators.model import (
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    Implausible,
    Output,
)


def body_mass_index(weight: float, height: float) -> float:
    """Return the BMI, kg/m2, from kg and cm; raise Implausible outside 8 to 120."""
    # In this form, 64 kg and 160 cm give exactly 25.
    bmi = weight * 10000 / height**2
    if not within(bmi, 8, 120):
        raise Implausible("Weight and height give a BMI outside 8 to 120 kg/m2: check the units")
    return bmi


def _adult(values: CheckedInputs) -> bool:
    return "age" in values and at_least(values["age"], 20)


_CLASSES = (
    ("below 18.5", "underweight"),
    ("18.5 to below 25", "normal range"),
    ("25 to below 30", "pre-obese"),
    ("30 to below 35", "obese class I"),
    ("35 to below 40", "obese class II"),
)


def _class_below(high: float, words: tuple[str, str]) -> Band:
    """Return the class of an adult BMI below `high`, from its limits and its name."""
    limits, name = words
    return Band(f"{limits}: {name}", lambda v, g: _adult(g) and below(v, high), short=name)


CALCULATOR = Calculator(
    name="bmi",
    title="Body mass index",
    short="BMI",
    subject="Body",
    year=2000,
    purpose="Relates weight to height.",
    population="BMI is calculated at any age. Its classes apply from age 20 and are shown only if "
    "the age is known.",
    cautions=(
        "A result outside 8 to 120 kg/m2 is not shown, because it is probably a unit error.",
        "Action points for Asian populations: 23 and 27.5 kg/m2 (WHO), 24 and 27 (Taiwan).",
    ),
    outputs=(
        Output(
            name="bmi",
            label="BMI",
            unit="kg/m2",
            digits=1,
            edges=(15, 18.5, 25, 30, 35, 40, 45),
            equation="weight in kg / (height in m)^2",
            formula=body_mass_index,
            needs=("weight", "height"),
            provides="bmi",
            checked_if_given=("age",),
            meaning=lambda g: "" if "age" in g else "enter the age to see the class",
            bands=(
                *map(_class_below, (18.5, 25, 30, 35, 40), _CLASSES),
                Band(
                    "40 or more: obese class III",
                    lambda v, g: _adult(g) and at_least(v, 40),
                    short="obese class III",
                ),
            ),
        ),
    ),
    sources=(
        Citation("WHO. Obesity: preventing and managing the global epidemic. TRS 894, 2000", None),
        Citation(
            "WHO expert consultation. Lancet 2004;363:157-163 (Asian populations)",
            "10.1016/S0140-6736(03)15268-3",
        ),
        Citation(
            "Institute of Medicine. Weight gain during pregnancy, 2009 (pregnancy)",
            "10.17226/12584",
        ),
        Citation(
            "Mozumdar A, Roy SK. Am J Clin Nutr 2004;80:868-875 (amputation)",
            "10.1093/ajcn/80.4.868",
        ),
    ),
    aliases="quetelet",
    words="obesity obese overweight underweight weight general nutrition",
    validation="An index, not a risk score, so it has no c statistic.",
    in_chart=InChart(
        reported=Reported("bmi_reported", "bmi", agrees_within=0.5),
        cautions=(
            ChartCaution(
                "pregnancy",
                "Pregnancy is documented in the chart. In pregnancy, the classes are for the "
                "weight before pregnancy (IOM 2009).",
                "The problem list suggests pregnancy, in which the classes are for the weight "
                "before pregnancy (IOM 2009).",
            ),
            ChartCaution(
                "amputation",
                "An amputation is documented in the chart. Without the missing part, the weight "
                "and the BMI are too low (Mozumdar 2004).",
                "The problem list suggests an amputation. Without the missing part, the weight and "
                "the BMI are too low (Mozumdar 2004).",
            ),
        ),
    ),
)
