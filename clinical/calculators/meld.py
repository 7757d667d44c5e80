"""Liver waiting-list scores MELD 3.0 (Kim, Gastroenterology 2021;161:1887) and MELD-Na (OPTN).

The bounds on the laboratory values belong to the published formulas.
"""

import math

from clinical.calculators.in_chart import DAY, ChartCaution, DrawRule, InChart
from clinical.calculators.limits import at_most, below, round_half_away
from clinical.calculators.model import Calculator, Citation, Limit, Output, Sex


def bounded(value: float, low: float, high: float) -> float:
    """Return the value, or the nearer end if it's outside the range."""
    return min(max(value, low), high)


def reported(score: float) -> float:
    """Return the score as OPTN reports it: a whole number from 6 to 40."""
    return bounded(round_half_away(score), 6, 40)


def meld_3_0_uncapped(
    age: int,
    sex: Sex,
    creatinine: float,
    bilirubin_total: float,
    inr: float,
    sodium: float,
    albumin: float,
    dialysis: bool,
) -> float:
    """Return MELD 3.0 before rounding and capping; mg/dL, mmol/L, g/dL."""
    ln_bilirubin = math.log(max(bilirubin_total, 1))
    ln_inr = math.log(max(inr, 1))
    ln_creatinine = math.log(3 if dialysis else bounded(creatinine, 1, 3))
    sodium_deficit = 137 - bounded(sodium, 125, 137)
    albumin_deficit = 3.5 - bounded(albumin, 1.5, 3.5)
    return (
        (1.33 if sex == "female" or below(age, 18) else 0)
        + 4.56 * ln_bilirubin
        + 0.82 * sodium_deficit
        - 0.24 * sodium_deficit * ln_bilirubin
        + 9.09 * ln_inr
        + 11.14 * ln_creatinine
        + 1.85 * albumin_deficit
        - 1.83 * albumin_deficit * ln_creatinine
        + 6
    )


def meld_3_0(
    age: int,
    sex: Sex,
    creatinine: float,
    bilirubin_total: float,
    inr: float,
    sodium: float,
    albumin: float,
    dialysis: bool,
) -> float:
    """Return MELD 3.0 as OPTN reports it."""
    return reported(
        meld_3_0_uncapped(age, sex, creatinine, bilirubin_total, inr, sodium, albumin, dialysis)
    )


def meld_na(
    creatinine: float, bilirubin_total: float, inr: float, sodium: float, dialysis: bool
) -> float:
    """Return MELD-Na as OPTN reported it from 2016; mg/dL, mmol/L."""
    initial = 10 * round_half_away(
        0.957 * math.log(4 if dialysis else bounded(creatinine, 1, 4))
        + 0.378 * math.log(max(bilirubin_total, 1))
        + 1.120 * math.log(max(inr, 1))
        + 0.643,
        1,
    )
    if at_most(initial, 11):
        return reported(initial)
    sodium_deficit = 137 - bounded(sodium, 125, 137)
    return reported(initial + 1.32 * sodium_deficit - 0.033 * initial * sodium_deficit)


_LIMITS = (Limit("age", 12, None, "Valid from age 12 (use PELD for younger patients)"),)
_LABORATORY = ("creatinine", "bilirubin_total", "inr", "sodium")
_RANKS = "scale: 6 (least urgent) to 40 (most urgent)"

CALCULATOR = Calculator(
    name="meld",
    title="MELD 3.0 and MELD-Na",
    short="MELD 3.0",
    subject="Liver",
    year=2021,
    purpose="Ranks liver transplant candidates by their 90-day mortality.",
    population="Age 12 or older, with chronic liver disease.",
    cautions=(
        "Dialysis means two or more sessions, or 24 hours of CVVHD, in the past 7 days.",
        "INR is misleading in patients on a vitamin K antagonist.",
        "All values must be from samples drawn within 7 days of each other.",
        "No risk categories are generally accepted, so none are shown.",
    ),
    outputs=(
        Output(
            name="meld_3_0",
            label="MELD 3.0",
            unit="{score}",
            digits=0,
            equation=(
                "1.33 [female, or age below 18] + 4.56 ln(bilirubin) + 0.82 (137 - Na) "
                "- 0.24 (137 - Na) ln(bilirubin) + 9.09 ln(INR) + 11.14 ln(Scr) "
                "+ 1.85 (3.5 - albumin) - 1.83 (3.5 - albumin) ln(Scr) + 6; bilirubin, INR and Scr "
                "at least 1.0; Scr at most 3.0, and 3.0 on dialysis; Na 125 to 137; albumin 1.5 to "
                "3.5; result rounded and limited to 6 to 40"
            ),
            formula=meld_3_0,
            meaning=lambda _: _RANKS,
            meaning_short=lambda _: "scale 6 to 40",
            needs=("age", "sex", *_LABORATORY, "albumin", "dialysis"),
            open_answers={},
            limits=_LIMITS,
        ),
        Output(
            name="meld_na",
            label="MELD-Na (2016)",
            unit="{score}",
            digits=0,
            equation=(
                "MELD(i) = 0.957 ln(Scr) + 0.378 ln(bilirubin) + 1.120 ln(INR) + 0.643, rounded to "
                "0.1, x 10; above 11: + 1.32 (137 - Na) - 0.033 MELD(i) (137 - Na); bilirubin, INR "
                "and Scr at least 1.0; Scr at most 4.0, and 4.0 on dialysis; Na 125 to 137; "
                "result rounded and limited to 6 to 40"
            ),
            formula=meld_na,
            meaning=lambda _: _RANKS,
            meaning_short=lambda _: "scale 6 to 40",
            needs=(*_LABORATORY, "dialysis"),
            checked_if_given=("age",),
            open_answers={},
            limits=_LIMITS,
        ),
        Output(
            name="meld_3_0_uncapped",
            label="MELD 3.0 before rounding and capping",
            unit="{score}",
            digits=1,
            shown_with_whole=True,
            meaning=lambda _: (
                "as published (the reported score is this value, rounded and limited to 6 to 40)"
            ),
            equation="as for MELD 3.0, but not rounded and not limited to 6 to 40",
            formula=meld_3_0_uncapped,
            needs=("age", "sex", *_LABORATORY, "albumin", "dialysis"),
            open_answers={},
            limits=_LIMITS,
        ),
    ),
    sources=(
        Citation(
            "Kim WR et al. Gastroenterology 2021;161:1887-1895", "10.1053/j.gastro.2021.08.050"
        ),
        Citation("OPTN Policy 9: Allocation of Livers and Liver-Intestines", None),
        Citation(
            "Kim WR et al. N Engl J Med 2008;359:1018-1026 (MELD-Na)", "10.1056/NEJMoa0801209"
        ),
    ),
    aliases="meldna",
    words="cirrhosis cirhosis failure transplant transplantation hepatic hepatology waiting",
    validation="Waiting list, 2016 to 2018: 90-day c statistic 0.869 (MELD-Na: 0.862) (Kim 2021).",
    definitions={
        "bilirubin_total": "below 1.0 mg/dL counts as 1.0, so a result such as <0.20 is enough",
        "inr": "below 1.0 counts as 1.0",
        "creatinine": "below 1.0 mg/dL counts as 1.0",
        "dialysis": "two or more sessions, or 24 hours of CVVHD, in the past 7 days",
    },
    in_chart=InChart(
        draw=DrawRule(
            ("creatinine", "bilirubin_total", "inr", "sodium", "albumin"),
            within=7 * DAY,
            warn_beyond=2 * DAY,
            tight_first=False,
        ),
        floors={"bilirubin_total": 1.0, "inr": 1.0, "creatinine": 1.0},
        relevant_with={"abnormal_liver_function": ""},
        cautions=(
            ChartCaution(
                "vitamin_k_antagonist",
                "A vitamin K antagonist is ordered. INR is misleading in patients who take one.",
                "The chart suggests that the patient is on a vitamin K antagonist. INR is "
                "misleading in patients who take one.",
            ),
            ChartCaution(
                "acute_kidney_injury",
                "Acute kidney injury is on the problem list. Creatinine, and therefore the score, "
                "changes from day to day.",
            ),
        ),
    ),
)
