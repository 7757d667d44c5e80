"""Client authentication: each registration by its own method, with its own credentials."""

import base64
import json
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_plus

import jwt
import pytest

from shared.config.settings import BasicCredentials, Ehr, Settings
from shared.config.table import Problem
from shared.smart import client_auth
from shared.smart.client_auth import Clients
from tests.support.app.small_settings import small_settings
from tests.support.ehr import signing_keys
from tests.support.ehr.signing_keys import Kind, pem
from tests.support.tables import each

TOKEN_URL = "https://ehr.test/hosts/fhir.ehr.test/token?realm=a%2Fb"
SECRET = "a+/:%é"
SECRET_METHODS = ["client_secret_basic", "client_secret_post"]
METHODS = ["none", *SECRET_METHODS, "private_key_jwt"]
SIGNING: list[tuple[Kind, str]] = [("rsa", "RS384"), ("p384", "ES384")]


def settings_of(*ehrs: Ehr) -> Settings:
    return replace(small_settings(), ehrs=ehrs)


def registration(method: str, key: str = "one", **changes: str) -> Ehr:
    ehr = replace(small_settings().ehrs[0], key=key, client_auth=method)
    if method in SECRET_METHODS:
        ehr = replace(ehr, client_secret="env:CLIENT_SECRET")
    if method == "private_key_jwt":
        ehr = replace(ehr, private_key="env:PRIVATE_KEY", key_id="key-1")
    return replace(ehr, **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    monkeypatch.setenv("PRIVATE_KEY", pem("rsa"))


def clients_of(*ehrs: Ehr) -> Clients:
    clients, problems = client_auth.resolve(settings_of(*ehrs))
    assert problems == []
    return clients


def only_problem(*ehrs: Ehr) -> Problem:
    _, (problem,) = client_auth.resolve(settings_of(*ehrs))
    assert problem.fix
    return problem


def test_a_public_client_names_itself_in_the_body_alone() -> None:
    ehr = registration("none")
    clients = clients_of(ehr)
    given = clients.authenticate(ehr, TOKEN_URL)
    assert (given.fields, given.headers) == ({"client_id": "client"}, {})
    assert clients.algorithm(ehr) is None


def test_a_secret_in_the_body_comes_with_the_client_id() -> None:
    ehr = registration("client_secret_post")
    given = clients_of(ehr).authenticate(ehr, TOKEN_URL)
    assert given.fields == {"client_id": "client", "client_secret": SECRET}
    assert given.headers == {}


@each(
    ("vendor", "setting", "client_id", "credentials"),
    [
        ("generic", None, "AZaz09._~-", "AZaz09._~-:a%2B%2F%3A%25%C3%A9"),
        ("oracle", None, "client", "client:a%2B%2F%3A%25%C3%A9"),
        ("epic", None, "client", "client:a+/:%é"),
        ("generic", None, "urn:a+b", "urn%3Aa%2Bb:a%2B%2F%3A%25%C3%A9"),
        ("generic", "raw", "urn:a+b", "urn:a+b:a+/:%é"),
        ("epic", "form", "client", "client:a%2B%2F%3A%25%C3%A9"),
    ],
)
def test_basic_credentials_have_the_form_that_is_set_or_else_the_vendors(
    vendor: str, setting: BasicCredentials | None, client_id: str, credentials: str
) -> None:
    ehr = registration("client_secret_basic", vendor=vendor, client_id=client_id)
    ehr = replace(ehr, basic_credentials=setting)
    given = clients_of(ehr).authenticate(ehr, TOKEN_URL)
    scheme, _, encoded = given.headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(encoded).decode()) == ("Basic", credentials)
    assert given.fields == {}
    assert list(given.headers) == ["Authorization"]


def test_form_encoded_credentials_decode_to_what_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "".join(map(chr, range(0x21, 0x7F))) + " é€😀x"
    monkeypatch.setenv("CLIENT_SECRET", secret)
    ehr = registration("client_secret_basic")
    header = clients_of(ehr).authenticate(ehr, TOKEN_URL).headers["Authorization"]
    user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    assert (unquote_plus(user), unquote_plus(password)) == ("client", secret)


@each(("kind", "algorithm"), SIGNING)
def test_an_assertion_is_verified_by_the_public_key(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, algorithm: str
) -> None:
    monkeypatch.setenv("PRIVATE_KEY", pem(kind))
    ehr = registration("private_key_jwt")
    before = time.time()
    given = clients_of(ehr).authenticate(ehr, TOKEN_URL)
    assert given.headers == {}
    assert set(given.fields) == {"client_assertion_type", "client_assertion"}
    assert (
        given.fields["client_assertion_type"]
        == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assertion = given.fields["client_assertion"]
    assert jwt.get_unverified_header(assertion) == {
        "alg": algorithm,
        "kid": "key-1",
        "typ": "JWT",
    }
    claims = jwt.decode(
        assertion, signing_keys.public_pem(kind), algorithms=[algorithm], audience=TOKEN_URL
    )
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "jti"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client", "client", TOKEN_URL)
    assert int(before) - 10 <= claims["iat"] <= time.time() - 10
    assert claims["exp"] - claims["iat"] == 250


def test_no_two_of_1000_assertions_have_the_same_jti(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_KEY", pem("p384"))
    ehr = registration("private_key_jwt")
    clients = clients_of(ehr)
    seen = set()
    for _ in range(1000):
        payload = clients.authenticate(ehr, TOKEN_URL).fields["client_assertion"].split(".")[1]
        seen.add(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"])
    assert len(seen) == 1000
    assert min(map(len, seen)) >= 22  # 128 bits as base64url


def test_each_registration_has_its_own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_SECRET", "other")
    one = registration("client_secret_post")
    two = registration("client_secret_post", "two", client_secret="env:OTHER_SECRET")
    clients = clients_of(one, two, registration("private_key_jwt", "three"))
    assert clients.authenticate(one, TOKEN_URL).fields["client_secret"] == SECRET
    assert clients.authenticate(two, TOKEN_URL).fields["client_secret"] == "other"


@each(
    ("kind", "members"),
    [("rsa", {"n", "e"}), ("p384", {"crv", "x", "y"})],
)
def test_the_public_half_is_a_bare_key_that_verifies(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, members: set[str]
) -> None:
    monkeypatch.setenv("PRIVATE_KEY", pem(kind))
    ehr = registration("private_key_jwt")
    clients = clients_of(ehr)
    jwk = clients.public_jwk(ehr)
    assert jwk is not None
    assert set(jwk) == {"kty", "kid", "use", "alg", *members}
    assert (jwk["kid"], jwk["use"], jwk["alg"]) == ("key-1", "sig", clients.algorithm(ehr))
    assertion = clients.authenticate(ehr, TOKEN_URL).fields["client_assertion"]
    key = jwt.PyJWK.from_dict(dict(jwk))
    assert jwt.decode(assertion, key, algorithms=[jwk["alg"]], audience=TOKEN_URL)
    public = registration("none", "two")
    assert clients_of(public).public_jwk(public) is None


UNUSABLE: list[tuple[str, str]] = [
    ("sentinel", "no PEM text with one PRIVATE KEY"),
    (pem("rsa") + pem("p384"), "no PEM text with one PRIVATE KEY"),
    (signing_keys.encrypted_pem("p384"), "an encrypted key"),
    (signing_keys.traditional_pem("rsa"), "a key in PKCS#1 form (RSA PRIVATE KEY)"),
    (signing_keys.traditional_pem("p384"), "a key in SEC 1 form (EC PRIVATE KEY)"),
    (signing_keys.public_pem("rsa"), "a public key"),
    (pem("rsa-short"), "an RSA key of 2040 bits, fewer than 2048"),
    (pem("p256"), "an EC key on secp256r1, not on P-384 (secp384r1)"),
    (pem("ed25519"), "a key that is neither RSA nor EC"),
    (pem("rsa").replace("M", "N"), "a key that is damaged or of an unknown kind"),
]


@each(("text", "what"), UNUSABLE, ids=[what for _, what in UNUSABLE])
def test_a_key_that_cannot_sign_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, text: str, what: str
) -> None:
    monkeypatch.setenv("PRIVATE_KEY", text)
    problem = only_problem(registration("private_key_jwt"))
    assert (problem.id, problem.place) == ("setting_invalid", "ehr one: private_key")
    assert problem.title == f"ehr one: private_key: env:PRIVATE_KEY contains {what}."
    assert "PKCS#8" in problem.fix
    for line in text.splitlines():
        assert line not in str(problem)


@each("secret", ["a\nb", "a\tb", "a\x00b", "a\x7fb", "\ufeffab", "a\u00a0b"])
def test_a_secret_with_a_character_that_nobody_sees_is_named_and_not_shown(
    tmp_path: Path, secret: str
) -> None:
    (tmp_path / "secret").write_text(secret, encoding="utf-8")
    reference = f"file:{tmp_path}/secret"
    problem = only_problem(registration("client_secret_post", client_secret=reference))
    assert (problem.id, problem.place) == ("setting_invalid", "ehr one: client_secret")
    assert problem.title.endswith(f": {reference} contains a control or invisible character.")
    assert secret not in str(problem)


def test_all_credentials_that_cannot_be_used_are_reported_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CLIENT_SECRET")
    monkeypatch.setenv("PRIVATE_KEY", "sentinel")
    ehrs = [registration(method, f"ehr-{n}") for n, method in enumerate(METHODS)]
    _, problems = client_auth.resolve(settings_of(*ehrs))
    assert [(problem.place, problem.id) for problem in problems] == [
        ("ehr ehr-1: client_secret", "secret_unreadable"),
        ("ehr ehr-2: client_secret", "secret_unreadable"),
        ("ehr ehr-3: private_key", "setting_invalid"),
    ]
    assert problems[0].title.endswith(": env:CLIENT_SECRET is not set or empty.")


@each("method", METHODS)
def test_nothing_of_a_secret_shows_in_what_is_printed_by_accident(method: str) -> None:
    ehr = registration(method)
    clients = clients_of(ehr)
    given = clients.authenticate(ehr, TOKEN_URL)
    shown = f"{clients!r} {clients} {given!r} {given} {vars(clients)['_keys']!r}"
    body = "".join(pem("rsa").splitlines()[1:-1])
    for secret in (SECRET, body[100:140], *given.headers.values(), *given.fields.values()):
        assert secret == ehr.client_id or secret not in shown
