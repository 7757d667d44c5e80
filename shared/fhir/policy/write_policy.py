"""Decide what an access may write: scopes by letter, then the launch's own patient. Pure.

SMART App Launch 2.2, "Scopes for requesting FHIR resources": create needs c, update and patch u,
delete d, and what the EHR returns of it needs r. Under patient/ scopes, a written resource must
name the launch's patient, before and after. A resource that doesn't name a patient, such as a
Practitioner, can be written only under user/ scopes. A patch is checked by its result.
"""

from shared import scopes
from shared.errors import ParameterInvalid, PatientDenied, PatientMissing, ScopeDenied
from shared.fhir import compartment, json_patch, mentions
from shared.fhir.access import Access
from shared.fhir.policy import content
from shared.fhir.policy.asking import level_of
from shared.fhir.policy.content import Content
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import NO_FILTERS, Parameters
from shared.fhir.policy.interactions import Address
from shared.fhir.policy.searches import Grants, plain


def decide(address: Address, parameters: Parameters, access: Access, grants: Grants) -> Decision:
    """Decide whether such a write may be made at all, regardless of its content.

    Raise ScopeDenied, PatientMissing, PatientDenied, NotAcceptable or ParameterInvalid.
    """
    if plain(parameters):
        raise ParameterInvalid("A write doesn't accept search parameters.")
    level = level_of(address, access, grants)
    if level == "patient":
        if access.patient is None:
            raise PatientMissing
        _require_of_patient(address, access.patient)
    reads = {one.level for one in grants if one.covers(address.type, "r") and not one.filters}
    opened = frozenset({address.type} if level == "user" and "user" in reads else ())
    own = {address.type: (NO_FILTERS,)}
    return Decision(address, level, (), access.compartment, opened, own, returns=bool(reads))


def _require_of_patient(address: Address, patient: str) -> None:
    if not compartment.names_its_patient(address.type):
        raise PatientDenied(
            why=f"{address.type} doesn't name a patient, so patient/ scopes can't cover a write.",
            steps=("Request a user/ scope for this type.",),
        )
    if address.type == "Patient" and address.id != patient:
        raise PatientDenied


def require_own(submitted: Content, decision: Decision) -> None:
    """Check that the sent content stays with the launch's patient, to the extent that the content
    alone shows it.

    Raise PatientDenied, or ScopeDenied for a patch that tests values without `r`.
    `require_own_result` checks the result of a patch, and shared/fhir/calls/write.py the resource
    that a delete removes.
    """
    address = decision.address
    is_patch = address.interaction.body == "patch"
    if is_patch and not decision.returns and json_patch.tests(submitted.document):
        needed = scopes.needed(address.type, "r")
        why = f"A `test` in a patch checks the content of the resource, which needs {needed}."
        raise ScopeDenied(why=why, evidence={"needed": needed})
    if decision.level == "user" or address.interaction.patient_rule not in {"sent", "now, sent"}:
        return
    if not is_patch:
        _require_own(submitted.document, decision)
        return
    fixed = (compartment.patient_element(address.type) or "").casefold()
    touched = {name for name in submitted.changed if name.casefold() == fixed}
    if touched:
        raise PatientDenied(
            why=f"The patch changes `{min(touched)}`, which shows who the resource belongs to."
        )
    for element, value in json_patch.values(submitted.document):
        _require_no_other(value, decision, element)


def require_own_result(submitted: Content, current: bytes, decision: Decision) -> None:
    """Check that the result of a patch on the current resource is about the launch's patient.

    Raise PatientDenied, or ParameterInvalid for a patch that has no valid result.
    """
    if decision.address.interaction.body != "patch" or submitted.body is None:
        return
    if len(current) > json_patch.MOST_BYTES:
        raise content.refused(
            "can't be applied: the current resource is larger than 1 MB. Replace the whole "
            "resource with an update instead"
        )
    # Without `r`, rejecting a patch that changes nothing would confirm a guessed value.
    unchanged = not decision.returns
    patch = json_patch.read(submitted.body)
    try:
        made = json_patch.result(patch, json_patch.read(current), unchanged=unchanged)
    except ValueError as error:
        raise content.refused(f"can't be applied to the current resource: {error}") from None
    _require_own(made, decision)


def _require_own(document: object, decision: Decision) -> None:
    if not compartment.belongs(document, decision.compartment):
        raise PatientDenied(
            "The resource to write doesn't name the patient of this launch.",
            why="The resource's reference to the patient, such as `subject`, is missing or "
            "names another patient.",
            steps=("Set the reference to `Patient/` and the id of this launch's patient.",),
        )
    _require_no_other(document, decision)


def _require_no_other(document: object, decision: Decision, element: str = "") -> None:
    if mentions.names_another(document, decision.compartment, element):
        raise PatientDenied(
            why="The resource to write refers to another patient, or has a reference that doesn't "
            "show which patient it refers to.",
            steps=(
                "Write references as `Type/id`, or leave the reference out.",
                "To write such a reference, request a user/ scope for this type.",
            ),
        )
