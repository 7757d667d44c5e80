"""This app against an unmodified Keycloak: every client authentication in both flows.

    .venv/bin/python -m tests.interop.keycloak

It needs Java 17 or 21 and Maven, which fetches Keycloak on the first run, and about 1 GB of memory.
Each line is one step; the exit status is 1 if one of them failed. Not part of `make test`.
"""

import json
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from shared.smart import signing_keys
from tests.interop.keycloak import realm
from tests.interop.keycloak.login import log_in
from tests.interop.keycloak.realm import ACCESS_SECONDS, FHIR_USER, PATIENT, SCOPES, Client
from tests.interop.keycloak.server import VERSION, Keycloak, running
from tests.interop.report import Report
from tests.support.app.servers import Server, free_port, serve_app
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, Tenant, as_fhir
from tests.support.ehr.signing_keys import Kind, pem

# With every character on which the two forms of Basic credentials differ.
SECRET = "a+b/c=d:e%f"
FLOWS = ("EHR launch", "standalone launch")


@dataclass(frozen=True)
class Way:
    """One registration of the app: how it authenticates, and which of these Keycloak refuses."""

    key: str
    kind: realm.Kind
    settings: str
    key_kind: Kind | None = None
    algorithm: str = ""
    refused: str = ""


def _signed(kind: Kind, key: str) -> str:
    lines = f'private_key = "file:{{folder}}/{kind}.pem"\nkey_id = "{key}"'
    return f'client_auth = "private_key_jwt"\n{lines}'


_SECRET = 'client_secret = "file:{folder}/secret"'
_BASIC = f'client_auth = "client_secret_basic"\n{_SECRET}'
WAYS = (
    Way("public", "public", 'client_auth = "none"'),
    Way("basic", "secret", _BASIC),
    Way("post", "secret", f'client_auth = "client_secret_post"\n{_SECRET}'),
    Way("rs384", "signed", _signed("rsa", "rsa"), "rsa", "RS384"),
    Way("es384", "signed", _signed("p384", "p384"), "p384", "ES384"),
)
REFUSED = (
    Way(
        "wrong-secret",
        "secret",
        'client_auth = "client_secret_post"\nclient_secret = "file:{folder}/other"',
        refused="client_auth_wrong",
    ),
    Way("raw-basic", "secret", f'{_BASIC}\nbasic_credentials = "raw"', refused="client_auth_wrong"),
    Way(
        "unknown-key",
        "signed",
        _signed("rsa", "unpublished"),
        "rsa",
        "RS384",
        "assertion_key_unknown",
    ),
)


@dataclass
class Stand:
    """Keycloak, the FHIR base in front of it, and the app."""

    keycloak: Keycloak
    app: Server
    tenants: Mapping[str, Tenant]
    report: Report = field(default_factory=Report)

    def lines(self, session: str | None = None) -> Iterator[dict[str, Any]]:
        """The app's log lines, of one session only if it is named by its mark."""
        for line in self.app.log.read_text("utf-8").splitlines():
            if line.startswith("{"):
                event = json.loads(line)
                if session is None or event.get("session") == session:
                    yield event


@dataclass(frozen=True)
class Session:
    """A launch that ended at the app."""

    way: Way
    flow: str
    browser: Browser
    base: str
    mark: str

    @property
    def subject(self) -> str:
        return f"{self.way.key}, {self.flow}"

    def fetch(self, path: str, method: str = "GET") -> Answer:
        return self.browser.send(method, f"{self.base}/{path}", OWN_FETCH)


def _walk(stand: Stand, way: Way, flow: str, browser: Browser) -> Answer:
    """Launch, log in at Keycloak, and follow to the callback's answer."""
    tenant = stand.tenants[way.key]
    query = {"iss": tenant.base, "launch": secrets.token_urlsafe(12)}
    if flow == "standalone launch":
        query = {"ehr": way.key}
    url = f"{stand.app.origin}/launch?{urlencode(query)}"
    return log_in(browser, url, f"{stand.app.origin}/callback")


def _open(stand: Stand, way: Way, flow: str) -> Session | None:
    """A launch that must end at the app, with what Keycloak gave it."""
    subject, browser = f"{way.key}, {flow}", Browser()
    answer = _walk(stand, way, flow, browser)
    place = answer.header("Location") or ""
    detail = f"{answer.status} {re.sub(r'<[^>]+>', ' ', answer.text)[:400]}"
    opened = answer.status == 303 and "/smart_calc/" in place
    if not stand.report.step(subject, "the launch opens a session", opened, detail):
        return None
    handle = place.rstrip("/").rpartition("/")[2]
    mark = next(
        str(one["session"])
        for one in reversed(list(stand.lines()))
        if one["event"] == "callback_completed"
    )
    session = Session(way, flow, browser, f"{stand.app.origin}/fhir_proxy/{handle}", mark)
    context, tenant = session.fetch("session").json(), stand.tenants[way.key]
    user = context["user"] or {}
    known = (context["patient"], user.get("fhirUser")) == (PATIENT, f"{tenant.base}/{FHIR_USER}")
    stand.report.step(subject, "patient and verified user are known", known, context)
    missing = context["scope"]["missing"]
    stand.report.step(subject, "every scope is granted", missing == [], missing)
    return session


def _reads(stand: Stand, session: Session, name: str) -> str:
    """Read the patient through the proxy; the token that the FHIR base received."""
    tenant = stand.tenants[session.way.key]
    answer = session.fetch(f"Patient/{PATIENT}")
    stand.report.step(session.subject, name, answer.status == 200, answer.text[:300])
    return tenant.hits(f"/Patient/{PATIENT}")[-1].headers["Authorization"].partition(" ")[2]


def _refused(stand: Stand, way: Way) -> None:
    """Check a launch that Keycloak refuses at its token endpoint, and the app's report."""
    answer = _walk(stand, way, FLOWS[0], Browser())
    line = next(one for one in reversed(list(stand.lines())) if one["event"] == "callback_failed")
    told = (answer.status, line.get("code"), line.get("cause_id"))
    expected = (502, "token_error", way.refused)
    stand.report.step(way.key, "is refused and explained", told == expected, (told, line))
    print(f"     Keycloak's words in the log: {line.get('said')!r}")
    if way.key == "raw-basic":
        named = "basic_credentials" in answer.text
        stand.report.step(way.key, "the page names the setting", named)


def _run(stand: Stand) -> None:
    sessions = [one for way in WAYS for flow in FLOWS if (one := _open(stand, way, flow))]
    tokens = {}
    for session in sessions:
        tokens[session.mark] = _reads(stand, session, "the proxy reads with its token")
    time.sleep(ACCESS_SECONDS + 1)
    for session in sessions:
        token = _reads(stand, session, "the proxy reads after the token has expired")
        events = [one["event"] for one in stand.lines(session.mark)]
        renewed = token != tokens[session.mark] and "token_refreshed" in events
        stand.report.step(session.subject, "the access was refreshed", renewed, events)
        stand.report.step(
            session.subject, "Keycloak calls it active", stand.keycloak.is_active(token)
        )
        ended = session.fetch("session", "DELETE")
        stand.report.step(session.subject, "logout", ended.status == 204, ended.text[:300])
        last = list(stand.lines(session.mark))[-1]
        revoked = (last["event"], last.get("revoked")) == ("session_ended", "true")
        stand.report.step(session.subject, "the EHR confirmed the revocation", revoked, last)
        active = stand.keycloak.is_active(token)
        stand.report.step(session.subject, "Keycloak calls it inactive", not active)
        gone = session.fetch(f"Patient/{PATIENT}")
        stand.report.step(session.subject, "the session has ended", gone.status == 401)
    for way in REFUSED:
        _refused(stand, way)


def _discovery(keycloak: Keycloak) -> dict[str, object]:
    """A SMART configuration that names Keycloak's endpoints, as an EHR behind Keycloak has one."""
    own = keycloak.discovery()
    names = (
        *("issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri"),
        *("token_endpoint_auth_methods_supported", "code_challenge_methods_supported"),
        "token_endpoint_auth_signing_alg_values_supported",
        "authorization_response_iss_parameter_supported",
    )
    capabilities = (
        "launch-ehr launch-standalone client-public client-confidential-symmetric "
        "client-confidential-asymmetric context-standalone-patient sso-openid-connect "
        "permission-patient permission-v2 permission-online"
    )
    return {
        **{name: own[name] for name in names if name in own},
        "scopes_supported": [*realm.LAUNCH_SCOPES, *SCOPES.split()],
        "capabilities": capabilities.split(),
    }


def _fhir(keycloak: Keycloak, received: Received) -> Scripted:
    """Return the patient to a caller with a token that Keycloak reports as active."""
    token = received.headers.get("Authorization", "").partition(" ")[2]
    if not keycloak.is_active(token):
        return as_fhir({"resourceType": "OperationOutcome", "issue": []}, 401)
    return as_fhir({"resourceType": "Patient", "id": PATIENT})


def _table(way: Way, tenant: Tenant, keycloak: Keycloak, folder: Path) -> str:
    return f"""
[[ehr]]
key = "{way.key}"
iss = ["{tenant.base}"]
client_id = "{way.key}"
scopes = "{SCOPES}"
standalone = true
redirect_path = "/callback/{way.key}"
endpoint_hosts = ["{keycloak.origin.removeprefix("http://")}"]
{way.settings.format(folder=folder)}
"""


def main() -> int:
    """Run everything; 1 if a step failed."""
    folder, port = Path(tempfile.mkdtemp()), free_port()
    origin = f"http://localhost:{port}"
    (folder / "secret").write_text(SECRET)
    (folder / "other").write_text("not-the-secret")
    kinds: tuple[Kind, ...] = ("rsa", "p384")
    for kind in kinds:
        (folder / f"{kind}.pem").write_text(pem(kind))
    published = [dict(signing_keys.read(pem(kind), kind).public_jwk()) for kind in kinds]
    (folder / "jwks.json").write_text(json.dumps({"keys": published}))
    scripted, began = ScriptedEhr(), time.monotonic()
    ways = (*WAYS, *REFUSED)
    with running(secrets.token_urlsafe(12)) as keycloak:
        clients = [
            Client(
                way.key,
                way.kind,
                f"{origin}/callback/{way.key}",
                SECRET if way.kind == "secret" else "",
                way.algorithm,
                f"{origin}/launch/jwks.json",
            )
            for way in ways
        ]
        realm.make(keycloak, clients)
        tenants = {way.key: scripted.tenant(way.key) for way in ways}
        for tenant in tenants.values():
            tenant.discovery = _discovery(keycloak)
            tenant.on(f"/Patient/{PATIENT}", lambda received: _fhir(keycloak, received))
        tables = "".join(_table(way, tenants[way.key], keycloak, folder) for way in ways)
        top = f'public_jwks = "file:{folder}/jwks.json"\nsession_cache_seconds = 0'
        with serve_app(folder, tables, top=top, port=port) as app:
            stand = Stand(keycloak, app, tenants)
            _run(stand)
    scripted.close()
    report = stand.report
    took = round(time.monotonic() - began)
    print(f"Keycloak {VERSION}: {report.passed} passed, {report.failed} failed, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
