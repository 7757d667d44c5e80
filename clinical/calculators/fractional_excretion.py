"""Fractional excretion of sodium (Espinel, JAMA 1976) and urea (Carvounis, Kidney Int 2002)."""

from clinical.calculators.in_chart import HOUR, ChartCaution, DrawRule, InChart
from clinical.calculators.limits import above, at_most, below
from clinical.calculators.model import (
    ADULTS,
    Band,
    Calculator,
    Citation,
    Formula,
    NotApplicable,
    Output,
)


def excreted(plasma: str, urine: str) -> Formula:
    """Return the formula for the percentage of a substance that's excreted, from its two inputs."""

    def percent(**values: float) -> float:
        cleared = values[urine] * values["creatinine"]
        result = 100 * cleared / (values[plasma] * values["urine_creatinine"])
        if above(result, 100):
            raise NotApplicable("The result is above 100%: check the values and their units")
        return result

    return percent


_CREATININE = ("creatinine", "urine_creatinine")

CALCULATOR = Calculator(
    name="fractional_excretion",
    title="Fractional excretion of sodium and urea",
    short="FENa, FEurea",
    subject="Kidney",
    year=1976,
    purpose="Helps to tell prerenal from intrinsic causes of acute kidney injury with oliguria.",
    population="Adults with oliguria and acute kidney injury.",
    cautions=(
        "Neither result decides. Pepin 2007 contradicts Carvounis 2002.",
        "FENa in Pepin 2007: 78% and 75% without diuretics, 58% and 81% with them.",
        "FEurea in Pepin 2007: 48% and 75% without diuretics, 79% and 33% with them.",
        "FENa of 1% or more: many texts leave 1 to 2% or 1 to 3% open.",
        "FENa is misleading after contrast, in myoglobinuria and in sepsis.",
        "Not for chronic kidney disease without acute injury.",
    ),
    outputs=(
        Output(
            name="fena_percent",
            label="FENa",
            unit="%",
            digits=2,
            edges=(0, 1, 3),
            equation="100 x urine sodium x creatinine / (sodium x urine creatinine)",
            formula=excreted("sodium", "urine_sodium"),
            needs=("sodium", "urine_sodium", *_CREATININE),
            checked_if_given=("age",),
            limits=(ADULTS,),
            bands=(
                Band("below 1%: prerenal", lambda v, _: below(v, 1), short="prerenal"),
                Band(
                    "1% or more: not prerenal, but 1 to 3% is open in many texts",
                    lambda _, __: True,
                    short="not prerenal",
                ),
            ),
        ),
        Output(
            name="feurea_percent",
            label="FEurea",
            unit="%",
            digits=1,
            edges=(0, 35, 50, 80),
            equation="100 x urine urea nitrogen x creatinine / (BUN x urine creatinine)",
            formula=excreted("bun", "urine_urea_nitrogen"),
            needs=("bun", "urine_urea_nitrogen", *_CREATININE),
            checked_if_given=("age",),
            limits=(ADULTS,),
            bands=(
                Band("35% or below: prerenal", lambda v, _: at_most(v, 35), short="prerenal"),
                Band("above 35 to 50%: open", lambda v, _: at_most(v, 50), short="open"),
                Band("above 50%: intrinsic", lambda _, __: True, short="intrinsic"),
            ),
        ),
    ),
    sources=(
        Citation("Espinel CH. JAMA 1976;236:579-581", "10.1001/jama.1976.03270060029020"),
        Citation("Miller TR et al. Ann Intern Med 1978;89:47-50 (limit of FENa)", None),
        Citation(
            "Carvounis CP et al. Kidney Int 2002;62:2223-2229", "10.1046/j.1523-1755.2002.00683.x"
        ),
        Citation("Pepin MN et al. Am J Kidney Dis 2007;50:566-573", None),
    ),
    aliases="fena feurea feun",
    words="prerenal renal atn aki oliguria urine sodium urea acute kidney injury nephrology",
    validation="102 episodes: FENa was below 1% in 92% of prerenal ones and in 48% of those on "
    "diuretics, FEurea below 35% in 89% of the latter (Carvounis 2002). 99 people: see the "
    "cautions (Pepin 2007).",
    in_chart=InChart(
        draw=DrawRule(
            _CREATININE,
            ("sodium", "urine_sodium", "bun", "urine_urea_nitrogen"),
            warn_beyond=6 * HOUR,
        ),
        relevant_with={"acute_kidney_injury": "AKI"},
        cautions=(
            ChartCaution(
                "diuretic",
                "A diuretic is ordered. FENa is misleading with one.",
                "The chart suggests a diuretic. FENa is misleading with one.",
            ),
            ChartCaution(
                "sepsis",
                "Sepsis is documented in the chart. The limits are unreliable in sepsis.",
                "The problem list suggests sepsis. The limits are unreliable in sepsis.",
            ),
            ChartCaution(
                "chronic_kidney_disease",
                "Chronic kidney disease is documented in the chart. The limits are for acute "
                "kidney injury.",
            ),
            ChartCaution(
                "dialysis_status",
                "Dialysis or end-stage kidney disease is documented in the chart. The limits are "
                "not for patients on dialysis.",
                "The problem list suggests dialysis. The limits are not for patients on dialysis.",
            ),
        ),
    ),
)
