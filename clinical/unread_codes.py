"""The codes of a chart's Observations that no calculator reads, for `[[ehr.codes]]`. Pure.

Only codes, their displays and units are kept: no value, date or identifier of a patient.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from clinical.chart.codes.observations import (
    ASKED_LOINC,
    BODY_POSITION_LOINC,
    EXCLUDED_LOINC,
    SMOKING_FALLBACK_LOINC,
    SMOKING_LOINC,
)
from clinical.chart.codes.systems import System, system_of
from clinical.chart.observations import LOINC_OF
from clinical.chart.quantity import unit_of
from clinical.chart.resources.json_access import Coding, codings
from clinical.queries import PRESSURE_PANELS
from shared.frozen import dataclass
from shared.json_members import fields, items

# Deeper nesting isn't a chart.
_DEEPEST = 5
_LONGEST = 80
T = TypeVar("T", str, str | None)


@dataclass(frozen=True, slots=True)
class UnreadCode:
    """A code, how many values have it, and the display and unit that are the most frequent.

    `unit` is "" for numbers without a unit, and None for values that aren't numbers.
    """

    system: str
    code: str
    display: str
    unit: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Unread:
    """The number of Observations, the unread codes, and how many values have no code to list."""

    observations: int
    codes: tuple[UnreadCode, ...]
    without_code: int


def unread(document: object) -> Unread:
    """Return what no calculator reads in a Bundle or a resource, the most frequent code first."""
    observations = list(_observations(document, _DEEPEST))
    counts: Counter[tuple[str, str]] = Counter()
    displays: dict[tuple[str, str], Counter[str]] = {}
    units: dict[tuple[str, str], Counter[str | None]] = {}
    without_code = 0
    for element in (part for one in observations for part in _parts(one)):
        codes = [one for one in codings(element.get("code")) if one.code]
        if any(map(_is_known, codes)):
            continue
        named = next((one for one in codes if one.system), None)
        if named is None:
            without_code += 1
            continue
        key = named.system, named.code
        counts[key] += 1
        displays.setdefault(key, Counter())[named.display[:_LONGEST]] += 1
        quantity = fields(element.get("valueQuantity"))
        unit = None if quantity.get("value") is None else unit_of(quantity)[:_LONGEST]
        units.setdefault(key, Counter())[unit] += 1
    listed = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return Unread(
        len(observations),
        tuple(
            UnreadCode(*key, _usual(displays[key]), _usual(units[key]), count)
            for key, count in listed
        ),
        without_code,
    )


def _usual(texts: Mapping[T, int]) -> T:
    return min(texts, key=lambda text: (-texts[text], str(text)))


def _observations(document: object, deepest: int) -> Iterator[Mapping[str, object]]:
    resource = fields(document)
    if resource.get("resourceType") == "Observation":
        yield resource
    elif resource.get("resourceType") == "Bundle" and deepest:
        for entry in items(resource.get("entry")):
            yield from _observations(fields(entry).get("resource"), deepest - 1)


def _parts(observation: Mapping[str, object]) -> Iterable[Mapping[str, object]]:
    """Yield the Observation and its components, where they have a value."""
    for element in (observation, *map(fields, items(observation.get("component")))):
        if any(name.startswith("value") for name in element):
            yield element


_READ = frozenset(
    {
        *(code for codes in LOINC_OF.values() for code in codes),
        # Deliberately not read as the input that they resemble.
        *(code for codes in EXCLUDED_LOINC.values() for code in codes),
        *(code for codes in ASKED_LOINC.values() for code in codes),
        *(*SMOKING_LOINC, *SMOKING_FALLBACK_LOINC, *PRESSURE_PANELS, BODY_POSITION_LOINC),
    }
)


def _is_known(coding: Coding) -> bool:
    return coding.code in _READ and system_of(coding.system) is System.LOINC
