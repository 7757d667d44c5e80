"""The newest value of each test that was read, by category, and the search for all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from clinical.chart.resources.scope import latest_versions
from shared.session.record import Session

from ..reading import Reading
from .latest_values import Result, newest

CATEGORIES: Mapping[str, str] = {"vital-signs": "Vital signs", "laboratory": "Laboratory"}

# Where an Observation does not name its category, that of the search that found it.
_CATEGORY_OF = {"labs": "laboratory", "slow": "laboratory", "vitals": "vital-signs"}
_ROWS_A_CLICK = 50


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `problems` say what could not be read, `more` that not all was; `search` finds
    all entries of the category through the FHIR proxy.
    """

    id: str
    title: str
    rows: tuple[Result, ...]
    problems: tuple[str, ...]
    more: bool
    search: str


def tables(reading: Reading, session: Session, vendor: str) -> list[Table]:
    """Vital signs and laboratory values of the session's patient."""
    patient = session.context.patient or ""
    found: dict[str, list[dict[str, Any]]] = {category: [] for category in CATEGORIES}
    for category, observation in _sorted(reading):
        found[category].append(observation)
    return [
        Table(
            id=category,
            title=title,
            rows=tuple(newest(found[category], patient, session.fhir_base)),
            problems=_problems(reading, category),
            more=any(reading.parts[name].more for name in _searches(category)),
            search=_search(vendor, patient, category),
        )
        for category, title in CATEGORIES.items()
    ]


def _sorted(reading: Reading) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each Observation in its latest version, by category."""
    for name, otherwise in _CATEGORY_OF.items():
        for observation in latest_versions(reading.parts[name].resources):
            codes = set(_categories(observation))
            own = next((category for category in CATEGORIES if category in codes), None)
            yield own or otherwise, dict(observation)


def _categories(observation: Mapping[str, Any]) -> Iterator[str]:
    for concept in _objects(observation.get("category")):
        for coding in _objects(concept.get("coding")):
            if isinstance(code := coding.get("code"), str):
                yield code


def _searches(category: str) -> list[str]:
    return [name for name, of in _CATEGORY_OF.items() if of == category]


def _problems(reading: Reading, category: str) -> tuple[str, ...]:
    unread = (reading.parts[name].problem for name in _searches(category))
    return tuple(dict.fromkeys(problem for problem in unread if problem))


def _search(vendor: str, patient: str, category: str) -> str:
    """The search for the Observations of a category, newest first, below the FHIR base."""
    # Oracle Health knows no _sort: its searches are newest first by themselves.
    sort = () if vendor == "oracle" else (("_sort", "-date"),)
    query = (("patient", patient), ("category", category), *sort, ("_count", str(_ROWS_A_CLICK)))
    return f"Observation?{urlencode(query)}"


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
