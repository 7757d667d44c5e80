"""Formatting of numbers, units, dates and ages for a reader, on the page and in a note."""

from collections.abc import Mapping

from clinical.calculators.inputs import FLAGS, INPUTS, OTHER_NUMBERS, Input, label
from clinical.calculators.limits import round_half_away
from clinical.calculators.units import NOT_OFFERED, normalise
from clinical.chart.codes.observations import SMOKING_FRESH_DAYS, SMOKING_MAX_DAYS
from clinical.chart.evidence import ChartFinding, Evidence, Flag, Outcome
from clinical.units_in_words import plain, unit

_FRACTION = "fraction of 1"
_SHORT = {"age": "Age", "sex": "Sex"}


def short(name: str) -> str:
    """Return an input's name in a note: values without the specimen, answers in full."""
    if name in FLAGS:
        return plain(label(name))
    return plain(_SHORT.get(name, label(name).partition(",")[0]))


def in_line(name: str) -> str:
    """Return the same for the middle of a line: `total calcium`, `INR`."""
    text = short(name)
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def number_input(name: str) -> Input:
    """Return the dictionary entry of a numeric input."""
    return INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]


def units() -> Mapping[str, list[list[object]]]:
    """Return the units to choose from, for each number that has several, the canonical one first.

    Each has the unit as sent and as shown, and the factor and offset to the canonical unit.
    """
    known = {name: _units(one) for name, one in {**INPUTS, **OTHER_NUMBERS}.items()}
    return {name: options for name, options in known.items() if len(options) > 1}


def _units(known: Input) -> list[list[object]]:
    canonical = normalise(known.unit)
    spellings = {known.units[canonical]: canonical}
    for spelling, conversion in known.units.items():
        if spelling not in NOT_OFFERED:
            spellings.setdefault(conversion, spelling)
    return [
        [
            spelling,
            _FRACTION if spelling == "1" and canonical != "1" else unit(spelling),
            *((factor, offset) if offset else (factor,)),
        ]
        for (factor, offset), spelling in spellings.items()
    ]


def number(name: str, value: float, evidence: Evidence | None) -> str:
    """Return an input's value in its canonical unit, to show; calculations use it unrounded.

    An unconverted value keeps the chart's digits. A converted one has the usual decimals.
    """
    if evidence is not None and evidence.charted_value == value:
        charted = evidence.charted.partition(" ")[0]
        if _is(charted, value):
            return charted
    decimals = number_input(name).decimals
    rounded = round_half_away(value, decimals)
    # A value that would round to zero keeps two digits, so that it doesn't look like zero.
    return f"{rounded:.{decimals}f}" if rounded else f"{value:.2g}"


def _is(text: str, value: float) -> bool:
    try:
        return float(text) == value
    except ValueError:
        return False


def points(number: float | None) -> str:
    """Return what an answer adds to a score, such as `+2` or `0`, or "" if it has no points."""
    return "" if number is None else f"+{number:g}" if number else "0"


def age(finding: ChartFinding, now_days: float | None, limit: int | None = None) -> tuple[str, str]:
    """Return a measured value's age in words, and its look: good, warn or bad.

    The limit depends on the input: six years is fine for a height, six days is too old for a pulse.
    So an old value's age is shown with its limit. A calculator may have its own lower `limit`, in
    days.
    """
    if finding.input not in INPUTS and finding.input != "current_smoker":
        return "", ""
    fresh, longest = look_back(finding.input)
    if finding.outcome is Outcome.STALE:
        return beyond(now_days, min(longest, limit or longest), "the limit is"), "bad"
    if finding.value is None or now_days is None:
        return ("no date", "warn") if Flag.UNDATED in finding.flags else ("", "")
    if Flag.OLD in finding.flags:
        return beyond(now_days, fresh, "older than"), "warn"
    return ago(now_days), "good"


def look_back(name: str) -> tuple[int, int]:
    """Return the days after which a value is flagged as old, and after which it isn't used."""
    if name in INPUTS:
        return INPUTS[name].fresh_days, INPUTS[name].max_days
    return SMOKING_FRESH_DAYS, SMOKING_MAX_DAYS


def ago(days: float | None) -> str:
    """Return how long ago something was: `under 1 day ago`, `3 days ago`, `6 years ago`."""
    if days is None:
        return "no date"
    return "under 1 day ago" if days < 1 else f"{span(int(days))} ago"


def beyond(days: float | None, limit: int, prefix: str) -> str:
    """Return the age of a value beyond a limit: `8 days ago, older than 7 days`.

    `prefix` introduces the limit. If age and limit read the same, return `over 7 days ago`.
    """
    if days is not None and span(int(days)) == span(limit):
        return f"over {span(limit)} ago"
    return f"{ago(days)}, {prefix} {span(limit)}"


def span(days: int) -> str:
    """Return days in a suitable unit: days, months or years."""
    number, unit = days, "day"
    if days >= 730 or days in (365, 366):
        number, unit = days // 365, "year"
    elif days >= 60:
        number, unit = days // 30, "month"
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
