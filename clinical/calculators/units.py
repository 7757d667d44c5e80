"""Closed unit tables, one per kind of quantity: units are looked up, never parsed.

A general UCUM library reads `K/uL` as kelvin and can't convert mg/dL to umol/L without a molar
mass. These tables list each accepted spelling with its conversion. Tests compare the factors with
a second source and with atomic weights.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

# canonical value = value x factor + offset
Conversion = tuple[float, float]
Table = Mapping[str, Conversion]


# Longer texts aren't units, and aren't cached.
_USUAL = 50
_ANNOTATION = re.compile(r"\{[^{}]*\}")


def normalise(unit: str | None) -> str:
    """Remove spaces, lowercase, and write micro sign and Greek mu as u; return "" for no unit."""
    return (_plain if len(unit or "") <= _USUAL else _normalised)(unit or "")


def _normalised(unit: str) -> str:
    return "".join(unit.split()).replace("µ", "u").replace("μ", "u").lower()


# Charts repeat few units.
_plain = lru_cache(maxsize=1024)(_normalised)


def conversion(table: Table, unit: str | None) -> Conversion | None:
    """Return the conversion of a printed unit, or None if it isn't in the table.

    UCUM annotations don't change the size of a unit: `%{HbA1c}` is %.
    """
    plain = normalise(unit)
    return table.get(plain) or table.get(_ANNOTATION.sub("", plain))


# Read from a chart, but not offered for entering a weight.
NOT_OFFERED = frozenset({"[oz_av]", "oz"})

# All spellings of each unit: UCUM's, and those that laboratories print.
SPELLINGS = {
    "mg/dL": "mg/dL | mg/100mL | mg/(100.mL) | mg/100.mL | mg%",
    "g/dL": "g/dL | gm/dL | g/100mL | g/(100.mL) | g/100.mL | g%",
    "g/L": "g/L | gm/L | mg/mL | ug/uL | kg/m3 | g/dm3",
    "mmol/L": "mmol/L | umol/mL | mol/m3 | mmol/dm3",
    "umol/L": "umol/L | mcmol/L | nmol/mL | mmol/m3 | umol/dm3",
    "U/L": "U/L | [U]/L | [IU]/L | IU/L | unit/L | units/L | mU/mL | m[IU]/mL | mIU/mL | umol/min/L"
    " | umol/(min.L) | nmol/min/mL | nmol/(min.mL)",
    "ukat/L": "ukat/L | mckat/L | umol/s/L | umol/(s.L)",
    "nkat/L": "nkat/L | nmol/s/L | nmol/(s.L)",
    "10*9/L": "10*9/L | 10^9/L | x10*9/L | x10^9/L | x10E9/L | 10E9/L | G/L | Giga/L | bil/L"
    " | /nL | 1/nL | {cells}/nL | 10*6/mL | 10^6/mL | 10*3/uL | 10^3/uL | x10*3/uL | x10^3/uL"
    " | x10E3/uL | 10E3/uL | 10x3/uL | x103/uL | x10(3)/uL | K/uL | thou/uL | Th/uL | thousand/uL"
    " | Thousands/uL | 10*3/mm3 | 10^3/mm3 | x10^3/mm3 | x10E3/mm3 | 10x3/mm3 | x103/mm3 | K/mm3"
    " | thou/mm3 | Th/mm3 | thousand/mm3 | K/cumm | 10*3/mcL | 10^3/mcL | x10^3/mcL | x10E3/mcL"
    " | 10x3/mcL | x103/mcL | x10(3)/mcL | K/mcL | thou/mcL | thousand/mcL",
    "/uL": "/uL | 1/uL | {cells}/uL | cells/uL | /mm3 | cells/mm3 | /cumm | /mcL | cells/mcL",
    "/L": "/L | 1/L | {cells}/L | cells/L",
    "mL/min/{1.73_m2}": "mL/min/{1.73_m2} | mL/min/{1.73m2} | mL/min/1.73_m2 | mL/min/1.73m2"
    " | mL/min/1.73 m2 | mL/min/1.73m^2 | mL/min/1.73 m^2 | mL/min/1.73m² | mL/min/1.73 m²"
    " | mL/min/{1.73}m2 | mL/min/(1.73.m2) | mL/min/1.73sq.m | mL/min/{1.73 m2}",
    "mosm/kg": "mosm/kg | mosmol/kg | mosm/kg{H2O} | mosm/kg H2O | mosmol/kg H2O | mmol/kg",
    "mm[Hg]": "mm[Hg] | mmHg | mm Hg",
    "kPa": "kPa",
    "/min": "/min | 1/min",
    "Cel": "Cel | degC | °C | C | deg C",
    "[degF]": "[degF] | degF | °F | F | deg F",
    "L/min": "L/min | lpm",
    "mg/L": "mg/L | ug/mL",
    "meq/L": "meq/L",
    "[ppth]": "[ppth] | [permille] | permille | ‰",
    "kg": "kg",
    "g": "g",
    "[oz_av]": "[oz_av] | oz",
    "[lb_av]": "[lb_av] | lb | lbs",
    "cm": "cm",
    "mm": "mm",
    "m": "m",
    "[in_i]": "[in_i] | in | inch | inches",
    "[ft_i]": "[ft_i] | ft",
    "kg/m2": "kg/m2 | kg/m^2 | kg/m² | kg/m*2",
    "ms": "ms | msec | millisecond | milliseconds",
    "s": "s | sec",
    "%": "% | percent | % of total Hgb",
    "mmol/mol": "mmol/mol",
    "mg/g{creat}": "mg/g{creat} | mg/g | mg/g creat | mg/g{creatinine} | ug/mg{creat} | ug/mg",
    "mg/mmol{creat}": "mg/mmol{creat} | mg/mmol | g/mol{creat} | g/mol",
}


def spelled(unit: str) -> tuple[str, ...]:
    """Return every accepted spelling of a unit, normalized, its own first."""
    return tuple(map(normalise, SPELLINGS.get(unit, unit).split(" | ")))


def table(*conversions: tuple[float, str], offset: Mapping[str, float] | None = None) -> Table:
    """Build a table from rows of a factor and units separated by ` | `; `offset` is by unit."""
    return {
        spelling: (factor, (offset or {}).get(unit, 0.0))
        for factor, row in conversions
        for unit in row.split(" | ")
        for spelling in spelled(unit)
    }


def mass_or_molar(mg_dl_per_mmol_l: float, *further: tuple[float, str]) -> Table:
    """Build a table: mg/dL, mmol/L times a factor (molar mass in g/mol / 10), and further units."""
    return table((1, "mg/dL"), (mg_dl_per_mmol_l, "mmol/L"), *further)


# Used by laboratories in France and the Maghreb.
_BY_LITER = ((0.1, "mg/L"), (100, "g/L"))


# Creatinine 113.12 g/mol: 1 mg/dL = 88.42 umol/L.
CREATININE = table((1, "mg/dL"), (1 / 88.42, "umol/L"), (1000 / 88.42, "mmol/L"), *_BY_LITER)
# Bilirubin 584.7 g/mol: 1 mg/dL = 17.1 umol/L.
BILIRUBIN = table((1, "mg/dL"), (1 / 17.1, "umol/L"))
ALBUMIN = table((1, "g/dL"), (0.1, "g/L"))
# Two charges: 1 meq is half a mmol.
CALCIUM = mass_or_molar(4.008, (2.004, "meq/L"))
IONIZED_CALCIUM = table((1, "mmol/L"), (1 / 4.008, "mg/dL"), (0.5, "meq/L"))
GLUCOSE = mass_or_molar(18.016, *_BY_LITER)
# Urea has two nitrogen atoms, so 1 mmol of urea contains 28.01 mg of urea nitrogen.
UREA_NITROGEN = mass_or_molar(2.801)
CHOLESTEROL = mass_or_molar(38.67)
TRIGLYCERIDES = mass_or_molar(88.57)
ETHANOL = mass_or_molar(4.607, *_BY_LITER, (1000, "g/dL | %"), (100, "[ppth]"))
# With one charge each, an equivalent is a mole.
MONOVALENT_ION = table((1, "mmol/L | meq/L"))
INR = table((1, "{INR} | INR | 1 | {ratio} | ratio"), (1, ""))
# 1 katal converts 1 mol per second, 1 U converts 1 umol per minute.
ENZYME = table((1, "U/L"), (60, "ukat/L"), (0.06, "nkat/L"))
PLATELETS = table((1, "10*9/L"), (0.001, "/uL"), (1e-9, "/L"))
EGFR = table((1, "mL/min/{1.73_m2}"))
OSMOLALITY = table((1, "mosm/kg"))
PRESSURE = table((1, "mm[Hg]"), (7.50062, "kPa"))
PULSE = table((1, "/min | {beats}/min | {Beats}/min | beats/min | bpm | beats/minute"))
BREATHS = table((1, "/min | {breaths}/min | breaths/min | br/min | breaths/minute"))
TEMPERATURE = table((1, "Cel"), (1 / 1.8, "[degF]"), offset={"[degF]": -32 / 1.8})
PERCENT_OR_FRACTION = table((1, "%"), (100, "1"))
OXYGEN_FLOW = table((1, "L/min"))
WEIGHT = table((1, "kg"), (0.001, "g"), (0.45359237, "[lb_av]"), (0.0283495, "[oz_av]"))
HEIGHT = table((1, "cm"), (100, "m"), (0.1, "mm"), (2.54, "[in_i]"), (30.48, "[ft_i]"))
BODY_MASS_INDEX = table((1, "kg/m2"))
DURATION = table((1, "ms"), (1000, "s"))
# Master equation of NGSP and IFCC: NGSP = 0.09148 x IFCC + 2.152.
HBA1C = table((1, "%"), (0.09148, "mmol/mol"), offset={"mmol/mol": 2.152})
# Creatinine, 113.12 g/mol: 1 mg/mmol is 8.84 mg/g.
URINE_ALBUMIN_RATIO = table((1, "mg/g{creat}"), (8.84, "mg/mmol{creat}"))
# Urea in mmol/L, urea nitrogen in g/L.
URINE_UREA_NITROGEN = mass_or_molar(2.801, (100, "g/L"))
COMA_SCALE = table((1, "{score} | score | 1"), (1, ""))
# Only totals of a day.
URINE_OF_A_DAY = table(
    (1, "mL | mL/(24.h) | mL/24h | mL/24 h | mL/d | mL/day"),
    (1000, "L | L/(24.h) | L/24h | L/24 h | L/d | L/day"),
)
AGE = table((1, "a | year | years | yr | yrs"))
DRINKS = table((1, "{drinks}/wk | drinks/wk | drinks/week | /wk"))
