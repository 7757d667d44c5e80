"""Writes units as people do, for the page, notes and cards."""

from collections.abc import Mapping

from clinical.calculators.units import SPELLINGS, normalise
from shared.patterns import pattern

# Readable forms of units, by the normalized spelling in UCUM or in the tables.
_UNITS: Mapping[str, str] = {
    **{
        normalise(one): one for one in ("mg/dL", "g/dL", "g/L", "mmol/L", "µmol/L", "U/L", "µkat/L")
    },
    **{normalise(one): one for one in ("nkat/L", "/µL", "/L", "kPa", "L/min", "mL/min")},
    "10*9/l": "10⁹/L",
    "mm[hg]": "mmHg",
    "cel": "°C",
    "[degf]": "°F",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "[ft_i]": "ft",
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
_RATE = "ml/min/{1.73_m2}"
_CHARTED = {
    **_UNITS,
    **{normalise(one): _UNITS[_RATE] for one in SPELLINGS["mL/min/{1.73_m2}"].split(" | ")},
}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans({"²": "2", "³": "^3", "⁶": "^6", "⁹": "^9", "µ": "u", "\N{MINUS SIGN}": "-"})
# Syntax that only UCUM uses: powers, annotations in braces, codes in brackets, u for micro.
_POWER = pattern(r"10[*^](\d+)")
_NOTE = pattern(r"\{[^{}]*\}")
_CODE = pattern(r"\[([A-Za-z]+)(?:_[a-z]+)?\]")
_MICRO = pattern(r"(?i)(?<![A-Za-z])u(?=(?:g|l|m|mol|kat|u|iu)\b)")
_AMOUNT = pattern(r"((?:[<>]=? )?[\d.]+) (.+)")


def unit(ucum: str) -> str:
    """Return a unit as people write it, or "" if the number has none."""
    return "" if ucum == "1" else _UNITS.get(normalise(ucum), ucum)


def charted(printed: str) -> str:
    """Return the EHR's unit as people write it, with UCUM spellings in words."""
    if (known := _CHARTED.get(normalise(printed))) is not None:
        return known
    text = _NOTE.sub("", _POWER.sub(lambda found: "10" + found[1].translate(_SUPERSCRIPT), printed))
    return _MICRO.sub("µ", _CODE.sub(lambda found: found[1].replace("iU", "IU"), text))


def amount(text: str) -> str:
    """Return a charted number with a readable unit, `150 10³/µL`, and other text unchanged."""
    found = _AMOUNT.fullmatch(text)
    return f"{found[1]} {charted(found[2])}".rstrip() if found else text


def plain(text: str) -> str:
    """Return text for a note, using only characters that any system accepts."""
    return text if text.isascii() else text.translate(_PLAIN)
