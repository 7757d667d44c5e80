"""The body of a call, correct or changed by an injected fault (CDS Hooks 2.0, Calling a CDS
Service; hook patient-view).
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from simulator.cds.token import ELSEWHERE

# Faults that omit or break most of the prefetch leave these keys unchanged.
_PATIENT_KEY = "patient"
_PARTIAL = (_PATIENT_KEY, "conditions")
_HUGE = 11_000_000
_CHUNKS = 4
_HTML = "<!doctype html><title>Simulated fault</title><p>This isn't a resource."
_OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "injected fault"}],
}

Body = dict[str, object]
# The values are JSON text, so that decimals keep their digits.
Prefetch = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Situation:
    """The context when the hook fires: user, patient, encounter and FHIR server."""

    fhir_server: str
    user: str
    patient: str
    encounter: str | None


@dataclass(frozen=True, slots=True)
class Authorization:
    """An access token for the service."""

    token: str
    seconds: int
    scope: str
    client_id: str
    patient: str


def body(
    situation: Situation,
    authorization: Authorization,
    trigger: tuple[str, str] | None,
    triggered: frozenset[str],
) -> Body:
    """Return the body of a call, except its prefetch."""
    context = {"userId": situation.user, "patientId": situation.patient}
    if situation.encounter is not None:
        context["encounterId"] = situation.encounter
    members: Body = {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": situation.fhir_server,
        "fhirAuthorization": {
            "access_token": authorization.token,
            "token_type": "Bearer",
            "expires_in": authorization.seconds,
            "scope": authorization.scope,
            "subject": authorization.client_id,
            "patient": authorization.patient,
        },
        "context": context,
    }
    if trigger is not None:
        members["extension"] = dict([trigger])
    for fault in sorted(triggered):
        if fault in BODIES:
            BODIES[fault](members)
    return members


def prefetched(prefetch: Prefetch, triggered: frozenset[str]) -> Prefetch | None:
    """Return the part of a prefetch to send, or None to send no prefetch."""
    if triggered & NO_PREFETCH:
        return None
    if "cds-reads-hang" in triggered:
        return {name: text for name, text in prefetch.items() if name == _PATIENT_KEY}
    if "cds-prefetch-partial" in triggered:
        return {name: text for name, text in prefetch.items() if name in _PARTIAL}
    for fault, instead in VALUES.items():
        if fault in triggered:
            return {key: text if key == _PATIENT_KEY else instead for key, text in prefetch.items()}
    if "cds-prefetch-huge" in triggered:
        return {**prefetch, "padding": json.dumps("x" * _HUGE)}
    return prefetch


def written(members: Body, prefetch: Prefetch | None) -> bytes:
    """Serialize the body, with the text of each resource unchanged."""
    head = json.dumps(members)
    if prefetch is None:
        return head.encode()
    keys = ", ".join(f"{json.dumps(name)}: {text}" for name, text in prefetch.items())
    return f'{head[:-1]}, "prefetch": {{{keys}}}}}'.encode()


def chunks(data: bytes) -> Iterator[bytes]:
    """Split a body for a fault that sends it slowly."""
    size = len(data) // _CHUNKS + 1
    return (data[start : start + size] for start in range(0, len(data), size))


def _drop(*names: str) -> Callable[[Body], None]:
    def drop(members: Body) -> None:
        for name in names:
            members.pop(name, None)

    return drop


def _patient_as(name: str) -> Callable[[Body], None]:
    """Return a change that sets a context field to a reference to the patient."""

    def change(members: Body) -> None:
        context = members["context"]
        assert isinstance(context, dict)  # noqa: S101 - set above
        members["context"] = {**context, name: f"Patient/{context['patientId']}"}

    return change


BODIES: Mapping[str, Callable[[Body], None]] = {
    "cds-other-hook": lambda members: members.update(hook="order-select"),
    "cds-other-fhir-server": lambda members: members.update(fhirServer=f"{ELSEWHERE}/fhir"),
    "cds-no-fhir-server": _drop("fhirServer"),
    "cds-no-authorization": _drop("fhirAuthorization"),
    "cds-no-data": _drop("fhirAuthorization"),
    "cds-stripped": _drop("fhirServer", "fhirAuthorization"),
    "cds-patient-reference": _patient_as("patientId"),
    "cds-user-is-patient": _patient_as("userId"),
}
NO_PREFETCH = frozenset(
    {"cds-no-prefetch", "cds-no-data", "cds-authorization-expired", "cds-stripped"}
)
VALUES: Mapping[str, str] = {
    "cds-prefetch-null": "null",
    "cds-prefetch-outcome": json.dumps(_OUTCOME),
    "cds-prefetch-text": json.dumps(_HTML),
}
