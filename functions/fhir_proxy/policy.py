"""What a session may ask: scopes by interaction, then the patient compartment. Pure.

SMART App Launch 2.2, "Scopes for requesting FHIR resources". Everything is decided on parsed
parameters, which are then serialised anew; under patient/ scopes a search is held to the
session's patient, and whether the EHR kept to it is checked in its answer (forward.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shared import compartment, scopes
from shared.errors import (
    NotAcceptable,
    ParameterInvalid,
    PatientDenied,
    PatientMissing,
    ScopeDenied,
)
from shared.scopes import Grant, Interaction
from shared.sessions import Session

from .address import Address

Parameters = tuple[tuple[str, str], ...]

_JSON_FORMATS = frozenset({"json", "application/json", "application/fhir+json"})
_REACHING = ("_include", "_revinclude", "_has", "_list", "_query", "_filter", "_contained", "_type")
_PATIENT_PARAMETERS = ("patient", "subject")


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be sent: the parameters, and the patient to whom the answer must belong."""

    parameters: Parameters
    patient: str | None


def decide(
    address: Address, parameters: Parameters, session: Session, grants: tuple[Grant, ...]
) -> Decision:
    """Whether the request may be made, and in what form.

    Raises ScopeDenied, PatientMissing, PatientDenied, NotAcceptable or ParameterInvalid; then no
    request has been made.
    """
    parameters = _plain(parameters)
    if address.kind == "capabilities":
        return Decision((), None)
    interaction: Interaction = "r" if address.kind == "read" else "s"
    covering = _covering(address, interaction, session, grants)
    if interaction == "s" and not _covers_everything(grants):
        _refuse_reaching(parameters)
    parameters = _apply_filters(covering, interaction, parameters)
    if any(grant.level == "user" for grant in covering):
        return Decision(parameters, None)
    return _within_compartment(address, parameters, session)


def decide_page(address: Address, session: Session, grants: tuple[Grant, ...]) -> Decision:
    """Whether a further page of a search that was decided on before may still be read."""
    covering = _covering(address, "s", session, grants)
    if any(grant.level == "user" for grant in covering):
        return Decision((), None)
    return _within_compartment(address, (), session)


def _covering(
    address: Address, interaction: Interaction, session: Session, grants: tuple[Grant, ...]
) -> list[Grant]:
    covering = [grant for grant in grants if grant.covers(address.type, interaction)]
    if not covering:
        raise _denied(address.type, interaction, session)
    return covering


def _plain(parameters: Parameters) -> Parameters:
    """Without `_format` (JSON is what is asked anyway); a token in the query is refused."""
    kept = []
    for name, value in parameters:
        if name == "_format":
            if value.partition(";")[0] not in _JSON_FORMATS:
                raise NotAcceptable
        elif name == "access_token":
            raise ParameterInvalid("No token belongs in an address.")
        else:
            kept.append((name, value))
    return tuple(kept)


def _denied(resource_type: str, interaction: Interaction, session: Session) -> ScopeDenied:
    needed = scopes.needed(resource_type, interaction)
    asked = [scopes.parse(scope) for scope in session.requested]
    if any(grant is not None and grant.covers(resource_type, interaction) for grant in asked):
        why = f"{needed} or a wider scope is needed; it was asked for and the EHR did not grant it."
    else:
        why = f"{needed} or a wider scope is needed; it is not in the app's configured scopes."
    return ScopeDenied(why=why, evidence={"needed": needed})


def _covers_everything(grants: Iterable[Grant]) -> bool:
    return any(
        grant.type == "*" and {"r", "s"} <= grant.letters and not grant.filters for grant in grants
    )


def _refuse_reaching(parameters: Parameters) -> None:
    """Parameters that reach other types than the one searched need scopes for all of them."""
    for name, _ in parameters:
        head = name.partition(":")[0]
        if head in _REACHING or "." in name:
            raise ScopeDenied(
                why=f"`{head}` reaches resources of other types, which needs a scope for all "
                "types (such as patient/*.rs).",
                evidence={"needed": "patient/*.rs", "parameter": head[:100]},
            )


def _apply_filters(
    covering: list[Grant], interaction: Interaction, parameters: Parameters
) -> Parameters:
    """Finer-grained scopes: a search is narrowed by the scope's own parameters.

    A read cannot be narrowed, so it needs a scope without them.
    """
    if any(not grant.filters for grant in covering):
        return parameters
    given = set(parameters)
    if interaction == "s":
        if any(grant.filters <= given for grant in covering):
            return parameters
        if len(covering) == 1:
            return parameters + tuple(sorted(covering[0].filters - given))
    raise ScopeDenied(
        why="The scopes that cover it are narrowed by search parameters; a search must name those "
        "of one of them, and a read needs a scope without any."
    )


def _within_compartment(address: Address, parameters: Parameters, session: Session) -> Decision:
    if address.type in compartment.OUTSIDE:
        return Decision(parameters, None)
    patient = session.context.patient
    if patient is None:
        raise PatientMissing
    if not compartment.reachable(address.type):
        raise PatientDenied(
            why=f"{address.type} is not known to be about a patient, so patient/ scopes cannot "
            "reach it."
        )
    if address.kind == "read":
        if address.type == "Patient" and address.id != patient:
            raise PatientDenied
        return Decision(parameters, patient)
    return Decision(_held_to(patient, address.type, parameters), patient)


def _held_to(patient: str, resource_type: str, parameters: Parameters) -> Parameters:
    """The search with its patient parameter: refused for another's, added where there is none."""
    holding = compartment.search_parameter(resource_type)
    ours = {patient, f"Patient/{patient}"}
    held = False
    for name, value in parameters:
        head = name.partition(":")[0].lower()
        if head == holding or (resource_type != "Patient" and head in _PATIENT_PARAMETERS):
            if name not in {holding, "subject", "subject:Patient", "patient:Patient"}:
                raise PatientDenied
            if value not in ours:
                raise PatientDenied
            held = True
    return parameters if held or holding is None else (*parameters, (holding, patient))
