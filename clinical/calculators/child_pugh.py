"""Severity of cirrhosis: Child-Pugh (Pugh, Br J Surg 1973;60:646), with the INR."""

from clinical.calculators.in_chart import DAY, ChartCaution, DrawRule, InChart, OnlyWith
from clinical.calculators.limits import above, below
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    CheckedInputs,
    Citation,
    Output,
    from_value,
    sum_of,
)

_GRADES = {
    "ascites": ("none", "slight", "moderate_or_severe"),
    "encephalopathy": ("none", "grade_1_2", "grade_3_4"),
}


def points(values: CheckedInputs) -> dict[str, int]:
    """Return the points of each given item, 1 to 3."""
    scored = {
        name: 1 + grades.index(values[name]) for name, grades in _GRADES.items() if name in values
    }
    if "bilirubin_total" in values:
        scored["bilirubin_total"] = _rising(values["bilirubin_total"], 2, 3)
    if "inr" in values:
        scored["inr"] = _rising(values["inr"], 1.7, 2.3)
    if "albumin" in values:
        albumin = values["albumin"]
        scored["albumin"] = 1 if above(albumin, 3.5) else 3 if below(albumin, 2.8) else 2
    return scored


def _rising(value: float, low: float, high: float) -> int:
    """Return 1 below `low`, 3 above `high`, otherwise 2."""
    return 1 if below(value, low) else 3 if above(value, high) else 2


CALCULATOR = Calculator(
    name="child_pugh",
    title="Child-Pugh score",
    short="Child-Pugh",
    subject="Liver",
    year=1973,
    purpose="Grades the severity of cirrhosis.",
    population="Adults with cirrhosis.",
    cautions=(
        "Ascites and encephalopathy are always entered by you.",
        "Whether treatment has lowered the grade is your judgment.",
        (
            "INR replaces the prothrombin time of 1973. Its limits of 1.7 and 2.3 are the usual "
            "ones. Some sources print 2.2."
        ),
        "INR is misleading in patients on a vitamin K antagonist.",
        (
            "In primary biliary cholangitis, the limits of bilirubin are 4 and 10 mg/dL. They are"
            " not used here."
        ),
        "Survival by class is printed widely without a traceable cohort, so it is not shown.",
    ),
    outputs=(
        Output(
            name="score",
            label="Child-Pugh",
            unit="{score}",
            digits=0,
            edges=(5, 7, 10, 16),
            equation="sum of the points in the table",
            formula=sum_of(points),
            needs=("bilirubin_total", "albumin", "inr", "ascites", "encephalopathy"),
            checked_if_given=("age",),
            open_answers={},
            limits=(ADULTS,),
            bands=(
                from_value(10, "10 to 15: class C", "class C"),
                from_value(7, "7 to 9: class B", "class B"),
                from_value(5, "5 to 6: class A", "class A"),
            ),
        ),
    ),
    sources=(
        Citation("Pugh RN et al. Br J Surg 1973;60:646-649", "10.1002/bjs.1800600817"),
        Citation(
            "Wiesner R et al. Gastroenterology 2003;124:91-96 (validation)",
            "10.1053/gast.2003.50016",
        ),
    ),
    table=(
        ("Item", "1 point", "2 points", "3 points"),
        ("Bilirubin (mg/dL)", "< 2", "2-3", "> 3"),
        ("Albumin (g/dL)", "> 3.5", "2.8-3.5", "< 2.8"),
        ("INR", "< 1.7", "1.7-2.3", "> 2.3"),
        ("Ascites", "none", "slight", "moderate or severe"),
        ("Encephalopathy", "none", "grade 1 or 2", "grade 3 or 4"),
    ),
    table_note="Values in other units are converted first: 34 µmol/L is 1.99 mg/dL, so 1 point.",
    aliases="child ctp childpugh turcotte pugh",
    words="cirrhosis cirhosis hepatic failure ascites encephalopathy hepatology",
    validation="Waiting list, 3,437 people: c statistic 0.76 for death within 3 months, MELD 0.83 "
    "(Wiesner 2003). 200 admissions: AUROC 0.859 for death in hospital (PMC156886).",
    points=points,
    definitions={
        "ascites": "by examination or imaging",
        "encephalopathy": "West Haven grade; minimal encephalopathy counts as none",
    },
    in_chart=InChart(
        draw=DrawRule(
            ("bilirubin_total", "albumin", "inr"),
            within=7 * DAY,
            warn_beyond=2 * DAY,
            tight_first=False,
        ),
        relevant_with={"known_cirrhosis": "Liver"},
        only_with=OnlyWith(
            ("known_cirrhosis",),
            without="No cirrhosis found in the chart",
            if_open="The chart neither confirms nor rules out cirrhosis. The score applies only to "
            "cirrhosis.",
        ),
        cautions=(
            ChartCaution(
                "primary_biliary_cholangitis",
                "Primary biliary cholangitis is documented in the chart. Its limits of bilirubin "
                "are 4 and 10 mg/dL, so the score shown can be too high.",
                "The problem list suggests primary biliary cholangitis. Its limits of bilirubin "
                "are 4 and 10 mg/dL, so the score shown can be too high.",
            ),
            ChartCaution(
                "vitamin_k_antagonist",
                "A vitamin K antagonist is ordered. INR is misleading in patients who take one.",
                "The chart suggests that the patient is on a vitamin K antagonist. INR is "
                "misleading in patients who take one.",
            ),
        ),
    ),
)
