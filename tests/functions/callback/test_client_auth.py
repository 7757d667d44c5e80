"""A registration proves itself by its own method and no other, and only where the EHR takes it.

What each method sends is decided in tests/shared/smart/test_client_auth.py, and seen at each EHR
in tests/functions/vendors/test_matrix.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.app import callbacks
from tests.support.app.app import App
from tests.support.app.deployment import NO_EHR, Deployment
from tests.support.app.servers import serve_app
from tests.support.browser.browser import Browser
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, Tenant, as_json
from tests.support.ehr.signing_keys import Kind, pem
from tests.support.tables import each

SECRET = "a+/:%é &=~"
REVOKE = "/auth/revoke"
METHODS = "token_endpoint_auth_methods_supported"
ALGORITHMS = "token_endpoint_auth_signing_alg_values_supported"


@dataclass(frozen=True)
class Way:
    """One way to prove itself; `key` names the registration and its tenants' group."""

    key: str
    method: str
    sends: frozenset[str]
    signing: Kind | None = None
    algorithm: str = ""

    @property
    def client_id(self) -> str:
        return f"{self.key}:client"


SIGNED = frozenset({"client_assertion_type", "client_assertion"})
NONE = Way("none", "none", frozenset({"client_id"}))
BASIC = Way("basic", "client_secret_basic", frozenset({"Authorization"}))
POST = Way("post", "client_secret_post", frozenset({"client_id", "client_secret"}))
RS384 = Way("rs384", "private_key_jwt", SIGNED, "rsa", "RS384")
ES384 = Way("es384", "private_key_jwt", SIGNED, "p384", "ES384")
CONFIDENTIAL = (BASIC, POST, RS384, ES384)
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
    """An EHR that offers revocation, and exactly this way."""
    tenant = app.scripted.tenant(way.key)
    tenant.discovery["revocation_endpoint"] = tenant.base + REVOKE
    tenant.discovery[METHODS] = [way.method]
    if way.algorithm:
        tenant.discovery[ALGORITHMS] = [way.algorithm]
    tenant.on(REVOKE, Scripted(200))
    return tenant


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
    grant = {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert (request.form.keys() | request.headers.keys() & {"Authorization"}) - grant == way.sends
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
