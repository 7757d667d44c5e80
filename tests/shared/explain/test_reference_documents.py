"""The token errors of the launcher that everybody tries."""

import json
from collections.abc import Mapping
from typing import Any

from shared.explain import AuthorizationRequest, at_token_endpoint, diagnose
from tests.support.ehr import reference_documents
from tests.support.tables import each

SCOPES = "openid fhirUser patient/Patient.rs patient/Observation.rs"


def sent(document: Mapping[str, Any], base: str, vendor: str = "generic") -> AuthorizationRequest:
    return AuthorizationRequest(
        vendor=vendor,
        flow="ehr",
        client_id="c",
        client_auth="none",
        redirect_uri="https://app.example.org/callback",
        aud=base,
        scopes=("launch", *SCOPES.split()),
        parameters=("response_type", "client_id", "redirect_uri", "scope", "aud", "launch"),
        scopes_supported=tuple(document["scopes_supported"]),
    )


@each("vendor", ["generic", "oracle", "epic"])
@each(
    ("error", "text", "first"),
    [
        ("invalid_client", "Simulated invalid token error", "ehr_side"),
        ("invalid_client", "Simulated invalid 'jti' value", "ehr_side"),
        ("invalid_client", "Simulated invalid client secret error", "ehr_side"),
        ("invalid_client", "Simulated expired token error", "ehr_side"),
        ("invalid_scope", "Simulated invalid scope error", "ehr_side"),
        ("invalid_client", "No usable keys found", "client_auth_wrong"),
        ("invalid_client", "Failed to fetch JWKS from https://a/b. x", "client_auth_wrong"),
    ],
)
def test_the_launchers_token_errors_are_known_whatever_vendor_is_configured(
    vendor: str, error: str, text: str, first: str
) -> None:
    body = json.dumps({"error": error, "error_description": text})
    said = at_token_endpoint(401, body)
    assert said.description == text
    request = sent(reference_documents.launcher(), reference_documents.LAUNCHER_BASE, vendor)
    diagnosis = diagnose(said, request, where="token endpoint")
    assert diagnosis.causes[0].id == first
    # What any server may say is certain only where the launcher is seen to say it.
    assert diagnosis.causes[0].certainty == ("certain" if first == "ehr_side" else "likely")
    if first == "ehr_side":
        assert "Nothing is wrong with the app" in diagnosis.causes[0].why
        assert len(diagnosis.causes) == 1
