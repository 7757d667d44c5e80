"""Values of one time: the first that differs is the one that comparing all of them finds."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from clinical.chart.choice import agree
from clinical.chart.observations import Entry, ObservationReader
from clinical.clock import Clock
from functions.smart_calc.contradictions import Contradictions
from functions.smart_calc.page.latest_values import every
from functions.smart_calc.page.observation_text import value_of
from tests.support.charts.chart_resources import LOINC, concept, observation, pressure
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# Each other's rounding or not, and beyond what a sodium can be.
NUMBERS = (139, 139.0, 139.04, 139.4, 139.37, 140, 140.2, 1390.0)


def _any_value(chance: random.Random) -> dict[str, Any]:
    if not chance.randrange(6):
        upper, lower = chance.choice((120, 121, 122, 123, 130)), chance.choice((80, 81, 82, None))
        return pressure(upper, lower)
    made = observation("2951-2", chance.choice(NUMBERS), chance.choice(("mmol/L", "mg/dL", None)))
    if not chance.randrange(4):
        # An additional or different code: another input, or no input.
        made["code"] = concept(LOINC, *chance.choice((("2951-2", "2823-3"), ("99999-9",))))
    if not chance.randrange(5):
        made = {**made, "valueString": chance.choice(("hemolysed", "139"))}
        del made["valueQuantity"]
    return made


def _read(observations: Iterable[dict[str, Any]]) -> list[Entry]:
    """Entries of Observations as the reader of answers hands them on, numbers with their digits."""
    reader = ObservationReader(UTC)
    return [reader.entry(json.loads(json.dumps(one), parse_float=Decimal)) for one in observations]


def _entries(chance: random.Random, number: int) -> list[Entry]:
    return _read(_any_value(chance) for _ in range(number))


def _amount(entry: Entry) -> tuple[str, str]:
    return value_of(entry.resource)


def _found_by_comparing_all(top: Entry, entries: Sequence[Entry]) -> Entry | None:
    for other in entries:
        same = _amount(top) == _amount(other)
        if top.candidates and len(top.candidates) == len(other.candidates):
            pairs = zip(top.candidates, other.candidates, strict=True)
            same = all(agree(one, another) for (_, one), (_, another) in pairs)
        if not same:
            return other
    return None


@each("seed", range(100))
def test_the_first_that_differs_is_found_without_comparing_all(seed: int) -> None:
    chance = random.Random(seed)
    entries = _entries(chance, chance.randrange(1, 12))
    contradictions = Contradictions(entries, _amount)
    for top in (*entries, *_entries(chance, 3)):
        assert contradictions.of(top) is _found_by_comparing_all(top, entries)


def test_of_thousands_of_one_time_each_is_compared_with_a_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0

    def counted(*pair: Any) -> bool:
        nonlocal compared
        compared += 1
        return agree(*pair)

    monkeypatch.setattr("functions.smart_calc.contradictions.agree", counted)
    number = 2000
    values = (observation("2951-2", 139 + at / number, "mmol/L") for at in range(number))
    rows = every(_read(values), "p1", "https://ehr.example", Clock(NOW))
    assert len(rows) == number
    assert compared < 50 * number
