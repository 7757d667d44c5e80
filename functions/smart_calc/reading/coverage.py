"""Whether the granted scopes cover a search, decided before it's sent. Pure.

SMART App Launch 2.2, "Scopes for requesting FHIR resources": a finer-grained scope covers a search
that repeats its parameters.
"""

from collections.abc import Iterable

from clinical.queries import Parameters, Search
from shared import scopes
from shared.scopes import Grant, Letter
from shared.session.record import Session

_CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"


def uncovered(search: Search, grants: tuple[Grant, ...], session: Session) -> str | None:
    """Return the missing scope that blocks a search, for support, or None if it's allowed."""
    parameters = _parameters(search.parameters)
    for kind in sorted(search.reads):
        letters = _letters(search, kind)
        if not any(_covers(grant, kind, one, parameters) for grant in grants for one in letters):
            return _why(kind, letters[0], session)
    return None


def _letters(search: Search, kind: str) -> tuple[Letter, ...]:
    """Return the scope letters that allow a type: `r` for Patient, `s`, or either if included."""
    if kind == "Patient":
        return ("r",)
    return ("s",) if kind == search.resource_type else ("r", "s")


def _covers(
    grant: Grant, kind: str, letter: Letter, parameters: frozenset[tuple[str, str]]
) -> bool:
    return grant.covers(kind, letter) and grant.filters <= parameters


def _parameters(parameters: Parameters) -> frozenset[tuple[str, str]]:
    """Return a search's parameters, with each category both with and without its system."""
    coded = (
        (name, f"{_CATEGORY_SYSTEM}|{value}") for name, value in parameters if name == "category"
    )
    return frozenset((*parameters, *coded))


def _why(kind: str, letter: Letter, session: Session) -> str:
    needed = scopes.needed(kind, letter)
    refused = _asked_and_missing(session.missing, kind, letter)
    if refused:
        return f"{needed} is required. {refused} was requested but not granted"
    return f"{needed} is required, but this launch does not have it"


def _asked_and_missing(missing: Iterable[str], kind: str, letter: Letter) -> str | None:
    for scope in missing:
        grant = scopes.parse(scope)
        if grant is not None and grant.covers(kind, letter):
            return scope
    return None
