"""id_tokens by themselves: forged, damaged or ambiguous ones, and each claim."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from shared.errors import IdTokenInvalid
from shared.oidc import jws
from shared.oidc.id_token import Identity, Verified
from shared.oidc.jwk_set import key_set
from tests.support.ehr.id_tokens import PrivateKey, Raw, base64url, compact, part, public_jwk
from tests.support.ehr.issuer import (
    ABSENT,
    ACCESS,
    CLIENT,
    NAME,
    NONCE,
    NOW,
    P256,
    P384,
    RSA,
    RSA2,
    SUB,
    Forgery,
    Issuer,
    made_issuer,
    refused,
    unsigned,
)
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each


def _pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _keyed(issuer: Issuer, secret: bytes, kid: object = "rsa") -> str:
    """HS256 with a public key in place of the secret; PyJWT would refuse to make it."""
    signed = f"{part({'alg': 'HS256', 'kid': kid})}.{part(issuer.claims())}"
    return f"{signed}.{base64url(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _with(issuer: Issuer, **header: object) -> str:
    """Signed by a stranger's key, with a header that offers it."""
    url = f"{issuer.stranger.base}/jwks"
    made = {name: url if value == "URL" else value for name, value in header.items()}
    return issuer.token(RSA2, header=made)


def _payload(issuer: Issuer, text: str) -> str:
    """Properly signed, whatever the payload."""
    claims = json.dumps(issuer.claims())
    return compact(
        {"alg": "RS256", "kid": "rsa"},
        Raw(text.replace("CLAIMS", claims[1:-1])),
        RSA,
        "RS256",
    )


def _header(issuer: Issuer, text: str) -> str:
    return compact(Raw(text), issuer.claims(), RSA, "RS256")


def _changed(issuer: Issuer, change: Callable[[list[str]], list[str]]) -> str:
    return ".".join(change(issuer.token().split(".")))


SIGNATURES: dict[str, tuple[Forgery, str]] = {
    "alg none": (lambda i: unsigned(i, "none"), "isn't accepted"),
    "alg None": (lambda i: unsigned(i, "None"), "isn't accepted"),
    "alg none with a signature": (lambda i: unsigned(i, "none", "AAAA"), "isn't accepted"),
    "no alg": (lambda i: _header(i, '{"kid": "rsa"}'), "isn't accepted"),
    "alg null": (lambda i: unsigned(i, None), "isn't accepted"),
    "alg a list": (lambda i: unsigned(i, ["RS256"]), "isn't accepted"),
    "alg in lower case": (lambda i: i.token(header={"alg": "rs256"}), "isn't accepted"),
    "RS512": (lambda i: i.token(alg="RS512"), "isn't accepted"),
    "PS256": (lambda i: i.token(alg="PS256"), "isn't accepted"),
    "an empty signature": (lambda i: unsigned(i, "RS256"), "has no signature"),
    "HS256 with the public PEM": (lambda i: _keyed(i, _pem(RSA)), "isn't accepted"),
    "HS256 with the public JWK": (
        lambda i: _keyed(i, json.dumps(public_jwk(RSA)).encode()),
        "isn't accepted",
    ),
    "RS256 in the header, ES256 in the signature": (
        lambda i: compact({"alg": "RS256", "kid": "rsa"}, i.claims(), P256, "ES256"),
        "signature",
    ),
    "ES256 with the RSA key's kid": (
        lambda i: i.token(P256, "ES256"),
        "isn't for the token's algorithm",
    ),
    "RS256 with the EC key's kid": (
        lambda i: i.token(header={"kid": "p256"}),
        "isn't for the token's",
    ),
    "RS384 in the header, RS256 in the signature": (
        lambda i: compact({"alg": "RS384", "kid": "rsa"}, i.claims(), RSA, "RS256"),
        "signature",
    ),
    "another key under the same kid": (lambda i: i.token(RSA2), "signature"),
    "a kid without a key": (lambda i: i.token(header={"kid": "other"}), "usable keys has"),
    "no kid and another key": (lambda i: i.token(RSA2, header={"kid": ABSENT}), "signature"),
    "jku at a stranger": (lambda i: _with(i, jku="URL"), "signature"),
    "jku at a stranger and its kid": (lambda i: _with(i, jku="URL", kid="x"), "usable keys has"),
    "x5u at a stranger": (lambda i: _with(i, x5u="URL"), "signature"),
    "a key in the header": (lambda i: _with(i, jwk=public_jwk(RSA2, kid="rsa")), "signature"),
    "a certificate in the header": (lambda i: _with(i, x5c=["MIIB"]), "signature"),
    "kid as a path": (lambda i: i.token(header={"kid": "../../etc/passwd"}), "usable keys has"),
    "kid as a query": (lambda i: i.token(header={"kid": "' OR 1=1 --"}), "usable keys has"),
    "kid as an address": (
        lambda i: i.token(RSA2, header={"kid": f"{i.stranger.base}/jwks"}),
        "usable keys has",
    ),
    "kid as a number": (lambda i: i.token(header={"kid": 1}), "isn't a string"),
    "another payload under the signature": (
        lambda i: _changed(i, lambda s: [s[0], part(i.claims(sub="admin")), s[2]]),
        "signature",
    ),
}
FORMS: dict[str, tuple[Forgery, str]] = {
    "crit": (lambda i: i.token(header={"crit": ["exp"], "exp": 1}), "crit"),
    "crit b64": (lambda i: i.token(header={"crit": ["b64"], "b64": True}), "crit"),
    "b64 false": (lambda i: i.token(header={"b64": False}), "signature"),
    "an access token": (lambda i: i.token(header={"typ": "at+jwt"}), "isn't an id_token"),
    "a logout token": (lambda i: i.token(header={"typ": "logout+jwt"}), "isn't an id_token"),
    "typ a number": (lambda i: i.token(header={"typ": 1}), "isn't an id_token"),
    "alg twice in the header": (
        lambda i: _header(i, '{"alg": "none", "alg": "RS256", "kid": "rsa"}'),
        "header repeats a field",
    ),
    "iss twice in the payload": (
        lambda i: _payload(i, '{"iss": "http://x.test", CLAIMS}'),
        "payload repeats a field",
    ),
    "a member twice deep in the payload": (
        lambda i: _payload(i, '{CLAIMS, "x": [{"a": 1, "a": 2}]}'),
        "payload repeats a field",
    ),
    "deep nesting": (lambda i: _payload(i, '{CLAIMS, "x": ' + "[" * 15_000), "isn't a JSON object"),
    "deep nesting, closed": (
        # How deep Python's reader goes depends on its version: 10,000 levels at most.
        lambda i: _payload(i, '{CLAIMS, "x": ' + "[" * 10_500 + "]" * 10_500 + "}"),
        "isn't a JSON object",
    ),
    "a payload that is a list": (lambda i: _payload(i, "[]"), "payload isn't a JSON object"),
    "a payload that is not JSON": (lambda i: _payload(i, "hello"), "payload isn't a JSON object"),
    "a header that is a text": (lambda i: _header(i, '"RS256"'), "header isn't a JSON object"),
    "NaN": (lambda i: _payload(i, '{CLAIMS, "x": NaN}'), "payload isn't a JSON object"),
    "a number of 5,000 digits": (
        lambda i: _payload(i, '{CLAIMS, "x": ' + "9" * 5000 + "}"),
        "payload isn't a JSON object",
    ),
    "a payload that is not UTF-8": (
        lambda i: _changed(i, lambda s: [s[0], base64url(b'{"a": "\xff"}'), s[2]]),
        "payload isn't a JSON object",
    ),
    "a payload in UTF-16": (
        lambda i: _changed(i, lambda s: [s[0], base64url('{"a": 1}'.encode("utf-16")), s[2]]),
        "payload isn't a JSON object",
    ),
    "JWE": (lambda i: ".".join(["e30"] * 5), "encrypted"),
    "two segments": (lambda i: _changed(i, lambda s: s[:2]), "three parts"),
    "four segments": (lambda i: f"{i.token()}.AAAA", "three parts"),
    "empty": (lambda i: "", "three parts"),
    "only dots": (lambda i: "..", "header"),
    "an empty payload": (lambda i: _changed(i, lambda s: [s[0], "", s[2]]), "payload"),
    "1 MB": (lambda i: i.token(x="a" * 1_000_000), "longer than"),
    "padding": (lambda i: _changed(i, lambda s: [s[0], s[1], s[2] + "=="]), "base64url"),
    "padding of the header": (lambda i: _changed(i, lambda s: [s[0] + "=", *s[1:]]), "base64url"),
    "the other base64": (lambda i: _changed(i, lambda s: [s[0], "+/+/", s[2]]), "base64url"),
    "a space in it": (lambda i: _changed(i, lambda s: [s[0], s[1], " " + s[2]]), "base64url"),
    "a line break at its end": (lambda i: i.token() + "\n", "base64url"),
    "letters of other alphabets": (lambda i: _changed(i, lambda s: ["é", *s[1:]]), "base64url"),
    "bits that no byte has": (lambda i: _changed(i, lambda s: ["e31", *s[1:]]), "base64url"),
    "a text": (lambda i: "not a token", "three parts"),
}
CLAIMS: dict[str, tuple[dict[str, object], str]] = {
    "a wrong iss": ({"iss": "https://other.test"}, "isn't this EHR's issuer"),
    "no iss": ({"iss": ABSENT}, "isn't this EHR's issuer"),
    "iss as a list": ({"iss": ["BASE"]}, "isn't this EHR's issuer"),
    "iss with a slash": ({"iss": "BASE/"}, "isn't this EHR's issuer"),
    "iss in upper case": ({"iss": "HTTP:BASE"}, "isn't this EHR's issuer"),
    "the aud of another app": ({"aud": "other-client"}, "wasn't issued to this app"),
    "no aud": ({"aud": ABSENT}, "wasn't issued to this app"),
    "an empty aud": ({"aud": []}, "wasn't issued to this app"),
    "aud as an object": ({"aud": {CLIENT: 1}}, "wasn't issued to this app"),
    "a part of our client_id": ({"aud": CLIENT[:-1]}, "wasn't issued to this app"),
    "another app with us in aud": ({"aud": [CLIENT, "stranger"]}, "other apps"),
    "a number with us in aud": ({"aud": [CLIENT, 1]}, "other apps"),
    "another app with us in aud, azp ours": (
        {"aud": [CLIENT, "stranger"], "azp": CLIENT},
        "other apps",
    ),
    "a wrong azp": ({"azp": "other-client"}, "azp"),
    "azp as a list": ({"azp": [CLIENT]}, "azp"),
    "a wrong nonce": ({"nonce": "of-another-launch"}, "nonce"),
    "an empty nonce": ({"nonce": ""}, "nonce"),
    "nonce as a list": ({"nonce": [NONCE]}, "nonce"),
    "expired 5 minutes ago": ({"exp": NOW - 300}, "expired (exp) 300 seconds ago"),
    "expired beyond the skew": ({"exp": NOW - 121}, "expired (exp) 121 seconds ago"),
    "no exp": ({"exp": ABSENT}, "exp isn't a time"),
    "exp as a text": ({"exp": "1800000300"}, "exp isn't a time"),
    "exp as a boolean": ({"exp": True}, "exp isn't a time"),
    "exp in the year 10,000": ({"exp": 253_402_300_800}, "exp isn't a time"),
    "exp before 1970": ({"exp": -1}, "exp isn't a time"),
    "exp beyond any calendar": ({"exp": 10**300}, "exp isn't a time"),
    "exp that is infinite": ({"exp": "INFINITE"}, "exp isn't a time"),
    "issued an hour ahead": ({"iat": NOW + 3600}, "dated (iat) 3600 seconds in the future"),
    "dated ahead beyond the skew": ({"iat": NOW + 121}, "(iat) 121 seconds in the future"),
    "no iat": ({"iat": ABSENT}, "iat isn't a time"),
    "iat null": ({"iat": None}, "iat isn't a time"),
    "valid in an hour only": ({"nbf": NOW + 3600}, "not valid (nbf) for another 3600 seconds"),
    "valid after the skew": ({"nbf": NOW + 121}, "(nbf) for another 121 seconds"),
    "nbf as a text": ({"nbf": "1800000000"}, "nbf isn't a time"),
    "a wrong at_hash": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    "at_hash as a list": ({"at_hash": []}, "at_hash"),
    "no sub": ({"sub": ABSENT}, "name a user"),
    "an empty sub": ({"sub": ""}, "name a user"),
    "a sub of 256 characters": ({"sub": "a" * 256}, "name a user"),
    "sub as a number": ({"sub": 7}, "name a user"),
    "a control character in sub": ({"sub": "a\nb"}, "name a user"),
    "half a character in sub": ({"sub": "a\ud800"}, "name a user"),
}


@each(("forge", "why"), SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_forged_signature_is_refused(issuer: Issuer, forge: Forgery, why: str) -> None:
    refused(issuer, forge(issuer), why)
    assert set(issuer.fetched) <= {"/jwks"}
    assert len(issuer.fetched) <= 2


@each(("forge", "why"), FORMS.values(), ids=FORMS.keys())
def test_a_damaged_or_ambiguous_token_is_refused(issuer: Issuer, forge: Forgery, why: str) -> None:
    refused(issuer, forge(issuer), why)
    assert set(issuer.fetched) <= {"/jwks"}


@each(("changes", "why"), CLAIMS.values(), ids=CLAIMS.keys())
def test_a_wrong_claim_is_refused(issuer: Issuer, changes: dict[str, object], why: str) -> None:
    base = issuer.tenant.base
    texts = json.dumps(issuer.claims(**changes))
    texts = texts.replace('"HTTP:BASE"', json.dumps(base.replace("http:", "HTTP:")))
    texts = texts.replace("BASE", base).replace('"INFINITE"', "1e999")
    raw = compact({"alg": "RS256", "kid": "rsa"}, Raw(texts), RSA, "RS256")
    refused(issuer, raw, why)


@each(
    ("alg", "shown"),
    [("none", {"alg": "none"}), ("PS256", {"alg": "PS256"}), ("<b>", {}), (["none"], {})],
)
def test_an_algorithm_is_shown_if_it_reads_like_one(
    issuer: Issuer, alg: object, shown: dict[str, str]
) -> None:
    assert refused(issuer, unsigned(issuer, alg), "isn't accepted").shown == shown


def test_the_token_that_the_forgeries_are_made_of_is_accepted(issuer: Issuer) -> None:
    base = issuer.tenant.base
    verified = issuer.verify(issuer.token())
    assert verified == Verified(Identity(base, SUB, f"{base}/Practitioner/p1", NAME), False)
    assert issuer.verify(_payload(issuer, '{CLAIMS, "x": [[{"a": 1}, {"a": 1}]]}')) == verified
    assert issuer.verify(_header(issuer, '{"alg": "RS256", "kid": "rsa"}')) == verified
    assert issuer.fetched == ["/jwks"]


PUBLISHED = json.loads((Path(__file__).parent / "data/rfc7515.json").read_text("utf-8"))["vectors"]


@each("vector", PUBLISHED, ids=[one["name"] for one in PUBLISHED])
def test_the_published_signatures_of_rfc_7515_are_verified(vector: dict[str, Any]) -> None:
    signed = jws.parse(vector["token"])
    assert (signed.alg, signed.claims["iss"]) == (vector["alg"], "joe")
    (key,) = key_set("https://ehr.test/jwks", [vector["jwk"]]).keys
    assert jws.signed_by(signed, key.public)
    head, payload, signature = vector["token"].split(".")
    for other in (f"{head}.{payload}.{'B' + signature[1:]}", f"{head}.{part({})}.{signature}"):
        assert not jws.signed_by(jws.parse(other), key.public)


def test_no_character_of_a_token_can_be_changed(issuer: Issuer) -> None:
    raw = issuer.token(P256, "ES256", {"kid": "p256"})
    issuer.verify(raw)
    for position, character in enumerate(raw):
        other = "A" if character != "A" else "B"
        with pytest.raises(IdTokenInvalid):
            issuer.verify(raw[:position] + other + raw[position + 1 :])


@each(
    ("key", "alg", "kid"),
    [
        (RSA, "RS256", "rsa"),
        (RSA, "RS384", "rsa"),
        (P256, "ES256", "p256"),
        (P384, "ES384", "p384"),
    ],
    ids=["RS256", "RS384", "ES256", "ES384"],
)
@each("named", [True, False], ids=["with alg and use", "with neither"])
def test_every_accepted_algorithm_verifies_with_at_hash(
    scripted: ScriptedEhr,
    elsewhere: ScriptedEhr,
    key: PrivateKey,
    alg: str,
    kid: str,
    named: bool,
) -> None:
    issuer = made_issuer(scripted.tenant(), elsewhere.tenant())
    members = {"kid": kid} | ({"alg": alg, "use": "sig"} if named else {})
    issuer.publish(public_jwk(key, **members), public_jwk(RSA2, kid="another"))
    digest = hashlib.new(f"sha{alg[2:]}", ACCESS.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    raw = issuer.token(key, alg, {"kid": kid}, at_hash=half)
    assert issuer.verify(raw).identity.sub == SUB
    refused(issuer, raw, "at_hash", access_token="another")


@each("typ", [ABSENT, "JWT", "jwt"], ids=["no typ", "JWT", "jwt"])
def test_typ_may_be_jwt_or_absent(issuer: Issuer, typ: object) -> None:
    issuer.verify(issuer.token(header={"typ": typ}))


@each(
    "changes",
    [
        {"aud": [CLIENT]},
        {"azp": CLIENT},
        {"aud": [CLIENT], "azp": CLIENT},
        {"exp": NOW + 366 * 86400},
        {"exp": NOW - 119},
        {"exp": NOW + 300.5, "iat": NOW - 0.5},
        {"iat": NOW + 119, "nbf": NOW + 119},
        {"iat": NOW - 86400},
        {"nbf": NOW - 5},
        {"sub": "a" * 255},
        {"azp": None, "nbf": None, "at_hash": None, "fhirUser": None},
    ],
    ids=[
        "aud a list of one", "azp ours", "both", "exp a year ahead", "expired within the skew",
        "fractions of a second", "dated ahead within the skew", "issued yesterday", "nbf past",
        "sub of 255 characters", "optional claims that are null",
    ],
)  # fmt: skip
def test_what_an_honest_ehr_may_send_is_accepted(issuer: Issuer, changes: dict[str, Any]) -> None:
    assert issuer.verify(issuer.token(**changes)).nonce_missing is False


@each("changes", [{"nonce": ABSENT}, {"nonce": None}], ids=["absent", "null"])
def test_a_missing_nonce_is_accepted_and_reported(issuer: Issuer, changes: dict[str, Any]) -> None:
    assert issuer.verify(issuer.token(**changes)).nonce_missing is True
    for raw in (issuer.token(**changes), issuer.token(nonce="another")):
        assert issuer.verify(raw, nonce=None).nonce_missing is False
