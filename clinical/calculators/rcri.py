"""Cardiac risk of noncardiac surgery: Revised Cardiac Risk Index (Lee, Circulation 1999)."""

import math

from clinical.calculators.in_chart import ChartCaution, InChart
from clinical.calculators.limits import above, below
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    CheckedInputs,
    Citation,
    EventRates,
    Note,
    Output,
    from_value,
    sum_of,
)

_ITEMS = (
    *("high_risk_surgery", "ischemic_heart_disease", "congestive_heart_failure", "stroke_or_tia"),
    "insulin_treatment",
)


def points(values: CheckedInputs) -> dict[str, int]:
    """Return the points of each given item."""
    scored = {name: int(values[name]) for name in _ITEMS if name in values}
    if "creatinine" in values:
        scored["creatinine"] = int(above(values["creatinine"], 2))
    return scored


CALCULATOR = Calculator(
    name="rcri",
    title="Revised Cardiac Risk Index (Lee)",
    short="RCRI",
    subject="Surgery",
    year=1999,
    purpose="Estimates the cardiac risk of noncardiac surgery.",
    population="People aged 50 or older before elective noncardiac surgery.",
    cautions=(
        "The rates were seen in Lee's validation cohort (1,422 people, 1999).",
        "Newer ones, with troponin and emergencies, are higher (CCS 2017).",
        "Not derived for emergency surgery.",
        (
            "Coronary disease or revascularization alone is only suggested: the index counts "
            "infarction, angina, a positive exercise test, nitrates or Q waves."
        ),
        "Creatinine counts above 2.0 mg/dL (177 µmol/L).",
    ),
    outputs=(
        Output(
            name="score",
            label="RCRI",
            unit="{score}",
            digits=0,
            edges=tuple(range(8)),
            equation=(
                "1 each: high-risk surgery; ischemic heart disease; heart failure; stroke or TIA; "
                "insulin treatment; creatinine above 2.0 mg/dL"
            ),
            formula=sum_of(points),
            needs=(*_ITEMS, "creatinine"),
            checked_if_given=("age",),
            limits=(ADULTS,),
            open_answers={},
            bands=(
                from_value(3, "3 or more: class IV", "class IV"),
                from_value(2, "2: class III", "class III"),
                from_value(1, "1: class II", "class II"),
                from_value(0, "0: class I", "class I"),
            ),
            rates=EventRates(
                dict(enumerate(("0.4", "0.9", "7", "11"))),
                "% major cardiac complications",
                "Lee 1999, validation",
                and_above=True,
            ),
        ),
    ),
    sources=(
        Citation("Lee TH et al. Circulation 1999;100:1043-1049", "10.1161/01.CIR.100.10.1043"),
        Citation(
            "Duceppe E et al. CCS 2017. Can J Cardiol 2017;33:17-32 (newer rates)",
            "10.1016/j.cjca.2016.09.008",
        ),
    ),
    notes=(
        Note(
            "Age below 50: the index was derived in people aged 50 or older",
            lambda values: below(values.get("age", math.inf), 50),
        ),
    ),
    aliases="lee revised cardiac risk index goldman",
    words="surgery preoperative perioperative operation heart anaesthesia anesthesia cardiology",
    validation="4,315 people before elective surgery. External cohorts are in secondary sources "
    "only, with a c statistic of 0.70 to 0.80.",
    points=points,
    definitions={
        "high_risk_surgery": "intraperitoneal, intrathoracic or suprainguinal vascular",
        "ischemic_heart_disease": "infarction, angina, positive exercise test, nitrate or Q waves",
        "insulin_treatment": "before surgery",
        "creatinine": "above 2.0 mg/dL: 1 point",
    },
    in_chart=InChart(
        cautions=(
            ChartCaution(
                "dialysis_status",
                "Dialysis or end-stage kidney disease is documented in the chart. Shortly after "
                "dialysis, creatinine can be below 2.0 mg/dL.",
                "The problem list suggests dialysis. Shortly after dialysis, creatinine can be "
                "below 2.0 mg/dL.",
            ),
        ),
    ),
)
