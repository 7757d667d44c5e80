"""Stage of acute kidney injury by creatinine: KDIGO, Kidney Int Suppl 2012;2:1-138."""

from clinical.calculators.in_chart import DAY, ChartCaution, InChart
from clinical.calculators.limits import at_least
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    Citation,
    MissingInput,
    Output,
    from_value,
)

# Acute kidney injury: this multiple of the baseline, or this rise in mg/dL within 48 hours.
RATIO, RISE = 1.5, 0.3


def stage(
    creatinine: float,
    creatinine_baseline: float,
    renal_replacement_therapy: bool,
    creatinine_48h: float | None = None,
) -> int:
    """Return the stage, 0 to 3, from values in mg/dL."""
    if renal_replacement_therapy or at_least(creatinine, 3 * creatinine_baseline):
        return 3
    by_ratio = at_least(creatinine, RATIO * creatinine_baseline)
    if not by_ratio and creatinine_48h is None:
        raise MissingInput(
            "Below 1.5 times the baseline, the stage depends on a creatinine of the 48 hours "
            "before",
            ("creatinine_48h",),
        )
    by_rise = creatinine_48h is not None and at_least(creatinine - creatinine_48h, RISE)
    if not (by_ratio or by_rise):
        return 0
    if at_least(creatinine, 4):
        return 3
    return 2 if at_least(creatinine, 2 * creatinine_baseline) else 1


CALCULATOR = Calculator(
    name="kdigo_aki",
    title="AKI stage (KDIGO, creatinine criteria)",
    short="AKI stage",
    subject="Kidney",
    year=2012,
    purpose="Stages acute kidney injury by creatinine, compared with a baseline that you confirm.",
    population="Adults. Not for maintenance dialysis.",
    cautions=(
        "Only the creatinine criteria. Urine output is not checked and can give a higher stage.",
        "The stage follows from the creatinine entered. It is not the highest of the episode.",
        "1.5 times the baseline must have occurred within the last 7 days, known or presumed.",
        "Check how old the baseline is. A raised baseline hides an injury.",
        (
            "The suggested baseline is the median of the values from 8 days to a year before. "
            "Without such values, it is the lowest of the last 7 days (NHS England 2014)."
        ),
        "The creatinine must be from the last 48 hours.",
    ),
    outputs=(
        Output(
            name="stage",
            label="AKI stage",
            unit="{score}",
            digits=0,
            edges=(0, 1, 2, 3, 4),
            equation=(
                "3: renal replacement therapy, or 3 times the baseline, or AKI and creatinine 4.0 "
                "mg/dL or more; 2: twice the baseline; 1: AKI, which is 1.5 times the baseline or "
                "a rise of 0.3 mg/dL within 48 hours; 0: none of these"
            ),
            formula=stage,
            needs=("creatinine", "creatinine_baseline", "renal_replacement_therapy"),
            optional=("creatinine_48h",),
            checked_if_given=("age",),
            limits=(ADULTS,),
            bands=(
                from_value(3, "3: stage 3", "stage 3"),
                from_value(2, "2: stage 2", "stage 2"),
                from_value(1, "1: stage 1", "stage 1"),
                from_value(
                    0,
                    "0: creatinine criteria not met; urine output is not checked",
                    "criteria not met",
                ),
            ),
        ),
    ),
    sources=(
        Citation(
            "KDIGO 2012 acute kidney injury guideline. Kidney Int Suppl 2012;2:1-138",
            "10.1038/kisup.2012.1",
        ),
        Citation(
            "NHS England 2014. Algorithm for detecting acute kidney injury (baseline); compared in "
            "PMC4488369",
            None,
        ),
    ),
    aliases="aki arf kdigo",
    words="acute kidney injury failure renal creatinine stage staging rifle akin nephrology",
    validation="A definition. The NHS algorithm found 90.5% of the AKI that nephrologists found by "
    "RIFLE, and was wrong in 14% of people with CKD (4,464 people, PMC4488369).",
    definitions={
        "creatinine_baseline": "always entered by you; a value from the chart is suggested",
        "creatinine_48h": "lowest value of the 48 hours before the creatinine above",
        "renal_replacement_therapy": "started for this kidney injury, not maintenance dialysis",
    },
    in_chart=InChart(
        max_age={"creatinine": 2 * DAY},
        relevant_with={"acute_kidney_injury": "AKI"},
        cautions=(
            ChartCaution(
                "dialysis_status",
                "Dialysis or end-stage kidney disease is documented in the chart. The stages are "
                "not for maintenance dialysis.",
                "The problem list suggests dialysis. The stages are not for maintenance dialysis.",
            ),
            ChartCaution(
                "acute_kidney_injury",
                "Acute kidney injury is on the problem list. Stage 0 would only mean that these "
                "values do not show it.",
            ),
            ChartCaution(
                "kidney_transplant",
                "A kidney transplant is documented in the chart. A rise can have other causes and "
                "consequences there.",
                "The problem list suggests a kidney transplant. A rise can have other causes and "
                "consequences there.",
            ),
            ChartCaution(
                "pregnancy",
                "Pregnancy is documented in the chart. Creatinine falls in pregnancy, so an "
                "earlier baseline can hide an injury.",
                "The problem list suggests pregnancy. Creatinine falls in pregnancy, so an earlier "
                "baseline can hide an injury.",
            ),
        ),
    ),
)
