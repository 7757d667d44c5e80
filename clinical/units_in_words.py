"""Units as people write them, for the page, notes and cards."""

from collections.abc import Mapping

from clinical.calculators.units import normalise

# UCUM's and the tables' own spellings (normalized), as people write them.
_UNITS: Mapping[str, str] = {
    "mg/dl": "mg/dL",
    "g/dl": "g/dL",
    "g/l": "g/L",
    "mmol/l": "mmol/L",
    "umol/l": "µmol/L",
    "u/l": "U/L",
    "ukat/l": "µkat/L",
    "nkat/l": "nkat/L",
    "10*9/l": "10⁹/L",
    "/ul": "/µL",
    "/l": "/L",
    "mm[hg]": "mmHg",
    "kpa": "kPa",
    "cel": "°C",
    "[degf]": "°F",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "[ft_i]": "ft",
    "l/min": "L/min",
    "ml/min": "mL/min",
    "ml/min/{1.73_m2}": "mL/min/1.73 m²",
    "kg/m2": "kg/m²",
    "m2": "m²",
    "mg/g{creat}": "mg/g",
    "mg/mmol{creat}": "mg/mmol",
    "a": "years",
    "{drinks}/wk": "drinks per week",
    "{inr}": "",
    "{score}": "",
}
_PLAIN = str.maketrans({"²": "2", "⁹": "^9", "µ": "u", "\N{MINUS SIGN}": "-"})


def unit(ucum: str) -> str:
    """Return a unit as people write it, or "" if the number has none."""
    return "" if ucum == "1" else _UNITS.get(normalise(ucum), ucum)


def plain(text: str) -> str:
    """Return text for a note, using only characters that any system accepts."""
    return text.translate(_PLAIN)
