"""The input dictionary: names, LOINC codes, units, hard ranges and freshness, one row per input.

A value outside its hard range is refused as a probable unit error. This material contains content
from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the LOINC
Committee and is available at no cost under the license at http://loinc.org/license.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from clinical.calculators import units

Search = Literal["labs", "slow", "vitals"]


@dataclass(frozen=True, slots=True)
class Input:
    """One measured input.

    `unit` is the canonical UCUM unit. `units` maps a normalized unit string to (factor, offset),
    where canonical = value x factor + offset. `low` and `high` bound the hard range in canonical
    units. A value older than `fresh_days` gets a warning, and one older than `max_days` isn't
    prefilled. `loinc` is empty if no Observation has the input. `span` is the minimum span of a
    drawing, in canonical units and as a share of the highest value (clinical/scales.py), and
    `decimals` the number to show after a conversion. `search` is the search that reads it: vital
    signs and values that change slowly have their own (clinical/queries.py).
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
    span: tuple[float, float]
    decimals: int
    search: Search


def _row(
    name: str,
    label: str,
    unit: str,
    table: units.Table,
    hard_range: tuple[float, float],
    days: tuple[int, int],
    loinc: str = "",
    *,
    span: tuple[float, float] = (0, 0),
    decimals: int = 0,
    search: Search = "labs",
) -> tuple[str, Input]:
    codes = tuple(loinc.split())
    known = Input(name, label, unit, table, *hard_range, *days, codes, span, decimals, search)
    return name, known


_MG_DL, _MMOL_L, _MMHG = "mg/dL", "mmol/L", "mm[Hg]"
_PER_173 = "mL/min/{1.73_m2}"
# A quarter of the highest value: 900 and 940 U/L of an enzyme must not look like a crisis.
_QUARTER = 0.25

# fmt: off
INPUTS: Mapping[str, Input] = MappingProxyType(dict((
    _row("creatinine", "Creatinine, serum or plasma", _MG_DL, units.CREATININE,
         (0.1, 25), (90, 365), "2160-0 14682-9 38483-4 59826-8 21232-4 77140-2",
         span=(0.6, _QUARTER), decimals=2),
    _row("albumin", "Albumin, serum or plasma", "g/dL", units.ALBUMIN,
         (0.5, 7), (90, 365), "1751-7 61151-7 61152-5 2862-1", span=(1.5, 0), decimals=1),
    _row("calcium_total", "Total calcium", _MG_DL, units.CALCIUM,
         (3, 20), (30, 365), "17861-6 2000-8 49765-1", span=(2, 0), decimals=1),
    _row("calcium_ionized", "Ionized calcium", _MMOL_L, units.IONIZED_CALCIUM,
         (0.2, 4), (30, 365), "1994-3 1995-0 12180-6 17863-2 17864-0", span=(0.5, 0), decimals=2),
    _row("sodium", "Sodium", _MMOL_L, units.MONOVALENT_ION,
         (100, 190), (30, 365), "2951-2 2947-0 32717-1 39791-9 39792-7 77139-4", span=(10, 0)),
    _row("potassium", "Potassium", _MMOL_L, units.MONOVALENT_ION,
         (1, 10), (30, 365), "2823-3 6298-4 77142-8", span=(1.5, 0), decimals=1),
    _row("chloride", "Chloride", _MMOL_L, units.MONOVALENT_ION,
         (60, 150), (30, 365), "2075-0 2069-3 41650-3 77138-6", span=(10, 0)),
    _row("bicarbonate", "Bicarbonate or total CO2", _MMOL_L, units.MONOVALENT_ION,
         (1, 60), (30, 365), "1963-8 2028-9 77143-6 20565-8 1959-6 1960-4 14627-4", span=(8, 0)),
    _row("glucose", "Glucose", _MG_DL, units.GLUCOSE,
         (10, 2000), (7, 365), "2345-7 14749-6 2339-0 15074-8 1558-6 14771-0 77135-2",
         span=(30, _QUARTER)),
    _row("bun", "Urea nitrogen (BUN)", _MG_DL, units.UREA_NITROGEN,
         (1, 300), (30, 365), "3094-0 6299-2 14937-7 22664-7", span=(15, _QUARTER)),
    _row("bilirubin_total", "Total bilirubin", _MG_DL, units.BILIRUBIN,
         (0.1, 80), (30, 365), "1975-2 14631-6 42719-5 77137-8", span=(1, _QUARTER), decimals=1),
    _row("inr", "INR", "{INR}", units.INR,
         (0.5, 20), (30, 365), "6301-6 34714-6 46418-0 38875-1", span=(0.5, _QUARTER), decimals=1),
    _row("urine_sodium", "Urine sodium", _MMOL_L, units.MONOVALENT_ION,
         (1, 400), (1, 7), "2955-3", span=(40, 0)),
    _row("urine_creatinine", "Urine creatinine", _MG_DL, units.CREATININE,
         (1, 1000), (1, 7), "2161-8 14683-7 35674-1 20624-3", span=(50, _QUARTER)),
    _row("urine_urea_nitrogen", "Urine urea nitrogen", _MG_DL, units.URINE_UREA_NITROGEN,
         (5, 5000), (1, 7), "3095-7", span=(100, _QUARTER)),
    _row("urine_output_24h", "Urine output in 24 h", "mL", units.URINE_OF_A_DAY,
         (0, 20000), (1, 2), "9192-6 3167-4", span=(500, 0)),
    _row("pao2", "Arterial oxygen pressure (PaO2)", _MMHG, units.PRESSURE,
         (20, 700), (1, 2), "2703-7 19255-9", span=(40, 0)),
    _row("ast", "AST", "U/L", units.ENZYME,
         (1, 20000), (30, 365), "1920-8 30239-8 88112-8", span=(30, _QUARTER)),
    _row("alt", "ALT", "U/L", units.ENZYME,
         (1, 20000), (30, 365), "1742-6 1743-4 1744-2 77144-4", span=(30, _QUARTER)),
    _row("platelets", "Platelets", "10*9/L", units.PLATELETS,
         (1, 3000), (30, 365), "777-3 26515-7 778-1 49497-1", span=(100, _QUARTER)),
    _row("cholesterol_total", "Total cholesterol", _MG_DL, units.CHOLESTEROL,
         (40, 1000), (365, 1826), "2093-3 14647-2", span=(50, _QUARTER), search="slow"),
    _row("hdl", "HDL cholesterol", _MG_DL, units.CHOLESTEROL,
         (5, 200), (365, 1826), "2085-9 14646-4 49130-8", span=(20, _QUARTER), search="slow"),
    _row("triglycerides", "Triglycerides", _MG_DL, units.TRIGLYCERIDES,
         (10, 5000), (365, 1826), "2571-8 14927-8 3043-7 3048-6",
         span=(50, _QUARTER), search="slow"),
    _row("ldl_reported", "Reported LDL cholesterol", _MG_DL, units.CHOLESTEROL,
         (5, 700), (365, 1826), "13457-7 18262-6 2089-1 39469-2 22748-8",
         span=(50, _QUARTER), search="slow"),
    _row("egfr_reported", "Reported eGFR", _PER_173, units.EGFR, (1, 200), (90, 365),
         "98979-8 62238-1 33914-3 77147-7 88293-6 88294-4 48642-3 48643-1 50044-7",
         span=(30, 0)),
    _row("osmolality_measured", "Measured osmolality", "mosm/kg", units.OSMOLALITY,
         (150, 600), (7, 30), "2692-2", span=(20, 0)),
    _row("ethanol", "Ethanol", _MG_DL, units.ETHANOL,
         (0, 1000), (1, 2), "5643-2 5640-8", span=(50, 0)),
    _row("systolic_bp", "Systolic blood pressure", _MMHG, units.PRESSURE,
         (40, 300), (90, 365), "8480-6 8459-0 8460-8 8461-6 76534-7",
         span=(40, 0), search="vitals"),
    _row("diastolic_bp", "Diastolic blood pressure", _MMHG, units.PRESSURE,
         (20, 200), (90, 365), "8462-4 8453-3 8454-1 8455-8 76535-4",
         span=(20, 0), search="vitals"),
    _row("mean_arterial_pressure", "Mean arterial pressure", _MMHG, units.PRESSURE,
         (20, 250), (1, 2), "8478-0 76536-2 76214-6", span=(30, 0), search="vitals"),
    _row("gcs", "Glasgow Coma Scale, total", "{score}", units.COMA_SCALE,
         (3, 15), (1, 2), "9269-2", span=(6, 0), search="vitals"),
    _row("heart_rate", "Heart rate", "/min", units.PULSE,
         (20, 250), (1, 30), "8867-4 8889-8 8893-0 76282-3", span=(40, 0), search="vitals"),
    _row("respiratory_rate", "Respiratory rate", "/min", units.BREATHS,
         (3, 80), (1, 2), "9279-1", span=(8, 0), search="vitals"),
    _row("temperature", "Body temperature", "Cel", units.TEMPERATURE, (25, 45), (1, 2),
         "8310-5 8331-1 8328-7 8332-9 8333-7 75539-7 8329-5 61008-9",
         span=(1.5, 0), decimals=1, search="vitals"),
    _row("spo2", "Oxygen saturation (SpO2)", "%", units.PERCENT_OR_FRACTION,
         (50, 100), (1, 2), "59408-5 2708-6", span=(6, 0), search="vitals"),
    _row("o2_flow", "Oxygen flow rate", "L/min", units.OXYGEN_FLOW,
         (0, 100), (1, 2), "3151-8", span=(4, 0), decimals=1, search="vitals"),
    _row("fio2", "Inspired oxygen (FiO2)", "%", units.PERCENT_OR_FRACTION,
         (15, 100), (1, 2), "3150-0 19994-3", span=(10, 0), search="vitals"),
    _row("weight", "Body weight", "kg", units.WEIGHT,
         (1, 500), (180, 365), "29463-7 3141-9 3142-7 75292-3 8350-1",
         span=(2, 0.05), decimals=1, search="vitals"),
    _row("bmi_reported", "Reported body mass index", "kg/m2", units.BODY_MASS_INDEX,
         (8, 120), (180, 365), "39156-5", span=(2, 0.05), decimals=1, search="vitals"),
    _row("qt_interval", "QT interval", "ms", units.DURATION,
         (200, 800), (7, 90), "8634-8", span=(80, 0), search="vitals"),
    _row("qrs_duration", "QRS duration", "ms", units.DURATION,
         (40, 300), (7, 90), "8633-0", span=(40, 0), search="vitals"),
    _row("hba1c", "HbA1c", "%", units.HBA1C,
         (3, 20), (180, 365), "4548-4 17856-6 59261-8", span=(1.5, 0), decimals=1, search="slow"),
    _row("uacr", "Urine albumin/creatinine ratio", "mg/g{creat}", units.URINE_ALBUMIN_RATIO,
         (0.1, 25000), (365, 730), "9318-7 14959-1 14958-3 30000-4 32294-1",
         span=(30, _QUARTER), decimals=1, search="slow"),
    _row("height", "Body height", "cm", units.HEIGHT,
         (30, 250), (3650, 7300), "8302-2 3137-7 8306-3 3138-5 8301-4", span=(5, 0), search="slow"),
)))

# Numbers without an Observation: counted from the birth date, calculated here, or entered.
OTHER_NUMBERS: Mapping[str, Input] = MappingProxyType(dict((
    _row("age", "Age in completed years", "a", units.AGE, (0, 125), (0, 0)),
    _row("egfr", "eGFR (CKD-EPI 2021)", _PER_173, units.EGFR, (1, 200), (0, 0),
         span=(30, 0)),
    _row("bmi", "Body mass index", "kg/m2", units.BODY_MASS_INDEX, (8, 120), (0, 0),
         span=(2, 0.05), decimals=1),
    _row("calcium_low", "Lower limit of the laboratory's calcium range", _MG_DL, units.CALCIUM,
         (3, 20), (0, 0), decimals=2),
    _row("calcium_high", "Upper limit of the laboratory's calcium range", _MG_DL, units.CALCIUM,
         (3, 20), (0, 0), decimals=2),
    _row("creatinine_baseline", "Baseline creatinine", _MG_DL, units.CREATININE,
         (0.1, 25), (0, 0), decimals=2),
    _row("creatinine_48h", "Lowest creatinine of the 48 h before", _MG_DL, units.CREATININE,
         (0.1, 25), (0, 0), decimals=2),
    _row("alcohol_drinks_per_week", "Alcoholic drinks per week", "{drinks}/wk", units.DRINKS,
         (0, 500), (0, 0)),
)))
# fmt: on
