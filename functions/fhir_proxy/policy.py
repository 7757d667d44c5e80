"""What a session may read: scopes by interaction, then the patient compartment. Pure.

SMART App Launch 2.2, "Scopes for requesting FHIR resources". Everything is decided on parsed
parameters, which are then serialised anew; under patient/ scopes a search is held to the
session's patient, and whether the EHR kept to it is checked in its answer (forward.py). Writes are
decided in write_policy.py.
"""

from dataclasses import dataclass
from typing import Any

from shared import scopes
from shared.errors import (
    NotAcceptable,
    ParameterInvalid,
    PatientDenied,
    PatientMissing,
    ScopeDenied,
)
from shared.fhir import compartment
from shared.scopes import Grant, Interaction, Level
from shared.session.record import Session

from .address import Address

Parameters = tuple[tuple[str, str], ...]
Grants = tuple[Grant, ...]

_JSON_FORMATS = frozenset({"json", "application/json", "application/fhir+json"})
_REACHING = ("_include", "_revinclude", "_has", "_list", "_query", "_filter", "_contained", "_type")
_PATIENT_PARAMETERS = ("patient", "subject")


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be sent, and what of the answer may be released.

    `level` is that of the scope that allows it. Resources of the types in `open_types` (`*`: all)
    are released whoever they are about, others only if they are about `patient` or nobody, and
    none of a type outside `covered_types`.
    `narrowed` is whether parameters were added to those that were given, `returns` whether the EHR
    may return what a write has made.
    """

    level: Level
    parameters: Parameters
    patient: str | None
    open_types: frozenset[str]
    covered_types: frozenset[str]
    narrowed: bool = False
    returns: bool = True


def releasable(resource: dict[str, Any], decision: Decision, fhir_base: str) -> bool:
    """Whether a resource of the EHR's answer may reach the browser."""
    opened = not decision.open_types.isdisjoint({"*", resource["resourceType"]})
    return opened or compartment.belongs(resource, decision.patient, fhir_base)


def decide(address: Address, parameters: Parameters, session: Session, grants: Grants) -> Decision:
    """Whether the request may be made, and in what form.

    Raises ScopeDenied, PatientMissing, PatientDenied, NotAcceptable or ParameterInvalid; then no
    request has been made.
    """
    given = plain(parameters)
    interaction = address.interaction.letter
    if interaction is None:
        return Decision("user", (), None, frozenset({"*"}), frozenset({"*"}))
    taken = address.interaction.parameters
    if taken is not None and not taken.issuperset(name for name, _ in given):
        raise ParameterInvalid(f"A {address.kind} takes {_and(sorted(taken))} only.")
    covering = _covering(address.type, interaction, session, grants)
    level, sent = _filtered(covering, interaction, given)
    if interaction == "s":
        _refuse_reaching(given, address.type, level, grants)
    if level == "patient":
        sent = _within_compartment(address, sent, session)
    open_types = _open_types(grants, interaction) | ({address.type} if level == "user" else set())
    return Decision(
        level,
        sent,
        session.context.patient,
        open_types,
        _covered_types(address, grants),
        len(sent) > len(given),
    )


def decide_page(address: Address, level: Level, session: Session, grants: Grants) -> Decision:
    """Whether a further page of what was allowed at `level` may be read."""
    interaction = _letter(address)
    covering = _covering(address.type, interaction, session, grants)
    if all(grant.level != level for grant in covering):
        raise _denied(address.type, interaction, session)
    if level == "patient":
        _within_compartment(address, (), session)
    open_types = _open_types(grants, interaction) | ({address.type} if level == "user" else set())
    patient = session.context.patient
    return Decision(level, (), patient, open_types, _covered_types(address, grants))


def level_of(address: Address, session: Session, grants: Grants) -> Level:
    """The widest level at which an interaction that no parameter can narrow is allowed.

    Raises ScopeDenied.
    """
    interaction = _letter(address)
    covering = _covering(address.type, interaction, session, grants)
    return _filtered(covering, interaction, ())[0]


def _letter(address: Address) -> Interaction:
    letter = address.interaction.letter
    if letter is None:
        raise ValueError(f"{address.kind} needs no scope")
    return letter


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _covering(
    resource_type: str, interaction: Interaction, session: Session, grants: Grants
) -> list[Grant]:
    covering = [grant for grant in grants if grant.covers(resource_type, interaction)]
    if not covering:
        raise _denied(resource_type, interaction, session)
    return covering


def _covered_types(address: Address, grants: Grants) -> frozenset[str]:
    """The types that an answer may hold: the one asked for, and those that can be read anyway."""
    return frozenset({address.type} | {grant.type for grant in grants if "r" in grant.letters})


def _open_types(grants: Grants, interaction: Interaction) -> frozenset[str]:
    """The types that user/ scopes open for every patient."""
    return frozenset(
        grant.type
        for grant in grants
        if grant.level == "user" and interaction in grant.letters and not grant.filters
    )


def plain(parameters: Parameters) -> Parameters:
    """The parameters without those that would change what kind of request it is.

    `_format` (JSON is what is asked anyway) and `_method` are left out; a token in the query is
    refused, and so is another server's way to name a page.
    """
    kept = []
    for name, value in parameters:
        if name == "_format":
            if value.partition(";")[0] not in _JSON_FORMATS:
                raise NotAcceptable
        elif name == "access_token":
            raise ParameterInvalid("No token belongs in an address.")
        elif name.startswith("_getpages"):
            raise ParameterInvalid("Further pages are read by the links of a Bundle.")
        elif name != "_method":
            kept.append((name, value))
    return tuple(kept)


def _denied(resource_type: str, interaction: Interaction, session: Session) -> ScopeDenied:
    needed = scopes.needed(resource_type, interaction)
    for scope in session.missing:
        grant = scopes.parse(scope)
        if grant is not None and grant.covers(resource_type, interaction):
            why = f"{needed} or a wider scope is needed; {scope} was asked for and not granted."
            return ScopeDenied(why=why, evidence={"needed": needed, "not_granted": scope})
    why = f"{needed} or a wider scope is needed; it is not in the app's configured scopes."
    return ScopeDenied(why=why, evidence={"needed": needed})


def _filtered(
    covering: list[Grant], interaction: Interaction, parameters: Parameters
) -> tuple[Level, Parameters]:
    """The level at which the request is allowed, and its parameters.

    Finer-grained scopes: a search is narrowed by the scope's own parameters. Nothing else can be
    narrowed, so it needs a scope without them. One scope must allow all of it: a patient/ scope
    without parameters and a user/ scope with some never make a user/ scope without.
    """
    given = frozenset(parameters if interaction == "s" else ())
    levels: tuple[Level, ...] = ("user", "patient")
    for level in levels:
        if any(grant.level == level and grant.filters <= given for grant in covering):
            return level, parameters
    if interaction == "s" and len(covering) == 1:
        return covering[0].level, parameters + tuple(sorted(covering[0].filters - given))
    raise ScopeDenied(
        why="The scopes that cover it are narrowed by search parameters; a search must name those "
        "of one of them, and a read or a write needs a scope without any."
    )


def _refuse_reaching(
    parameters: Parameters, resource_type: str, level: Level, grants: Grants
) -> None:
    """Parameters that reach other types than the one searched need scopes for all of them.

    A search that is not held to the patient reaches every patient's, which takes user/ scopes.
    """
    held = level == "patient" and resource_type not in compartment.OUTSIDE
    letters = {
        letter
        for grant in grants
        if grant.type == "*" and not grant.filters and (held or grant.level == "user")
        for letter in grant.letters
    }
    if letters >= {"r", "s"}:
        return
    needed = "patient/*.rs" if held else "user/*.rs"
    for name, _ in parameters:
        head = name.partition(":")[0]
        if head.lower() in _REACHING or "." in name:
            raise ScopeDenied(
                why=f"`{head[:100]}` reaches resources of other types, which needs a scope for all "
                f"of them: {needed}.",
                evidence={"needed": needed, "parameter": head[:100]},
            )


def _within_compartment(address: Address, parameters: Parameters, session: Session) -> Parameters:
    """The parameters of a request that patient/ scopes allow, a search held to the patient."""
    if address.type in compartment.OUTSIDE:
        return parameters
    patient = session.context.patient
    if patient is None:
        raise PatientMissing
    if not compartment.reachable(address.type):
        raise PatientDenied(
            why=f"{address.type} is not known to be about a patient, so patient/ scopes cannot "
            "reach it."
        )
    if address.interaction.patient == "search":
        return _held_to(patient, address.type, parameters)
    if address.type == "Patient" and address.id != patient:
        raise PatientDenied
    return parameters


def _held_to(patient: str, resource_type: str, parameters: Parameters) -> Parameters:
    """The search with its patient parameter: refused for another's, added where there is none."""
    holding = compartment.search_parameter(resource_type)
    ours = {patient, f"Patient/{patient}"}
    held = False
    for name, value in parameters:
        head = name.partition(":")[0].lower()
        if head == holding or (resource_type != "Patient" and head in _PATIENT_PARAMETERS):
            if name not in {holding, "patient", "subject", "subject:Patient", "patient:Patient"}:
                raise PatientDenied
            if value not in ours:
                raise PatientDenied
            by_subject = head == "subject" and compartment.searched_by_subject(resource_type)
            held = held or head == holding or by_subject
    if held or holding is None:
        return parameters
    if resource_type == "Patient" and any(not name.startswith("_") for name, _ in parameters):
        raise PatientDenied(why="A search among patients is not about the patient of this launch.")
    return (*parameters, (holding, compartment.search_value(resource_type, patient)))
