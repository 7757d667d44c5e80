"""How numbers, units, dates and ages are written for a reader, on the page and in a note."""

from collections.abc import Mapping

from clinical.calculators.inputs import INPUTS, OTHER_NUMBERS, Input
from clinical.calculators.units import normalise
from clinical.chart.evidence import Evidence, Finding, Flag, Outcome
from clinical.chart.resources.times import Moment

from .dates import shown

# UCUM and the tables' own spellings (normalised) as people write them.
_UNITS: Mapping[str, str] = {
    "mg/dl": "mg/dL",
    "g/dl": "g/dL",
    "g/l": "g/L",
    "mmol/l": "mmol/L",
    "umol/l": "µmol/L",
    "u/l": "U/L",
    "ukat/l": "µkat/L",
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
    "{drinks}/wk": "drinks a week",
    "{inr}": "",
    "{score}": "",
}
_FRACTION = "fraction of 1"
_PLAIN = str.maketrans({"²": "2", "⁹": "^9", "µ": "u"})


def unit(ucum: str) -> str:
    """A unit as people write it; empty where the number stands alone."""
    return "" if ucum == "1" else _UNITS.get(normalise(ucum), ucum)


def plain(text: str) -> str:
    """Text for a note, which may go where only plain characters do."""
    return text.translate(_PLAIN)


def number_input(name: str) -> Input:
    """The dictionary's entry of a numeric input."""
    return INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]


def unit_options(name: str) -> tuple[tuple[str, str], ...]:
    """The units to choose from, as sent and as shown: one for each conversion, canonical first."""
    known = number_input(name)
    canonical = normalise(known.unit)
    spellings = {known.units[canonical]: canonical}
    for spelling, conversion in known.units.items():
        spellings.setdefault(conversion, spelling)
    return tuple(
        (spelling, _FRACTION if spelling == "1" and canonical != "1" else unit(spelling))
        for spelling in spellings.values()
    )


def number(value: float, evidence: Evidence | None) -> str:
    """A value in its canonical unit, with the digits of the chart where nothing was converted."""
    if evidence is not None and evidence.charted_value == value:
        charted = evidence.charted.partition(" ")[0]
        if _is(charted, value):
            return charted
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"


def _is(text: str, value: float) -> bool:
    try:
        return float(text) == value
    except ValueError:
        return False


def day(moment: Moment | None) -> str:
    """`20 Nov 2026`."""
    return shown(moment.text, timed=False) if moment else "no date"


def time(moment: Moment | None) -> str:
    """`20 Nov 2026 09:00`."""
    return shown(moment.text) if moment else "no date"


def iso_day(moment: Moment | None) -> str:
    """`2026-11-20`, for a note."""
    return moment.text[:10] if moment else "no date"


def age(finding: Finding, now_days: float | None) -> tuple[str, str]:
    """How old a measured value is, in words, and a word for its look: good, warn or bad."""
    if finding.input not in INPUTS and finding.input != "current_smoker":
        return "", ""
    if finding.outcome is Outcome.STALE:
        return f"too old to use: {_days(now_days)}", "bad"
    if finding.value is None or now_days is None:
        return ("no date", "warn") if Flag.UNDATED in finding.flags else ("", "")
    if Flag.OLD in finding.flags:
        return f"old: {_days(now_days)}", "warn"
    return f"fresh: {_days(now_days)}", "good"


def _days(days: float | None) -> str:
    if days is None:
        return "no date"
    whole = max(0, int(days))
    if whole < 1:
        return "today" if days < 1 else "1 day"
    if whole < 60:
        return "1 day" if whole == 1 else f"{whole} days"
    return f"{whole // 30} months" if whole < 730 else f"{whole // 365} years"
