"""Validates a patient-view call, field by field (CDS Hooks 2.0, "Calling a CDS Service";
patient-view 1.1).
"""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from shared import fhir_id, urls
from shared.config.settings import Ehr, Settings
from shared.errors import CdsServerDenied, ParameterInvalid, PatientDenied
from shared.frozen import dataclass
from shared.inbound import json_body

from .discovery import HOOK

_COMPARE = 'Compare the body with CDS Hooks 2.0, "Calling a CDS Service".'
_LONGEST_INSTANCE = 200
# Characters that a header can carry.
_ACCESS_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
# Users who view a chart but aren't clinicians.
_OTHERS = ("Patient/", "RelatedPerson/")


@dataclass(frozen=True, slots=True)
class HookCall:
    """One valid call.

    `fhir_base` is the normalized base URL for references, or None if neither the call nor the
    configuration has one. `access_token` is valid there during this call, or None if nothing can
    be read. `for_clinician` is whether the user is a clinician.
    """

    patient: str
    fhir_base: str | None
    access_token: str | None = field(repr=False)
    for_clinician: bool
    prefetch: Mapping[str, Any]


def document(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in a request's body. Raises ParameterInvalid."""
    parsed = json_body.parse(body, _COMPARE)
    if not isinstance(parsed, dict):
        raise refused("The body", "is not a JSON object")
    return parsed


def read(body: Mapping[str, Any], settings: Settings, ehr: Ehr) -> HookCall:
    """Return the call in a body.

    Raises ParameterInvalid, which names the invalid field, CdsServerDenied and PatientDenied.
    """
    if body.get("hook") != HOOK:
        raise refused("The field hook", f"is not {HOOK}")
    _text(body.get("hookInstance"), "hookInstance", _LONGEST_INSTANCE)
    context = _object(body.get("context"), "context")
    patient = _patient(context.get("patientId"))
    user = context.get("userId")
    value = body.get("prefetch")
    prefetch = {} if value is None else _object(value, "prefetch")
    server = body.get("fhirServer")
    if server is not None and not isinstance(server, str):
        raise refused("The field fhirServer", "is not a string")
    token, token_patient = _authorization(body.get("fhirAuthorization"))
    if token is not None and server is None:
        raise refused("The field fhirServer", "is missing, and fhirAuthorization requires it")
    base = _base(server, settings, ehr)
    if token_patient not in (None, patient):
        raise PatientDenied(
            why="fhirAuthorization.patient and context.patientId name different patients.",
            steps=("Send an access token for the patient whose chart is open.",),
        )
    clinician = not (isinstance(user, str) and user.startswith(_OTHERS))
    return HookCall(patient, base, token, clinician, prefetch)


def _base(server: str | None, settings: Settings, ehr: Ehr) -> str | None:
    if server is None:
        return next(iter(ehr.literal_iss), None)
    base = settings.base_at(ehr, server)
    if base is None:
        host = urls.named_host(server)
        raise CdsServerDenied(evidence={"host": host} if host else None)
    return base


def _authorization(value: object) -> tuple[str | None, str | None]:
    """Return the access token and its patient; each is None if absent."""
    if value is None:
        return None, None
    fields = _object(value, "fhirAuthorization")
    token, kind = fields.get("access_token"), fields.get("token_type")
    if not isinstance(token, str) or not _ACCESS_TOKEN.fullmatch(token):
        raise refused("The field fhirAuthorization.access_token", "is not a token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise refused("The field fhirAuthorization.token_type", "is not Bearer")
    patient = fields.get("patient")
    return token, None if patient is None else _plain(patient)


def _plain(value: object) -> str:
    """Return an id, even if it's written as a reference."""
    return value.removeprefix("Patient/") if isinstance(value, str) else ""


def _patient(value: object) -> str:
    if not re.fullmatch(fhir_id.PATTERN, _plain(value)):
        raise refused("The field context.patientId", "is not a FHIR id")
    return _plain(value)


def _text(value: object, name: str, longest: int) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise refused(f"The field {name}", f"is not a string of 1 to {longest} characters")


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refused(f"The field {name}", "is missing or not a JSON object")
    return value


def refused(what: str, why: str) -> ParameterInvalid:
    """Return the error for a body with one invalid field."""
    return json_body.unusable(f"{what} {why}", _COMPARE)
