"""Diagnose a refused FHIR request by the text of the 401 or 403 response.

RFC 6750 3.1. Some EHRs name their error in JSON that isn't an OperationOutcome.
"""

from shared.explain.diagnosis import diagnose
from shared.explain.model import AuthorizationRequest, Diagnosis
from shared.explain.parsing.find import known_urns
from shared.explain.parsing.responses import at_fhir_server

_REFUSALS = frozenset({401, 403})


def of_fhir(status: int, words: str, vendor: str, *, is_backend: bool = False) -> Diagnosis | None:
    """Return the diagnosis of a refusal, or None if its text doesn't show a cause. Never raises.

    `is_backend` means that a backend service sent the request, without a user or a launch.
    """
    if status not in _REFUSALS or not words:
        return None
    message = at_fhir_server(status, words)
    if message.urn is not None and message.urn not in known_urns():
        return None
    sent = AuthorizationRequest(vendor=vendor, flow="backend" if is_backend else None)
    diagnosis = diagnose(message, sent, where="FHIR answer")
    return diagnosis if diagnosis.causes else None


def log_fields(diagnosis: Diagnosis | None) -> dict[str, str | list[str]]:
    """Return the log fields of a diagnosis. The only EHR text in them is a known error's URN."""
    if diagnosis is None:
        return {}
    first = diagnosis.causes[0]
    name = {} if diagnosis.message.urn is None else {"urn": diagnosis.message.urn}
    return {
        **name,
        "causes": [cause.id for cause in diagnosis.causes],
        "cause": f"{first.title} {first.why}",
        "fix": " ".join(first.steps),
    }
