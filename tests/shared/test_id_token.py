"""Who is signed in: id_tokens proper, forged and damaged, against an issuer on loopback."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared import id_token
from shared.config import parse
from shared.errors import IdTokenInvalid
from shared.id_token import Identity, Verified
from shared.jwks import Keys
from shared.settings import Ehr
from tests.support.id_tokens import (
    PrivateKey,
    Raw,
    base64url,
    compact,
    ec_key,
    part,
    public_jwk,
    rsa_key,
)
from tests.support.scripted_ehr import Scripted, ScriptedEhr, Tenant, as_json

CONFIGURATION = """
public_url = "http://localhost"
sealing_keys = ["env:SEALING_KEY"]
[store]
kind = "sqlite"
[[ehr]]
key = "one"
iss = ["http://127.0.0.1/*"]
client_id = "our-client"
scopes = "openid fhirUser patient/*.rs"
"""
NOW = 1_800_000_000.0
RSA = rsa_key()
RSA2 = rsa_key()
WEAK = rsa_key(1024)
P256 = ec_key()
P384 = ec_key(ec.SECP384R1())
CLIENT = "our-client"
NONCE = "the-nonce-of-this-launch"
ACCESS = "the-access-token"
SUB = "sentinel-user"
NAME = "Sentinel Synthetic"
ABSENT = Ellipsis


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Issuer:
    """An EHR that signs what it is told to; `stranger` is a host that nobody configured."""

    tenant: Tenant
    ehr: Ehr
    stranger: Tenant
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.keys = Keys(self.clock)
        self.publish(public_jwk(RSA, kid="rsa"), public_jwk(P256, kid="p256"))

    @property
    def fetched(self) -> list[str]:
        return [request.path for request in self.tenant.received]

    def publish(self, *members: object) -> None:
        self.tenant.on("/jwks", as_json({"keys": members}))

    def claims(self, **changes: object) -> dict[str, object]:
        made = {
            "iss": self.tenant.base,
            "sub": SUB,
            "aud": CLIENT,
            "exp": NOW + 300,
            "iat": NOW,
            "nonce": NONCE,
            "name": NAME,
            "fhirUser": f"{self.tenant.base}/Practitioner/p1",
        } | changes
        return {name: value for name, value in made.items() if value is not ABSENT}

    def token(
        self,
        key: PrivateKey | bytes = RSA,
        alg: str = "RS256",
        header: dict[str, object] | None = None,
        **changes: object,
    ) -> str:
        """A token signed by RS256 with the first key, but for what is named."""
        made = {"alg": alg, "typ": "JWT", "kid": "rsa"} | (header or {})
        made = {name: value for name, value in made.items() if value is not ABSENT}
        return compact(made, self.claims(**changes), key, alg)

    def verify(self, raw: str, **changes: Any) -> Verified:
        given: dict[str, Any] = {
            "ehr": self.ehr,
            "fhir_base": self.tenant.base,
            "issuer": self.tenant.base,
            "jwks_uri": f"{self.tenant.base}/jwks",
            "nonce": NONCE,
            "access_token": ACCESS,
            "keys": self.keys,
            "now": NOW,
        }
        return id_token.verify(raw, **given | changes)

    def refreshed(self, raw: str, known: Identity) -> Literal["same", "other", "unusable"]:
        return id_token.same_user(
            raw,
            known,
            ehr=self.ehr,
            fhir_base=self.tenant.base,
            issuer=self.tenant.base,
            jwks_uri=f"{self.tenant.base}/jwks",
            access_token=ACCESS,
            keys=self.keys,
            now=NOW,
        )


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ScriptedEhr]:
    server = ScriptedEhr()
    yield server
    assert server.strangers == []
    server.close()


@pytest.fixture
def issuer(scripted: ScriptedEhr, elsewhere: ScriptedEhr) -> Issuer:
    settings, _ = parse(CONFIGURATION)
    assert settings is not None
    made = Issuer(scripted.tenant(), settings.ehrs[0], elsewhere.tenant())
    made.stranger.on("/jwks", as_json({"keys": [public_jwk(RSA2, kid="rsa")]}))
    return made


def refused(issuer: Issuer, raw: str, why: str, /, **changes: Any) -> IdTokenInvalid:
    """The refusal, which says `why`, tells nothing of the token and asks no stranger."""
    with pytest.raises(IdTokenInvalid) as caught:
        issuer.verify(raw, **changes)
    error = caught.value
    assert why in error.why
    told = f"{error!r} {error} {error.why} {error.steps} {error.evidence}"
    for sentinel in (SUB, NAME, NONCE, ACCESS, *([raw[-20:]] if len(raw) > 100 else [])):
        assert sentinel not in told
    assert error.__cause__ is None
    assert issuer.stranger.received == []
    return error


def _pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _keyed(issuer: Issuer, secret: bytes, kid: object = "rsa") -> str:
    """HS256 with a public key in place of the secret; PyJWT would refuse to make it."""
    signed = f"{part({'alg': 'HS256', 'kid': kid})}.{part(issuer.claims())}"
    return f"{signed}.{base64url(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _unsigned(issuer: Issuer, alg: object, signature: str = "") -> str:
    return f"{part({'alg': alg, 'typ': 'JWT'})}.{part(issuer.claims())}.{signature}"


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


Forgery = Callable[[Issuer], str]
SIGNATURES: dict[str, tuple[Forgery, str]] = {
    "alg none": (lambda i: _unsigned(i, "none"), "not accepted"),
    "alg None": (lambda i: _unsigned(i, "None"), "not accepted"),
    "alg none with a signature": (lambda i: _unsigned(i, "none", "AAAA"), "not accepted"),
    "no alg": (lambda i: _header(i, '{"kid": "rsa"}'), "not accepted"),
    "alg null": (lambda i: _unsigned(i, None), "not accepted"),
    "alg a list": (lambda i: _unsigned(i, ["RS256"]), "not accepted"),
    "alg in lower case": (lambda i: i.token(header={"alg": "rs256"}), "not accepted"),
    "RS512": (lambda i: i.token(alg="RS512"), "not accepted"),
    "PS256": (lambda i: i.token(alg="PS256"), "not accepted"),
    "an empty signature": (lambda i: _unsigned(i, "RS256"), "carries no signature"),
    "HS256 with the public PEM": (lambda i: _keyed(i, _pem(RSA)), "not accepted"),
    "HS256 with the public JWK": (
        lambda i: _keyed(i, json.dumps(public_jwk(RSA)).encode()),
        "not accepted",
    ),
    "RS256 in the header, ES256 in the signature": (
        lambda i: compact({"alg": "RS256", "kid": "rsa"}, i.claims(), P256, "ES256"),
        "signature",
    ),
    "ES256 with the RSA key's kid": (lambda i: i.token(P256, "ES256"), "not one for its alg"),
    "RS256 with the EC key's kid": (lambda i: i.token(header={"kid": "p256"}), "not one for"),
    "RS384 in the header, RS256 in the signature": (
        lambda i: compact({"alg": "RS384", "kid": "rsa"}, i.claims(), RSA, "RS256"),
        "signature",
    ),
    "another key under the same kid": (lambda i: i.token(RSA2), "signature"),
    "a kid that nobody has": (lambda i: i.token(header={"kid": "other"}), "not among"),
    "no kid and another key": (lambda i: i.token(RSA2, header={"kid": ABSENT}), "signature"),
    "jku at a stranger": (lambda i: _with(i, jku="URL"), "signature"),
    "jku at a stranger and its kid": (lambda i: _with(i, jku="URL", kid="x"), "not among"),
    "x5u at a stranger": (lambda i: _with(i, x5u="URL"), "signature"),
    "a key in the header": (lambda i: _with(i, jwk=public_jwk(RSA2, kid="rsa")), "signature"),
    "a certificate in the header": (lambda i: _with(i, x5c=["MIIB"]), "signature"),
    "kid as a path": (lambda i: i.token(header={"kid": "../../etc/passwd"}), "not among"),
    "kid as a query": (lambda i: i.token(header={"kid": "' OR 1=1 --"}), "not among"),
    "kid as an address": (
        lambda i: i.token(RSA2, header={"kid": f"{i.stranger.base}/jwks"}),
        "not among",
    ),
    "kid as a number": (lambda i: i.token(header={"kid": 1}), "is not a text"),
    "another payload under the signature": (
        lambda i: _changed(i, lambda s: [s[0], part(i.claims(sub="admin")), s[2]]),
        "signature",
    ),
}
FORMS: dict[str, tuple[Forgery, str]] = {
    "crit": (lambda i: i.token(header={"crit": ["exp"], "exp": 1}), "crit"),
    "crit b64": (lambda i: i.token(header={"crit": ["b64"], "b64": True}), "crit"),
    "b64 false": (lambda i: i.token(header={"b64": False}), "signature"),
    "an access token": (lambda i: i.token(header={"typ": "at+jwt"}), "another kind"),
    "a logout token": (lambda i: i.token(header={"typ": "logout+jwt"}), "another kind"),
    "typ a number": (lambda i: i.token(header={"typ": 1}), "another kind"),
    "alg twice in the header": (
        lambda i: _header(i, '{"alg": "none", "alg": "RS256", "kid": "rsa"}'),
        "header holds a member twice",
    ),
    "iss twice in the payload": (
        lambda i: _payload(i, '{"iss": "http://x.test", CLAIMS}'),
        "payload holds a member twice",
    ),
    "a member twice deep in the payload": (
        lambda i: _payload(i, '{CLAIMS, "x": [{"a": 1, "a": 2}]}'),
        "payload holds a member twice",
    ),
    "deep nesting": (lambda i: _payload(i, '{CLAIMS, "x": ' + "[" * 15_000), "not a JSON object"),
    "deep nesting, closed": (
        lambda i: _payload(i, '{CLAIMS, "x": ' + "[" * 9_000 + "]" * 9_000 + "}"),
        "not a JSON object",
    ),
    "a payload that is a list": (lambda i: _payload(i, "[]"), "payload is not a JSON object"),
    "a payload that is not JSON": (lambda i: _payload(i, "hello"), "payload is not a JSON object"),
    "a header that is a text": (lambda i: _header(i, '"RS256"'), "header is not a JSON object"),
    "NaN": (lambda i: _payload(i, '{CLAIMS, "x": NaN}'), "payload is not a JSON object"),
    "a number of 5,000 digits": (
        lambda i: _payload(i, '{CLAIMS, "x": ' + "9" * 5000 + "}"),
        "payload is not a JSON object",
    ),
    "a payload that is not UTF-8": (
        lambda i: _changed(i, lambda s: [s[0], base64url(b'{"a": "\xff"}'), s[2]]),
        "payload is not a JSON object",
    ),
    "a payload in UTF-16": (
        lambda i: _changed(i, lambda s: [s[0], base64url('{"a": 1}'.encode("utf-16")), s[2]]),
        "payload is not a JSON object",
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
    "a wrong iss": ({"iss": "https://other.test"}, "another issuer"),
    "no iss": ({"iss": ABSENT}, "another issuer"),
    "iss as a list": ({"iss": ["BASE"]}, "another issuer"),
    "iss with a slash": ({"iss": "BASE/"}, "another issuer"),
    "iss in upper case": ({"iss": "HTTP:BASE"}, "another issuer"),
    "the aud of another app": ({"aud": "other-client"}, "not issued to this app"),
    "no aud": ({"aud": ABSENT}, "not issued to this app"),
    "an empty aud": ({"aud": []}, "not issued to this app"),
    "aud as an object": ({"aud": {CLIENT: 1}}, "not issued to this app"),
    "a part of our client_id": ({"aud": CLIENT[:-1]}, "not issued to this app"),
    "a stranger beside us in aud": ({"aud": [CLIENT, "stranger"]}, "further apps"),
    "a number beside us in aud": ({"aud": [CLIENT, 1]}, "further apps"),
    "a stranger beside us in aud, azp ours": (
        {"aud": [CLIENT, "stranger"], "azp": CLIENT},
        "further apps",
    ),
    "a wrong azp": ({"azp": "other-client"}, "azp"),
    "azp as a list": ({"azp": [CLIENT]}, "azp"),
    "a wrong nonce": ({"nonce": "of-another-launch"}, "nonce"),
    "an empty nonce": ({"nonce": ""}, "nonce"),
    "nonce as a list": ({"nonce": [NONCE]}, "nonce"),
    "expired 5 minutes ago": ({"exp": NOW - 300}, "had expired (exp) 300 seconds"),
    "expired beyond the skew": ({"exp": NOW - 121}, "had expired (exp) 121 seconds"),
    "no exp": ({"exp": ABSENT}, "exp is not a time"),
    "exp as a text": ({"exp": "1800000300"}, "exp is not a time"),
    "exp as a boolean": ({"exp": True}, "exp is not a time"),
    "exp beyond any calendar": ({"exp": 10**300}, "exp is not a time"),
    "exp that is infinite": ({"exp": "INFINITE"}, "exp is not a time"),
    "issued an hour ahead": ({"iat": NOW + 3600}, "dated in the future, by (iat) 3600 seconds"),
    "dated ahead beyond the skew": ({"iat": NOW + 121}, "by (iat) 121 seconds"),
    "no iat": ({"iat": ABSENT}, "iat is not a time"),
    "iat null": ({"iat": None}, "iat is not a time"),
    "valid in an hour only": ({"nbf": NOW + 3600}, "not valid yet, for (nbf) 3600 seconds"),
    "valid after the skew": ({"nbf": NOW + 121}, "for (nbf) 121 seconds"),
    "nbf as a text": ({"nbf": "1800000000"}, "nbf is not a time"),
    "a wrong at_hash": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    "at_hash as a list": ({"at_hash": []}, "at_hash"),
    "no sub": ({"sub": ABSENT}, "names no user"),
    "an empty sub": ({"sub": ""}, "names no user"),
    "a sub of 300 characters": ({"sub": "a" * 300}, "names no user"),
    "sub as a number": ({"sub": 7}, "names no user"),
    "a control character in sub": ({"sub": "a\nb"}, "names no user"),
    "half a character in sub": ({"sub": "a\ud800"}, "names no user"),
}


@pytest.mark.parametrize(("forge", "why"), SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_forged_signature_is_refused(issuer: Issuer, forge: Forgery, why: str) -> None:
    refused(issuer, forge(issuer), why)
    assert set(issuer.fetched) <= {"/jwks"}
    assert len(issuer.fetched) <= 2


@pytest.mark.parametrize(("forge", "why"), FORMS.values(), ids=FORMS.keys())
def test_a_damaged_or_ambiguous_token_is_refused(issuer: Issuer, forge: Forgery, why: str) -> None:
    refused(issuer, forge(issuer), why)
    assert set(issuer.fetched) <= {"/jwks"}


@pytest.mark.parametrize(("changes", "why"), CLAIMS.values(), ids=CLAIMS.keys())
def test_a_wrong_claim_is_refused(issuer: Issuer, changes: dict[str, object], why: str) -> None:
    base = issuer.tenant.base
    texts = json.dumps(issuer.claims(**changes))
    texts = texts.replace('"HTTP:BASE"', json.dumps(base.replace("http:", "HTTP:")))
    texts = texts.replace("BASE", base).replace('"INFINITE"', "1e999")
    raw = compact({"alg": "RS256", "kid": "rsa"}, Raw(texts), RSA, "RS256")
    refused(issuer, raw, why)


def test_the_token_that_the_forgeries_are_made_of_is_accepted(issuer: Issuer) -> None:
    base = issuer.tenant.base
    found = issuer.verify(issuer.token())
    assert found == Verified(Identity(base, SUB, f"{base}/Practitioner/p1", NAME), False)
    assert issuer.verify(_payload(issuer, '{CLAIMS, "x": [[{"a": 1}, {"a": 1}]]}')) == found
    assert issuer.verify(_header(issuer, '{"alg": "RS256", "kid": "rsa"}')) == found
    assert issuer.fetched == ["/jwks"]


def test_no_character_of_a_token_can_be_changed(issuer: Issuer) -> None:
    raw = issuer.token(P256, "ES256", {"kid": "p256"})
    issuer.verify(raw)
    for position, character in enumerate(raw):
        other = "A" if character != "A" else "B"
        with pytest.raises(IdTokenInvalid):
            issuer.verify(raw[:position] + other + raw[position + 1 :])


@pytest.mark.parametrize(
    ("key", "alg", "kid"),
    [
        (RSA, "RS256", "rsa"),
        (RSA, "RS384", "rsa"),
        (P256, "ES256", "p256"),
        (P384, "ES384", "p384"),
    ],
    ids=["RS256", "RS384", "ES256", "ES384"],
)
@pytest.mark.parametrize("named", [True, False], ids=["with alg and use", "with neither"])
def test_every_accepted_algorithm_verifies_with_at_hash(
    issuer: Issuer, key: PrivateKey, alg: str, kid: str, named: bool
) -> None:
    members = {"kid": kid} | ({"alg": alg, "use": "sig"} if named else {})
    issuer.publish(public_jwk(key, **members), public_jwk(RSA2, kid="another"))
    digest = hashlib.new(f"sha{alg[2:]}", ACCESS.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    raw = issuer.token(key, alg, {"kid": kid}, at_hash=half)
    assert issuer.verify(raw).identity.sub == SUB
    refused(issuer, raw, "at_hash", access_token="another")


@pytest.mark.parametrize("typ", [ABSENT, "JWT", "jwt"], ids=["no typ", "JWT", "jwt"])
def test_typ_may_be_jwt_or_absent(issuer: Issuer, typ: object) -> None:
    issuer.verify(issuer.token(header={"typ": typ}))


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("changes", [{"nonce": ABSENT}, {"nonce": None}], ids=["absent", "null"])
def test_a_missing_nonce_is_accepted_and_reported(issuer: Issuer, changes: dict[str, Any]) -> None:
    assert issuer.verify(issuer.token(**changes)).nonce_missing is True
    assert issuer.verify(issuer.token(**changes), nonce=None).nonce_missing is False


def test_a_nonce_that_was_not_asked_for_is_ignored(issuer: Issuer) -> None:
    assert issuer.verify(issuer.token(nonce="another"), nonce=None).nonce_missing is False


# Keys


def test_without_a_kid_the_only_key_of_the_algorithm_verifies(issuer: Issuer) -> None:
    raw = issuer.token(header={"kid": ABSENT})
    issuer.verify(raw)  # beside an EC key
    issuer.publish(public_jwk(RSA))
    issuer.clock.now += 3601
    issuer.verify(raw)
    assert issuer.fetched == ["/jwks"] * 2


def test_without_a_kid_two_suitable_keys_are_one_too_many(issuer: Issuer) -> None:
    issuer.publish(public_jwk(RSA, kid="rsa"), public_jwk(RSA2, kid="rsa2"))
    refused(issuer, issuer.token(header={"kid": ABSENT}), "more than one")


@pytest.mark.parametrize("kid", ["new", ABSENT], ids=["a new kid", "no kid"])
def test_a_rotated_key_is_found_by_one_more_look(issuer: Issuer, kid: object) -> None:
    issuer.verify(issuer.token())
    issuer.publish(public_jwk(RSA2, kid="new"))
    rotated = issuer.token(RSA2, header={"kid": kid})
    for _ in range(3):
        issuer.verify(rotated)
    assert issuer.fetched == ["/jwks"] * 2
    # The old key went with the old set.
    refused(issuer, issuer.token(), "not among")


def test_a_new_key_under_the_old_id_is_found_by_one_more_look(issuer: Issuer) -> None:
    issuer.verify(issuer.token())
    issuer.publish(public_jwk(RSA2, kid="rsa"))
    for _ in range(3):
        issuer.verify(issuer.token(RSA2))
    for _ in range(100):
        refused(issuer, issuer.token(), "signature")
    assert issuer.fetched == ["/jwks"] * 2


def test_a_hundred_unknown_kids_cause_one_more_look(issuer: Issuer) -> None:
    for number in range(100):
        refused(issuer, issuer.token(header={"kid": f"k{number}"}), "not among")
    assert issuer.fetched == ["/jwks"] * 2
    issuer.clock.now += 31
    refused(issuer, issuer.token(header={"kid": "other"}), "not among")
    assert issuer.fetched == ["/jwks"] * 3
    issuer.verify(issuer.token())


@pytest.mark.parametrize(
    ("key", "members", "why"),
    [
        (WEAK, [public_jwk(WEAK, kid="rsa")], "not among"),
        (RSA, [public_jwk(RSA, kid="rsa", use="enc")], "not among"),
        (RSA, [public_jwk(RSA, kid="rsa", alg="RS384")], "not one for its algorithm"),
        (RSA, [public_jwk(RSA, kid="rsa"), public_jwk(RSA2, kid="rsa")], "several keys"),
        (RSA, [public_jwk(RSA, kid="rsa"), public_jwk(RSA, kid="rsa")], "several keys"),
        (RSA, [public_jwk(RSA)], "not among"),
        (RSA, [], "not among"),
    ],
    ids=[
        "RSA of 1024 bits", "a key for encryption", "a key for another algorithm",
        "two keys under one kid", "one key twice under its kid", "a key without a kid", "no keys",
    ],
)  # fmt: skip
def test_a_key_that_must_not_verify_does_not(
    issuer: Issuer, key: PrivateKey, members: list[object], why: str
) -> None:
    issuer.publish(*members)
    refused(issuer, issuer.token(key), why)


@pytest.mark.parametrize(
    "answer",
    [Scripted(503), Scripted(302, {"Location": "URL"}), Scripted(200, {}, b"<html>")],
    ids=["a failure", "a redirect to a stranger", "a page"],
)
def test_keys_that_cannot_be_read_refuse_the_token(issuer: Issuer, answer: Scripted) -> None:
    headers = dict.fromkeys(answer.headers, f"{issuer.stranger.base}/jwks")
    issuer.tenant.on("/jwks", replace(answer, headers=headers))
    error = refused(issuer, issuer.token(RSA2), "could not be read")
    assert {"document", "host", "reason"} == error.evidence.keys()


def test_keys_on_a_strangers_host_refuse_the_token(issuer: Issuer) -> None:
    url = f"{issuer.stranger.base}/jwks"
    refused(issuer, issuer.token(RSA2), "not configured", jwks_uri=url)


# Issuers


def test_a_tokens_own_issuer_is_never_asked(issuer: Issuer) -> None:
    raw = issuer.token(RSA2, iss=issuer.stranger.base)
    error = refused(issuer, raw, "another issuer", jwks_uri=None)
    assert error.evidence == {"expected_issuer": issuer.tenant.base}
    assert error.shown == {"iss": issuer.stranger.base}
    assert "id_token_issuer" in error.steps[0]
    assert issuer.fetched == []


def test_an_issuer_elsewhere_than_the_fhir_base_is_accepted_with_known_keys(issuer: Issuer) -> None:
    idp = "https://idp.test/tenant"
    found = issuer.verify(issuer.token(iss=idp), issuer=idp)
    assert found.identity.issuer == idp
    refused(issuer, issuer.token(), "another issuer", issuer=idp)


def test_the_configured_issuer_wins_over_the_discovered_one(issuer: Issuer) -> None:
    ehr = replace(issuer.ehr, id_token_issuer="https://idp.test/", vendor="oracle")
    assert issuer.verify(issuer.token(iss="https://idp.test/"), ehr=ehr, issuer=None)
    refused(issuer, issuer.token(iss="https://idp.test"), "another issuer", ehr=ehr)
    refused(issuer, issuer.token(), "another issuer", ehr=ehr)


def test_without_any_known_issuer_no_token_is_accepted(issuer: Issuer) -> None:
    for vendor in ("generic", "oracle"):
        ehr = replace(issuer.ehr, vendor=vendor)
        error = refused(issuer, issuer.token(), "names no issuer", ehr=ehr, issuer=None)
        assert "id_token_issuer" in error.steps[0]
    assert issuer.fetched == []


ORACLE = "https://authorization.cerner.com/tenants/t1"


@pytest.mark.parametrize("end", ["", "/oidc/idsps/idp-1/", "/oidc/idsps/idp-1"])
def test_oracles_identity_providers_of_the_tenant_are_accepted(issuer: Issuer, end: str) -> None:
    ehr = replace(issuer.ehr, vendor="oracle")
    found = issuer.verify(issuer.token(iss=ORACLE + end), ehr=ehr, issuer=ORACLE)
    assert found.identity.issuer == ORACLE + end


@pytest.mark.parametrize(
    "iss",
    [
        ORACLE + "/",
        ORACLE + "2/oidc/idsps/idp-1/",
        ORACLE.replace("t1", "t2") + "/oidc/idsps/idp-1/",
        ORACLE + "/oidc/idsps/a/b/",
        ORACLE + "/oidc/idsps//",
        ORACLE + "/oidc/idsps/idp-1/\n",
        ORACLE.replace(".", "x", 1) + "/oidc/idsps/idp-1/",
        "https://authorization.cerner.com/",
        "https://evil.test/" + ORACLE,
    ],
)
def test_oracles_other_tenants_and_issuers_are_not(issuer: Issuer, iss: str) -> None:
    ehr = replace(issuer.ehr, vendor="oracle")
    refused(issuer, issuer.token(iss=iss), "another issuer", ehr=ehr, issuer=ORACLE)
    # Nor is the pattern anything to another vendor's registration.
    refused(issuer, issuer.token(iss=ORACLE + "/oidc/idsps/i/"), "another issuer", issuer=ORACLE)


def test_a_configured_issuer_is_no_pattern(issuer: Issuer) -> None:
    ehr = replace(issuer.ehr, vendor="oracle", id_token_issuer=ORACLE)
    raw = issuer.token(iss=f"{ORACLE}/oidc/idsps/idp-1/")
    refused(issuer, raw, "another issuer", ehr=ehr, issuer=ORACLE)


def test_an_expected_issuer_that_is_no_url_stays_out_of_the_log(issuer: Issuer) -> None:
    error = refused(issuer, issuer.token(), "another issuer", issuer="a\nb")
    assert error.evidence == {}


def test_without_a_jwks_uri_the_pinned_issuers_document_leads_to_the_keys(issuer: Issuer) -> None:
    base = issuer.tenant.base
    document = {"issuer": base, "jwks_uri": f"{base}/jwks"}
    issuer.tenant.on("/.well-known/openid-configuration", as_json(document))
    issuer.verify(issuer.token(), jwks_uri=None)
    issuer.verify(issuer.token(), jwks_uri=None)
    assert issuer.fetched == ["/.well-known/openid-configuration", "/jwks"]


def test_the_document_is_that_of_the_configured_issuer_first(issuer: Issuer) -> None:
    idp = f"{issuer.tenant.base}/idp/"
    ehr = replace(issuer.ehr, id_token_issuer=idp)
    document = {"issuer": idp, "jwks_uri": f"{issuer.tenant.base}/jwks"}
    issuer.tenant.on("/idp/.well-known/openid-configuration", as_json(document))
    issuer.verify(issuer.token(iss=idp), ehr=ehr, jwks_uri=None)
    assert issuer.fetched == ["/idp/.well-known/openid-configuration", "/jwks"]


def test_a_document_of_another_issuer_leads_nowhere(issuer: Issuer) -> None:
    document = {"issuer": f"{issuer.tenant.base}/", "jwks_uri": f"{issuer.tenant.base}/jwks"}
    issuer.tenant.on("/.well-known/openid-configuration", as_json(document))
    error = refused(issuer, issuer.token(), "states another issuer", jwks_uri=None)
    assert error.shown == {"issuer": f"{issuer.tenant.base}/"}
    assert "/jwks" not in issuer.fetched


# The user


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"fhirUser": "BASE/Practitioner/p1"}, "Practitioner/p1"),
        ({"fhirUser": "Practitioner/p1"}, "Practitioner/p1"),
        ({"fhirUser": "Patient/1.a-B"}, "Patient/1.a-B"),
        ({"fhirUser": "PractitionerRole/1"}, "PractitionerRole/1"),
        ({"fhirUser": "RelatedPerson/1"}, "RelatedPerson/1"),
        ({"fhirUser": "Person/1"}, "Person/1"),
        ({"fhirUser": ABSENT, "profile": "BASE/Practitioner/p2"}, "Practitioner/p2"),
        ({"fhirUser": ABSENT, "profile": "Practitioner/p2"}, "Practitioner/p2"),
        ({"fhirUser": "Practitioner/p1", "profile": "Practitioner/p2"}, "Practitioner/p1"),
        ({"fhirUser": "Device/1", "profile": "Practitioner/p2"}, None),
        ({"fhirUser": "", "profile": "Practitioner/p2"}, None),
        ({"fhirUser": ABSENT}, None),
        ({"fhirUser": "STRANGER/Practitioner/p1"}, None),
        ({"fhirUser": "BASEx/Practitioner/p1"}, None),
        ({"fhirUser": "BASE/../x/Practitioner/p1"}, None),
        ({"fhirUser": "BASE/Practitioner/p1?x=y"}, None),
        ({"fhirUser": "BASE/Practitioner/p1/_history/2"}, None),
        ({"fhirUser": "Device/1"}, None),
        ({"fhirUser": "../x"}, None),
        ({"fhirUser": "Practitioner/.."}, None),
        ({"fhirUser": "Practitioner/a%2Fb"}, None),
        ({"fhirUser": "Practitioner/a\n"}, None),
        ({"fhirUser": "Practitioner/" + "a" * 65}, None),
        ({"fhirUser": "/Practitioner/p1"}, None),
        ({"fhirUser": "//STRANGER/Practitioner/p1"}, None),
        ({"fhirUser": "urn:uuid:1"}, None),
        ({"fhirUser": ""}, None),
        ({"fhirUser": 1}, None),
        ({"fhirUser": ABSENT, "profile": "https://people.test/me"}, None),
    ],
    ids=repr,
)
def test_fhir_user_is_absolute_on_the_fhir_base_or_none(
    issuer: Issuer, claims: dict[str, Any], found: str | None
) -> None:
    base = issuer.tenant.base
    claims = {
        name: value.replace("BASE", base).replace("STRANGER", issuer.stranger.base)
        if isinstance(value, str)
        else value
        for name, value in claims.items()
    }
    identity = issuer.verify(issuer.token(**claims)).identity
    assert identity.fhir_user == (None if found is None else f"{base}/{found}")
    assert issuer.stranger.received == []
    assert issuer.fetched == ["/jwks"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Dr. Ünïcode Synthetic", "Dr. Ünïcode Synthetic"),
        (ABSENT, None),
        ("", None),
        ("  ", None),
        (7, None),
        ("a" * 256, None),
        ("a\u0000b", None),
        ("a\ud800b", None),
    ],
    ids=["text", "absent", "empty", "blank", "number", "long", "control", "half a character"],
)
def test_a_name_is_a_short_text_or_none(issuer: Issuer, name: object, found: str | None) -> None:
    assert issuer.verify(issuer.token(name=name)).identity.name == found


# Refreshed tokens


@pytest.fixture
def known(issuer: Issuer) -> Identity:
    return Identity(issuer.tenant.base, SUB, None, None)


def test_a_refreshed_token_needs_no_nonce_and_may_have_another(
    issuer: Issuer, known: Identity
) -> None:
    assert issuer.refreshed(issuer.token(nonce=ABSENT), known) == "same"
    assert issuer.refreshed(issuer.token(nonce="another"), known) == "same"
    assert issuer.refreshed(issuer.token(fhirUser="Person/2", name="Other"), known) == "same"


def test_a_refreshed_token_of_another_sub_or_iss_is_another_users(
    issuer: Issuer, known: Identity
) -> None:
    assert issuer.refreshed(issuer.token(sub="somebody-else"), known) == "other"
    assert issuer.refreshed(issuer.token(), replace(known, issuer=f"{known.issuer}/")) == "other"


@pytest.mark.parametrize(
    "forge",
    [
        lambda i: i.token(aud=ABSENT),
        lambda i: i.token(aud=ABSENT, sub="somebody-else"),
        lambda i: i.token(RSA2, sub="somebody-else"),
        lambda i: i.token(exp=NOW - 300),
        lambda i: i.token(iss="https://other.test"),
        lambda i: _unsigned(i, "none"),
        lambda i: "not a token",
    ],
    ids=[
        "without aud", "without aud, another sub", "forged", "expired", "another issuer's",
        "unsigned", "no token",
    ],
)  # fmt: skip
def test_a_refreshed_token_that_fails_says_nothing_of_the_user(
    issuer: Issuer, known: Identity, forge: Forgery
) -> None:
    assert issuer.refreshed(forge(issuer), known) == "unusable"


def test_an_identity_does_not_depend_on_who_shares_the_sub(issuer: Issuer) -> None:
    here = issuer.verify(issuer.token()).identity
    there = issuer.verify(issuer.token(iss="https://idp.test"), issuer="https://idp.test").identity
    assert here.sub == there.sub
    assert here != there
