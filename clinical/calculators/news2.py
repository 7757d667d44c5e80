"""National Early Warning Score 2: Royal College of Physicians, 2017, chart 1.

Reproduced from: Royal College of Physicians. National Early Warning Score (NEWS) 2: Standardising
the assessment of acute-illness severity in the NHS. Updated report of a working party.
London: RCP, 2017.
"""

import math

from clinical.calculators.in_chart import DAY, SAME_DRAW, ChartCaution, DrawRule, InChart
from clinical.calculators.limits import at_least, at_most, round_half_away
from clinical.calculators.model import (
    Action,
    Band,
    Calculator,
    CheckedInputs,
    Citation,
    Limit,
    Output,
    sum_of,
)

# Each row of the chart as (highest value of the band, points), ascending.
Row = tuple[tuple[float, int], ...]

RESPIRATION: Row = ((8, 3), (11, 1), (20, 0), (24, 2), (math.inf, 3))
SPO2_SCALE_1: Row = ((91, 3), (93, 2), (95, 1), (math.inf, 0))
SPO2_SCALE_2_ON_AIR: Row = ((83, 3), (85, 2), (87, 1), (math.inf, 0))
SPO2_SCALE_2_ON_OXYGEN: Row = ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (math.inf, 3))
SYSTOLIC: Row = ((90, 3), (100, 2), (110, 1), (219, 0), (math.inf, 3))
PULSE: Row = ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (math.inf, 3))
TEMPERATURE: Row = ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (math.inf, 2))
# The rows for single measured values, with the number of decimals on the chart.
_MEASURED = (
    ("respiratory_rate", RESPIRATION, 0),
    ("systolic_bp", SYSTOLIC, 0),
    ("heart_rate", PULSE, 0),
    ("temperature", TEMPERATURE, 1),
)


def points(row: Row, value: float, digits: int = 0) -> int:
    """Return the points for a value, rounded first to the digits on the chart."""
    rounded = round_half_away(value, digits)
    return next(score for highest, score in row if at_most(rounded, highest))


def parameters(values: CheckedInputs) -> dict[str, int]:
    """Return the points of the available parameters, of the seven on the chart."""
    scored = {
        name: points(row, values[name], digits)
        for name, row, digits in _MEASURED
        if values.get(name) is not None
    }
    row = _spo2_row(values)
    if row and values.get("spo2") is not None:
        scored["spo2"] = points(row, values["spo2"])
    if values.get("supplemental_oxygen") is not None:
        scored["supplemental_oxygen"] = 2 if values["supplemental_oxygen"] else 0
    if values.get("consciousness") is not None:
        scored["consciousness"] = 0 if values["consciousness"] == "alert" else 3
    return scored


def _spo2_row(values: CheckedInputs) -> Row | None:
    """Return the row for oxygen saturation, or None while it can't be determined."""
    oxygen, scale = values.get("supplemental_oxygen"), values.get("spo2_scale")
    if scale == 1:
        return SPO2_SCALE_1
    if scale is None or oxygen is None:
        return None
    return SPO2_SCALE_2_ON_OXYGEN if oxygen else SPO2_SCALE_2_ON_AIR


_NEEDS = (
    *("respiratory_rate", "spo2", "supplemental_oxygen", "systolic_bp", "heart_rate"),
    *("temperature", "consciousness", "spo2_scale"),
)


def _a_single_three(values: CheckedInputs) -> bool:
    return 3 in parameters(values).values()


def _asks(asks: str) -> Action:
    return Action(asks, "RCP 2017", None, urgent=True)


CALCULATOR = Calculator(
    name="news2",
    title="NEWS2",
    short="NEWS2",
    subject="Acute",
    year=2017,
    purpose="Summarizes one set of vital signs for review. It is not an alarm.",
    population="Age 16 or older and not pregnant.",
    cautions=(
        "Not for time-critical use: alarms, emergencies or continuous monitoring.",
        (
            "All values must be from one set of vital signs, taken within one hour of each other "
            "in the last 24 hours."
        ),
        (
            "Enter the level of consciousness and SpO2 scale yourself, and oxygen if it is not in "
            "the chart."
        ),
        "Scale 2 is only for hypercapnic respiratory failure with a target of 88 to 92%.",
        "Copyright Royal College of Physicians 2017; no endorsement.",
    ),
    outputs=(
        Output(
            name="score",
            label="NEWS2",
            unit="{score}",
            digits=0,
            equation="sum of the points in the table, each value rounded to the digits shown there",
            formula=sum_of(parameters),
            needs=_NEEDS,
            checked_if_given=("age",),
            open_answers={},
            limits=(Limit("age", 16, None, "NEWS2 is for ages 16 and older"),),
            bands=(
                Band(
                    "7 or more: high",
                    lambda v, _: at_least(v, 7),
                    short="high",
                    action=_asks("emergency assessment by a critical care team"),
                ),
                Band(
                    "5 to 6: medium",
                    lambda v, _: at_least(v, 5),
                    short="medium",
                    action=_asks("urgent assessment by a clinician"),
                ),
                Band(
                    "0 to 4 with 3 in a single parameter: low-medium, urgent ward review",
                    lambda _, values: _a_single_three(values),
                    short="low-medium",
                    action=_asks("urgent ward review"),
                ),
                Band("0 to 4: low", lambda v, _: at_most(v, 4), short="low"),
            ),
            edges=tuple(range(22)),
        ),
    ),
    sources=(
        Citation(
            "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, "
            "2017. ISBN 978-1-86016-682-2",
            None,
        ),
    ),
    table=(
        ("Parameter", "3", "2", "1", "0", "1", "2", "3"),
        ("Respiration (/min)", "<= 8", "", "9-11", "12-20", "", "21-24", ">= 25"),
        ("SpO2 scale 1 (%)", "<= 91", "92-93", "94-95", ">= 96", "", "", ""),
        (
            "SpO2 scale 2 (%)",
            "<= 83",
            "84-85",
            "86-87",
            "88-92, >= 93 on air",
            "93-94 on oxygen",
            "95-96 on oxygen",
            ">= 97 on oxygen",
        ),
        ("Air or oxygen", "", "oxygen", "", "air", "", "", ""),
        ("Systolic pressure (mmHg)", "<= 90", "91-100", "101-110", "111-219", "", "", ">= 220"),
        ("Pulse (/min)", "<= 40", "", "41-50", "51-90", "91-110", "111-130", ">= 131"),
        ("Consciousness", "", "", "", "alert", "", "", "CVPU"),
        ("Temperature (°C)", "<= 35.0", "", "35.1-36.0", "36.1-38.0", "38.1-39.0", ">= 39.1", ""),
    ),
    mark="time-critical",
    why_marked="Not for alarms, emergencies or continuous monitoring.",
    aliases="early warning",
    words="deterioration sepsis vital signs obs observations medicine ward",
    points=parameters,
    definitions={
        "spo2_scale": "scale 2 only for hypercapnic respiratory failure, target 88 to 92%",
        "consciousness": "any level except alert: 3 points",
        "supplemental_oxygen": "oxygen: 2 points",
    },
    validation="Its predecessor, NEWS, had an AUROC of 0.873 for cardiac arrest, ICU admission "
    "or death within 24 hours, in 198,755 sets of vital signs (Smith 2013).",
    # Only one set of vital signs from the last day counts.
    in_chart=InChart(
        draw=DrawRule(
            ("respiratory_rate", "spo2", "systolic_bp", "heart_rate", "temperature"),
            ("o2_flow", "fio2"),
            within=SAME_DRAW,
            max_age=DAY,
        ),
        cautions=(
            ChartCaution(
                "pregnancy",
                "Pregnancy is documented in the chart. NEWS2 is not for use in pregnancy (RCP "
                "2017).",
                "The problem list suggests pregnancy. NEWS2 is not for use in pregnancy (RCP "
                "2017).",
            ),
        ),
    ),
)
