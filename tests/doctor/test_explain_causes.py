"""Every cause has a message that `python -m doctor explain` answers by it before all others."""

import json
from typing import get_args

import pytest

from doctor.__main__ import main
from shared.explain import CauseId
from tests.support import ehr_messages
from tests.support.tables import each

_AUTHORIZE = (
    f"https://authorization.cerner.com/tenants/{ehr_messages.TENANT}/protocols/oauth2/profiles/smart-v1/"
    "personas/provider/authorize?response_type=code&client_id=abc-1&state=s1&launch=from-the-ehr"
    "&redirect_uri=https%3A%2F%2Fsmart.example.org%2Fcallback"
)
_NO_PATIENT = f"It came back with {ehr_messages.GRANT}missing-patient"
FIRST: dict[str, str] = {
    "launch_parameter_missing": (
        f"{ehr_messages.AUTHORIZE}\nIt came back with {ehr_messages.LAUNCH}code-required"
    ),
    "launch_scope_missing": f"{_AUTHORIZE}&scope=openid%20patient%2FPatient.read\n{_NO_PATIENT}",
    "launch_patient_scope_on_provider": (
        f"{_AUTHORIZE}&scope=launch%2Fpatient%20patient%2FPatient.read\n{_NO_PATIENT}"
    ),
    "launch_value_invalid": ehr_messages.INVALID_LAUNCH,
    "client_id_mismatch": ehr_messages.TOKEN + "code:client:mismatch",
    "client_unknown": ehr_messages.GRANT + "unknown-client",
    "client_not_enabled_at_site": ehr_messages.GRANT + "unauthorized-client-for-tenant",
    "persona_mismatch": ehr_messages.GRANT + "client-persona-mismatch",
    "tenant_mismatch": (
        f'HTTP 401 {{"code":401,"message":"{ehr_messages.RESOURCE}tenant-mismatch"}}'
    ),
    "user_mismatch": ehr_messages.LAUNCH + "mismatchted-identity",
    "user_not_permitted": ehr_messages.GRANT + "invalid-patient-id",
    "patient_context_missing": ehr_messages.MISSING_PATIENT,
    "redirect_uri_mismatch": ehr_messages.GRANT + "invalid-redirect-uri-trailing-slash",
    "aud_wrong": ehr_messages.LAUNCHER,
    "request_malformed": "error=unsupported_response_type",
    "parameter_not_recognised": f"{_AUTHORIZE}&scope=launch%20openid&intent=launch",
    "request_too_long": "Cerner: too many scopes",
    "scope_not_registered": ehr_messages.DENIED_BY_SERVER,
    "scope_syntax": ehr_messages.EMPTY_SCOPES,
    "scope_trimmed": ehr_messages.INSUFFICIENT_SCOPES,
    "code_expired_or_used": ehr_messages.TOKEN + "code:invalid",
    "client_auth_wrong": ehr_messages.INVALID_CREDENTIALS,
    "clock_skew": "the assertion was refused: clock skew",
    "pkce_mismatch": "invalid_grant: Invalid grant or Invalid PKCE Verifier, 'a' vs 'b'.",
    "cookies_blocked": "The app's page says cookie_missing.",
    "access_token_expired": ehr_messages.EPIC_401,
    "session_ended": ehr_messages.TOKEN + "refresh-token:session-invalid",
    "user_declined": ehr_messages.DENIED_BY_USER,
    "fhir_request_invalid": "HTTP 400 from cerner.com: no supported search parameters provided",
    "ehr_side": ehr_messages.LAUNCH + "unregistered-service",
}
# Waiting mends it or does not: nothing can tell it from the cause that it stands beside.
BESIDE = {"not_propagated_yet": "A page of Epic with the title OAuth2 Error"}


def _answered(text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["explain", "--json", text]) == 0
    return [cause["id"] for cause in json.loads(capsys.readouterr().out)["causes"]]


def test_every_cause_has_its_message() -> None:
    assert {*FIRST, *BESIDE} == set(get_args(CauseId))


@each("cause", FIRST)
def test_a_cause_is_the_first_of_its_message(
    cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _answered(FIRST[cause], capsys)[0] == cause


@each("cause", BESIDE)
def test_what_cannot_be_told_apart_is_named_beside(
    cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cause in _answered(BESIDE[cause], capsys)[1:]
