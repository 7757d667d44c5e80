"""Drugs from MedicationRequests (FHIR R4 MedicationRequest): ordered, which is not yet taken.

An ATC code decides where there is one, then whole generic names and RxNorm ingredients. Orders
for the eye, the ear or the skin are left out: they do not treat what the calculators ask about.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from clinical.chart.classified import (
    Candidates,
    Claim,
    Classification,
    Classified,
    by_item,
)
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
from clinical.chart.evidence import Candidate, ChartFinding, Evidence, Flag, Unclassified
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


@dataclass(frozen=True, slots=True)
class Drugs:
    """A finding for every drug class, and what the orders that could count are."""

    findings: tuple[ChartFinding, ...]
    classified: Classified


def drug_classes(
    requests: Iterable[Resource],
    medications: Mapping[str, tuple[Resource, ...]],
    diagnosed: Mapping[str, ChartFinding],
    named: Candidates,
    zone: tzinfo | None,
) -> Drugs:
    """What the orders say of every drug class; never raises.

    `diagnosed` are the findings that a class may need, `named` the problems that name a drug.
    """
    orders = [_order(request, medications, zone) for request in requests]
    unclassified = tuple(one.unclassified for one in orders if one.unclassified)
    candidates = by_item(claimed for one in orders for claimed in one.claimed)
    findings = tuple(
        item(
            drugs.name,
            _indicated(drugs, diagnosed, (*candidates[drugs.name], *named[drugs.name])),
            unclassified,
        )
        for drugs in DRUG_CLASSES
    )
    return Drugs(findings, Classified(sum(one.counts for one in orders), unclassified))


@dataclass(frozen=True, slots=True)
class _Order:
    """One order: whether it could count, what it claims, itself where nobody can tell its drug."""

    counts: bool
    claimed: tuple[tuple[str, Candidate], ...]
    unclassified: Unclassified | None


def _order(
    request: Resource, medications: Mapping[str, tuple[Resource, ...]], zone: tzinfo | None
) -> _Order:
    drug = _drug(request, medications)
    what = classify(drug)
    flag, why = _state(request, drug)
    counts = flag is None or flag is Flag.ON_HOLD
    authored = moment(request.get("authoredOn"), zone)
    claimed = tuple(
        (
            claim.item,
            Candidate(
                Evidence(
                    source=source_of(request),
                    charted=claim.charted,
                    code=claim.code,
                    moment=authored,
                    status=text(request.get("status")),
                    category=text(request.get("intent")),
                    notes=("ordered, which is not proof that it is taken",),
                ),
                flag or claim.flag,
                why or claim.why,
            ),
        )
        for claim in what.claims
    )
    unclassified = None
    if counts and not what.known:
        coding = next(iter(drug.codings), None)
        charted = next(iter((*drug.names, *(one.code for one in drug.codings if one.code))), "")
        system = coding.system if coding else ""
        unclassified = Unclassified(source_of(request), charted, system, authored)
    return _Order(counts, claimed, unclassified)


def _indicated(
    drugs: DrugClass, diagnosed: Mapping[str, ChartFinding], candidates: Iterable[Candidate]
) -> Iterator[Candidate]:
    """The candidates of a class: suggestions where the diagnosis that it needs is not found."""
    needs = drugs.needs and diagnosed[drugs.needs].value is not True
    for one in candidates:
        if needs and one.flag is None:
            why = f"ordered, but no {drugs.needs} is found in the chart"
            yield replace(one, flag=Flag.NO_DIAGNOSIS, why=why)
        else:
            yield one


def classify(drug: Drug) -> Classification:
    """The drug classes that an order's drug is of."""
    matches = ((drugs.name, _match(drug, drugs)) for drugs in DRUG_CLASSES)
    return Classification(tuple(_claim(name, *match) for name, match in matches if match))


def _claim(name: str, charted: str, code: Coding | None, strong: bool) -> Claim:
    if strong:
        return Claim(name, code, charted=charted)
    why = "ordered, often for another reason; please confirm"
    return Claim(name, code, Flag.SUGGESTION, why, charted)


def classes_named(called: str) -> tuple[str, ...]:
    """The drug classes of which a text, of a problem say, names a drug."""
    return tuple(name for name, pattern in _NAMES.items() if pattern.search(called))


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


def _state(request: Resource, drug: Drug) -> tuple[Flag | None, str]:
    """Why an order does not count, or only suggests, whatever its drug; nothing where it counts."""
    status, intent = text(request.get("status")), text(request.get("intent"))
    if status not in ("active", "on-hold"):
        return Flag.STATUS, f"status {status or 'not given'}"
    if request.get("doNotPerform") is True:
        return Flag.NOT_AN_ORDER, "charted as not to be given"
    if intent in _NO_ORDER:
        return Flag.NOT_AN_ORDER, f"a {intent}, not an order"
    if _is_local(request, drug):
        return Flag.LOCAL_ROUTE, "for the skin, the eye or the ear"
    if status == "on-hold":
        return Flag.ON_HOLD, "ordered, but on hold"
    return None, ""


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
