"""Pretest probability of pulmonary embolism: Wells, Thromb Haemost 2000;83:416."""

from clinical.calculators.in_chart import DAY, ChartCaution, InChart
from clinical.calculators.limits import above, below
from clinical.calculators.model import (
    ADULTS,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    Output,
    sum_of,
)

_WORTH = {
    "clinical_signs_of_dvt": 3,
    "pe_most_likely_diagnosis": 3,
    "immobilization_or_surgery_4_weeks": 1.5,
    "previous_vte": 1.5,
    "hemoptysis": 1,
    "active_cancer": 1,
}


def points(values: CheckedInputs) -> dict[str, float]:
    """Return the points of each given item."""
    scored = {name: worth * values[name] for name, worth in _WORTH.items() if name in values}
    if "heart_rate" in values:
        scored["heart_rate"] = 1.5 * above(values["heart_rate"], 100)
    return scored


def _three_tiers(values: CheckedInputs) -> str:
    """Return the class of the older, three-tier reading."""
    score = sum(points(values).values())
    tier = "low, below 2" if below(score, 2) else "high, above 6" if above(score, 6) else ""
    return f"in three tiers: {tier or 'moderate, 2 to 6'}"


CALCULATOR = Calculator(
    name="wells_pe",
    title="Wells criteria for pulmonary embolism",
    short="Wells PE",
    subject="Lung",
    year=2000,
    purpose="Estimates the probability of pulmonary embolism before testing.",
    population="Adults with suspected pulmonary embolism, not pregnant.",
    cautions=(
        "Only for suspected pulmonary embolism. An embolism in the chart does not answer an item.",
        "You enter every item except the heart rate and a previous DVT or PE.",
        "The absence of a previous one in the chart does not count as no.",
        '"Unlikely" does not rule out an embolism. It needs a further test.',
        "The heart rate must be from the last 24 hours.",
    ),
    outputs=(
        Output(
            name="score",
            label="Wells PE",
            unit="{score}",
            digits=1,
            equation=(
                "clinical signs of DVT 3; PE at least as likely as any other diagnosis 3; heart "
                "rate above 100/min 1.5; immobilization or surgery in the last 4 weeks 1.5; "
                "previous DVT or PE 1.5; hemoptysis 1; active cancer 1"
            ),
            formula=sum_of(points),
            needs=("heart_rate", *_WORTH),
            checked_if_given=("age",),
            limits=(ADULTS,),
            open_answers={},
            meaning=_three_tiers,
            bands=(
                Band("above 4: PE likely", lambda v, _: above(v, 4), short="PE likely"),
                Band("4 or below: PE unlikely", lambda _, __: True, short="PE unlikely"),
            ),
        ),
    ),
    sources=(
        Citation("Wells PS et al. Thromb Haemost 2000;83:416-420", None),
        Citation("van Belle A et al. JAMA 2006;295:172-179 (two tiers)", "10.1001/jama.295.2.172"),
    ),
    aliases="wells embolus embolism",
    words="pulmonary pe clot vte thromboembolism thrombosis lungs emergency chest",
    validation="No study is cited, because we have not read one that is open access.",
    points=points,
    definitions={
        "heart_rate": "above 100/min: 1.5 points",
        "clinical_signs_of_dvt": "at least leg swelling and pain on palpation of the deep veins",
        "pe_most_likely_diagnosis": "your judgment; likelier than, or as likely as, any other",
        "immobilization_or_surgery_4_weeks": "bed rest of 3 days or more, or surgery",
        "previous_vte": "an earlier episode, not the present one",
        "active_cancer": "treated now or within 6 months, or palliative",
    },
    in_chart=InChart(
        max_age={"heart_rate": DAY},
        cautions=(
            ChartCaution(
                "pregnancy",
                "Pregnancy is documented in the chart. The score is not for use in pregnancy.",
                "The problem list suggests pregnancy. The score is not for use in pregnancy.",
            ),
        ),
    ),
)
