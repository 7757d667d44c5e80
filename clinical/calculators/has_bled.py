"""Major bleeding risk on anticoagulation: HAS-BLED (Pisters, Chest 2010;138:1093)."""

from clinical.calculators.in_chart import InChart, OnlyWith
from clinical.calculators.limits import above, at_least, below
from clinical.calculators.model import (
    ADULTS,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    EventRates,
    Output,
    sum_of,
)


def points(values: CheckedInputs) -> dict[str, int]:
    """Return the HAS-BLED points of each given input."""
    scored = {name: int(values[name]) for name in _ITEMS if name in values}
    if "age" in values:
        scored["age"] = int(above(values["age"], 65))
    if "alcohol_drinks_per_week" in values:
        scored["alcohol_drinks_per_week"] = int(at_least(values["alcohol_drinks_per_week"], 8))
    return scored


_ITEMS = (
    *("uncontrolled_hypertension", "abnormal_renal_function", "abnormal_liver_function", "stroke"),
    *("bleeding_history", "labile_inr", "antiplatelet_or_nsaid"),
)

# Read in PMC3418985.
_RATES = EventRates(
    {0: "1.13", 1: "1.02", 2: "1.88", 3: "3.74", 4: "8.70", 5: "12.50"},
    " major bleeds per 100 patient-years",
    "Pisters 2010",
    few=(5,),
)

CALCULATOR = Calculator(
    name="has_bled",
    title="HAS-BLED",
    short="HAS-BLED",
    subject="AF",
    year=2010,
    purpose="Estimates bleeding risk on anticoagulation, to find factors that can be corrected.",
    population="Adults with atrial fibrillation who take or may take an anticoagulant.",
    cautions=(
        (
            "A high score calls attention to correctable factors. It does not by itself rule out "
            "anticoagulation."
        ),
        "ESC 2024 advises against decisions based only on a score.",
        "Enter alcohol use yourself, and labile INR if the patient takes a vitamin K antagonist.",
    ),
    outputs=(
        Output(
            name="score",
            label="HAS-BLED",
            unit="{score}",
            digits=0,
            equation=(
                "1 each: systolic pressure above 160 mmHg; abnormal renal function; abnormal liver "
                "function; stroke; bleeding history or predisposition; labile INR; age above 65; "
                "antiplatelet or NSAID; 8 or more alcoholic drinks per week"
            ),
            formula=sum_of(points),
            needs=("age", *_ITEMS, "alcohol_drinks_per_week"),
            limits=(ADULTS,),
            open_answers={"alcohol_drinks_per_week": (0, 8)},
            bands=(
                Band("3 or more: high risk", lambda v, _: at_least(v, 3), short="high risk"),
                Band("0 to 2: not high", lambda v, _: below(v, 3), short="not high"),
            ),
            rates=_RATES,
            edges=tuple(range(11)),
        ),
    ),
    sources=(
        Citation("Pisters R et al. Chest 2010;138:1093-1100", "10.1378/chest.10-0134"),
        Citation("ESC 2024 atrial fibrillation guideline", "10.1093/eurheartj/ehae176"),
    ),
    aliases="hasbled bleeding risk",
    words="bleed haemorrhage hemorrhage hemorrage anticoagulation af afib warfarin "
    "doac noac blood cardiology atrial fibrillation",
    points=points,
    definitions={
        "age": "above 65: 1 point",
        "abnormal_renal_function": "dialysis, transplant, or creatinine above 2.26 mg/dL "
        "(200 µmol/L)",
        "abnormal_liver_function": "cirrhosis, or bilirubin above 2 x ULN with AST, ALT or ALP "
        "above 3 x ULN",
        "bleeding_history": "major bleeding or a predisposition to it",
        "labile_inr": "time in therapeutic range below 60% (counts only if the patient takes "
        "warfarin or another vitamin K antagonist)",
        "alcohol_drinks_per_week": "8 or more: 1 point",
    },
    validation="3,978 people: c statistic 0.72 (Pisters 2010); 39 studies: 0.63 (PMC8648046).",
    in_chart=InChart(
        relevant_with={"atrial_fibrillation": "", "oral_anticoagulant": "OAC"},
        applies_with={"labile_inr": "vitamin_k_antagonist"},
        only_with=OnlyWith(
            ("atrial_fibrillation", "oral_anticoagulant"),
            without="No atrial fibrillation found in the chart",
            if_open="The chart neither confirms nor rules out atrial fibrillation. The score "
            "applies only to atrial fibrillation.",
        ),
    ),
)
