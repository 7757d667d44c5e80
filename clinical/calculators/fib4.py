"""Liver fibrosis from routine values: FIB-4 (Sterling, Hepatology 2006;43:1317)."""

import math

from clinical.calculators.card_rule import CardRule, OnCard, TimesNormal
from clinical.calculators.in_chart import DAY, ChartCaution, DrawRule, InChart
from clinical.calculators.limits import above, at_least, at_most, below
from clinical.calculators.model import (
    ADULTS,
    Action,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    Note,
    Output,
)


def fib4(age: int, ast: float, alt: float, platelets: float) -> float:
    """Return the FIB-4 index from AST and ALT in U/L and platelets in 10^9/L."""
    return age * ast / (platelets * math.sqrt(alt))


def _elderly(values: CheckedInputs) -> bool:
    return bool(at_least(values["age"], 65))


def _is_low(value: float, values: CheckedInputs) -> bool:
    return below(value, 2.0 if _elderly(values) else 1.3)


CALCULATOR = Calculator(
    name="fib4",
    title="FIB-4",
    short="FIB-4",
    subject="Liver",
    year=2006,
    purpose="Estimates the likelihood of advanced liver fibrosis.",
    population="Adults with chronic liver disease.",
    cautions=(
        "Unreliable in acute hepatitis (AST or ALT above 5 x ULN).",
        "Unreliable if platelets are low for another reason.",
        (
            "Age 35 or younger: AUROC 0.60. Age 65 or older: specificity 35% at the 1.3 "
            "cutoff (McPherson 2017)."
        ),
        "The original cutoffs (HIV and hepatitis C) were 1.45 and 3.25.",
    ),
    outputs=(
        Output(
            name="fib4",
            label="FIB-4",
            unit="1",
            digits=2,
            edges=(0, 1.3, 2, 2.67, 4),
            equation="age x AST / (platelets x sqrt(ALT)); U/L and 10^9/L",
            formula=fib4,
            needs=("age", "ast", "alt", "platelets"),
            checked_if_given=("known_cirrhosis",),
            limits=(ADULTS,),
            bands=(
                Band(
                    "below the cutoff (2.0 at age 65 and up, 1.3 under it), although advanced "
                    "fibrosis, cirrhosis or portal hypertension is charted",
                    lambda v, g: _is_low(v, g) and g.get("known_cirrhosis") is True,
                    short="cirrhosis charted",
                ),
                Band(
                    "below the cutoff (2.0 at age 65 and up, 1.3 under it): low probability of "
                    "advanced fibrosis only in a patient without cirrhosis",
                    lambda v, g: _is_low(v, g) and "known_cirrhosis" not in g,
                    short="cirrhosis?",
                ),
                Band(
                    "below 2.0, the cutoff for age 65 and up: low probability of advanced fibrosis",
                    lambda v, g: _is_low(v, g) and _elderly(g),
                    short="low probability",
                ),
                Band(
                    "below 1.3, the cutoff under age 65: low probability of advanced fibrosis",
                    _is_low,
                    short="low probability",
                ),
                Band(
                    "2.0 (age 65 and up) to 2.67: advanced fibrosis neither likely nor ruled out",
                    lambda v, g: at_most(v, 2.67) and _elderly(g),
                    short="indeterminate",
                ),
                Band(
                    "1.3 (under age 65) to 2.67: advanced fibrosis neither likely nor ruled out",
                    lambda v, g: at_most(v, 2.67) and not _elderly(g),
                    short="indeterminate",
                ),
                Band(
                    "above 2.67: high probability of advanced fibrosis",
                    lambda v, _: above(v, 2.67),
                    OnCard("info", "high probability of advanced fibrosis above 2.67"),
                    short="high probability",
                    action=Action(
                        "refer to hepatology",
                        "AASLD 2023",
                        "10.1097/HEP.0000000000000323",
                        unless=("known_cirrhosis",),
                    ),
                ),
            ),
            card=CardRule(
                place=5,
                document="AASLD 2023",
                doi="10.1097/HEP.0000000000000323",
                by_default=False,
                only_within={"age": (36, 64)},
                not_found=(
                    "known_cirrhosis",
                    "low_platelets_of_another_cause",
                    "acute_liver_injury",
                    "palliative_care",
                ),
                times_normal=TimesNormal(("ast", "alt"), times=5, otherwise=40),
            ),
        ),
    ),
    sources=(
        Citation("Sterling RK et al. Hepatology 2006;43:1317-1325", "10.1002/hep.21178"),
        Citation(
            "Rinella ME et al. AASLD practice guidance. Hepatology 2023 (cutoffs)",
            "10.1097/HEP.0000000000000323",
        ),
        Citation("McPherson S et al. Am J Gastroenterol 2017;112:740-751", "10.1038/ajg.2016.453"),
    ),
    notes=(
        Note(
            "FIB-4 is unreliable at age 35 or younger",
            lambda values: at_most(values.get("age", 36), 35),
        ),
    ),
    aliases="fib4",
    words="fibrosis cirrhosis nafld masld nash hepatitis hepatic hepatology steatosis fatty",
    validation="832 people with HIV and hepatitis C: AUROC 0.765; NPV 90% below 1.45, PPV 65% "
    "above 3.25 (Sterling 2006).",
    in_chart=InChart(
        draw=DrawRule(
            ("ast", "alt", "platelets"), within=30 * DAY, warn_beyond=7 * DAY, tight_first=False
        ),
        relevant_with={"abnormal_liver_function": ""},
        cautions=(
            ChartCaution(
                "known_cirrhosis",
                "Advanced fibrosis, cirrhosis or portal hypertension is documented in the chart. A "
                "low FIB-4 does not rule it out.",
                "The chart suggests cirrhosis, advanced fibrosis or portal hypertension. A low "
                "FIB-4 does not rule it out.",
            ),
            ChartCaution(
                "acute_liver_injury",
                "Acute liver injury is on the problem list. It makes FIB-4 unreliable.",
                "The problem list suggests acute liver injury, which makes FIB-4 unreliable.",
            ),
            ChartCaution(
                "low_platelets_of_another_cause",
                "Another cause of low platelets is on the problem list. FIB-4 may be too high.",
                "The problem list suggests another cause of low platelets. FIB-4 may be too high.",
            ),
        ),
    ),
)
