from concurrent.futures import ThreadPoolExecutor
from typing import Any

from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA, json_of
from tests.simulator.endpoints.test_id_tokens import claims_of
from tests.simulator.token_client import SCOPE, TokenClient, answered, refused, registration
from tests.support.tables import each

PLAIN = "launch patient/Patient.rs patient/Observation.rs"
INVALID = (400, "invalid_grant")


@each(
    ("scope", "comes"),
    [(PLAIN, False), (f"{PLAIN} online_access", True), (f"{PLAIN} offline_access", True)],
)
def test_a_refresh_token_comes_with_the_scopes_for_it(scope: str, comes: bool) -> None:
    assert ("refresh_token" in TokenClient().tokens(scope)) is comes


def test_a_refresh_gives_a_new_access_token_and_the_old_one_lives_on() -> None:
    client = TokenClient()
    first = client.tokens()
    second = answered(client.refresh(first["refresh_token"]))
    assert second["access_token"] != first["access_token"]
    assert second["scope"] == first["scope"] == SCOPE
    assert (second["expires_in"], second["patient"]) == (3600, ALMA)
    for answer in (first, second):
        assert client.read(answer["access_token"]).status_code == 200


@each("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_a_refresh_needs_the_same_authentication(method: str) -> None:
    client = TokenClient(registration(method))
    refresh_token = client.tokens()["refresh_token"]
    nobody: dict[str, Any] = {"client_secret": None, "client_assertion": None}
    response = client.refresh(
        refresh_token, headers={}, client_id="client one", client_assertion_type=None, **nobody
    )
    assert refused(response) == (401, "invalid_client")
    answered(client.refresh(refresh_token))


def test_with_rotation_each_refresh_token_serves_once() -> None:
    client = TokenClient()
    tokens = [client.tokens()["refresh_token"]]
    for _ in range(3):
        tokens.append(answered(client.refresh(tokens[-1]))["refresh_token"])
    assert len(set(tokens)) == 4


def test_the_second_use_of_a_refresh_token_revokes_all_that_came_of_the_code() -> None:
    client = TokenClient()
    first = client.tokens()
    second = answered(client.refresh(first["refresh_token"]))
    bystander = client.tokens()
    assert refused(client.refresh(first["refresh_token"])) == INVALID
    assert refused(client.refresh(second["refresh_token"])) == INVALID
    for answer in (first, second):
        assert client.read(answer["access_token"]).status_code == 401
    assert client.read(bystander["access_token"]).status_code == 200
    answered(client.refresh(bystander["refresh_token"]))


def test_of_many_simultaneous_refreshes_one_succeeds_and_then_none_holds() -> None:
    client = TokenClient()
    token = client.tokens()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.refresh(token), range(24)))
    (won,) = [answer for answer in answers if answer.status_code == 200]
    assert client.read(json_of(won)["access_token"]).status_code == 401


def test_without_rotation_the_refresh_token_stays_and_none_comes() -> None:
    client = TokenClient(profile=ORACLE)
    token = client.tokens()["refresh_token"]
    for _ in range(3):
        answer = answered(client.refresh(token))
        assert "refresh_token" not in answer
        assert client.read(answer["access_token"]).status_code == 200


@each(("profile", "seconds"), [(GENERIC, 3600), (ORACLE, 570)], ids=["generic", "oracle"])
def test_access_tokens_live_as_long_as_the_vendor_says(
    profile: VendorProfile, seconds: int
) -> None:
    client = TokenClient(profile=profile)
    answer = client.tokens()
    assert answer["expires_in"] == seconds
    client.clock.now += seconds - 1
    assert client.read(answer["access_token"]).status_code == 200
    client.clock.now += 1
    assert client.read(answer["access_token"]).status_code == 401


@each("asked", ["patient/Patient.rs", "patient/Patient.r", "patient/Observation.read launch"])
def test_fewer_scopes_may_be_asked_for(asked: str) -> None:
    client = TokenClient()
    answer = answered(client.refresh(client.tokens()["refresh_token"], scope=asked))
    assert answer["scope"] == asked
    status = client.read(answer["access_token"], "Condition").status_code
    assert status == 403


def test_a_later_refresh_gives_all_scopes_again() -> None:
    client = TokenClient()
    narrow = answered(client.refresh(client.tokens()["refresh_token"], scope="patient/Patient.rs"))
    assert answered(client.refresh(narrow["refresh_token"]))["scope"] == SCOPE


@each(
    "asked",
    ["patient/Condition.rs", "patient/Patient.cruds", "user/Patient.rs", "no/such x", "a  b", " a"],
)
def test_more_scopes_than_were_granted_are_invalid_scope_and_spend_nothing(asked: str) -> None:
    client = TokenClient()
    token = client.tokens()["refresh_token"]
    assert refused(client.refresh(token, scope=asked)) == (400, "invalid_scope")
    answered(client.refresh(token))


@each("token", ["guess", "", None])
def test_an_unknown_refresh_token_is_refused(token: str | None) -> None:
    client = TokenClient()
    error = "invalid_grant" if token else "invalid_request"
    response = client.refresh("", refresh_token=token)
    assert refused(response) == (400, error)


def test_an_access_token_is_no_refresh_token() -> None:
    client = TokenClient()
    assert refused(client.refresh(client.tokens()["access_token"])) == INVALID


def test_a_refresh_token_belongs_to_its_client() -> None:
    other = registration(client_id="other")
    client = TokenClient(others=(other,))
    token = client.tokens()["refresh_token"]
    assert refused(client.refresh(token, client_id="other")) == INVALID
    answered(client.refresh(token))


@each(
    ("scope", "days", "lives"),
    [
        ("online_access", 0.33, True),
        ("online_access", 0.34, False),
        ("offline_access", 89.9, True),
        ("offline_access", 90, False),
    ],
)
def test_online_access_lasts_eight_hours_and_offline_access_ninety_days(
    scope: str, days: float, lives: bool
) -> None:
    client = TokenClient()
    token = client.tokens(f"{PLAIN} {scope}")["refresh_token"]
    client.clock.now += days * 86400
    assert (client.refresh(token).status_code == 200) is lives


@each(
    ("scope", "user", "lives"),
    [
        ("online_access", "clara", False),
        ("online_access", "conrad", True),
        ("offline_access", "clara", True),
    ],
)
def test_signing_out_of_the_ehr_ends_online_access_of_that_user(
    scope: str, user: str, lives: bool
) -> None:
    client = TokenClient()
    answer = client.tokens(f"{PLAIN} {scope}")
    assert client.control(end_sessions=user).status_code == 204
    assert (client.refresh(answer["refresh_token"]).status_code == 200) is lives
    assert client.read(answer["access_token"]).status_code == 200


def test_a_second_use_of_the_code_revokes_what_was_refreshed_too() -> None:
    client = TokenClient()
    code = client.code()
    first = answered(client.exchange(code))
    second = answered(client.refresh(first["refresh_token"]))
    assert refused(client.exchange(code)) == INVALID
    assert client.read(second["access_token"]).status_code == 401
    assert refused(client.refresh(second["refresh_token"])) == INVALID


def test_the_refreshed_id_token_keeps_issuer_and_subject_and_holds_no_nonce() -> None:
    client = TokenClient()
    first = client.tokens()
    second = answered(client.refresh(first["refresh_token"]))
    before, after = (claims_of(client, one["id_token"]) for one in (first, second))
    assert all(after[name] == before[name] for name in ("iss", "sub", "aud", "fhirUser"))
    assert "nonce" not in after


def test_oracle_health_renews_no_id_token() -> None:
    client = TokenClient(profile=ORACLE)
    assert "id_token" not in answered(client.refresh(client.tokens()["refresh_token"]))


def test_oracle_health_says_why_a_refresh_token_is_refused() -> None:
    client = TokenClient(profile=ORACLE)
    token = client.tokens()["refresh_token"]
    client.control(end_sessions="clara")
    body = json_of(client.refresh(token))
    assert "refresh-token%3Asession-invalid/instances/" in body["error_uri"]
    assert "?client=client+one&tenant=" in body["error_uri"]
    body = json_of(client.refresh("guess"))
    assert "refresh-token%3Atoken-invalid/instances/" in body["error_uri"]
