"""Tables with the newest value of each test, by category, and the search for all values."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from clinical.chart.observations import Entry
from clinical.chart.resources.json_access import id_of
from clinical.clock import Clock
from shared.frozen import dataclass
from shared.session.record import Session
from shared.vendors import SearchHabits

from ..reading import ChartReading
from .latest_values import ListedValue, newest

CATEGORIES: Mapping[str, str] = {"vital-signs": "Vital signs", "laboratory": "Laboratory"}

# The category of an Observation without one, by the search that found it.
_CATEGORY_OF = {"labs": "laboratory", "slow": "laboratory", "vitals": "vital-signs"}
READ_BY = frozenset(_CATEGORY_OF)
_ROWS_A_CLICK = 50


@dataclass(frozen=True, slots=True)
class ValueTable:
    """One table.

    `problems` tell what couldn't be read, and `more` that not everything was. `search` finds all
    entries of the category through the FHIR proxy.
    """

    id: str
    title: str
    rows: tuple[ListedValue, ...]
    problems: tuple[str, ...]
    more: bool
    search: str


def tables(
    chart_reading: ChartReading, session: Session, habits: SearchHabits, clock: Clock
) -> list[ValueTable]:
    """Return the tables of vital signs and laboratory values of the session's patient."""
    patient = session.context.patient or ""
    by_category: dict[str, list[Entry]] = {category: [] for category in CATEGORIES}
    for category, entry in _sorted(chart_reading):
        by_category[category].append(entry)
    return [
        ValueTable(
            id=category,
            title=title,
            rows=tuple(newest(by_category[category], clock)),
            problems=_problems(chart_reading, category),
            more=any(chart_reading.parts[name].more for name in _searches(category)),
            search=_search(habits, patient, category),
        )
        for category, title in CATEGORIES.items()
    ]


def _sorted(chart_reading: ChartReading) -> Iterator[tuple[str, Entry]]:
    """Yield each Observation that was read for the chart, with its category."""
    found_by: dict[object, str] = {}
    for name, otherwise in _CATEGORY_OF.items():
        found_by |= dict.fromkeys(map(_identity, chart_reading.parts[name].resources), otherwise)
    charted: dict[frozenset[str], str | None] = {}
    for entry in chart_reading.chart.entries:
        codes = entry.heading.category.codes
        if codes not in charted:
            charted[codes] = next((one for one in CATEGORIES if one in codes), None)
        if by_search := found_by.get(_identity(entry.resource)):
            yield charted[codes] or by_search, entry


def _identity(resource: Mapping[str, object]) -> object:
    return id_of(resource) or id(resource)


def _searches(category: str) -> list[str]:
    return [name for name, of in _CATEGORY_OF.items() if of == category]


def _problems(chart_reading: ChartReading, category: str) -> tuple[str, ...]:
    unread = (chart_reading.parts[name].problem for name in _searches(category))
    return tuple(dict.fromkeys(problem for problem in unread if problem))


def _search(habits: SearchHabits, patient: str, category: str) -> str:
    """Return the search for a category's Observations, newest first, relative to the FHIR base."""
    sort = (("_sort", "-date"),) if habits.sort else ()
    query = (("patient", patient), ("category", category), *sort, ("_count", str(_ROWS_A_CLICK)))
    return f"Observation?{urlencode(query)}"
