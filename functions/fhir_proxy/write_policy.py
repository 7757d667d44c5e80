"""What a session may write: scopes by letter, then the launch's own patient. Pure.

SMART App Launch 2.2, "Scopes for requesting FHIR resources": create needs c, update and patch u,
delete d. Under patient/ scopes what is written must name the launch's patient, before and after;
what names no patient, such as a Practitioner, can be written under user/ scopes only.
"""

from shared.errors import ParameterInvalid, PatientDenied, PatientMissing
from shared.fhir import compartment
from shared.session.record import Session

from .address import Address
from .content import Content
from .policy import Decision, Grants, Parameters, level_of, plain


def decide(address: Address, parameters: Parameters, session: Session, grants: Grants) -> Decision:
    """Whether such a write may be made at all, whatever it holds.

    Raises ScopeDenied, PatientMissing, PatientDenied, NotAcceptable or ParameterInvalid.
    """
    if plain(parameters):
        raise ParameterInvalid("A write takes no search parameters.")
    level = level_of(address, session, grants)
    patient = session.context.patient
    if level == "patient":
        if patient is None:
            raise PatientMissing
        _require_of_patient(address, patient)
    types = frozenset({address.type})
    return Decision(level, (), patient, types if level == "user" else frozenset(), types)


def _require_of_patient(address: Address, patient: str) -> None:
    if not compartment.patient_elements(address.type):
        raise PatientDenied(
            why=f"{address.type} names no patient, so it cannot be written under patient/ scopes.",
            steps=("Ask for a user/ scope of this type.",),
        )
    if address.type == "Patient" and address.id != patient:
        raise PatientDenied


def require_own(content: Content, address: Address, decision: Decision, fhir_base: str) -> None:
    """Whether what is sent stays with the launch's patient. Raises PatientDenied.

    A patch may not touch the elements that say whose the resource is, and nothing may refer to
    another patient: R4's compartment has a resource in the record of a performer or a recipient
    too. A deletion sends nothing; what it would delete is looked at in write.py.
    """
    if decision.level == "user" or "sent" not in address.interaction.patient:
        return
    if address.interaction.body == "patch":
        touched = content.changed & compartment.patient_elements(address.type)
        if touched:
            raise PatientDenied(
                why=f"The patch changes `{min(touched)}`, which says whose the resource is."
            )
    elif not compartment.belongs(content.document, decision.patient, fhir_base):
        raise PatientDenied(
            why="What is to be written does not name the patient of this launch, or names another."
        )
    if compartment.names_another(content.document, decision.patient, fhir_base):
        raise PatientDenied(
            why="What is to be written refers to another patient.",
            steps=("Leave the reference out, or ask for a user/ scope of this type.",),
        )
