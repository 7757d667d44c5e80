"""Decide what an access may read: scopes by interaction, then the patient compartment. Pure.

SMART App Launch 2.2, "Scopes for requesting FHIR resources". Decisions use parsed parameters, which
are then serialized again. Under patient/ scopes, a search is restricted to the access's patient.
disclosing.py checks whether the EHR's response complied.
"""

from collections.abc import Mapping

from shared import scopes
from shared.errors import ParameterInvalid, PatientDenied, PatientMissing, ScopeDenied
from shared.fhir import compartment
from shared.fhir.access import Access
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import NO_FILTERS, Filters, Parameters
from shared.fhir.policy.interactions import Address
from shared.fhir.policy.searches import (
    Grants,
    held_to,
    is_count,
    plain,
    refuse_reaching,
    repeats_filter,
    with_elements,
)
from shared.fhir.references import Compartment
from shared.scopes import Grant, Letter, Level

_OF_A_JOB = "The scopes of the backend service don't cover the request."
_ADD_SYSTEM_SCOPE = "Add the scope to `system_scopes` and to the service's registration at the EHR."
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"


def decide(
    address: Address,
    parameters: Parameters,
    access: Access,
    grants: Grants,
    reaches: frozenset[str] | None = None,
) -> Decision:
    """Decide whether the request may be made, and in what form.

    `reaches` are the types that a search of this app's own may return. It's sent as it is or not at
    all, because a narrower search would seem to find nothing.

    Raise ScopeDenied, PatientMissing, PatientDenied, NotAcceptable or ParameterInvalid. Then no
    request has been made.
    """
    given = plain(parameters)
    letter = address.interaction.letter
    if letter is None:
        everything = {"*": (NO_FILTERS,)}
        no_one = Compartment(None, access.fhir_base)
        return Decision(address, "user", (), no_one, frozenset({"*"}), everything)
    if reaches is not None:
        return _as_it_is(address, given, access, grants, reaches)
    allowed = address.interaction.parameters
    if allowed is not None and not allowed.issuperset(name for name, _ in given):
        *names, last = sorted(allowed)
        raise ParameterInvalid(f"A {address.kind} accepts only {', '.join(names)} and {last}.")
    covering = _covering(address.type, letter, access, grants)
    level, sent = _filtered(covering, letter, given)
    sent = with_elements(sent, address.type, level, covering)
    must_show = False
    if letter == "s":
        refuse_reaching(given, address.type, level, grants)
        must_show = repeats_filter(sent, address.type, level, covering)
    if level == "patient":
        sent = _within_compartment(address, sent, access)
    return _decision(
        address,
        level,
        sent,
        access,
        grants,
        must_show=must_show,
        narrowed=len(sent) > len(given),
        counts=letter == "s"
        and level == "patient"
        and address.type not in compartment.OUTSIDE
        and is_count(given),
    )


def _as_it_is(
    address: Address, given: Parameters, access: Access, grants: Grants, reaches: frozenset[str]
) -> Decision:
    """Decide about a search with patient/ scopes. A finer-grained scope covers it if it has the
    scope's parameters; its categories may leave out their system.
    """
    coded = {(name, f"{_CATEGORIES}|{value}") for name, value in given if name == "category"}
    held, letter = coded.union(given), _letter(address)
    for kind in sorted(reaches):
        # The scopes must cover included resources as they would for a read.
        needed: Letter = letter if kind == address.type else "r"
        if not any(one.covers(kind, needed) and one.filters <= held for one in grants):
            raise _denied(kind, needed, access)
    return Decision(
        address,
        "patient",
        _within_compartment(address, given, access),
        access.compartment,
        frozenset(),
        _filters_by_type(address, "patient", letter, grants),
    )


def decide_next_page(
    address: Address, level: Level, access: Access, grants: Grants, *, must_show: bool
) -> Decision:
    """Decide whether another page of a search or history allowed at `level` may be read."""
    letter = _letter(address)
    covering = _covering(address.type, letter, access, grants)
    if all(grant.level != level for grant in covering):
        raise _denied(address.type, letter, access)
    if level == "patient":
        _within_compartment(address, (), access)
    return _decision(address, level, (), access, grants, must_show=must_show)


def _decision(
    address: Address,
    level: Level,
    sent: Parameters,
    access: Access,
    grants: Grants,
    **more: bool,
) -> Decision:
    letter = _letter(address)
    # The types that user/ scopes allow for every patient.
    open_types = {address.type} if level == "user" else set()
    for grant in grants:
        if grant.level == "user" and letter in grant.letters and not grant.filters:
            open_types.add(grant.type)
    filters_by_type = _filters_by_type(address, level, letter, grants)
    return Decision(
        address, level, sent, access.compartment, frozenset(open_types), filters_by_type, **more
    )


def level_of(address: Address, access: Access, grants: Grants) -> Level:
    """Return the widest level that allows an interaction that no parameter can narrow.

    Raise ScopeDenied.
    """
    letter = _letter(address)
    covering = _covering(address.type, letter, access, grants)
    return _filtered(covering, letter, ())[0]


def _letter(address: Address) -> Letter:
    letter = address.interaction.letter
    if letter is None:
        raise ValueError(f"{address.kind} needs no scope")
    return letter


def _covering(resource_type: str, letter: Letter, access: Access, grants: Grants) -> list[Grant]:
    covering = [grant for grant in grants if grant.covers(resource_type, letter)]
    if not covering:
        raise _denied(resource_type, letter, access)
    return covering


def _filters_by_type(
    address: Address, level: Level, letter: Letter, grants: Grants
) -> Mapping[str, tuple[Filters, ...]]:
    """Return the types that a response may contain, each with the parameters of the scopes that
    allow it: the requested type, and the types that can be read anyway.
    """
    filters: dict[str, list[Filters]] = {}
    for grant in grants:
        if "r" in grant.letters and grant.type != address.type:
            filters.setdefault(grant.type, []).append(grant.filters)
    for name in filters.keys() - {"*"}:
        filters[name] += filters.get("*", ())
    filters[address.type] = [
        grant.filters
        for grant in grants
        if grant.level == level and grant.covers(address.type, letter)
    ]
    return {name: tuple(several) for name, several in filters.items()}


def _denied(resource_type: str, letter: Letter, access: Access) -> ScopeDenied:
    is_job = access.ehr.is_backend
    needed = scopes.needed(resource_type, letter, "system" if is_job else "patient")
    for scope in access.missing():
        grant = scopes.parse(scope.replace(scopes.SYSTEM, "user/", 1))
        if grant is not None and grant.covers(resource_type, letter):
            why = f"{needed} or a wider scope is needed. {scope} was requested but not granted."
            evidence = {"needed": needed, "not_granted": scope}
            break
    else:
        evidence = {"needed": needed}
        why = f"{needed} or a wider scope is needed, but the configured scopes don't include one."
    if is_job:
        return ScopeDenied(_OF_A_JOB, why=why, steps=(_ADD_SYSTEM_SCOPE,), evidence=evidence)
    return ScopeDenied(why=why, evidence=evidence)


def _filtered(
    covering: list[Grant], letter: Letter, parameters: Parameters
) -> tuple[Level, Parameters]:
    """Return the level that allows the request, and its parameters.

    Finer-grained scopes: the scope's own parameters narrow a search. Nothing else can be narrowed,
    so it needs a scope without parameters. One scope must allow all of it: a patient/ scope without
    parameters and a user/ scope with parameters never make a user/ scope without them.
    """
    given = frozenset(parameters if letter == "s" else ())
    levels: tuple[Level, ...] = ("user", "patient")
    for level in levels:
        if any(grant.level == level and grant.filters <= given for grant in covering):
            return level, parameters
    if letter == "s" and len(covering) == 1:
        return covering[0].level, parameters + tuple(sorted(covering[0].filters - given))
    raise ScopeDenied(
        why="Search parameters narrow the scopes that cover the request. A search must include "
        "the parameters of one of these scopes. A read or a write needs a scope without "
        "search parameters."
    )


def _within_compartment(address: Address, parameters: Parameters, access: Access) -> Parameters:
    """Return the parameters that patient/ scopes allow, with a search restricted to the patient."""
    if address.type in compartment.OUTSIDE:
        return parameters
    patient = access.patient
    if patient is None:
        raise PatientMissing
    if address.type not in compartment.REACHABLE:
        raise PatientDenied(
            why=f"{address.type} isn't known to be about a patient, so patient/ scopes can't "
            "cover it."
        )
    if address.interaction.patient_rule == "search":
        return held_to(patient, address.type, parameters, access.fhir_base)
    if address.type == "Patient" and address.id != patient:
        raise PatientDenied
    return parameters
