"""The app at Inferno's reference server: each client authentication in both flows.

    .venv/bin/python -m tests.interop.inferno

README.md in this folder says what it needs. Each line is one step; the exit status is 1 if one of
them failed. Not part of `make test`.
"""

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Error

from shared.smart import signing_keys
from tests.interop import chart_session
from tests.interop.chart_session import PATIENT, Session
from tests.interop.in_chromium import chromium
from tests.interop.inferno.servers import JETTY, TAG, TOKEN, inferno
from tests.interop.report import Report
from tests.support.app.servers import free_port, serve_app
from tests.support.browser.browser import Browser
from tests.support.ehr.signing_keys import Kind, pem

FLOWS = ("EHR launch", "standalone launch")
SECRET = "not-a-secret"
SCOPES = f"openid fhirUser offline_access {chart_session.SCOPES}"
_KEYS: dict[str, Kind] = {"rs384": "rsa", "es384": "p384"}
_SECRET = 'client_secret = "file:{folder}/secret"'
SETTINGS = {
    "public": 'client_auth = "none"',
    "basic": f'client_auth = "client_secret_basic"\nbasic_credentials = "raw"\n{_SECRET}',
    "post": f'client_auth = "client_secret_post"\n{_SECRET}',
    **{
        key: f'client_auth = "private_key_jwt"\nprivate_key = "file:{{folder}}/{kind}.pem"\n'
        f'key_id = "{kind}"'
        for key, kind in _KEYS.items()
    },
}
_POST = "it has no client_secret_post: a client with a secret must send it as Basic credentials"
REFUSED = {f"post, {flow}": {"launch": _POST} for flow in FLOWS}


@dataclass(frozen=True)
class Stand:
    """The running app and server."""

    base: str
    origin: str
    encounter: str
    report: Report


def _clients(origin: str) -> list[dict[str, Any]]:
    def client(key: str) -> dict[str, Any]:
        made: dict[str, Any] = {"clientId": key, "authorizationGrantType": "authorization_code"}
        if key in _KEYS:
            keys = {"jwkSetUri": f"{origin}/launch/jwks.json"}
            return {
                **made,
                "clientAuthenticationMethod": "private_key_jwt",
                "providerDetails": keys,
            }
        if key == "public":
            return {**made, "clientAuthenticationMethod": "none"}
        basic = "client_secret_basic"
        return {**made, "clientAuthenticationMethod": basic, "clientSecret": SECRET}

    return [client(key) for key in SETTINGS]


def _table(key: str, base: str, folder: Path) -> str:
    return f"""
[[ehr]]
key = "{key}"
iss = ["{base}"]
client_id = "{key}"
scopes = "{SCOPES}"
standalone = true
redirect_path = "/callback/{key}"
{SETTINGS[key].format(folder=folder)}
"""


def _fill(base: str) -> str:
    """Write the charts, and return the id of an Encounter of the patient."""
    chart_session.write_charts(base, token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = requests.get(f"{base}/Encounter?patient={PATIENT}", headers=headers, timeout=60).json()
    return str(found["entry"][0]["resource"]["id"])


def _launched(stand: Stand, browser: Chromium, key: str, flow: str) -> Session | None:
    """Launch, and authorize on the server's own pages, which need scripts."""
    subject = f"{key}, {flow}"
    url = f"{stand.origin}/launch?ehr={key}"
    if flow == "EHR launch":
        chosen = {"iss": stand.base, "launch": f"{PATIENT} {stand.encounter}"}
        url = f"{stand.origin}/launch?{urlencode(chosen)}"
    context = browser.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    try:
        page.goto(url)
        if flow != "EHR launch":
            page.click(f"#button-{PATIENT}")
        page.click("#submit")
        page.wait_for_url(lambda now: now.startswith(stand.origin))
        opened = "/smart_calc/" in page.url
        detail = f"{page.url} {page.inner_text('body')[:600]}"
    except Error as error:
        opened, detail = False, f"{page.url} {page.inner_text('body')[:600]} {error}"
    kept = {one["name"]: one["value"] for one in context.cookies(stand.origin)}
    handle = page.url.partition("/smart_calc/")[2].partition("/")[0]
    context.close()
    if not stand.report.step(subject, "launch", opened, detail):
        return None
    return Session(subject, stand.origin, Browser({"localhost": kept}), handle, stand.report)


def _context_is_known(stand: Stand, session: Session, flow: str) -> None:
    answer = session.send("GET", "session")
    known = answer.json()
    user = (known["user"] or {}).get("fhirUser")
    fits = (known["patient"], user) == (PATIENT, f"{stand.base}/Patient/{PATIENT}")
    if flow == "EHR launch":
        fits = fits and known["encounter"] == stand.encounter
    session.step("patient, encounter and verified user", fits, answer)
    session.step("every scope is granted", known["scope"]["missing"] == [], answer)


def _launches(stand: Stand, browser: Chromium, key: str) -> None:
    """Launch in both flows with one way to authenticate, and take every step."""
    for flow in FLOWS:
        if session := _launched(stand, browser, key, flow):
            _context_is_known(stand, session, flow)
            chart_session.read_chart(session)
            chart_session.write_chart(session)
            chart_session.open_page(session)
            chart_session.log_out(session)


def main() -> int:
    """Run everything; 1 if a step failed."""
    folder, port, start = Path(tempfile.mkdtemp()), free_port(), time.monotonic()
    origin, report = f"http://localhost:{port}", Report(REFUSED)
    (folder / "secret").write_text(SECRET)
    for kind in _KEYS.values():
        (folder / f"{kind}.pem").write_text(pem(kind))
    keys = [dict(signing_keys.read(pem(kind), kind).public_jwk()) for kind in _KEYS.values()]
    (folder / "jwks.json").write_text(json.dumps({"keys": keys}))
    top = f'public_jwks = "file:{folder}/jwks.json"'
    with inferno(_clients(origin)) as base, chromium() as browser:
        stand = Stand(base, origin, _fill(base), report)
        for name in SETTINGS:
            with serve_app(folder, _table(name, base, folder), top=top, port=port):
                _launches(stand, browser, name)
    took = round(time.monotonic() - start)
    names = f"Inferno reference server {TAG}, Jetty {JETTY}"
    print(f"{names}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
