"""The app at Inferno's reference server: each client authentication in both flows.

    .venv/bin/python -m tests.interop.inferno

README.md in this folder says what it needs. Each line is one step; the exit status is 1 if one of
them failed. Not part of `make test`.
"""

import json
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Error

from shared import log
from shared.smart import signing_keys
from tests.interop import chart_session
from tests.interop.chart_session import PATIENT, Session
from tests.interop.expiring import make_due
from tests.interop.in_chromium import chromium, report_page, shown
from tests.interop.inferno.servers import JETTY, TAG, TOKEN, inferno
from tests.interop.published import COMMITS, Published, charts
from tests.interop.report import Report
from tests.support.app.app import simulated_ehr
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
# It sends `need_patient_banner`: false, and pages of at most 50 resources.
LIKE_IT = "token-no-banner,fhir-small-pages"
_POST = "it has no client_secret_post: a client with a secret must send it as Basic credentials"
REFUSED = {f"post, {flow}": {"launch": _POST} for flow in FLOWS}


@dataclass(frozen=True)
class Stand:
    """The running server, and the app's origin, store and key."""

    base: str
    origin: str
    store: Path
    sealing_key: str
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


def _encounter(base: str, patient: str) -> str:
    """Return the id of an Encounter of a patient."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = requests.get(f"{base}/Encounter?patient={patient}", headers=headers, timeout=60).json()
    return str(found["entry"][0]["resource"]["id"])


def _launch_url(stand: Stand, patient: str) -> str:
    chosen = {"iss": stand.base, "launch": f"{patient} {_encounter(stand.base, patient)}"}
    return f"{stand.origin}/launch?{urlencode(chosen)}"


def _launched(
    stand: Stand, browser: Chromium, subject: str, url: str, patient: str = PATIENT
) -> Session | None:
    """Launch, and authorize on the server's own pages, which need scripts."""
    context = browser.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    try:
        page.goto(url)
        if "/launch?ehr=" in url:
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
    jar = Browser({"localhost": kept})
    return Session(subject, stand.origin, jar, handle, stand.report, patient)


def _context_is_known(stand: Stand, session: Session, flow: str) -> None:
    answer = session.send("GET", "session")
    known = answer.json()
    user = (known["user"] or {}).get("fhirUser")
    fits = (known["patient"], user) == (PATIENT, f"{stand.base}/Patient/{PATIENT}")
    if flow == "EHR launch":
        fits = fits and known["encounter"] == _encounter(stand.base, PATIENT)
    session.step("patient, encounter and verified user", fits, answer)
    session.step("every scope is granted", known["scope"]["missing"] == [], answer)


def _launches(stand: Stand, browser: Chromium, key: str, written: Path) -> None:
    """Launch in both flows with one way to authenticate, and take every step."""
    urls = (_launch_url(stand, PATIENT), f"{stand.origin}/launch?ehr={key}")
    for flow, url in zip(FLOWS, urls, strict=True):
        if session := _launched(stand, browser, f"{key}, {flow}", url):
            _context_is_known(stand, session, flow)
            chart_session.read_chart(session)
            chart_session.write_chart(session)
            chart_session.open_page(session)
            _refreshed(stand, session, written)
            chart_session.log_out(session)


def _refreshed(stand: Stand, session: Session, written: Path) -> None:
    """Read with a new access token. The first one would live for an hour."""
    make_due(session, stand.store, stand.sealing_key)
    answer = session.send("GET", f"Patient/{session.patient}")
    lines = map(json.loads, written.read_text("utf-8").splitlines())
    mark = log.mark(session.handle)
    events = [one.get("event") for one in lines if one.get("session") == mark]
    fits = answer.status == 200 and "token_refreshed" in events
    session.step("refresh, and a read with the new token", fits, answer)
    again = session.send("GET", "Observation?_count=1")
    session.step("the new token is kept", again.status == 200, again)


def _charts(
    stand: Stand, browser: Chromium, published: Sequence[Published], ehr_origin: str, written: Path
) -> None:
    """Compare the page of each chart with the simulated EHR's, and use Synthea's charts."""
    patients = {"alma": PATIENT, **{one.name: one.patient for one in published}}
    for name, patient in patients.items():
        url = _launch_url(stand, patient)
        there = shown(browser, url, "public", lambda page: page.click("#submit"))
        report_page(browser, ehr_origin, name, patient, there, stand.report, LIKE_IT)
    for one in published:
        url = _launch_url(stand, one.patient)
        if session := _launched(stand, browser, one.name, url, one.patient):
            chart_session.read_all(session, one.resources)
            chart_session.write_chart(session)
            chart_session.open_page(session)
            _refreshed(stand, session, written)
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
    top = f'public_jwks = "file:{folder}/jwks.json"\nsession_cache_seconds = 0'
    store, key, published = folder / "app.db", secrets.token_urlsafe(32), charts(folder / "charts")
    with (
        inferno(_clients(origin)) as base,
        simulated_ehr(folder, port, folder / "charts") as ehr,
        chromium() as browser,
    ):
        chart_session.write_charts(base, token=TOKEN)
        for one in published:
            chart_session.write(base, one.resources, TOKEN)
        stand = Stand(base, origin, store, key, report)
        for name in SETTINGS:
            tables = _table(name, base, folder) + chart_session.simulated_table(ehr.origin)
            with serve_app(folder, tables, top=top, port=port, store=store, sealing_key=key) as app:
                _launches(stand, browser, name, app.log)
                if name == "public":
                    _charts(stand, browser, published, ehr.origin, app.log)
    took = round(time.monotonic() - start)
    names = f"Inferno reference server {TAG}, Jetty {JETTY}, charts {COMMITS}"
    print(f"{names}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
