"""Readable labels for evidence on pages, ordered so that related values are next to each other.

The log keeps the field names (docs/errors.md).
"""

from collections.abc import Mapping

from shared.json_members import cleaned

_LABELS = {
    "error": "EHR error",
    "oauth_error": "EHR error",
    "urn": "The vendor's name for the error",
    "said": "The EHR's message (known words)",
    "status": "HTTP status of the response",
    "media_type": "Media type of the response",
    "reason": "What went wrong",
    "flow": "Kind of launch",
    "client_id_seen": "client_id that the EHR saw",
    "client_id_sent": "client_id that this app sent",
    "client_auth": "How this app authenticates (client_auth)",
    "tenant_seen": "Tenant that the EHR saw",
    "persona": "Who signs in (persona)",
    "aud_sent": "aud that this app sent",
    "redirect_uri": "URL of the response",
    "redirect_uri_sent": "redirect_uri that this app sent",
    "scope_sent": "Scopes that this app requested",
    "arrived": "What arrived instead of launch",
    "iss": "iss of the launch",
    "iss_configured": "iss in the configuration",
    "document": "URL of the document",
    "member": "Invalid field",
    "base": "FHIR base",
    "listed": "What the EHR lists",
    "claim": "Invalid claim",
    "seconds": "Difference in seconds",
    "expected": "Issuer that was expected",
    "received": "Issuer in the response",
    "expected_issuer": "Issuer that was expected",
    "needed": "Scope that is needed",
    "not_granted": "Scope requested and not granted",
    "revoked": "Tokens revoked at the EHR",
    "ehr_correlation_id": "The EHR's correlation id",
    "cerner-correlation-id": "The EHR's correlation id (Cerner-Correlation-Id)",
    "x-request-id": "The EHR's request id (X-Request-Id)",
    "opc-request-id": "The EHR's request id (opc-request-id)",
    "error_description": "error_description",
    "error_uri": "error_uri",
}
_ORDER = list(_LABELS)


def labelled(evidence: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return evidence with its labels, each in one line. Items without a label keep their names and
    come last.
    """
    names = sorted(evidence, key=lambda name: _ORDER.index(name) if name in _LABELS else 99)
    return [(_LABELS.get(name, name), cleaned(evidence[name])) for name in names]
