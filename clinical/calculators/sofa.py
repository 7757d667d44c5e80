"""Organ failure: SOFA (Vincent 1996), with the table of Singer, JAMA 2016;315:801-810."""

import math

from clinical.calculators.in_chart import DAY, SAME_DRAW, ChartCaution, DrawRule, InChart
from clinical.calculators.limits import below
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    CheckedInputs,
    Citation,
    Exclusion,
    Output,
    sum_of,
)

# Each row of the table as (value below which the points count, points), ascending.
Row = tuple[tuple[float, int], ...]

RATIO: Row = ((100, 4), (200, 3), (300, 2), (400, 1), (math.inf, 0))
PLATELETS: Row = ((20, 4), (50, 3), (100, 2), (150, 1), (math.inf, 0))
BILIRUBIN: Row = ((1.2, 0), (2, 1), (6, 2), (12, 3), (math.inf, 4))
COMA: Row = ((6, 4), (10, 3), (13, 2), (15, 1), (math.inf, 0))
CREATININE: Row = ((1.2, 0), (2, 1), (3.5, 2), (5, 3), (math.inf, 4))
URINE: Row = ((200, 4), (500, 3), (math.inf, 0))
_MEASURED = (
    *(("platelets", PLATELETS), ("bilirubin_total", BILIRUBIN), ("gcs", COMA)),
    ("creatinine", CREATININE),
)
_SUPPORT = {
    "none": 0,
    "dopamine_to_5_or_dobutamine": 2,
    "dopamine_over_5_or_epi_norepi_to_0_1": 3,
    "dopamine_over_15_or_epi_norepi_over_0_1": 4,
}


def of_row(row: Row, value: float) -> int:
    """Return the points of a value."""
    return next(score for limit, score in row if below(value, limit))


def points(values: CheckedInputs) -> dict[str, int]:
    """Return the points of each given item. Those of the lungs are at the PaO2."""
    scored = {name: of_row(row, values[name]) for name, row in _MEASURED if name in values}
    if {"pao2", "fio2", "ventilatory_support"}.issubset(values):
        lungs = of_row(RATIO, 100 * values["pao2"] / values["fio2"])
        scored["pao2"] = lungs if values["ventilatory_support"] else min(lungs, 2)
    if "cardiovascular_support" in values:
        support = scored["cardiovascular_support"] = _SUPPORT[values["cardiovascular_support"]]
        if "mean_arterial_pressure" in values:
            low = below(values["mean_arterial_pressure"], 70)
            scored["mean_arterial_pressure"] = int(low and not support)
    if "urine_output_24h" in values and "creatinine" in scored:
        more = of_row(URINE, values["urine_output_24h"]) - scored["creatinine"]
        scored["urine_output_24h"] = max(more, 0)
    return scored


def _has_part(values: CheckedInputs) -> bool:
    return not float(values.get("gcs", 0)).is_integer()


CALCULATOR = Calculator(
    name="sofa",
    title="SOFA",
    short="SOFA",
    subject="Acute",
    year=1996,
    purpose="Describes organ dysfunction in an intensive care unit. It is not an alarm.",
    population="Adults in intensive care.",
    cautions=(
        "Not for time-critical use: alarms, emergencies or continuous monitoring.",
        "The score takes the worst value of 24 hours.",
        "The newest one is filled in: check the others, which are listed with each input.",
        (
            "With infection, a rise of 2 points or more defines sepsis (Sepsis-3). That needs the"
            " earlier score."
        ),
        "Enter ventilatory support and vasopressors yourself.",
        "Orders in the chart carry no rates.",
        "A dose counts if it was given for at least an hour.",
        "Under sedation, enter the Glasgow Coma Scale assumed from before.",
        "The FiO2 is never assumed, not even on room air.",
        "The gaps in the printed table (bilirubin 1.9 to 2.0, for example) are closed upwards.",
    ),
    outputs=(
        Output(
            name="score",
            label="SOFA",
            unit="{score}",
            digits=0,
            equation=(
                "sum of the points in the table; PaO2/FiO2 below 200 without ventilatory support "
                "counts 2; with a vasopressor, the mean pressure does not count; of creatinine and "
                "urine output, the worse one counts"
            ),
            formula=sum_of(points),
            needs=(
                *("pao2", "fio2", "ventilatory_support", "platelets", "bilirubin_total"),
                *("mean_arterial_pressure", "cardiovascular_support", "gcs", "creatinine"),
            ),
            optional=("urine_output_24h",),
            checked_if_given=("age",),
            limits=(ADULTS,),
            exclusions=(
                Exclusion("The Glasgow Coma Scale total is a whole number: check it", _has_part),
            ),
            open_answers={},
            meaning=lambda _: "scale 0 to 24",
            meaning_short=lambda _: "scale 0 to 24",
        ),
    ),
    sources=(
        Citation("Vincent JL et al. Intensive Care Med 1996;22:707-710", "10.1007/BF01709751"),
        Citation("Singer M et al. JAMA 2016;315:801-810 (PMC4968574)", "10.1001/jama.2016.0287"),
    ),
    table=(
        ("Item", "0", "1", "2", "3", "4"),
        ("PaO2/FiO2 (mmHg)", ">= 400", "< 400", "< 300", "< 200, supported", "< 100, supported"),
        ("Platelets (10^9/L)", ">= 150", "< 150", "< 100", "< 50", "< 20"),
        ("Bilirubin (mg/dL)", "< 1.2", "1.2 to < 2", "2 to < 6", "6 to < 12", ">= 12"),
        (
            "Circulation (mmHg, µg/kg/min)",
            "MAP >= 70",
            "MAP < 70",
            "dopamine <= 5, dobutamine",
            "dopamine > 5, (nor)epinephrine <= 0.1",
            "dopamine > 15, (nor)epinephrine > 0.1",
        ),
        ("Glasgow Coma Scale", "15", "13-14", "10-12", "6-9", "< 6"),
        ("Creatinine (mg/dL)", "< 1.2", "1.2 to < 2", "2 to < 3.5", "3.5 to < 5", ">= 5"),
        ("Urine (mL in 24 h)", "", "", "", "< 500", "< 200"),
    ),
    mark="time-critical",
    why_marked="Not for alarms, emergencies or continuous monitoring.",
    aliases="sequential organ failure assessment",
    words="sepsis icu critical intensive care dysfunction ventilation vasopressor mods",
    validation="ICU patients with suspected infection: AUROC 0.77 for death in the study that "
    "compared it with SOFA-2.",
    points=points,
    definitions={
        "ventilatory_support": "without it, the lungs count 2 points at most",
        "mean_arterial_pressure": "counts only without a vasopressor",
        "cardiovascular_support": "for at least an hour",
        "gcs": "under sedation, the one assumed from before",
        "urine_output_24h": "a total of 24 hours",
    },
    in_chart=InChart(
        draw=DrawRule(("pao2", "fio2"), within=SAME_DRAW, max_age=DAY),
        max_age=dict.fromkeys(
            (
                *("platelets", "bilirubin_total", "mean_arterial_pressure", "gcs", "creatinine"),
                *("urine_output_24h", "pao2", "fio2"),
            ),
            DAY,
        ),
        relevant_with={"sepsis": "Sepsis"},
        cautions=(
            ChartCaution(
                "dialysis_status",
                "Dialysis or end-stage kidney disease is documented in the chart. On dialysis, "
                "creatinine can be low, and so can the points for the kidneys.",
                "The problem list suggests dialysis. On dialysis, creatinine can be low, and so "
                "can the points for the kidneys.",
            ),
        ),
    ),
)
