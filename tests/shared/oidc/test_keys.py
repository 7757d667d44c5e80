"""The keys of an EHR: which are usable, which hosts may serve them, and how often they're read."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.config.settings import Ehr
from shared.errors import CdsKeysUnavailable, IdTokenInvalid
from shared.oidc import key_files
from shared.oidc.jwk_set import KeySet, key_set
from shared.oidc.keys import Keys
from tests.support.app.small_settings import small_settings
from tests.support.app.stores import Clock
from tests.support.ehr.id_tokens import ec_key, public_jwk, rsa_key
from tests.support.ehr.scripted_ehr import HANG_UP, Scripted, ScriptedEhr, Tenant, as_json
from tests.support.tables import each

RSA = rsa_key()
OTHER = rsa_key(owner="somebody else")
P256 = ec_key()
P384 = ec_key(ec.SECP384R1())
OIDC = "/.well-known/openid-configuration"


@pytest.fixture
def ehr() -> Ehr:
    return small_settings("http://127.0.0.1/*", "openid fhirUser patient/*.rs").ehrs[0]


@pytest.fixture
def tenants(scripted: ScriptedEhr) -> Callable[[], Tenant]:
    def made() -> Tenant:
        tenant = scripted.tenant()
        tenant.on("/jwks", as_json({"keys": [public_jwk(RSA, kid="first")]}))
        return tenant

    return made


@pytest.fixture
def tenant(tenants: Callable[[], Tenant]) -> Tenant:
    return tenants()


@pytest.fixture
def stranger(elsewhere: ScriptedEhr) -> Tenant:
    return elsewhere.tenant()


def _find(keys: Keys, ehr: Ehr, tenant: Tenant, jwks_uri: str | None = None) -> KeySet:
    url = jwks_uri or f"{tenant.base}/jwks"
    return keys.find(ehr, tenant.base, jwks_uri=url, issuer=None)


def _kids(key_set: KeySet) -> list[str | None]:
    return [key.kid for key in key_set.keys]


def _set(*members: object) -> KeySet:
    return key_set("https://ehr.test/jwks", list(members))


@each(
    ("member", "algorithms"),
    [
        (public_jwk(RSA, kid="k"), ("RS256", "RS384")),
        (public_jwk(RSA, kid="k", alg="RS384"), ("RS384",)),
        (public_jwk(RSA, kid="k", use="sig", alg="RS256"), ("RS256",)),
        (public_jwk(P256, kid="k"), ("ES256",)),
        (public_jwk(P256, kid="k", alg="ES256", use=None), ("ES256",)),
        (public_jwk(P384, kid="k"), ("ES384",)),
        (public_jwk(P384, kid="k", key_ops=["verify"]), ("ES384",)),
        (public_jwk(P384, kid="k", key_ops=["sign"]), ("ES384",)),
    ],
    ids=[
        "RSA",
        "RSA for RS384",
        "RSA with all members",
        "P-256",
        "P-256, use null",
        "P-384",
        "to verify",
        "to sign, of the public half",
    ],
)
def test_a_key_serves_the_algorithms_of_its_kind_and_of_its_alg(
    member: dict[str, Any], algorithms: tuple[str, ...]
) -> None:
    (key,) = _set(member).keys
    assert (key.kid, key.algorithms) == ("k", algorithms)


UNUSABLE: dict[str, object] = {
    "an RSA key of 1024 bits": public_jwk(rsa_key(1024), kid="k"),
    "one for encryption": public_jwk(RSA, kid="k", use="enc"),
    "one whose operations are others": public_jwk(RSA, kid="k", key_ops=["encrypt", "wrapKey"]),
    "one without operations": public_jwk(RSA, kid="k", key_ops=[]),
    "a use that isn't a string": public_jwk(RSA, kid="k", use=["sig"]),
    "an alg of encryption": public_jwk(RSA, kid="k", alg="RSA-OAEP"),
    "an alg that is not accepted": public_jwk(RSA, kid="k", alg="PS256"),
    "an alg with a shared secret": public_jwk(RSA, kid="k", alg="HS256"),
    "an alg of another kind of key": public_jwk(RSA, kid="k", alg="ES256"),
    "an alg that isn't a string": public_jwk(RSA, kid="k", alg=["RS256"]),
    "a kid that isn't a string": public_jwk(RSA, kid=7),
    "a modulus that is not base64url": public_jwk(RSA, kid="k", n="!"),
    "a modulus with another character in it": public_jwk(
        RSA, kid="k", n=public_jwk(RSA)["n"] + "!!!!"
    ),
    "a modulus of 12,000 bits": public_jwk(RSA, kid="k", n="A" * 2000),
    "an exponent that is a number": public_jwk(RSA, kid="k", e=65537),
    "an exponent of 1": public_jwk(RSA, kid="k", e="AQ"),
    "an alg of another curve": public_jwk(P256, kid="k", alg="ES384"),
    "a curve that does not fit the point": public_jwk(P256, kid="k", crv="P-384"),
    "a point off the curve": public_jwk(P256, kid="k", x=public_jwk(P256)["y"]),
    "P-521": public_jwk(ec_key(ec.SECP521R1()), kid="k"),
    "secp256k1": public_jwk(ec_key(ec.SECP256K1()), kid="k"),
    "a shared secret": {"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "HS256"},
    "Ed25519": {"kty": "OKP", "kid": "k", "crv": "Ed25519", "x": "A" * 43},
    "RSA without numbers": {"kty": "RSA", "kid": "k"},
    "a kty that isn't a string": {"kty": ["RSA"], "kid": "k"},
    "no kind": {"kid": "k"},
    "nothing": {},
    "null": None,
    "a text": "RSA",
    "a list": [],
}


@each("member", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_key_that_cannot_serve_is_left_out_and_the_others_are_used(member: object) -> None:
    key_set = _set(member, public_jwk(P384, kid="good"))
    assert _kids(key_set) == ["good"]
    assert key_set.doubled == frozenset()


def test_a_private_key_in_a_set_serves_by_its_public_half() -> None:
    key_set = _set(public_jwk(RSA, kid="k", d="AQAB", p="AQAB"))
    key = key_set.choose("RS256", "k")
    assert key is not None
    assert key.public == RSA.public_key()


def test_keys_without_a_key_id_are_not_the_same_key() -> None:
    key_set = _set(public_jwk(RSA), public_jwk(P256), public_jwk(P384, kid="k"))
    assert _kids(key_set) == [None, None, "k"]
    assert key_set.doubled == frozenset()


def test_a_key_id_that_two_usable_keys_claim_names_neither() -> None:
    key_set = _set(
        public_jwk(RSA, kid="twice"), public_jwk(P256, kid="twice"), public_jwk(P384, kid="once")
    )
    assert _kids(key_set) == ["once"]
    assert key_set.choose("RS256", "twice") is None
    assert "several keys" in key_set.why_not("RS256", "twice")
    # Nor are they taken where a token names no key.
    assert key_set.choose("RS256", None) is None


@each(
    ("alg", "kid", "why"),
    [
        ("RS256", "unknown", "usable keys has"),
        ("RS256", "p256", "isn't for the token's algorithm"),
        ("ES256", "rsa", "isn't for the token's algorithm"),
        ("ES384", None, "none of the keys fits"),
        ("RS256", None, "are possible"),
    ],
)
def test_no_key_is_guessed(alg: str, kid: str | None, why: str) -> None:
    key_set = _set(
        public_jwk(RSA, kid="rsa"), public_jwk(OTHER, kid="rsa2"), public_jwk(P256, kid="p256")
    )
    assert key_set.choose(alg, kid) is None
    assert why in key_set.why_not(alg, kid)


def test_without_a_key_id_the_one_key_of_the_algorithm_is_chosen() -> None:
    key_set = _set(public_jwk(RSA), public_jwk(P256, kid="p256"))
    for alg, public in (("RS384", RSA.public_key()), ("ES256", P256.public_key())):
        key = key_set.choose(alg, None)
        assert key is not None
        assert key.public == public


def test_keys_are_kept_for_an_hour(ehr: Ehr, clock: Clock, tenant: Tenant) -> None:
    keys = Keys(clock)
    first = _find(keys, ehr, tenant)
    tenant.on("/jwks", as_json({"keys": [public_jwk(P256, kid="second")]}))
    clock.now += 3599
    assert _find(keys, ehr, tenant) is first
    clock.now += 2
    assert _kids(_find(keys, ehr, tenant)) == ["second"]
    assert len(tenant.received) == 2
    assert tenant.received[0].headers["Accept"] == "application/json"
    assert not {"Authorization", "Cookie"} & tenant.received[0].headers.keys()


def test_two_registrations_do_not_share_keys(ehr: Ehr, tenant: Tenant) -> None:
    keys = Keys()
    first = _find(keys, ehr, tenant)
    assert _find(keys, replace(ehr, key="two"), tenant) is not first


@each(
    ("answer", "reason"),
    [
        (Scripted(500), "status 500"),
        (Scripted(404), "status 404"),
        (as_json({"keys": [public_jwk(RSA)]}, 302), "status 302"),
        (Scripted(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), "not a JSON"),
        (as_json([public_jwk(RSA)]), "not a JSON object"),
        (Scripted(200, {}, b"[" * 500_000), "not a JSON object"),
        (Scripted(200, {}, b"\xff\xfe"), "not a JSON object"),
        (as_json({"keys": {"k": public_jwk(RSA)}}), "not a key set"),
        (as_json({}), "not a key set"),
        (as_json({"keys": [{}] * 201}), "not a key set"),
        (Scripted(200, {}, repeat(b" " * 65536, 400)), "size"),
        (Scripted(200, {"Content-Encoding": "gzip"}, b"no gzip"), "content coding"),
        (HANG_UP, "ConnectionEnded"),
    ],
    ids=[
        "a failure", "nothing there", "a redirect", "a page", "a list", "deep nesting", "not UTF-8",
        "keys as an object", "no keys", "too many keys", "26 MB", "a broken coding", "hanging up",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_key_set_fails_and_says_why(
    ehr: Ehr, tenants: Callable[[], Tenant], answer: Scripted, reason: str
) -> None:
    tenant = tenants()
    tenant.on("/jwks", answer)
    with pytest.raises(IdTokenInvalid, match="signed-in user") as caught:
        _find(Keys(), ehr, tenant, f"{tenant.base}/jwks?policy=p1")
    assert "couldn't be read" in caught.value.why
    assert reason in caught.value.evidence["reason"]
    assert caught.value.evidence["document"] == f"{tenant.base}/jwks"
    assert caught.value.evidence["host"] in tenant.base


def test_keys_that_come_too_slowly_are_given_up(
    ehr: Ehr, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trickle() -> Iterator[bytes]:
        for _ in range(600):
            time.sleep(0.1)
            yield b" "

    monkeypatch.setattr("shared.oidc.keys.SECONDS", 0.3)
    tenant.on("/jwks", Scripted(200, {}, trickle()))
    begun = time.monotonic()
    with pytest.raises(IdTokenInvalid):
        _find(Keys(), ehr, tenant)
    assert time.monotonic() - begun < 30


@each(
    ("why", "path"),
    [
        *zip(
            repeat("isn't configured"),
            [
                *("http://STRANGER/jwks", "http://[::1]:1/jwks"),
                *("http://169.254.169.254/computeMetadata/v1/", "http://metadata.google.internal/"),
            ],
            strict=False,
        ),
        *zip(
            repeat("isn't a plain http(s) URL"),
            [
                *("http://localhost@STRANGER/jwks", "file:///etc/passwd", "gopher://STRANGER/"),
                *("//STRANGER/jwks", "/jwks", "", "http://EHR\\@STRANGER/jwks"),
                *("http://EHR/jwks\r\nX: y", "http://EHR/jwks#k", "http://EHR/" + "a" * 3000),
            ],
            strict=False,
        ),
    ],
)
def test_keys_elsewhere_are_never_asked_for(
    ehr: Ehr, tenants: Callable[[], Tenant], stranger: Tenant, why: str, path: str
) -> None:
    tenant = tenants()
    hosts = {"STRANGER": stranger.base.split("/")[2], "EHR": tenant.base.split("/")[2]}
    for name, host in hosts.items():
        path = path.replace(name, host)
    with pytest.raises(IdTokenInvalid) as caught:
        Keys().find(ehr, tenant.base, jwks_uri=path, issuer=tenant.base)
    assert why in caught.value.why
    assert stranger.received == tenant.received == []


def test_a_further_host_is_asked_where_it_is_configured(
    ehr: Ehr, tenant: Tenant, stranger: Tenant
) -> None:
    stranger.on("/jwks", as_json({"keys": [public_jwk(RSA, kid="k")]}))
    with pytest.raises(IdTokenInvalid, match="signed-in user") as caught:
        _find(Keys(), ehr, tenant, f"{stranger.base}/jwks")
    host = stranger.base.split("/")[2]
    assert host in caught.value.why
    assert "endpoint_hosts" in caught.value.steps[0]
    wider = replace(ehr, endpoint_hosts=frozenset({host}))
    assert _kids(_find(Keys(), wider, tenant, f"{stranger.base}/jwks")) == ["k"]


def test_keys_of_an_https_ehr_are_never_read_over_http(ehr: Ehr, tenant: Tenant) -> None:
    base = tenant.base.replace("http:", "https:")
    with pytest.raises(IdTokenInvalid) as caught:
        Keys().find(ehr, base, jwks_uri=f"{tenant.base}/jwks", issuer=None)
    assert "https" in caught.value.why
    assert tenant.received == []


def _oidc(tenant: Tenant, **changes: object) -> dict[str, object]:
    return {"issuer": tenant.base, "jwks_uri": f"{tenant.base}/jwks"} | changes


def _look_up(keys: Keys, ehr: Ehr, tenant: Tenant, issuer: str | None) -> KeySet:
    return keys.find(ehr, tenant.base, jwks_uri=None, issuer=issuer)


@each("slash", ["", "/"])
def test_a_missing_jwks_uri_is_looked_up_at_the_pinned_issuer_and_kept(
    ehr: Ehr, clock: Clock, tenants: Callable[[], Tenant], slash: str
) -> None:
    tenant = tenants()
    issuer = tenant.base + slash
    tenant.on(OIDC, as_json(_oidc(tenant, issuer=issuer)))
    keys = Keys(clock)
    first = _look_up(keys, ehr, tenant, issuer)
    assert _kids(first) == ["first"]
    assert _look_up(keys, ehr, tenant, issuer) is first
    assert [request.path for request in tenant.received] == [OIDC, "/jwks"]
    clock.now += 3601
    _look_up(keys, ehr, tenant, issuer)
    assert len(tenant.received) == 4


@each(
    "changes",
    [
        {"issuer": "http://other.test"},
        {"issuer": None},
        {"issuer": "BASE/"},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "/jwks"},
        {"jwks_uri": "http://STRANGER/jwks"},
    ],
    ids=repr,
)
def test_an_oidc_document_of_another_issuer_or_with_foreign_keys_is_refused(
    ehr: Ehr,
    clock: Clock,
    tenants: Callable[[], Tenant],
    stranger: Tenant,
    changes: dict[str, object],
) -> None:
    tenant = tenants()
    host = stranger.base.split("/")[2]
    made = {
        name: value.replace("BASE", tenant.base).replace("STRANGER", host)
        if isinstance(value, str)
        else value
        for name, value in changes.items()
    }
    tenant.on(OIDC, as_json(_oidc(tenant, **made)))
    keys = Keys(clock)
    for _ in range(3):
        with pytest.raises(IdTokenInvalid):
            _look_up(keys, ehr, tenant, tenant.base)
    assert stranger.received == []
    assert [request.path for request in tenant.received] == [OIDC]
    tenant.on(OIDC, as_json(_oidc(tenant)))
    clock.now += 5.1
    assert _kids(_look_up(keys, ehr, tenant, tenant.base)) == ["first"]


@each(
    "issuer",
    [None, "", "urn:issuer", "http://STRANGER", "http://EHR/a?b", "http://EHR/a#b", "x" * 5000],
)
def test_an_issuer_that_is_not_the_ehrs_is_not_asked(
    ehr: Ehr, tenants: Callable[[], Tenant], stranger: Tenant, issuer: str | None
) -> None:
    tenant = tenants()
    if issuer is not None:
        issuer = issuer.replace("STRANGER", stranger.base.split("/")[2])
        issuer = issuer.replace("EHR", tenant.base.split("/")[2])
    with pytest.raises(IdTokenInvalid):
        _look_up(Keys(), ehr, tenant, issuer)
    assert stranger.received == tenant.received == []


def test_a_cds_call_learns_why_its_keys_could_not_be_read(ehr: Ehr, tenant: Tenant) -> None:
    tenant.on("/jwks", Scripted(500))
    with pytest.raises(CdsKeysUnavailable) as caught:
        Keys().at_jku(ehr, f"{tenant.base}/jwks", "first")
    assert caught.value.evidence["answer"] == "status 500"


KEY = public_jwk(P384, kid="a")
# RFC 7518 6.2.2, 6.3.2, 6.4.
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


@each(
    ("text", "problem"),
    [
        (json.dumps({"keys": [KEY]}), None),
        (json.dumps({"keys": [KEY, {"kty": "OKP"}]}), None),
        ('{"keys": []}', "no JWK Set"),
        ("[]", "no JWK Set"),
        ("no JSON", "no JWK Set"),
        ('{"keys": [{"kty": "OKP"}]}', "no usable key"),
        *((json.dumps({"keys": [KEY, {one: "c2VjcmV0"}]}), "private") for one in PRIVATE),
    ],
)
def test_a_file_of_keys_has_usable_keys_and_no_private_one(text: str, problem: str | None) -> None:
    if problem is None:
        assert _kids(key_files.read(text, "keys.json")) == ["a"]
    else:
        with pytest.raises(ValueError, match=problem) as caught:
            key_files.read(text, "keys.json")
        assert "c2VjcmV0" not in str(caught.value)
