"""Who may call: forty tokens that are rejected, and tokens of EHRs that are accepted (RFC 8725; CDS
Hooks 2.0, "Trusting CDS Clients").
"""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.cds import (
    DISCOVERY,
    FEEDBACK,
    KID,
    OTHER,
    P256,
    P384,
    RSA,
    Cds,
    CdsEhr,
    members,
)
from tests.support.ehr.id_tokens import Raw, base64url, compact, ec_key, part, public_jwk
from tests.support.tables import each

Forged = Callable[[Cds, CdsEhr], str]
PUBLIC_PEM = P384.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def refused(cds: Cds, answer: Answer, reason: str) -> None:
    """A refusal: the same for all that the caller sees, and the reason in the log."""
    assert answer.status == 401, answer.text
    assert answer.code == "cds_token_invalid"
    assert answer.header("WWW-Authenticate") == "Bearer"
    assert cds.last("cds_refused")["reason"] == reason


def _with_header(**changes: Any) -> Forged:
    return lambda _, ehr: ehr.token(header=ehr.header(**changes))


def _with_claims(**changes: Any) -> Forged:
    return lambda _, ehr: ehr.token(**changes)


def _times(**offsets: Any) -> Forged:
    """Claims as seconds from now."""

    def forged(_: Cds, ehr: CdsEhr) -> str:
        claims: dict[str, Any] = {name: int(time.time()) + of for name, of in offsets.items()}
        return ehr.token(**claims)

    return forged


def _unsigned(_: Cds, ehr: CdsEhr) -> str:
    return f"{part(ehr.header('none'))}.{part(ehr.payload())}."


def _none_with_a_signature(_: Cds, ehr: CdsEhr) -> str:
    return compact(ehr.header("none"), ehr.payload(), P384, "ES384")


def _hmac_of_the_public_key(_: Cds, ehr: CdsEhr) -> str:
    signed = f"{part(ehr.header('HS256'))}.{part(ehr.payload())}".encode()
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{signed.decode()}.{base64url(algorithm.sign(signed, PUBLIC_PEM))}"


def _embedded_key(_: Cds, ehr: CdsEhr) -> str:
    return ehr.token(header=ehr.header(jwk=public_jwk(OTHER, kid=KID)), key=OTHER)


def _key_at_another_address(_: Cds, ehr: CdsEhr) -> str:
    stranger = f"{ehr.tenant.base}/stranger/jwks.json"
    return ehr.token(header=ehr.header(jku=None, x5u=stranger), key=OTHER)


def _padded(_: Cds, ehr: CdsEhr) -> str:
    head, payload, signature = ehr.token().split(".")
    return f"{head}.{payload}{'=' * (-len(payload) % 4) or '='}.{signature}"


def _doubled_member(_: Cds, ehr: CdsEhr) -> str:
    claims = json.dumps(ehr.payload())
    doubled = Raw(claims.replace("{", f'{{"aud": "{ehr.address()}", ', 1))
    return compact(ehr.header(), doubled, P384, "ES384")


def _altered(_: Cds, ehr: CdsEhr) -> str:
    head, _payload, signature = ehr.token().split(".")
    return f"{head}.{part(ehr.payload(exp=int(time.time()) + 600))}.{signature}"


def _of_another_client(cds: Cds, ehr: CdsEhr) -> str:
    """Signed by the key of a second client in the name of the first."""
    cds.other.publish(public_jwk(OTHER, kid=KID))
    token = ehr.token(key=OTHER)
    cds.other.publish(*members())
    return token


FORGED: Mapping[str, tuple[str, Forged]] = {
    "no signature": ("algorithm", _unsigned),
    "none and a signature": ("algorithm", _none_with_a_signature),
    "HMAC with the public key": ("algorithm", _hmac_of_the_public_key),
    "PS384": (
        "algorithm",
        lambda _, ehr: ehr.token(header=ehr.header("PS384", "rsa"), key=RSA, alg="PS384"),
    ),
    "ES512": (
        "algorithm",
        lambda _, ehr: ehr.token(
            header=ehr.header("ES512"), key=ec_key(ec.SECP521R1()), alg="ES512"
        ),
    ),
    "EdDSA": (
        "algorithm",
        lambda _, ehr: compact(
            ehr.header("EdDSA"),
            ehr.payload(),
            ed25519.Ed25519PrivateKey.generate(),  # type: ignore[arg-type]
            "EdDSA",
        ),
    ),
    "alg of another kind of key": (
        "key",
        lambda _, ehr: ehr.token(header=ehr.header("RS384"), key=RSA, alg="RS384"),
    ),
    "signed by a stranger": ("signature", lambda _, ehr: ehr.token(key=OTHER)),
    "signed by another client's key": ("signature", _of_another_client),
    "a key in the header": ("signature", _embedded_key),
    "a key at an address in the header": ("signature", _key_at_another_address),
    "claims altered": ("signature", _altered),
    "another jku": ("jku", _with_header(jku="https://stranger.example.org/jwks.json")),
    "jku in other case": (
        "jku",
        lambda _, ehr: ehr.token(header=ehr.header(jku=ehr.jku.replace("http", "HTTP"))),
    ),
    "jku that isn't a string": ("jku", _with_header(jku=["http://127.0.0.1/"])),
    "no kid": ("key", _with_header(kid=None)),
    "empty kid": ("key", _with_header(kid="")),
    "unknown kid": ("key", _with_header(kid="unknown")),
    "kid of 201 characters": ("key", _with_header(kid="k" * 201)),
    "kid that isn't a string": ("malformed", _with_header(kid=7)),
    "typ of an access token": ("malformed", _with_header(typ="at+jwt")),
    "typ that isn't a string": ("malformed", _with_header(typ=["JWT"])),
    "crit": ("malformed", _with_header(crit=["b64"], b64=True)),
    "padded": ("malformed", _padded),
    "a member twice": ("malformed", _doubled_member),
    "two parts": ("malformed", lambda _, ehr: ehr.token().rpartition(".")[0]),
    "four parts": ("malformed", lambda _, ehr: f"{ehr.token()}.e30"),
    "no JWT": ("malformed", lambda *_: "abc"),
    "unknown issuer": ("client", _with_claims(iss="https://stranger.example.org")),
    "issuer with a slash more": ("client", lambda _, ehr: ehr.token(iss=f"{ehr.iss}/")),
    "issuer in other case": ("client", lambda _, ehr: ehr.token(iss=ehr.iss.upper())),
    "no issuer": ("client", _with_claims(iss=None)),
    "aud of the base": ("audience", lambda cds, ehr: ehr.token(aud=cds.origin)),
    "aud of discovery": ("audience", lambda _, ehr: ehr.token(aud=ehr.address(DISCOVERY))),
    "aud of feedback": ("audience", lambda _, ehr: ehr.token(aud=ehr.address(FEEDBACK))),
    "aud with a slash more": ("audience", lambda _, ehr: ehr.token(aud=f"{ehr.address()}/")),
    "aud of two": (
        "audience",
        lambda _, ehr: ehr.token(aud=[ehr.address(), "https://other.example.org"]),
    ),
    "no aud in the list": ("audience", _with_claims(aud=[])),
    "no aud": ("audience", _with_claims(aud=None)),
    "expired": ("time", _times(iat=-500, exp=-121)),
    "issued later": ("time", _times(iat=125, exp=300)),
    "begins later": ("time", _times(iat=0, nbf=125, exp=300)),
    "lives longer than 15 minutes": ("time", _times(iat=0, exp=901)),
    "no exp": ("time", _with_claims(exp=None)),
    "no iat": ("time", _with_claims(iat=None)),
    "exp that is a text": ("time", lambda _, ehr: ehr.token(exp=str(int(time.time()) + 300))),
    "iat that is true": ("time", _with_claims(iat=True)),
    "exp beyond numbers": (
        "time",
        lambda _, ehr: compact(
            ehr.header(),
            Raw(json.dumps(ehr.payload(exp=12345)).replace("12345", "1e999")),
            P384,
            "ES384",
        ),
    ),
    "exp of 400 digits": ("time", _with_claims(exp=10**400)),
    "iat of 400 digits": ("time", _with_claims(iat=10**400)),
    "nbf of 400 digits": ("time", _with_claims(nbf=10**400)),
    "iat below zero": ("time", _with_claims(iat=-(10**400))),
    "no jti": ("jti", _with_claims(jti=None)),
    "empty jti": ("jti", _with_claims(jti="")),
    "jti that is a number": ("jti", _with_claims(jti=7)),
    "jti of 257 characters": ("jti", _with_claims(jti="j" * 257)),
}


@each("name", FORGED)
def test_a_token_that_is_forged_or_odd_is_refused(cds: Cds, name: str) -> None:
    reason, forge = FORGED[name]
    strangers = len(cds.main.tenant.hits("/stranger/jwks.json"))
    answer = cds.main.post(cds.main.body(), token=forge(cds, cds.main))
    refused(cds, answer, reason)
    assert len(cds.main.tenant.hits("/stranger/jwks.json")) == strangers


def test_forty_tokens_and_more_are_in_the_table() -> None:
    assert len(FORGED) >= 40


def test_every_refusal_looks_alike(cds: Cds) -> None:
    """What a caller sees tells nothing about which check failed."""
    bodies = set()
    for _, forge in FORGED.values():
        bodies.add(cds.main.post(cds.main.body(), token=forge(cds, cds.main)).body)
    replayed = cds.main.token()
    for _ in range(2):
        last = cds.main.post(cds.main.body(), token=replayed)
    bodies.add(last.body)
    bodies.add(Browser().send("POST", cds.main.address(), body=b"{}").body)
    assert len(bodies) == 1


def test_a_refusal_is_an_operation_outcome_that_names_no_check(cds: Cds) -> None:
    answer = cds.main.post(cds.main.body(), token=cds.main.token(key=OTHER))
    issue = answer.json()["issue"][0]
    assert (issue["severity"], issue["code"]) == ("error", "login")
    assert "signature" not in answer.text
    assert not answer.header("Set-Cookie")


def test_what_came_is_logged_of_an_issuer_and_an_audience_alone(cds: Cds) -> None:
    cds.main.post(cds.main.body(), token=cds.main.token(aud="https://wrong.example.org"))
    told = cds.last("cds_refused")
    assert (told["came"], told["client"]) == ("https://wrong.example.org", "main")
    cds.main.post(cds.main.body(), token=cds.main.token(iss="https://stranger.example.org"))
    told = cds.last("cds_refused")
    assert told["came"] == "https://stranger.example.org"
    assert "client" not in told


@each(
    ("alg", "kid", "key"),
    [("ES384", KID, P384), ("RS384", "rsa", RSA), ("RS256", "rsa", RSA), ("ES256", "p256", P256)],
)
def test_the_algorithms_of_ehrs_are_accepted(cds: Cds, alg: str, kid: str, key: Any) -> None:
    for ehr in (cds.main, cds.filed):
        token = ehr.token(header=ehr.header(alg, kid), key=key, alg=alg)
        answer = ehr.post(ehr.body(), token=token)
        assert answer.status == 200, answer.text


def test_the_shape_of_epic_is_accepted(cds: Cds) -> None:
    """RS384, 15 minutes, `nbf` 5 minutes before, `sub`, a kid with signs, no jku (reference S5)."""
    ehr = cds.main
    at = int(time.time())
    token = ehr.token(
        header=ehr.header("RS384", "rsa", jku=None),
        key=RSA,
        alg="RS384",
        iat=at,
        exp=at + 900,
        nbf=at - 300,
        sub="client-at-epic",
    )
    assert ehr.post(ehr.body(), token=token).status == 200


@each(
    "changes",
    [
        {"typ": None},
        {"typ": "jwt"},
        {"jku": None},
        {"x5c": ["unread"], "jwk": {"kty": "oct"}, "x5u": "https://stranger.example.org"},
    ],
    ids=["no typ", "typ in other case", "no jku", "further members"],
)
def test_headers_that_the_standard_leaves_free_are_accepted(
    cds: Cds, changes: dict[str, Any]
) -> None:
    token = cds.main.token(header=cds.main.header(**changes))
    assert cds.main.post(cds.main.body(), token=token).status == 200


def test_with_a_file_of_keys_the_jku_is_not_looked_at(cds: Cds) -> None:
    before = len(cds.filed.tenant.received)
    token = cds.filed.token(header=cds.filed.header(jku=f"{cds.filed.tenant.base}/stranger"))
    assert cds.filed.post(cds.filed.body(), token=token).status == 200
    assert cds.filed.tenant.received[before:] == []


@each(
    "claims",
    [
        {"iat": -800, "exp": -100},
        {"iat": 100, "exp": 900},
        {"iat": 0, "nbf": 100, "exp": 300},
        {"iat": 0, "exp": 900},
    ],
    ids=["expired within the leeway", "issued ahead", "begins ahead", "15 minutes"],
)
def test_clocks_may_differ_by_two_minutes(cds: Cds, claims: dict[str, float]) -> None:
    token = _times(**claims)(cds, cds.main)
    assert cds.main.post(cds.main.body(), token=token).status == 200


def test_aud_may_be_a_list_of_this_address_alone(cds: Cds) -> None:
    token = cds.main.token(aud=[cds.main.address()])
    assert cds.main.post(cds.main.body(), token=token).status == 200


def test_the_tenant_of_a_token_selects_the_client(cds: Cds) -> None:
    for ehr, name in ((cds.north, "north"), (cds.south, "south")):
        answer = ehr.call()
        assert answer.status == 200, answer.text
        assert cds.last("cds_answered")["client"] == name
    for tenant in ("west", None):
        token = cds.north.token(tenant=tenant)
        refused(cds, cds.north.post(cds.north.body(), token=token), "client")
    # A client without a configured tenant is one for all: Oracle Health has one issuer for many.
    assert cds.main.post(cds.main.body(), token=cds.main.token(tenant="any")).status == 200


def test_a_tenant_of_one_cannot_name_the_server_of_the_other(cds: Cds) -> None:
    answer = cds.north.call(fhirServer=cds.south.tenant.base)
    assert (answer.status, answer.code) == (403, "cds_server_denied")


def test_a_token_counts_once(cds: Cds) -> None:
    token = cds.main.token()
    assert cds.main.post(cds.main.body(), token=token).status == 200
    refused(cds, cds.main.post(cds.main.body(), token=token), "replayed")


def test_a_jti_counts_once_whatever_else_the_token_says(cds: Cds) -> None:
    assert cds.main.post(cds.main.body(), token=cds.main.token(jti="once")).status == 200
    again = cds.main.token(jti="once", exp=int(time.time()) + 600)
    refused(cds, cds.main.post(cds.main.body(), token=again), "replayed")
    # It is the client's own: another one may choose the same.
    assert cds.other.post(cds.other.body(), token=cds.other.token(jti="once")).status == 200


def test_a_token_of_a_call_that_is_refused_for_its_body_is_used_up(cds: Cds) -> None:
    token = cds.main.token()
    assert cds.main.post({"hook": "order-sign"}, token=token).status == 400
    refused(cds, cds.main.post(cds.main.body(), token=token), "replayed")


def test_the_record_of_a_token_holds_nothing_and_outlives_it(cds: Cds) -> None:
    with closing(sqlite3.connect(cds.store)) as store:
        before = {row[0] for row in store.execute("SELECT key FROM records")}
        expires = int(time.time()) - 60
        token = cds.main.token(jti="kept", iat=expires - 300, exp=expires)
        assert cds.main.post(cds.main.body(), token=token).status == 200
        rows = store.execute("SELECT collection, key, expires_at, fields FROM records").fetchall()
    (made,) = [row for row in rows if row[1] not in before]
    assert made[0] == "cds_calls"
    assert len(made[1]) == 64
    assert made[2] >= expires + 120
    assert made[3] == "{}"
    # The token has expired, and within the leeway it still cannot be used again.
    refused(cds, cds.main.post(cds.main.body(), token=token), "replayed")


def test_a_refused_token_and_discovery_touch_neither_store_nor_ehr(cds: Cds) -> None:
    assert cds.main.call().status == 200  # Its keys have been read.
    with closing(sqlite3.connect(cds.store)) as store:
        count = "SELECT count(*) FROM records"
        before = store.execute(count).fetchone(), len(cds.main.tenant.received)
        for name in ("expired", "aud of the base", "another jku", "unknown issuer", "no kid"):
            cds.main.post(cds.main.body(), token=FORGED[name][1](cds, cds.main))
        Browser().get(f"{cds.origin}{DISCOVERY}")
        assert (store.execute(count).fetchone(), len(cds.main.tenant.received)) == before


def test_the_authorization_must_be_one_bearer_token(cds: Cds) -> None:
    good = cds.main.token()
    for value in (f"Basic {good}", good, f"Bearer {good}, Bearer {good}", "Bearer ", "Bearer a b"):
        answer = cds.main.post(cds.main.body(), Authorization=value)
        refused(cds, answer, "malformed")
    assert cds.main.post(cds.main.body(), Authorization=f"bearer {good}").status == 200
    nothing = Browser().send(
        "POST", cds.main.address(), {"Content-Type": "application/json"}, b"{}"
    )
    refused(cds, nothing, "missing")


def test_a_token_is_looked_at_before_the_body(cds: Cds) -> None:
    bad = cds.main.token(key=OTHER)
    refused(cds, cds.main.post(b"no JSON", token=bad, Content_Type="text/plain"), "signature")
    refused(cds, cds.main.post(b"x" * 2_000_000, token=bad), "signature")
