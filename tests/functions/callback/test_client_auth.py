"""How each registration proves itself at the token endpoint: by its own method and no other."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus

import jwt
import pytest

from tests.support.app import callbacks
from tests.support.app.app import App
from tests.support.app.deployment import NO_EHR, Deployment
from tests.support.app.servers import serve_app
from tests.support.browser.browser import OWN_FETCH, Browser
from tests.support.ehr.identity import handle_of
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, Tenant, as_json
from tests.support.ehr.signing_keys import Kind, pem, public_pem
from tests.support.tables import each

SECRET = "a+/:%é &=~"
REVOKE = "/auth/revoke"
METHODS = "token_endpoint_auth_methods_supported"
ALGORITHMS = "token_endpoint_auth_signing_alg_values_supported"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Way:
    """One way to prove itself; `key` names the registration and its tenants' group."""

    key: str
    method: str
    vendor: str = "generic"
    signing: Kind | None = None
    algorithm: str = ""

    @property
    def client_id(self) -> str:
        return f"{self.key}:client"


NONE = Way("none", "none")
BASIC = Way("basic", "client_secret_basic")
RAW_BASIC = Way("raw-basic", "client_secret_basic", "epic")
POST = Way("post", "client_secret_post")
RS384 = Way("rs384", "private_key_jwt", signing="rsa", algorithm="RS384")
ES384 = Way("es384", "private_key_jwt", signing="p384", algorithm="ES384")
CONFIDENTIAL = (BASIC, RAW_BASIC, POST, RS384, ES384)
ways = each("way", [NONE, *CONFIDENTIAL], ids=lambda way: way.key)
confidential = each("way", CONFIDENTIAL, ids=lambda way: way.key)
signing = each("way", [RS384, ES384], ids=lambda way: way.key)


def _table(way: Way, folder: str, scripted: ScriptedEhr) -> str:
    credentials = ""
    if way.signing:
        credentials = f'private_key = "file:{folder}/{way.signing}.pem"\nkey_id = "key-{way.key}"'
    elif way is not NONE:
        credentials = f'client_secret = "file:{folder}/secret"'
    return f"""
[[ehr]]
key = "{way.key}"
redirect_path = "/callback/{way.key}"
vendor = "{way.vendor}"
iss = ["{scripted.origin}/{way.key}/*"]
client_id = "{way.client_id}"
client_auth = "{way.method}"
scopes = "patient/*.rs"
{credentials}
"""


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    for way in (RS384, ES384):
        if way.signing:
            (folder / f"{way.signing}.pem").write_text(pem(way.signing), encoding="ascii")
    tables = "".join(_table(way, str(folder), scripted) for way in (NONE, *CONFIDENTIAL))
    store = folder / "smart.db"
    with serve_app(folder, tables, store=store) as server:
        yield Deployment(App(server.origin, server, NO_EHR, scripted), server, store, "")


@pytest.fixture(scope="module")
def app(deployment: Deployment) -> App:
    return deployment.first


def _tenant(app: App, way: Way) -> Tenant:
    """An EHR that offers revocation, refresh, and exactly this way."""
    tenant = app.scripted.tenant(way.key)
    tenant.discovery["revocation_endpoint"] = tenant.base + REVOKE
    tenant.discovery[METHODS] = [way.method]
    if way.algorithm:
        tenant.discovery[ALGORITHMS] = [way.algorithm]
    tenant.token["refresh_token"] = "the-refresh-token"
    tenant.on(REVOKE, Scripted(200))
    return tenant


def _proof(request: Received) -> dict[str, str]:
    """Return the request's client credentials: the form fields, and the header if it has one."""
    form = request.form
    grant = {"grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "token"}
    proof = {n: v for n, v in form.items() if n not in {*grant, "token_type_hint"}}
    if "Authorization" in request.headers:
        proof["Authorization"] = request.headers["Authorization"]
    return proof


def _basic(pair: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")}


def _check(way: Way, request: Received, tenant: Tenant) -> str:
    """The request proves the client in its way and in no other; the assertion's `jti`, if any."""
    proof = _proof(request)
    if way.signing is None:
        assert (
            proof
            == {
                "none": {"client_id": way.client_id},
                "basic": _basic(f"{quote_plus(way.client_id)}:{quote_plus(SECRET)}"),
                "raw-basic": _basic(f"{way.client_id}:{SECRET}"),
                "post": {"client_id": way.client_id, "client_secret": SECRET},
            }[way.key]
        )
        return ""
    assert proof.keys() == {"client_assertion_type", "client_assertion"}
    assert proof["client_assertion_type"] == ASSERTION
    assertion = proof["client_assertion"]
    header = {"alg": way.algorithm, "kid": f"key-{way.key}", "typ": "JWT"}
    assert jwt.get_unverified_header(assertion) == header
    claims = jwt.decode(
        assertion,
        public_pem(way.signing),
        algorithms=[way.algorithm],
        audience=f"{tenant.base}/auth/token",
        issuer=way.client_id,
    )
    assert claims.keys() == {"iss", "sub", "aud", "iat", "exp", "jti"}
    assert claims["sub"] == way.client_id
    assert 0 < claims["exp"] - time.time() <= 300
    return str(claims["jti"])


@ways
def test_exchange_refresh_and_revocation_go_one_way_each_with_a_fresh_assertion(
    deployment: Deployment, browser: Browser, way: Way
) -> None:
    app = deployment.first
    tenant = _tenant(app, way)
    tenant.token["expires_in"] = 0.001
    session = f"{app.origin}/fhir_proxy/{handle_of(callbacks.launch(app, tenant, browser))}/session"
    tenant.token["expires_in"] = 3600
    assert browser.fetch(session).status == 200
    assert browser.send("DELETE", session, OWN_FETCH).status == 204
    exchange, refresh = tenant.hits("/auth/token")
    (revocation,) = tenant.hits(REVOKE)
    requests = (exchange, refresh, revocation)
    jtis = {_check(way, request, tenant) for request in requests}
    assert len(jtis) == (3 if way.signing else 1)
    assert (exchange.form["grant_type"], refresh.form["grant_type"]) == (
        "authorization_code",
        "refresh_token",
    )
    grant = {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert exchange.form.keys() - _proof(exchange).keys() == grant
    assert refresh.form.keys() - _proof(refresh).keys() == {"grant_type", "refresh_token"}
    assert revocation.form["token"] == "the-refresh-token"
    kept = app.server.log.read_text() + deployment.database.read_bytes().decode("latin-1")
    if way is not NONE:
        for request in requests:
            for value in (*_proof(request).values(), SECRET):
                assert value in {ASSERTION, way.client_id} or value not in kept


@ways
@each("status", [400, 401])
def test_a_client_that_is_refused_tries_no_other_way(
    app: App, browser: Browser, way: Way, status: int
) -> None:
    tenant = _tenant(app, way)
    tenant.discovery[METHODS] = [way.method, "client_secret_basic", "client_secret_post"]
    tenant.on("/auth/token", as_json({"error": "invalid_client"}, status))
    answer = callbacks.launch(app, tenant, browser)
    line = callbacks.failed(app, answer, browser, "token_error")
    assert line["oauth_error"] == "invalid_client"
    (request,) = tenant.hits("/auth/token")
    _check(way, request, tenant)
    assert tenant.hits(REVOKE) == []


@confidential
def test_a_method_that_the_ehr_does_not_list_stops_the_launch_before_anything_is_stored(
    deployment: Deployment, browser: Browser, way: Way
) -> None:
    app = deployment.first
    tenant, before = _tenant(app, way), deployment.records("launches")
    every = {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}
    tenant.discovery[METHODS] = sorted(every - {way.method})
    answer = app.begin(tenant, browser)
    assert (answer.status, answer.code) == (500, "misconfigured")
    detail = answer.json()["detail"]
    assert "client_auth" in detail
    assert way.method in detail
    assert answer.all("Set-Cookie") == []
    assert deployment.records("launches") == before
    assert tenant.outside_of_discovery() == []
    (line,) = callbacks.log_lines(app, answer)
    assert (line["event"], line["client_auth"]) == ("launch_refused", way.method)


@each("listed", [None, ["RS384", "ES384"], "own"], ids=str)
@signing
def test_an_algorithm_that_the_ehr_lists_or_does_not_speak_against_is_used(
    app: App, browser: Browser, way: Way, listed: list[str] | str | None
) -> None:
    tenant = _tenant(app, way)
    tenant.discovery[ALGORITHMS] = [way.algorithm] if listed == "own" else listed
    assert callbacks.launch(app, tenant, browser).status == 303
    _check(way, tenant.hits("/auth/token")[0], tenant)


@signing
def test_an_algorithm_that_the_ehr_does_not_list_stops_the_launch_before_the_code_is_sent(
    deployment: Deployment, browser: Browser, way: Way
) -> None:
    app = deployment.first
    tenant, sessions = _tenant(app, way), deployment.records("sessions")
    tenant.discovery[ALGORITHMS] = ["ES384" if way is RS384 else "RS384", "RS256"]
    answer = callbacks.launch(app, tenant, browser)
    assert (answer.status, answer.code) == (500, "misconfigured")
    assert way.algorithm in answer.json()["detail"]
    assert tenant.outside_of_discovery() == []
    assert deployment.records("sessions") == sessions
    assert browser.cookies() == {}
