"""The FHIR searches that read a chart, as data (FHIR R4 search; US Core).

All have the same form: a patient and a comma-separated list of LOINC codes. Oracle Health accepts
only patient, category or code, date and _count. It finds a blood pressure only by its panel code,
and returns the newest first. Epic returns 400 if there is no category or code.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache

from clinical.calculators.inputs import INPUTS
from clinical.chart.codes.diagnoses import IS_OF_NOW
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.codes.observations import (
    EXCLUDED_LOINC,
    LOINC,
    SMOKING_FALLBACK_LOINC,
    SMOKING_FALLBACK_SNOMED,
    SMOKING_LOINC,
    SNOMED,
)
from clinical.chart.observations import LOINC_OF
from shared.config.settings import LocalCode
from shared.frozen import dataclass
from shared.vendors import SearchHabits

Parameters = tuple[tuple[str, str], ...]

# Deadlines for one call and for all calls, which run in parallel.
CALL_SECONDS = 8.0
ALL_SECONDS = 20.0
# Limit for all pages of one search. A resource has 1 to 3 kB.
SEARCH_BYTES = 8_000_000

# Lipids and other values that change slowly have their own search. Otherwise an inpatient's daily
# sodium results would push them off the last page.
LAB_INPUTS, SLOW_INPUTS, VITAL_INPUTS = (
    tuple(name for name, known in INPUTS.items() if known.search == search)
    for search in ("labs", "slow", "vitals")
)
PRESSURE_PANELS = ("85354-9", "55284-4")

_PAGE = ("_count", "200")


@dataclass(frozen=True, slots=True)
class Search:
    """One search, without patient and date.

    `years_back` limits the date. `wanted` are the inputs that it measures: paging can stop once
    each has a value, and stops after `page_cap` pages. `answers` are all inputs that stay
    unanswered if it fails. `reads` are the resource types that the granted scopes must cover.
    `fallbacks` are the searches to make instead, all of them, if the response is 400 or empty, or
    if the scopes don't cover this search.
    """

    name: str
    resource_type: str
    purpose: str
    parameters: Parameters
    reads: frozenset[str]
    years_back: int | None = None
    wanted: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    page_cap: int = 5
    fallbacks: tuple["Search", ...] = ()


def request_for(search: Search, patient_id: str, today: date) -> tuple[str, Parameters]:
    """Return the path of a search below the FHIR base and its query, with patient and date. `today`
    is the date in the site's time zone.
    """
    if search.resource_type == "Patient":
        return f"Patient/{patient_id}", search.parameters
    since: Parameters = ()
    if search.years_back is not None:
        since = (("date", f"ge{_years_before(today, search.years_back).isoformat()}"),)
    return search.resource_type, (("patient", patient_id), *search.parameters, *since)


def _years_before(day: date, years: int) -> date:
    """Return the same day some years before, or 28 February if there's no 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def years_back(name: str) -> int:
    """Return how many years back a measured input is searched for."""
    search = next(one for one in _OBSERVATIONS if name in one.wanted)
    return search.years_back or 0


def is_settled(search: Search, valued: Iterable[str]) -> bool:
    """Return whether paging can stop because every wanted input has a value."""
    return bool(search.wanted) and search.wanted <= set(valued)


def _loinc(inputs: Iterable[str], further: Iterable[str] = ()) -> tuple[str, str]:
    """Return a `code` parameter without the codes that are never used (standing, invasive)."""
    codes = [*further]
    for name in inputs:
        unused = EXCLUDED_LOINC.get(name, {})
        codes.extend(code for code in LOINC_OF[name] if code not in unused)
    return "code", ",".join(f"{LOINC}|{code}" for code in codes)


def _search(
    name: str,
    resource_type: str,
    purpose: str,
    *parameters: tuple[str, str],
    answers: Iterable[str] = (),
) -> Search:
    reads = frozenset({resource_type})
    return Search(name, resource_type, purpose, parameters, reads, answers=frozenset(answers))


_PATIENT = _search("patient", "Patient", "name, age and sex", answers=("age", "sex"))
_LABS = replace(
    _search("labs", "Observation", "common laboratory values", _loinc(LAB_INPUTS), _PAGE),
    years_back=1,
    wanted=frozenset(LAB_INPUTS),
    answers=frozenset({*LAB_INPUTS, "creatinine_48h", "creatinine_baseline"}),
)
# Ten years because of height. A value older than its own look-back isn't prefilled.
_SLOW = replace(
    _search("slow", "Observation", "lipids, HbA1c, UACR, height", _loinc(SLOW_INPUTS), _PAGE),
    years_back=10,
    wanted=frozenset(SLOW_INPUTS),
    answers=frozenset({*SLOW_INPUTS, "albuminuria"}),
)
_VITALS = replace(
    _search(
        "vitals",
        "Observation",
        "vital signs",
        # The Glasgow Coma Scale is an input too.
        _loinc(VITAL_INPUTS, (*PRESSURE_PANELS, "67775-7")),
        _PAGE,
    ),
    years_back=2,
    wanted=frozenset(VITAL_INPUTS),
    answers=frozenset({*VITAL_INPUTS, "uncontrolled_hypertension", "supplemental_oxygen"}),
)
_SOCIAL = _search(
    "social",
    "Observation",
    "smoking status",
    ("category", "social-history"),
    answers=("current_smoker",),
)
_CONDITIONS = _search("conditions", "Condition", "diagnoses", answers=IS_OF_NOW)
_DRUGS = _search(
    "drugs",
    "MedicationRequest",
    "drugs ordered",
    ("status", "active"),
    _PAGE,
    answers=(one.name for one in DRUG_CLASSES),
)


def _or_category(search: Search, category: str) -> Search:
    """Return the search with a fallback by category, for servers that refuse a list of codes."""
    by_category = replace(search, parameters=(("category", category), _PAGE))
    return replace(search, fallbacks=(by_category,))


# Height isn't a laboratory value, and is often older than the look-back of the other vital signs.
_SLOW_BY_CATEGORY = (
    replace(
        _SLOW,
        parameters=(("category", "laboratory"), _PAGE),
        wanted=_SLOW.wanted - {"height"},
        answers=_SLOW.wanted - {"height"},
    ),
    replace(
        _SLOW,
        name="height",
        purpose="height",
        parameters=(("category", "vital-signs"), _PAGE),
        wanted=frozenset({"height"}),
        answers=frozenset({"height"}),
    ),
)

_SMOKING = (
    "code",
    ",".join(
        f"{system}|{code}"
        for system, codes in (
            (LOINC, SMOKING_LOINC + SMOKING_FALLBACK_LOINC),
            (SNOMED, SMOKING_FALLBACK_SNOMED),
        )
        for code in codes
    ),
)
_OBSERVATIONS: tuple[Search, ...] = (_LABS, _SLOW, _VITALS, _SOCIAL)
_OBSERVATIONS_ANYWHERE = (
    _or_category(_LABS, "laboratory"),
    replace(_SLOW, fallbacks=_SLOW_BY_CATEGORY),
    _or_category(_VITALS, "vital-signs"),
    # Search by code first, because a smoking status that's filed as a survey isn't in this
    # category.
    replace(_SOCIAL, parameters=(_SMOKING, _PAGE), fallbacks=(_SOCIAL,)),
)


def _newest_first(search: Search) -> Search:
    """Return the search sorted newest first, because paging may stop at the cap."""
    return replace(
        search,
        parameters=(*search.parameters, ("_sort", "-date")),
        fallbacks=tuple(map(_newest_first, search.fallbacks)),
    )


@cache
def searches(habits: SearchHabits, codes: tuple[LocalCode, ...] = ()) -> tuple[Search, ...]:
    """Return the searches for one chart at an EHR with these habits, the patient first.

    `codes` are the hospital's own, which are searched for too.
    """
    observations = _OBSERVATIONS_ANYWHERE if habits.by_category else _OBSERVATIONS
    observations = tuple(_with_codes(search, codes) for search in observations)
    if habits.sort:
        observations = tuple(map(_newest_first, observations))
    return (_PATIENT, *observations, _conditions(habits), _drugs(habits))


def _with_codes(search: Search, codes: Iterable[LocalCode]) -> Search:
    """Return the search with the codes of its inputs added to its `code` parameter."""
    own = "".join(f",{one.system}|{one.code}" for one in codes if one.input in search.wanted)
    parameters = tuple(
        (name, value + own if name == "code" else value) for name, value in search.parameters
    )
    return replace(search, parameters=parameters)


def _conditions(habits: SearchHabits) -> Search:
    if habits.condition_categories is None:
        return _CONDITIONS
    category = ("category", habits.condition_categories)
    return replace(_CONDITIONS, parameters=(category,), fallbacks=(_CONDITIONS,))


def _drugs(habits: SearchHabits) -> Search:
    if not habits.include_medications:
        return _DRUGS
    # Orders refer to their drug; without the scope, only the reference's display is available.
    return replace(
        _DRUGS,
        parameters=(*_DRUGS.parameters, ("_include", "MedicationRequest:medication")),
        reads=frozenset({"MedicationRequest", "Medication"}),
        fallbacks=(_DRUGS,),
    )
