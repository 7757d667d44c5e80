"""Stroke risk in atrial fibrillation: CHA2DS2-VASc (Lip, Chest 2010;137:263) and CHA2DS2-VA."""

from clinical.calculators.card_rule import CardRule, NoDrug, OnCard
from clinical.calculators.in_chart import ChartCaution, InChart, OnlyWith
from clinical.calculators.limits import at_least, at_most, below
from clinical.calculators.model import (
    ADULTS,
    Action,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    EventRates,
    Note,
    Output,
    sum_of,
)


def points(values: CheckedInputs) -> dict[str, int]:
    """Return the CHA2DS2-VASc points of each given input."""
    scored = {name: int(values[name]) for name in _ITEMS if name in values}
    if "stroke_tia_thromboembolism" in scored:
        scored["stroke_tia_thromboembolism"] *= 2
    if "age" in values:
        scored["age"] = 2 if at_least(values["age"], 75) else int(at_least(values["age"], 65))
    if "sex" in values:
        scored["sex"] = int(values["sex"] == "female")
    return scored


_ITEMS = (
    *("congestive_heart_failure", "hypertension", "diabetes", "stroke_tia_thromboembolism"),
    "vascular_disease",
)

_ANTICOAGULATION = Action(
    "anticoagulation, class 1",
    "ACC/AHA 2023",
    "10.1161/CIR.0000000000001193",
    only_with=("atrial_fibrillation",),
    unless=("oral_anticoagulant", "parenteral_anticoagulant", "laa_occlusion"),
)

_BANDS = (
    Band(
        "3 or more in a woman: class 1 threshold for anticoagulation reached (ACC/AHA 2023)",
        lambda v, g: at_least(v, 3) and g["sex"] == "female",
        OnCard("warning", "class 1 from 3 in women"),
        short="threshold reached",
        action=_ANTICOAGULATION,
    ),
    Band(
        "2 or more in a man: class 1 threshold for anticoagulation reached (ACC/AHA 2023)",
        lambda v, g: at_least(v, 2) and g["sex"] == "male",
        OnCard("warning", "class 1 from 2 in men"),
        short="threshold reached",
        action=_ANTICOAGULATION,
    ),
    Band(
        "2 in a woman: class 2a, anticoagulation is reasonable (ACC/AHA 2023)",
        lambda v, g: at_least(v, 2) and g["sex"] == "female",
        short="intermediate",
    ),
    Band(
        "1 in a man: class 2a, anticoagulation is reasonable (ACC/AHA 2023)",
        lambda v, g: at_least(v, 1) and g["sex"] == "male",
        short="intermediate",
    ),
    Band(
        "0 or 1 in a woman: below the thresholds for anticoagulation (ACC/AHA 2023)",
        lambda v, g: at_most(v, 1) and g["sex"] == "female",
        short="below threshold",
    ),
    Band(
        "0 in a man: below the thresholds for anticoagulation (ACC/AHA 2023)",
        lambda v, g: below(v, 1) and g["sex"] == "male",
        short="below threshold",
    ),
)
_BANDS_VA = (
    Band(
        "2 or more: class I threshold for anticoagulation reached (ESC 2024)",
        lambda v, _: at_least(v, 2),
        short="threshold reached",
    ),
    Band(
        "1: class IIa for anticoagulation (ESC 2024)",
        lambda v, _: at_least(v, 1),
        short="intermediate",
    ),
    Band(
        "0: below the thresholds for anticoagulation (ESC 2024)",
        lambda v, _: below(v, 1),
        short="below threshold",
    ),
)


def _with_fibrillation(band: Band) -> Band:
    """Return the band, limited to patients with atrial fibrillation."""
    return Band(
        band.text,
        lambda v, g: g.get("atrial_fibrillation") is not False and band.holds(v, g),
        band.on_card,
        band.short,
        band.action,
    )


# The whole table is from secondary sources, not from the paper itself.
_RATES = EventRates(
    dict(enumerate(("0.2", "0.6", "2.2", "3.2", "4.8", "7.2", "9.7", "11.2", "10.8", "12.2"))),
    "% ischemic strokes a year without an anticoagulant",
    "Friberg 2012",
    holds=lambda values: values.get("atrial_fibrillation") is not False,
)


def _why_no_band(values: CheckedInputs) -> str:
    without = values.get("atrial_fibrillation") is False
    return "thresholds apply only to atrial fibrillation" if without else ""


CALCULATOR = Calculator(
    name="cha2ds2_vasc",
    title="CHA2DS2-VASc and CHA2DS2-VA",
    short="CHA2DS2-VASc",
    subject="AF",
    year=2010,
    purpose="Estimates stroke risk in atrial fibrillation, for decisions about anticoagulation.",
    population="Adults with atrial fibrillation.",
    cautions=(
        "Not valid with moderate to severe mitral stenosis or a mechanical valve.",
        "Do not count venous thromboembolism. A single high BP reading is not hypertension.",
        (
            "ACC/AHA 2023, section 6.3.1: class 1 at an estimated risk of 2% a year or more, "
            "2a at 1% or more."
        ),
        "The ESC 2024 classes and the stroke rates are from secondary sources.",
    ),
    outputs=(
        Output(
            name="score",
            label="CHA2DS2-VASc",
            unit="{score}",
            digits=0,
            edges=tuple(range(11)),
            equation=(
                "heart failure 1, hypertension 1, age 75 or older 2 (65 to 74: 1), diabetes 1, "
                "stroke, TIA or systemic embolism 2, vascular disease (myocardial infarction, "
                "peripheral artery disease, aortic plaque) 1, female sex 1"
            ),
            formula=sum_of(points),
            needs=("age", "sex", *_ITEMS),
            checked_if_given=("atrial_fibrillation",),
            limits=(ADULTS,),
            open_answers={},
            bands=tuple(map(_with_fibrillation, _BANDS)),
            meaning=_why_no_band,
            rates=_RATES,
            card=CardRule(
                place=2,
                document="ACC/AHA 2023",
                doi="10.1161/CIR.0000000000001193",
                present=("active_atrial_fibrillation",),
                not_found=(
                    *("anticoagulant_in_problems", "valve_or_mitral_stenosis"),
                    *("intracranial_haemorrhage", "laa_occlusion", "palliative_care"),
                    # ACC/AHA 2023 has no class 1 for these, or doesn't use the score.
                    *("dialysis_status", "pregnancy", "hypertrophic_cardiomyopathy"),
                ),
                no_drug=NoDrug(
                    "anticoagulant",
                    ("oral_anticoagulant", "parenteral_anticoagulant"),
                    among_some=True,
                ),
            ),
        ),
        Output(
            name="score_va",
            label="CHA2DS2-VA",
            unit="{score}",
            digits=0,
            edges=tuple(range(10)),
            equation="CHA2DS2-VASc without the point for female sex",
            formula=sum_of(points),
            needs=("age", *_ITEMS),
            checked_if_given=("atrial_fibrillation",),
            limits=(ADULTS,),
            open_answers={},
            bands=tuple(map(_with_fibrillation, _BANDS_VA)),
            meaning=_why_no_band,
        ),
    ),
    sources=(
        Citation("Lip GYH et al. Chest 2010;137:263-272", "10.1378/chest.09-1584"),
        Citation(
            "ACC/AHA/ACCP/HRS 2023 atrial fibrillation guideline", "10.1161/CIR.0000000000001193"
        ),
        Citation(
            "Friberg L et al. Eur Heart J 2012;33:1500-1510 (stroke rates)",
            "10.1093/eurheartj/ehr488",
        ),
        Citation(
            "ESC 2024 atrial fibrillation guideline (CHA2DS2-VA)", "10.1093/eurheartj/ehae176"
        ),
        Citation(
            "AHA/ACC 2024 hypertrophic cardiomyopathy guideline (atrial fibrillation in it)",
            "10.1161/CIR.0000000000001250",
        ),
    ),
    notes=(
        Note(
            "No atrial fibrillation: the score applies only to atrial fibrillation",
            lambda values: values.get("atrial_fibrillation") is False,
        ),
    ),
    aliases="chads chads2 chadsvasc chads-vasc cha2ds2vasc stroke risk",
    words="af afib atrial fibrillation fibrilation anticoagulation anticoagulant heart "
    "brain cardiology thromboembolism warfarin doac noac",
    points=points,
    definitions={
        "age": "75 or older: 2 points, 65 to 74: 1 point",
        "sex": "female: 1 point, in CHA2DS2-VASc only",
        "hypertension": "a diagnosis (a single high BP reading does not count)",
        "stroke_tia_thromboembolism": "2 points (venous thromboembolism does not count)",
        "vascular_disease": "prior myocardial infarction, peripheral artery disease, aortic plaque "
        "(ESC 2024 also counts significant coronary disease)",
    },
    validation="Pooled c statistic 0.644 in 6.3 million people (PMC9681133). Danish registry, "
    "73,538 people: 0.78 events per 100 person-years at a score of 0, 2.01 at 1 (Olesen 2011).",
    in_chart=InChart(
        relevant_with={"atrial_fibrillation": ""},
        only_with=OnlyWith(
            ("atrial_fibrillation",),
            without="No atrial fibrillation found in the chart",
            if_open="The chart neither confirms nor rules out atrial fibrillation. The score "
            "applies only to atrial fibrillation.",
        ),
        cautions=(
            ChartCaution(
                "valve_or_mitral_stenosis",
                "A mechanical heart valve or mitral stenosis is documented in the chart. "
                "The score is not valid with a mechanical valve or moderate to severe mitral "
                "stenosis.",
                "The problem list suggests a mechanical heart valve or mitral stenosis. The score "
                "is not valid with a mechanical valve or moderate to severe mitral stenosis.",
            ),
            ChartCaution(
                "hypertrophic_cardiomyopathy",
                "Hypertrophic cardiomyopathy is documented in the chart. With it, anticoagulation "
                "is decided without this score (class 1, AHA/ACC 2024).",
                "The problem list suggests hypertrophic cardiomyopathy. With it, anticoagulation "
                "is decided without this score (class 1, AHA/ACC 2024).",
            ),
            ChartCaution(
                "atrial_fibrillation",
                "Atrial fibrillation is documented only as resolved or inactive.",
                if_past=True,
            ),
            ChartCaution(
                "oral_anticoagulant",
                "An oral anticoagulant is ordered or reported.",
                "The chart suggests that the patient is on an oral anticoagulant.",
            ),
            ChartCaution(
                "parenteral_anticoagulant",
                "A parenteral anticoagulant is ordered or reported.",
                "The chart suggests that the patient is on a parenteral anticoagulant.",
            ),
            ChartCaution(
                "anticoagulant_in_problems",
                "Anticoagulant therapy is on the problem list.",
                "The problem list suggests anticoagulant therapy.",
            ),
            ChartCaution(
                "intracranial_haemorrhage",
                "An intracranial hemorrhage is documented in the chart.",
                "The problem list suggests an intracranial hemorrhage.",
            ),
            ChartCaution(
                "laa_occlusion",
                "Left atrial appendage occlusion is documented in the chart.",
                "The problem list suggests left atrial appendage occlusion.",
            ),
            ChartCaution(
                "palliative_care",
                "Palliative care is documented in the chart.",
                "The problem list suggests palliative care.",
            ),
        ),
    ),
)
