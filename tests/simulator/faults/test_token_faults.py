from typing import Any

import pytest

from simulator.endpoints import token_faults
from simulator.vendors.oracle import ORACLE
from tests.simulator.app_under_test import json_of
from tests.simulator.endpoints.test_id_tokens import claims_of
from tests.simulator.token_client import SCOPE, TokenClient, answered, refused
from tests.support.tables import each

INVALID = (400, "invalid_grant")
GONE = object()


def test_oracle_health_refuses_with_the_address_of_the_error() -> None:
    client = TokenClient(profile=ORACLE)
    body = json_of(client.exchange(client.code(fault="token-code-tenant-mismatch")))
    assert "oauth2%3Atoken%3Acode%3Atenant%3Amismatch/instances/" in body["error_uri"]
    assert "?client=client+one&tenant=" in body["error_uri"]
    body = json_of(client.exchange(client.code(fault="token-terminated-client")))
    assert "?client=unknown&tenant=" in body["error_uri"]


@each(
    ("name", "status", "mimetype", "retry"),
    [
        ("403-text", 403, "text/plain", None),
        ("429", 429, "text/html", "1"),
        ("500", 500, "text/html", None),
        ("503", 503, "text/html", "1"),
        ("not-json", 200, "text/html", None),
        ("cut", 200, "application/json", None),
        ("list", 200, "application/json", None),
        ("redirect", 307, "text/html", None),
    ],
)
def test_an_exchange_may_get_no_token_answer_at_all(
    name: str, status: int, mimetype: str, retry: str | None
) -> None:
    client = TokenClient()
    code = client.code(fault=f"token-{name}:1")
    response = client.exchange(code)
    assert (response.status_code, response.mimetype) == (status, mimetype)
    assert response.headers.get("Retry-After") == retry
    answered(client.exchange(code))


@each("place", ["token", "refresh"])
def test_the_ehr_may_hang_and_then_end_the_connection(place: str, waited: list[float]) -> None:
    waited.clear()
    client = TokenClient()
    if place == "token":
        response = client.exchange(client.code(fault="token-hang"))
    else:
        response = client.refresh(client.tokens(fault="refresh-hang")["refresh_token"])
    # This test client has no connection to end; the servers' tests see it end.
    assert (response.status_code, waited) == (502, [token_faults.HANG_SECONDS])


def test_a_slow_answer_comes_after_the_tokens_were_issued(waited: list[float]) -> None:
    client = TokenClient()
    first = client.tokens(fault="token-slow,refresh-slow")
    answered(client.refresh(first["refresh_token"]))
    assert waited == [token_faults.SLOW_SECONDS] * 2


def test_a_lost_reply_has_spent_the_code() -> None:
    client = TokenClient()
    code = client.code(fault="token-reply-lost")
    assert client.exchange(code).data == b""
    assert refused(client.exchange(code)) == INVALID


def test_a_lost_reply_has_rotated_the_refresh_token() -> None:
    client = TokenClient()
    token = client.tokens(fault="refresh-reply-lost")["refresh_token"]
    assert client.refresh(token).data == b""
    assert refused(client.refresh(token)) == INVALID


@each(
    ("fault", "member", "value"),
    [
        ("no-access-token", "access_token", GONE),
        ("bad-access-token", "access_token", "a\r\nX-Injected: 1"),
        ("no-type", "token_type", GONE),
        ("type-mac", "token_type", "mac"),
        ("type-lower", "token_type", "bearer"),
        ("no-expires-in", "expires_in", GONE),
        ("expires-in-text", "expires_in", "3600"),
        ("expires-in-zero", "expires_in", 0),
        ("expires-in-negative", "expires_in", -1),
        ("expires-in-huge", "expires_in", 10**12),
        ("no-scope", "scope", GONE),
        ("empty-scope", "scope", ""),
        ("trim-scopes", "scope", "launch openid fhirUser online_access"),
        ("more-scopes", "scope", f"{SCOPE} patient/*.cruds"),
        ("no-patient", "patient", GONE),
        ("bad-patient", "patient", "../Patient?_id=1"),
        ("patient-object", "patient", {"reference": "Patient/1"}),
        ("no-refresh-token", "refresh_token", GONE),
        ("no-id-token", "id_token", GONE),
        ("no-banner", "need_patient_banner", False),
        ("fhir-context-texts", "fhirContext", ["ImagingStudy/synthetic-study"]),
        ("full-context", "intent", "simulated-intent"),
    ],
)
def test_a_fault_spoils_one_member_of_the_answer(fault: str, member: str, value: Any) -> None:
    answer = TokenClient().tokens(fault=f"token-{fault}")
    assert answer.get(member, GONE) == value


def test_a_refreshed_id_token_may_be_of_another_user_or_for_nobody() -> None:
    client = TokenClient()
    first = client.tokens(fault="refresh-other-subject:1")
    second = answered(client.refresh(first["refresh_token"]))
    subjects = [claims_of(client, one["id_token"])["sub"] for one in (first, second)]
    assert subjects == ["simulated-user-1", "simulated-user-2"]
    third = client.tokens(fault="refresh-id-token-no-audience")
    token = answered(client.refresh(third["refresh_token"]))["id_token"]
    with pytest.raises(Exception, match="aud"):
        claims_of(client, token)


def test_an_ehr_may_stop_rotating_for_a_launch() -> None:
    client = TokenClient()
    token = client.tokens(fault="refresh-no-rotation")["refresh_token"]
    for _ in range(2):
        assert "refresh_token" not in answered(client.refresh(token))


@each(("fault", "seconds"), [("1s", 1), ("5s", 5), ("30s", 30)])
def test_tokens_of_a_launch_may_live_shorter_refreshed_ones_too(fault: str, seconds: int) -> None:
    client = TokenClient()
    answer = client.tokens(fault=f"token-life-{fault}")
    for _ in range(2):
        assert answer["expires_in"] == seconds
        assert client.read(answer["access_token"]).status_code == 200
        client.clock.now += seconds
        assert client.read(answer["access_token"]).status_code == 401
        answer = answered(client.refresh(answer["refresh_token"]))


def test_a_dead_token_opens_nothing_until_it_is_refreshed() -> None:
    client = TokenClient()
    first = client.tokens(fault="token-dead")
    assert client.read(first["access_token"]).status_code == 401
    second = answered(client.refresh(first["refresh_token"]))
    assert client.read(second["access_token"]).status_code == 200


def test_faults_of_one_launch_leave_others_alone() -> None:
    client = TokenClient()
    triggered = client.code(fault="token-500")
    answered(client.exchange(client.code()))
    assert client.exchange(triggered).status_code == 500
