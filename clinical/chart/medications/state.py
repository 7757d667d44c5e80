"""Whether an order counts, regardless of its drug (US Core, Medication List).

US Core's active drugs have intent order or plan and status active. `reported` marks information
from the patient or another source. Orders for the skin, eye or ear don't count, because the
calculators ask about systemic treatment.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from clinical.chart.codes.drugs import (
    LOCAL_DOSAGE_WORDS,
    LOCAL_ROUTE_WORDS,
    LOCAL_ROUTES_SNOMED,
    SWALLOWED_WORDS,
    SYSTEMIC_ROUTE_WORDS,
    SYSTEMIC_ROUTES_SNOMED,
)
from clinical.chart.codes.systems import System, system_of
from clinical.chart.evidence import Flag
from clinical.chart.medications.drug import Drug
from clinical.chart.resources.json_access import codings, names, text
from clinical.chart.resources.scope import Resource
from shared.frozen import dataclass
from shared.json_members import fields, items
from shared.patterns import any_case

ORDERED = "ordered, which does not prove that the patient takes it"
REPORTED = "reported, not ordered here"

_NO_ORDER = {"proposal": "a proposal", "option": "an option"}
# A dispense, administration or statement that didn't happen or has ended.
_NO_USE = frozenset(
    {"entered-in-error", "not-done", "not-taken", "stopped", "declined", "cancelled", "draft"}
)


_LOCAL, _LOCAL_DOSAGE, _SYSTEMIC, _SWALLOWED = (
    any_case(rf"\b({words})\b")
    for words in (LOCAL_ROUTE_WORDS, LOCAL_DOSAGE_WORDS, SYSTEMIC_ROUTE_WORDS, SWALLOWED_WORDS)
)


@dataclass(frozen=True, slots=True)
class State:
    """Why an entry doesn't count or only suggests, regardless of its drug; no flag if it counts.

    `could_count` tells whether it leaves classes open if its drug is unclassified.
    """

    flag: Flag | None = None
    why: str = ""
    note: str = ORDERED
    could_count: bool = False


def of_order(request: Resource, drug: Drug) -> State:
    """Return the state of a MedicationRequest from its status, intent and route."""
    status, intent = text(request.get("status")), text(request.get("intent"))
    reported = _is_reported(request)
    note = REPORTED if reported else ORDERED
    if status not in ("active", "on-hold", "unknown"):
        return State(Flag.STATUS, f"status {status or 'not given'}")
    if request.get("doNotPerform") is True:
        return State(Flag.NOT_AN_ORDER, 'ordered as "do not give"')
    if intent in _NO_ORDER and not reported:
        return State(Flag.NOT_AN_ORDER, f"{_NO_ORDER[intent]}, not an order")
    if _is_local(request, drug):
        return State(Flag.LOCAL_ROUTE, "for the skin, eye or ear")
    if status == "on-hold":
        return State(Flag.ON_HOLD, "ordered, but on hold", note, could_count=True)
    if status == "unknown":
        why = "status unknown; please confirm"
        return State(Flag.UNCONFIRMED, why, note, could_count=True)
    if intent in _NO_ORDER:
        # MEDITECH charts patient-reported drugs this way, as its sandbox shows.
        why = f"reported, and entered as {_NO_ORDER[intent]}; please confirm"
        return State(Flag.UNCONFIRMED, why, note)
    if intent == "plan" and not reported:
        why = "planned, not ordered; please confirm"
        return State(Flag.UNCONFIRMED, why, note, could_count=True)
    return State(note=note, could_count=True)


def of_use(use: Resource, drug: Drug) -> State:
    """Return the state of a MedicationStatement, -Dispense or -Administration, a suggestion."""
    status, kind = text(use.get("status")), text(use.get("resourceType"))
    if status in _NO_USE or (kind == "MedicationStatement" and status == "completed"):
        return State(Flag.STATUS, f"status {status}")
    if _is_local(use, drug):
        return State(Flag.LOCAL_ROUTE, "for the skin, eye or ear")
    why = "dispensed, given or reported, but not ordered; please confirm"
    return State(Flag.SUGGESTION, why, "not an order")


def _is_reported(request: Resource) -> bool:
    return request.get("reportedBoolean") is True or bool(fields(request.get("reportedReference")))


def _is_local(entry: Resource, drug: Drug) -> bool:
    """Return whether every dosage is local; without a clear dosage, names and dose forms decide."""
    local_ones = [local for one in _dosages(entry) if (local := _is_local_dosage(one)) is not None]
    if local_ones:
        return all(local_ones)
    texts = (*drug.names, *drug.forms)
    return _says(_LOCAL, texts) and not _says(_SWALLOWED, texts)


def _dosages(entry: Resource) -> Iterator[Mapping[str, object]]:
    dosage = entry.get("dosage")
    yield from map(fields, items(entry.get("dosageInstruction")))
    yield from map(fields, [dosage] if isinstance(dosage, dict) else items(dosage))


def _is_local_dosage(dosage: Mapping[str, object]) -> bool | None:
    """Return whether the route, otherwise the text, is local, or None if neither is understood."""
    route = dosage.get("route")
    coded = {one.code for one in codings(route) if system_of(one.system) is System.SNOMED}
    texts = names(route)
    if coded & LOCAL_ROUTES_SNOMED or _says(_LOCAL, texts):
        return True
    if coded & SYSTEMIC_ROUTES_SNOMED or _says(_SYSTEMIC, texts):
        return False
    return True if _LOCAL_DOSAGE.search(text(dosage.get("text"))) else None


def _says(words: re.Pattern[str], texts: Iterable[str]) -> bool:
    return any(words.search(name) for name in texts)
