"""Create an OperationOutcome, the error format for FHIR clients (FHIR R4 operationoutcome.html)."""

import json

MEDIA_TYPE = "application/fhir+json"


def operation_outcome(code: str | None, issue: str, diagnostics: str) -> bytes:
    """Return an OperationOutcome as JSON. `code` is this app's error code (docs/errors.md), and
    `issue` is a FHIR issue type.
    """
    details = {} if code is None else {"details": {"coding": [{"code": code}]}}
    entry = {"severity": "error", "code": issue, **details, "diagnostics": diagnostics}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [entry]}).encode()
