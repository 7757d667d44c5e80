"""Severity of community-acquired pneumonia: CURB-65 (Lim, Thorax 2003;58:377) and CRB-65."""

from clinical.calculators.in_chart import DAY, SAME_DRAW, DrawRule, InChart, OnlyWith
from clinical.calculators.limits import above, at_least, at_most, below
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    CheckedInputs,
    Citation,
    EventRates,
    Output,
    from_value,
    sum_of,
)

# 7 mmol/L of urea, as urea nitrogen in mg/dL.
_UREA = 7 * 2.801


def points(values: CheckedInputs) -> dict[str, int]:
    """Return the points of each given item; the pressures share one, at the one that decides."""
    scored = {"confusion": int(values["confusion"])} if "confusion" in values else {}
    if "bun" in values:
        scored["bun"] = int(above(values["bun"], _UREA))
    if "respiratory_rate" in values:
        scored["respiratory_rate"] = int(at_least(values["respiratory_rate"], 30))
    if "systolic_bp" in values:
        scored["systolic_bp"] = low = int(below(values["systolic_bp"], 90))
        if "diastolic_bp" in values:
            scored["diastolic_bp"] = int(not low and at_most(values["diastolic_bp"], 60))
    if "age" in values:
        scored["age"] = int(at_least(values["age"], 65))
    return scored


_ITEMS = ("age", "confusion", "respiratory_rate", "systolic_bp", "diastolic_bp")
# All of the paper's data. The whole line is from a secondary source.
_RATES = EventRates(
    dict(enumerate(("0.7", "2.1", "9.2", "14.5", "40", "57"))),
    "% died within 30 days",
    "Lim 2003, all data",
)

CALCULATOR = Calculator(
    name="curb65",
    title="CURB-65 and CRB-65",
    short="CURB-65",
    subject="Lung",
    year=2003,
    purpose="Estimates the severity of community-acquired pneumonia.",
    population="Adults with pneumonia acquired in the community, without immunosuppression.",
    cautions=(
        "Young patients with hypoxia have a low score: check the oxygen saturation too.",
        "Not for pneumonia acquired in hospital or with immunosuppression.",
        (
            "The pressures and the respiratory rate must be from one set of vital signs of the "
            "last 24 hours, and the urea from within 24 hours of it."
        ),
        "In very old people, the score separates less well (c statistic 0.68, PMC3901892).",
        "The deaths at each score and the classes of BTS and NICE are from secondary sources.",
    ),
    outputs=(
        Output(
            name="score",
            label="CURB-65",
            unit="{score}",
            digits=0,
            edges=tuple(range(7)),
            equation=(
                "1 each: new confusion; urea above 7 mmol/L (BUN above 19.6 mg/dL); respiratory "
                "rate 30/min or more; systolic below 90 or diastolic 60 mmHg or below; age 65 or "
                "older"
            ),
            formula=sum_of(points),
            needs=(*_ITEMS, "bun"),
            limits=(ADULTS,),
            open_answers={},
            bands=(
                from_value(3, "3 to 5: high severity", "high"),
                from_value(2, "2: intermediate severity", "intermediate"),
                from_value(0, "0 to 1: low severity", "low"),
            ),
            rates=_RATES,
        ),
        Output(
            name="crb65",
            label="CRB-65",
            unit="{score}",
            digits=0,
            edges=tuple(range(6)),
            equation="CURB-65 without urea",
            formula=sum_of(points),
            needs=_ITEMS,
            limits=(ADULTS,),
            open_answers={},
            bands=(
                from_value(3, "3 to 4: high severity", "high"),
                from_value(1, "1 to 2: intermediate severity", "intermediate"),
                from_value(0, "0: low severity", "low"),
            ),
        ),
    ),
    sources=(
        Citation("Lim WS et al. Thorax 2003;58:377-382", "10.1136/thorax.58.5.377"),
        Citation("Bauer TT et al. J Intern Med 2006;260:93-101 (CRB-65)", None),
        Citation("BTS 2009 and NICE NG250 pneumonia guidelines (classes)", None),
    ),
    aliases="curb crb65 crb",
    words="pneumonia cap severity lungs respiratory infection chest medicine urea confusion",
    validation="1,068 people in three countries: 9% died within 30 days (Lim 2003).",
    points=points,
    definitions={
        "age": "65 or older: 1 point",
        "confusion": "abbreviated mental test of 8 or less, or new disorientation in person, place "
        "or time",
        "bun": "urea above 7 mmol/L (BUN above 19.6 mg/dL): 1 point",
        "diastolic_bp": "60 or below counts if the systolic pressure is 90 or above",
    },
    in_chart=InChart(
        draw=DrawRule(
            ("respiratory_rate", "systolic_bp", "diastolic_bp"),
            within=SAME_DRAW,
            max_age=DAY,
            near={"bun": DAY},
        ),
        relevant_with={"pneumonia": "Lung"},
        only_with=OnlyWith(
            ("pneumonia",),
            without="No pneumonia found in the chart",
            if_open="The chart neither confirms nor rules out pneumonia. The score applies only to "
            "pneumonia.",
        ),
    ),
)
