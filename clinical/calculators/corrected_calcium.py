"""Calcium corrected for albumin, with the usual slope of 0.8 (after Payne, BMJ 1973;4:643)."""

from clinical.calculators.in_chart import DrawRule, InChart, LaboratoryRange
from clinical.calculators.limits import above, below
from clinical.calculators.model import (
    ADULTS,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    Note,
    Output,
)

# The usual range, mg/dL, for an end that the laboratory didn't send.
_LOW, _HIGH = 8.5, 10.5


def corrected_calcium(calcium_total: float, albumin: float) -> float:
    """Return the corrected calcium, mg/dL, from total calcium in mg/dL and albumin in g/dL."""
    return calcium_total + 0.8 * (4.0 - albumin)


def _range(given: CheckedInputs) -> str:
    """Return the laboratory's range and the ionized calcium, to show next to the result."""
    ends = [
        f"{name} {round(given[end], 2):g}"
        for name, end in (("from", "calcium_low"), ("to", "calcium_high"))
        if end in given
    ]
    parts = [f"laboratory's range {' '.join(ends)} mg/dL"] if ends else []
    if "calcium_ionized" in given:
        parts.append(f"ionized calcium {round(given['calcium_ionized'], 2):g} mmol/L")
    return "; ".join(parts)


def _is_low(value: float, given: CheckedInputs) -> bool:
    return below(value, given.get("calcium_low", _LOW))


def _is_high(value: float, given: CheckedInputs) -> bool:
    return above(value, given.get("calcium_high", _HIGH))


def _is_contradicted(given: CheckedInputs) -> bool:
    return given.get("ionized_calcium_abnormal") is True


CALCULATOR = Calculator(
    name="corrected_calcium",
    title="Calcium corrected for albumin",
    short="Corrected Ca",
    subject="Metabolic",
    year=1973,
    purpose="Estimates the total calcium at an albumin of 4.0 g/dL.",
    population="Adults.",
    cautions=(
        "Not reliable in critical illness. A measured ionized calcium is preferred.",
        "Payne's original slope is close to 1.0. The slope in common use is 0.8.",
        "If the laboratory sends its range of total calcium, the result is compared with that.",
    ),
    outputs=(
        Output(
            name="corrected_calcium_mg_dl",
            label="Corrected calcium",
            unit="mg/dL",
            digits=1,
            edges=(6, 8.5, 10.5, 13),
            equation="calcium + 0.8 x (4.0 - albumin); mg/dL and g/dL",
            formula=corrected_calcium,
            needs=("calcium_total", "albumin"),
            checked_if_given=(
                *("age", "calcium_low", "calcium_high"),
                *("calcium_ionized", "ionized_calcium_abnormal"),
            ),
            limits=(ADULTS,),
            bands=(
                Band(
                    "below the laboratory's range: low",
                    lambda v, g: "calcium_low" in g and _is_low(v, g),
                    short="low",
                ),
                Band(
                    "above the laboratory's range: high",
                    lambda v, g: "calcium_high" in g and _is_high(v, g),
                    short="high",
                ),
                Band("below 8.5: low", _is_low, short="low"),
                Band("above 10.5: high", _is_high, short="high"),
                Band(
                    "neither low nor high, but the ionized calcium is outside its own range",
                    lambda _, g: _is_contradicted(g),
                    short="ionized abnormal",
                ),
                Band(
                    "within the laboratory's range",
                    lambda _, g: "calcium_low" in g or "calcium_high" in g,
                    short="in range",
                ),
                Band("8.5 to 10.5: within the usual range", lambda _, __: True, short="in range"),
            ),
            meaning=_range,
        ),
    ),
    sources=(Citation("Payne RB et al. Br Med J 1973;4:643-646", "10.1136/bmj.4.5893.643"),),
    aliases="adjusted payne",
    words="hypocalcaemia hypocalcemia hypercalcaemia hypercalcemia endocrinology general "
    "parathyroid electrolytes",
    validation="Not a risk score, so it has no c statistic. In illness, it "
    "disagrees with ionized calcium.",
    notes=(
        Note(
            "The ionized calcium, which is preferred to the corrected one, is outside its own "
            "range.",
            _is_contradicted,
        ),
    ),
    in_chart=InChart(
        draw=DrawRule(("calcium_total", "albumin"), ("calcium_ionized",)),
        laboratory_ranges=(
            LaboratoryRange("calcium_total", low="calcium_low", high="calcium_high"),
            LaboratoryRange("calcium_ionized", is_outside="ionized_calcium_abnormal"),
        ),
    ),
)
