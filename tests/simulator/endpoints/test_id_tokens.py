import base64
import hashlib
from typing import Any

import jwt

from simulator.common.addresses import path_of
from simulator.ehr import VENDOR_PROFILES
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA, json_of
from tests.simulator.token_client import TokenClient
from tests.support.tables import each

FHIR = "launch patient/Patient.rs"
LAUNCHING = [one for one in VENDOR_PROFILES if one.addresses("").start is not None]


def published(client: TokenClient) -> list[dict[str, Any]]:
    response = client.http.get(path_of(client.at.jwks))
    assert response.content_type == "application/json"
    keys = json_of(response)["keys"]
    assert isinstance(keys, list)
    return keys


def claims_of(client: TokenClient, token: str) -> dict[str, Any]:
    """The claims of an id_token, once its signature was verified with the published keys."""
    header = jwt.get_unverified_header(token)
    (key,) = [one for one in published(client) if one.get("kid") == header["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWK(key, algorithm=header["alg"]).key,
        algorithms=[header["alg"]],
        audience=client.client.client_id,
        options={"verify_exp": False, "verify_iat": False},
    )
    return claims


@each("profile", LAUNCHING, ids=lambda one: one.key)
def test_an_id_token_says_who_signed_in_where_and_for_which_request(profile: VendorProfile) -> None:
    client = TokenClient(profile=profile)
    answer = client.tokens()
    claims = claims_of(client, answer["id_token"])
    assert jwt.get_unverified_header(answer["id_token"])["alg"] == "RS256"
    digest = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    assert claims == {
        "iss": client.at.id_token_issuer,
        "sub": "simulated-user-1",
        "aud": client.client.client_id,
        "iat": int(client.clock.now),
        "exp": int(client.clock.now) + 600,
        "name": "Clara Testclinician",
        "fhirUser": f"{client.at.fhir_base}/Practitioner/synthetic-clara",
        "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "nonce": "nonce-1",
    }


def test_oracle_health_has_an_issuer_of_its_own_for_id_tokens() -> None:
    client = TokenClient(profile=ORACLE)
    issuer = claims_of(client, client.tokens()["id_token"])["iss"]
    assert issuer != client.at.issuer
    assert issuer.endswith("/")


def test_without_openid_there_is_no_id_token() -> None:
    assert "id_token" not in TokenClient().tokens(f"{FHIR} fhirUser")


@each(("scope", "named"), [("openid", False), ("openid fhirUser", True), ("openid profile", True)])
def test_the_user_is_named_if_a_scope_asks_for_it(scope: str, named: bool) -> None:
    client = TokenClient()
    claims = claims_of(client, client.tokens(f"{FHIR} {scope}")["id_token"])
    assert ("fhirUser" in claims) is named


def test_a_launch_may_be_of_another_user() -> None:
    client = TokenClient()
    claims = claims_of(client, client.tokens(user="conrad")["id_token"])
    assert (claims["sub"], claims["name"]) == ("simulated-user-2", "Conrad Testclinician")


def test_a_request_without_nonce_gets_an_id_token_without() -> None:
    client = TokenClient()
    code = client.code(nonce=None)
    assert "nonce" not in claims_of(client, json_of(client.exchange(code))["id_token"])


@each("profile", [GENERIC, ORACLE, EPIC], ids=lambda one: one.key)
def test_only_public_keys_are_published_and_as_the_vendor_does(profile: VendorProfile) -> None:
    keys = published(TokenClient(profile=profile))
    assert [key["kty"] for key in keys] == ["RSA", "RSA", "EC", "EC"]
    assert not any(key.keys() & {"d", "p", "q", "dp", "dq", "qi"} for key in keys)
    assert all("kid" in key for key in keys)
    assert all(("alg" in key) is profile.keys_name_alg for key in keys)


def test_after_a_change_the_keys_before_stay_published_once() -> None:
    client = TokenClient()
    before = client.tokens()["id_token"]
    assert client.control(rotate_keys=True).status_code == 204
    after = client.tokens()["id_token"]
    assert claims_of(client, before)["sub"] == claims_of(client, after)["sub"]
    kids = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
    assert kids[0] != kids[1]
    client.control(rotate_keys=True)
    listed = [key["kid"] for key in published(client)]
    assert (kids[0] in listed, kids[1] in listed) == (False, True)


@each(
    ("fault", "changed"),
    [
        ("id-token-wrong-nonce", {"nonce": "simulated-other-nonce"}),
        ("id-token-no-nonce", {"nonce": None}),
        ("id-token-wrong-issuer", {"iss": "https://elsewhere.simulated.example"}),
        ("id-token-expired", {"iat": 1_794_995_800, "exp": 1_794_996_400}),
        ("id-token-future", {"iat": 1_795_003_600, "exp": 1_795_004_200}),
        ("id-token-no-subject", {"sub": None}),
        (
            "id-token-legacy-profile",
            {
                "fhirUser": None,
                "profile": "http://ehr.test/generic/fhir/Practitioner/synthetic-clara",
            },
        ),
        (
            "id-token-foreign-user",
            {"fhirUser": "https://elsewhere.simulated.example/Practitioner/synthetic-clara"},
        ),
    ],
)
def test_a_fault_spoils_its_own_claims_only(fault: str, changed: dict[str, Any]) -> None:
    client = TokenClient()
    right = claims_of(client, client.tokens()["id_token"])
    triggered = claims_of(client, client.tokens(fault=fault)["id_token"])
    for claims in (right, triggered):
        del claims["at_hash"]
    expected = {**right, **changed}
    assert triggered == {name: value for name, value in expected.items() if value is not None}


def test_a_new_key_signs_in_the_middle_of_things() -> None:
    client = TokenClient()
    listed = {key["kid"] for key in published(client)}
    token = client.tokens(fault="id-token-new-key")["id_token"]
    assert jwt.get_unverified_header(token)["kid"] not in listed
    assert claims_of(client, token)["sub"] == "simulated-user-1"


def test_fhir_user_without_openid_is_granted_and_of_no_effect() -> None:
    answer = TokenClient().tokens(f"{FHIR} fhirUser")
    assert "fhirUser" in answer["scope"].split()
    assert answer["patient"] == ALMA
