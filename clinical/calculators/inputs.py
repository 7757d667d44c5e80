"""The input dictionary: LOINC codes, units, hard ranges and freshness of every input.

A value outside its hard range is refused as a probable unit error. This material contains content
from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the LOINC
Committee and is available at no cost under the license at http://loinc.org/license.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinical.calculators import units
from clinical.calculators.limits import within
from clinical.calculators.model import Implausible, NotUnderstood, UnknownUnit


@dataclass(frozen=True, slots=True)
class Input:
    """One measured input.

    `unit` is the canonical UCUM unit. `units` maps a normalized unit string to (factor, offset),
    where canonical = value x factor + offset. `low` and `high` bound the hard range in canonical
    units. A value older than `fresh_days` gets a warning, and one older than `max_days` isn't
    prefilled. `loinc` is empty if no Observation has the input.
    """

    name: str
    label: str
    unit: str
    units: units.Table
    low: float
    high: float
    fresh_days: int
    max_days: int
    loinc: tuple[str, ...]


def _row(
    name: str,
    label: str,
    unit: str,
    table: units.Table,
    hard_range: tuple[float, float],
    days: tuple[int, int],
    loinc: str = "",
) -> tuple[str, Input]:
    return name, Input(name, label, unit, table, *hard_range, *days, tuple(loinc.split()))


_MG_DL, _MMOL_L, _MMHG = "mg/dL", "mmol/L", "mm[Hg]"
_PER_173 = "mL/min/{1.73_m2}"

# fmt: off
INPUTS: Mapping[str, Input] = MappingProxyType(dict((
    _row("creatinine", "Creatinine, serum or plasma", _MG_DL, units.CREATININE,
         (0.1, 25), (90, 365), "2160-0 14682-9 38483-4 59826-8 21232-4 77140-2"),
    _row("albumin", "Albumin, serum or plasma", "g/dL", units.ALBUMIN,
         (0.5, 7), (90, 365), "1751-7 61151-7 61152-5 2862-1"),
    _row("calcium_total", "Total calcium", _MG_DL, units.CALCIUM,
         (3, 20), (30, 365), "17861-6 2000-8 49765-1"),
    _row("calcium_ionized", "Ionized calcium", _MMOL_L, units.IONIZED_CALCIUM,
         (0.2, 4), (30, 365), "1994-3 1995-0 12180-6 17863-2 17864-0"),
    _row("sodium", "Sodium", _MMOL_L, units.MONOVALENT_ION,
         (100, 190), (30, 365), "2951-2 2947-0 32717-1 39791-9 39792-7 77139-4"),
    _row("potassium", "Potassium", _MMOL_L, units.MONOVALENT_ION,
         (1, 10), (30, 365), "2823-3 6298-4 77142-8"),
    _row("chloride", "Chloride", _MMOL_L, units.MONOVALENT_ION,
         (60, 150), (30, 365), "2075-0 2069-3 41650-3 77138-6"),
    _row("bicarbonate", "Bicarbonate or total CO2", _MMOL_L, units.MONOVALENT_ION,
         (1, 60), (30, 365), "1963-8 2028-9 77143-6 20565-8 1959-6 1960-4 14627-4"),
    _row("glucose", "Glucose", _MG_DL, units.GLUCOSE,
         (10, 2000), (7, 365), "2345-7 14749-6 2339-0 15074-8 1558-6 14771-0 77135-2"),
    _row("bun", "Urea nitrogen (BUN)", _MG_DL, units.UREA_NITROGEN,
         (1, 300), (30, 365), "3094-0 6299-2 14937-7 22664-7"),
    _row("bilirubin_total", "Total bilirubin", _MG_DL, units.BILIRUBIN,
         (0.1, 80), (30, 365), "1975-2 14631-6 42719-5 77137-8"),
    _row("inr", "INR", "{INR}", units.INR,
         (0.5, 20), (30, 365), "6301-6 34714-6 46418-0 38875-1"),
    _row("ast", "AST", "U/L", units.ENZYME,
         (1, 20000), (30, 365), "1920-8 30239-8 88112-8"),
    _row("alt", "ALT", "U/L", units.ENZYME,
         (1, 20000), (30, 365), "1742-6 1743-4 1744-2 77144-4"),
    _row("platelets", "Platelets", "10*9/L", units.PLATELETS,
         (1, 3000), (30, 365), "777-3 26515-7 778-1 49497-1"),
    _row("cholesterol_total", "Total cholesterol", _MG_DL, units.CHOLESTEROL,
         (40, 1000), (365, 1826), "2093-3 14647-2"),
    _row("hdl", "HDL cholesterol", _MG_DL, units.CHOLESTEROL,
         (5, 200), (365, 1826), "2085-9 14646-4 49130-8"),
    _row("triglycerides", "Triglycerides", _MG_DL, units.TRIGLYCERIDES,
         (10, 5000), (365, 1826), "2571-8 14927-8 3043-7 3048-6"),
    _row("ldl_reported", "Reported LDL cholesterol", _MG_DL, units.CHOLESTEROL,
         (5, 700), (365, 1826), "13457-7 18262-6 2089-1 39469-2 22748-8"),
    _row("egfr_reported", "Reported eGFR", _PER_173, units.EGFR, (1, 200), (90, 365),
         "98979-8 62238-1 33914-3 77147-7 88293-6 88294-4 48642-3 48643-1 50044-7"),
    _row("osmolality_measured", "Measured osmolality", "mosm/kg", units.OSMOLALITY,
         (150, 600), (7, 30), "2692-2"),
    _row("ethanol", "Ethanol", _MG_DL, units.ETHANOL,
         (0, 1000), (1, 2), "5643-2 5640-8"),
    _row("systolic_bp", "Systolic blood pressure", _MMHG, units.PRESSURE,
         (40, 300), (90, 365), "8480-6 8459-0 8460-8 8461-6 76534-7"),
    _row("diastolic_bp", "Diastolic blood pressure", _MMHG, units.PRESSURE,
         (20, 200), (90, 365), "8462-4 8453-3 8454-1 8455-8 76535-4"),
    _row("heart_rate", "Heart rate", "/min", units.PULSE,
         (20, 250), (1, 30), "8867-4 8889-8 8893-0 76282-3"),
    _row("respiratory_rate", "Respiratory rate", "/min", units.BREATHS,
         (3, 80), (1, 2), "9279-1"),
    _row("temperature", "Body temperature", "Cel", units.TEMPERATURE, (25, 45), (1, 2),
         "8310-5 8331-1 8328-7 8332-9 8333-7 75539-7 8329-5 61008-9"),
    _row("spo2", "Oxygen saturation (SpO2)", "%", units.PERCENT_OR_FRACTION,
         (50, 100), (1, 2), "59408-5 2708-6"),
    _row("o2_flow", "Oxygen flow rate", "L/min", units.OXYGEN_FLOW,
         (0, 100), (1, 2), "3151-8"),
    _row("fio2", "Inspired oxygen (FiO2)", "%", units.PERCENT_OR_FRACTION,
         (15, 100), (1, 2), "3150-0 19994-3"),
    _row("weight", "Body weight", "kg", units.WEIGHT,
         (1, 500), (180, 365), "29463-7 3141-9 3142-7 75292-3 8350-1"),
    _row("height", "Body height", "cm", units.HEIGHT,
         (30, 250), (3650, 7300), "8302-2 3137-7 8306-3 3138-5 8301-4"),
    _row("bmi_reported", "Reported body mass index", "kg/m2", units.BODY_MASS_INDEX,
         (8, 120), (180, 365), "39156-5"),
    _row("qt_interval", "QT interval", "ms", units.DURATION,
         (200, 800), (7, 90), "8634-8"),
    _row("qrs_duration", "QRS duration", "ms", units.DURATION,
         (40, 300), (7, 90), "8633-0"),
    _row("hba1c", "HbA1c", "%", units.HBA1C,
         (3, 20), (180, 365), "4548-4 17856-6 59261-8"),
    _row("uacr", "Urine albumin/creatinine ratio", "mg/g{creat}", units.URINE_ALBUMIN_RATIO,
         (0.1, 25000), (365, 730), "9318-7 14959-1 14958-3 30000-4 32294-1"),
)))

# Numbers without an Observation: counted from the birth date, calculated here, or entered.
OTHER_NUMBERS: Mapping[str, Input] = MappingProxyType(dict((
    _row("age", "Age in completed years", "a", units.AGE, (0, 125), (0, 0)),
    _row("egfr", "eGFR (CKD-EPI 2021)", _PER_173, units.EGFR, (1, 200), (0, 0)),
    _row("bmi", "Body mass index", "kg/m2", units.BODY_MASS_INDEX, (8, 120), (0, 0)),
    _row("calcium_low", "Lower limit of the laboratory's calcium range", _MG_DL, units.CALCIUM,
         (3, 20), (0, 0)),
    _row("calcium_high", "Upper limit of the laboratory's calcium range", _MG_DL, units.CALCIUM,
         (3, 20), (0, 0)),
    _row("alcohol_drinks_per_week", "Alcoholic drinks per week", "{drinks}/wk", units.DRINKS,
         (0, 500), (0, 0)),
)))
# fmt: on

# Yes-or-no questions.
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "congestive_heart_failure": "Heart failure",
        "hypertension": "Hypertension",
        "diabetes": "Diabetes",
        "stroke_tia_thromboembolism": "Stroke, TIA or systemic embolism",
        "vascular_disease": "Vascular disease",
        "atrial_fibrillation": "Atrial fibrillation",
        "uncontrolled_hypertension": "Systolic pressure above 160 mmHg",
        "abnormal_renal_function": "Abnormal renal function",
        "abnormal_liver_function": "Abnormal liver function",
        "stroke": "Stroke",
        "bleeding_history": "Bleeding history or predisposition",
        "labile_inr": "Labile INR",
        "antiplatelet_or_nsaid": "Antiplatelet drug or NSAID",
        "dialysis": "Dialysis (twice, or CVVHD for 24 h, in the past 7 days)",
        "supplemental_oxygen": "Supplemental oxygen",
        "current_smoker": "Current smoker",
        "antihypertensive_treatment": "Antihypertensive treatment",
        "statin": "Statin",
        "known_cvd_excludes_risk_score": "Known cardiovascular disease",
        "known_cirrhosis": "Cirrhosis",
        "ionized_calcium_abnormal": "Ionized calcium outside its own range",
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with a closed list of answers."""

    label: str
    answers: tuple[str | int, ...]


CHOICES: Mapping[str, Choice] = MappingProxyType(
    {
        "sex": Choice("Sex used by the equation", ("female", "male")),
        "race": Choice("Race, as used by the equation", ("white_or_other", "black")),
        "consciousness": Choice("Consciousness", ("alert", "cvpu")),
        "spo2_scale": Choice("SpO2 scale", (1, 2)),
    }
)


def to_canonical(name: str, value: object, unit: str | None) -> float:
    """Return the value of a numeric input in its canonical unit.

    Raises NotUnderstood unless the value is a finite number, UnknownUnit for a unit outside the
    input's table, Implausible outside its hard range (all are Refused, so ValueError), and
    KeyError for a name that isn't a numeric input.
    """
    entry = INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotUnderstood(f"{entry.label}: must be a number")
    conversion = units.conversion(entry.units, unit)
    if conversion is None:
        raise UnknownUnit(
            f"{entry.label}: the unit is missing or not accepted (expected {entry.unit})"
        )
    factor, offset = conversion
    try:
        canonical = float(value) * factor + offset
    except OverflowError:
        canonical = math.inf
    if math.isnan(canonical):
        raise NotUnderstood(f"{entry.label}: must be a number")
    if not within(canonical, entry.low, entry.high):
        raise Implausible(
            f"{entry.label} is outside {entry.low:g} to {entry.high:g} {entry.unit}: "
            "check the value and its unit"
        )
    return canonical


def label(name: str) -> str:
    """Return an input's name for people; raise KeyError for an unknown name."""
    if name in FLAGS:
        return FLAGS[name]
    if name in CHOICES:
        return CHOICES[name].label
    return (INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]).label


def checked(name: str, value: object, unit: str | None) -> float | bool | str:
    """Return the value of any input as formulas expect it; age in completed years.

    Raises the same errors as to_canonical. The unit of an answer is ignored.
    """
    if name in FLAGS:
        if not isinstance(value, bool):
            raise NotUnderstood(f"{FLAGS[name]}: the answer must be true or false")
        return value
    if name in CHOICES:
        choice = CHOICES[name]
        # True == 1 in Python, but True isn't a valid answer to a numbered question.
        if isinstance(value, bool) or value not in choice.answers:
            answers = " or ".join(str(answer) for answer in choice.answers)
            raise NotUnderstood(f"{choice.label}: the answer must be {answers}")
        return choice.answers[choice.answers.index(value)]
    number = to_canonical(name, value, unit)
    return max(math.floor(number), 0) if name == "age" else number
