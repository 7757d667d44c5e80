"""Every EHR x way to authenticate x kind of launch, through the running functions: what each cell
of one table must do, as the app's user, the EHR and the app's page see it.

All EHRs are one process with all registrations; of the app there is a process for each way, since
an `iss` belongs to one [[ehr]] entry of a configuration.
"""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import quote_plus

import jwt
import pytest

from shared.smart import signing_keys
from tests.support.app.clinics import ALMA, ASSERTION, Clinics, Practice, Request, clinics
from tests.support.app.registered import FLOWS, PLACES, SCOPES, Flow, Place, Registration
from tests.support.app.servers import free_port, serve_app
from tests.support.browser.browser import OWN_FETCH, Browser
from tests.support.ehr.signing_keys import Kind, pem, public_pem
from tests.support.tables import each

SECRET = "a+/:%é"


@dataclass(frozen=True)
class Way:
    """One way to authenticate. EHRs in `by_url` take the keys from the app's /launch/jwks.json,
    others were given them.
    """

    name: str
    method: str
    signing: Kind | None = None
    algorithm: str = ""
    by_url: frozenset[Place] = frozenset()

    def client_id(self, place: Place) -> str:
        return f"{place}-{self.name}"


WAYS = (
    Way("none", "none"),
    Way("basic", "client_secret_basic"),
    Way("post", "client_secret_post"),
    Way("rs384", "private_key_jwt", "rsa", "RS384", frozenset({"generic", "oracle-patient"})),
    Way("es384", "private_key_jwt", "p384", "ES384", frozenset({"oracle", "epic"})),
)


@dataclass(frozen=True)
class Opens:
    """The launch opens a session."""


@dataclass(frozen=True)
class Refused:
    """The launch ends at the app with an error; `cause` is the most probable one, if it has any."""

    status: int
    code: str
    cause: str | None = None


OPENS = Opens()
# The discovery document lists other ways, and a capability covers this one: the EHR decides.
UNTAKEN = Refused(502, "token_error", "client_auth_wrong")
# A provider's app without a chart has no patient, and asks patient/ scopes.
NO_PATIENT = Refused(400, "ehr_error", "patient_context_missing")
# No chart opens an app for patients, so the caller made up the launch value.
NO_CHART = Refused(400, "ehr_error", "launch_value_invalid")

#                                none        basic       post      RS384       ES384
_ROWS: Mapping[tuple[Place, Flow], tuple[Opens | Refused, ...]] = {
    ("generic", "ehr"): (OPENS, OPENS, OPENS, OPENS, OPENS),
    ("generic", "standalone"): (OPENS, OPENS, OPENS, OPENS, OPENS),
    ("oracle", "ehr"): (OPENS, OPENS, UNTAKEN, OPENS, OPENS),
    ("oracle", "standalone"): (NO_PATIENT,) * 5,
    ("oracle-patient", "ehr"): (NO_CHART,) * 5,
    ("oracle-patient", "standalone"): (OPENS, OPENS, UNTAKEN, OPENS, OPENS),
    ("epic", "ehr"): (OPENS, OPENS, OPENS, OPENS, OPENS),
    ("epic", "standalone"): (OPENS, OPENS, OPENS, OPENS, OPENS),
}
TABLE: Mapping[tuple[Place, Flow, str], Opens | Refused] = {
    (place, flow, way.name): outcome
    for (place, flow), row in _ROWS.items()
    for way, outcome in zip(WAYS, row, strict=True)
}
_rows = each(("place", "flow"), _ROWS)


def test_the_table_says_of_every_cell_what_it_must_do() -> None:
    assert set(TABLE) == set(product(PLACES, FLOWS, (way.name for way in WAYS)))
    methods = {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}
    assert {way.method for way in WAYS} == methods
    assert {way.algorithm for way in WAYS if way.signing} == {"RS384", "ES384"}
    opened = {cell for cell, outcome in TABLE.items() if outcome is OPENS}
    for vendor in ("generic", "oracle", "epic"):
        of_vendor = {cell for cell in opened if cell[0].partition("-")[0] == vendor}
        listed = 4 if vendor == "oracle" else 5
        for flow in FLOWS:
            assert len({way for _, kind, way in of_vendor if kind == flow}) == listed


def _registration(place: Place, way: Way, folder: Path, app_port: int) -> Registration:
    """The app at one EHR by one way."""
    settings = f'client_auth = "{way.method}"\n'
    at_ehr: dict[str, object] = {"client_auth": way.method}
    if way.signing:
        settings += f'private_key = "file:{folder}/{way.name}.pem"\nkey_id = "key-{way.name}"\n'
        jwk = dict(signing_keys.read(pem(way.signing), f"key-{way.name}").public_jwk())
        by_url = {"jwks_url": f"http://localhost:{app_port}/launch/jwks.json"}
        at_ehr |= by_url if place in way.by_url else {"jwks": {"keys": [jwk]}}
    elif way.method != "none":
        settings += f'client_secret = "file:{folder}/secret"\n'
        at_ehr["client_secret"] = SECRET
    return Registration(place, way.client_id(place), settings=settings, at_ehr=at_ehr)


@dataclass(frozen=True)
class Hospital:
    """The EHRs, and what it takes to start the app for one way."""

    folder: Path
    clinics: Clinics
    ports: Mapping[str, int]

    def registrations(self, way: Way) -> list[Registration]:
        return [_registration(place, way, self.folder, self.ports[way.name]) for place in PLACES]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    published = []
    for way in WAYS:
        if way.signing:
            (folder / f"{way.name}.pem").write_text(pem(way.signing), encoding="ascii")
            key = signing_keys.read(pem(way.signing), f"key-{way.name}")
            published.append(dict(key.public_jwk()))
    (folder / "jwks.json").write_text(json.dumps({"keys": published}), encoding="ascii")
    ports = {way.name: free_port() for way in WAYS}
    clients = [
        _registration(place, way, folder, ports[way.name]).at(ports[way.name])
        for place in PLACES
        for way in WAYS
    ]
    with clinics(folder, free_port(), clients) as at:
        yield Hospital(folder, at, ports)


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: way.name)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture(scope="module")
def app(hospital: Hospital, way: Way) -> Iterator[Practice]:
    registrations = hospital.registrations(way)
    tables = "".join(one.entry(hospital.clinics.origin) for one in registrations)
    top = f'public_jwks = "file:{hospital.folder}/jwks.json"' if way.signing else ""
    with serve_app(hospital.folder, tables, port=hospital.ports[way.name], top=top) as server:
        yield Practice(server, hospital.clinics, {one.place: one for one in registrations})


def _check(way: Way, place: Place, request: Request, token_endpoint: str) -> str:
    """The request proves the client in its way and in no other; the assertion's `jti`, if any."""
    client_id = way.client_id(place)
    if way.signing is None:
        raw = place == "epic"
        pair = f"{client_id}:{SECRET if raw else quote_plus(SECRET)}".encode()
        assert (
            request.proof
            == {
                "none": {"client_id": client_id},
                "basic": {"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
                "post": {"client_id": client_id, "client_secret": SECRET},
            }[way.name]
        )
        return ""
    assert request.proof.keys() == {"client_assertion_type", "client_assertion"}
    assert request.proof["client_assertion_type"] == ASSERTION
    assertion = request.proof["client_assertion"]
    header = {"alg": way.algorithm, "kid": f"key-{way.name}", "typ": "JWT"}
    assert jwt.get_unverified_header(assertion) == header
    claims = jwt.decode(
        assertion,
        public_pem(way.signing),
        algorithms=[way.algorithm],
        audience=token_endpoint,
        issuer=client_id,
    )
    assert claims.keys() == {"iss", "sub", "aud", "iat", "exp", "jti"}
    assert claims["sub"] == client_id
    assert 0 < claims["exp"] - time.time() <= 300
    return str(claims["jti"])


@pytest.mark.calculators
@_rows
def test_a_launch_does_what_the_table_says(
    app: Practice, way: Way, place: Place, flow: Flow
) -> None:
    outcome = TABLE[place, flow, way.name]
    if isinstance(outcome, Opens):
        _opens(app, way, place, flow)
    else:
        _is_refused(app, place, flow, outcome)


def _opens(app: Practice, way: Way, place: Place, flow: Flow) -> None:
    at, before = app.clinics.addresses(place), app.clinics.number()
    opened = app.launch(place, flow=flow)

    if way is WAYS[0]:  # the page is made of what the read below gets, whatever the way
        page = opened.browser.open(opened.callback.location)
        assert page.status == 200
        assert "Alma" in page.text

    context = opened.context()
    assert (context["ehr"], context["iss"]) == (place, at.fhir_base)
    assert context["patient"] == ALMA
    user, sub = "Practitioner/synthetic-clara", "simulated-user-1"
    if place == "oracle-patient":
        user, sub = f"Patient/{ALMA}", f"simulated-{ALMA}"
    assert (context["user"]["fhirUser"], context["user"]["sub"]) == (f"{at.fhir_base}/{user}", sub)
    launch_scopes = ["launch"] if flow == "ehr" else ["launch/patient"]
    if flow == "standalone" and place == "generic":
        launch_scopes.append("launch/encounter")  # the others do not list it
    assert context["scope"]["requested"] == [*launch_scopes, *SCOPES.split()]
    assert (context["scope"]["missing"], context["scope"]["causes"]) == ([], {})

    read = opened.read(f"Patient/{ALMA}")
    assert (read.status, read.json()["id"]) == (200, ALMA)

    app.clinics.control(place, expire_access_tokens=True)
    assert opened.read(f"Patient/{ALMA}").status == 200
    assert opened.browser.send("DELETE", f"{opened.fhir_base}/session", OWN_FETCH).status == 204

    exchange, refresh = app.clinics.requests(at.token, before)
    (revocation,) = app.clinics.requests(at.revocation, before)
    assert [exchange.form["grant_type"], refresh.form["grant_type"]] == [
        "authorization_code",
        "refresh_token",
    ]
    three = (exchange, refresh, revocation)
    assert [request.status for request in three] == [200] * 3
    assert "token" in revocation.form
    grants = [request.form.keys() - request.proof.keys() for request in (exchange, refresh)]
    assert grants[0] == {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert grants[1] == {"grant_type", "refresh_token"}
    jtis = {_check(way, place, request, at.token) for request in three}
    assert len(jtis) == (3 if way.signing else 1)
    folder, port = app.server.log.parent, app.origin.rpartition(":")[2]
    files = [app.server.log, *folder.glob(f"{port}.db*")]
    assert len(files) > 1
    kept = b"".join(one.read_bytes() for one in files)
    sent = {value for request in three for value in request.proof.values()} | {SECRET}
    known = {ASSERTION, way.client_id(place)}
    assert [value for value in sent - known if value.encode() in kept] == []


def _is_refused(app: Practice, place: Place, flow: Flow, outcome: Refused) -> None:
    before, browser = app.clinics.number(), Browser()
    answer = app.arrive(browser, app.click(place, flow=flow))
    assert answer.url.startswith(f"{app.origin}/")
    assert (answer.status, answer.code) == (outcome.status, outcome.code)
    assert not [name for name in browser.cookies() if name.startswith("__Host-")]
    at = app.clinics.addresses(place)
    asked = [request.status for request in app.clinics.requests(at.token, before)]
    assert asked == ([401] if outcome is UNTAKEN else [])
    (line,) = app.log_lines(answer)
    assert line["code"] == outcome.code
    causes = line.get("causes", [None])
    assert isinstance(causes, list)
    assert causes[0] == outcome.cause
