"""Drugs from MedicationRequests (FHIR R4 MedicationRequest): ordered, which is not yet taken.

An ATC code decides where there is one, then whole generic names and RxNorm ingredients. Orders
for the eye, the ear or the skin are left out: they do not treat what the calculators ask about.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from clinical.chart.codes.drugs import (
    ATC_OF_SEVERAL_CLASSES,
    DRUG_CLASSES,
    LOCAL_DOSAGE_WORDS,
    LOCAL_ROUTE_WORDS,
    LOCAL_ROUTES_SNOMED,
    SWALLOWED_WORDS,
    SYSTEMIC_ROUTE_WORDS,
    SYSTEMIC_ROUTES_SNOMED,
    DrugClass,
)
from clinical.chart.codes.observations import ATC, RXNORM, SNOMED
from clinical.chart.evidence import Candidate, ChartFinding, Evidence, Flag
from clinical.chart.items import item
from clinical.chart.resources.json_access import (
    Coding,
    codes_of,
    codings,
    id_of,
    names,
    referenced_id,
    source_of,
    text,
)
from clinical.chart.resources.scope import Resource
from clinical.chart.resources.times import moment
from shared.json_members import fields, items

_NO_ORDER = frozenset({"proposal", "plan", "option"})


def _any_of(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b({words})\b", re.IGNORECASE)


_LOCAL, _LOCAL_DOSAGE = _any_of(LOCAL_ROUTE_WORDS), _any_of(LOCAL_DOSAGE_WORDS)
_SYSTEMIC, _SWALLOWED = _any_of(SYSTEMIC_ROUTE_WORDS), _any_of(SWALLOWED_WORDS)


def _whole_names(generic: Iterable[str]) -> re.Pattern[str]:
    """Matches one of the names where no letter stands before or after it."""
    alternatives = "|".join(map(re.escape, generic))
    return re.compile(rf"(?<![a-z])({alternatives or '(?!)'})(?![a-z])", re.IGNORECASE)


_NAMES = {drugs.name: _whole_names(drugs.names) for drugs in DRUG_CLASSES}
_WEAK_NAMES = {drugs.name: _whole_names(drugs.weak_names) for drugs in DRUG_CLASSES}


@dataclass(frozen=True, slots=True)
class Drug:
    """What an order calls its drug: every name, every coding, and the dose forms."""

    names: tuple[str, ...]
    codings: tuple[Coding, ...]
    forms: tuple[str, ...]


def drug_classes(
    requests: Iterable[Resource],
    medications: Mapping[str, tuple[Resource, ...]],
    diagnosed: Mapping[str, ChartFinding],
    zone: tzinfo | None,
) -> Iterator[ChartFinding]:
    """A finding for every drug class; `diagnosed` are the findings that a class may need."""
    known = [(request, _drug(request, medications)) for request in requests]
    for drugs in DRUG_CLASSES:
        indicated = not drugs.needs or diagnosed[drugs.needs].value is True
        entries = (_entry(request, drug, drugs, indicated, zone) for request, drug in known)
        yield item(drugs.name, (entry for entry in entries if entry))


def _drug(request: Resource, medications: Mapping[str, tuple[Resource, ...]]) -> Drug:
    concepts: list[object] = [request.get("medicationCodeableConcept")]
    forms: list[str] = []
    reference = fields(request.get("medicationReference"))
    for medication in _medications(request, reference, medications):
        ingredients = map(fields, items(medication.get("ingredient")))
        concepts.append(medication.get("code"))
        concepts.extend(ingredient.get("itemCodeableConcept") for ingredient in ingredients)
        forms.extend(names(medication.get("form")))
    called = [text(reference.get("display")), *(n for concept in concepts for n in names(concept))]
    return Drug(
        names=tuple(dict.fromkeys(filter(None, called))),
        codings=tuple(coding for concept in concepts for coding in codings(concept)),
        forms=tuple(forms),
    )


def _medications(
    request: Resource,
    reference: Mapping[str, object],
    medications: Mapping[str, tuple[Resource, ...]],
) -> Iterator[Mapping[str, object]]:
    """The Medication that a request refers to: contained in it, or sent along."""
    local = text(reference.get("reference")).removeprefix("#")
    for contained in map(fields, items(request.get("contained"))):
        if contained.get("resourceType") == "Medication" and id_of(contained) == local:
            yield contained
    sent_along = medications.get(referenced_id(reference, "Medication"), ())
    yield from sorted(sent_along, key=lambda medication: names(medication.get("code")))


def _entry(
    request: Resource, drug: Drug, drugs: DrugClass, indicated: bool, zone: tzinfo | None
) -> Candidate | None:
    """The order as an entry for the class, None where the drug is none of it."""
    match = _match(drug, drugs)
    if match is None:
        return None
    charted, code, strong = match
    status, intent = text(request.get("status")), text(request.get("intent"))
    evidence = Evidence(
        source=source_of(request),
        charted=charted,
        code=code,
        moment=moment(request.get("authoredOn"), zone),
        status=status,
        category=intent,
        notes=("ordered, which is not proof that it is taken",),
    )
    flag: Flag | None = None
    why = ""
    if status not in ("active", "on-hold"):
        flag, why = Flag.STATUS, f"status {status or 'not given'}"
    elif intent in _NO_ORDER or request.get("doNotPerform") is True:
        flag, why = Flag.NOT_AN_ORDER, f"a {intent}, not an order"
        if request.get("doNotPerform") is True:
            why = "charted as not to be given"
    elif _is_local(request, drug):
        flag, why = Flag.LOCAL_ROUTE, "for the skin, the eye or the ear"
    elif status == "on-hold":
        flag, why = Flag.ON_HOLD, "ordered, but on hold"
    elif not strong:
        flag, why = Flag.SUGGESTION, "ordered, often for another reason; please confirm"
    elif not indicated:
        flag, why = Flag.NO_DIAGNOSIS, f"ordered, but no {drugs.needs} is found in the chart"
    return Candidate(evidence, flag, why)


def _match(drug: Drug, drugs: DrugClass) -> tuple[str, Coding | None, bool] | None:
    """The name or code that matches, and whether it suffices."""
    atc = [coding.code.upper() for coding in drug.codings if coding.system == ATC and coding.code]
    if atc and not any(code.startswith(drugs.atc + ATC_OF_SEVERAL_CLASSES) for code in atc):
        return None
    for name in drug.names:
        if _NAMES[drugs.name].search(name):
            return name, None, True
    charted = next(iter((*drug.names, *(c.code for c in drug.codings if c.code))), "")
    weak = next((n for n in drug.names if _WEAK_NAMES[drugs.name].search(n)), "")
    for coding in drug.codings:
        code = coding.code.upper()
        if coding.system == ATC and code.startswith(drugs.atc):
            if not code.startswith(drugs.weak_atc):
                return charted, coding, True
            weak = weak or charted
        if coding.system == RXNORM and code in drugs.rxnorm:
            return charted, coding, True
        if coding.system == RXNORM and code in drugs.weak_rxnorm:
            weak = weak or charted
    return (weak, None, False) if weak else None


def _is_local(request: Resource, drug: Drug) -> bool:
    """Whether every dosage is local; where none tells, the names and dose forms do."""
    dosages = map(fields, items(request.get("dosageInstruction")))
    told = [local for dosage in dosages if (local := _is_local_dosage(dosage)) is not None]
    if told:
        return all(told)
    called = (*drug.names, *drug.forms)
    return _says(_LOCAL, called) and not _says(_SWALLOWED, called)


def _is_local_dosage(dosage: Mapping[str, object]) -> bool | None:
    """By its route, else by its text; None where neither is understood."""
    route = dosage.get("route")
    coded, called = set(codes_of(route, SNOMED)), names(route)
    if coded & LOCAL_ROUTES_SNOMED or _says(_LOCAL, called):
        return True
    if coded & SYSTEMIC_ROUTES_SNOMED or _says(_SYSTEMIC, called):
        return False
    return True if _LOCAL_DOSAGE.search(text(dosage.get("text"))) else None


def _says(words: re.Pattern[str], called: Iterable[str]) -> bool:
    return any(words.search(name) for name in called)
