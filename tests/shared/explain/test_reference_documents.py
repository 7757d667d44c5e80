"""What the documents of the servers that everybody tries do to explanations, and the launcher's
token errors.
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.config import settings_file
from shared.explain import AuthorizationRequest, at_token_endpoint, diagnose, parse
from shared.smart import discovery
from tests.support import reference_documents
from tests.support.tables import each

SCOPES = "openid fhirUser patient/Patient.rs patient/Observation.rs"
BOTH = each(
    ("document", "base"),
    [
        (reference_documents.inferno(), reference_documents.INFERNO_BASE),
        (reference_documents.launcher(), reference_documents.LAUNCHER_BASE),
    ],
    ids=["inferno", "launcher"],
)


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


@BOTH
def test_the_document_can_be_used(document: Mapping[str, Any], base: str) -> None:
    settings, problems = settings_file.parse(
        'public_url = "https://smart.example.org"\nsealing_keys = ["env:K"]\n'
        f'[store]\nkind = "sqlite"\n[[ehr]]\nkey = "e"\niss = ["{base}"]\nclient_id = "c"\n'
        f'scopes = "{SCOPES}"\n'
    )
    assert settings is not None, problems
    (ehr,) = settings.ehrs
    configuration = discovery.parse(
        json.dumps(document).encode(), base, discovery.allowed_hosts(ehr, base), identity=True
    )
    assert configuration.takes_post
    assert configuration.issuer == base


@BOTH
@each("error", ["invalid_scope", "access_denied", "invalid_request"])
def test_a_scope_that_a_list_may_leave_out_is_not_blamed(
    document: Mapping[str, Any], base: str, error: str
) -> None:
    diagnosis = diagnose(parse(f"error={error}"), sent(document, base), where="authorize redirect")
    told = " ".join(cause.why for cause in diagnosis.causes)
    assert "doesn't list" not in told
    assert not {"launch_scope_missing", "launch_patient_scope_on_provider"} & {
        cause.id for cause in diagnosis.causes
    }


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
    assert diagnosis.causes[0].certainty == "certain"
    if first == "ehr_side":
        assert "Nothing is wrong with the app" in diagnosis.causes[0].why
        assert len(diagnosis.causes) == 1
