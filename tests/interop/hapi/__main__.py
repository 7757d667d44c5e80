"""The app at HAPI FHIR JPA behind Keycloak: directly, and through Google's fhir-gateway.

    .venv/bin/python -m tests.interop.hapi

README.md in this folder says what it needs. Each line is one step; the exit status is 1 if one of
them failed. Not part of `make test`.
"""

import contextlib
import difflib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

from tests.interop import chart_session, clients
from tests.interop.chart_session import PATIENT, Session
from tests.interop.hapi.forwarder import forwarding
from tests.interop.hapi.servers import GATEWAY_COMMIT, HAPI_TAG, fhir_gateway, hapi
from tests.interop.in_chromium import chromium, shown
from tests.interop.keycloak import realm
from tests.interop.keycloak.login import log_in
from tests.interop.keycloak.server import VERSION, Keycloak, running
from tests.interop.report import Report
from tests.support.app.app import simulated_ehr
from tests.support.app.servers import Server, free_port, serve_app
from tests.support.browser.browser import Browser

SCOPES = f"openid fhirUser online_access {chart_session.SCOPES}"
ACCESS_SECONDS = 60
_BY_ID = "it reads, changes and deletes only a Patient by id (R4 http.html)"
REFUSED = {
    "gateway": {
        "the page in Chromium is that of the simulated EHR": "it looks for the patient of a "
        "MedicationRequest only in `subject`, not in `patient`, so the page can't read drugs",
        "search by POST": "it reads the form as a resource to create (R4 http.html, search)",
        "_include": "its words: Search with _include is blocked!",
        "_revinclude": "its words: Search with _revinclude is blocked!",
        "its Location": "Location is HAPI's URL, not the gateway's (R4 http.html, create)",
        **dict.fromkeys(
            (
                "read what was written",
                "update with If-Match",
                "a stale If-Match is refused",
                "JSON Patch",
                "history",
                "vread",
                "delete",
                "a deleted resource is 410",
            ),
            _BY_ID,
        ),
    }
}


@dataclass(frozen=True)
class Stand:
    """The running servers: HAPI's own base, and the bases for SMART apps by registration."""

    keycloak: Keycloak
    store: str
    bases: Mapping[str, str]


@contextlib.contextmanager
def standing(origin: str) -> Iterator[Stand]:
    """Run Keycloak, HAPI with two charts, and the two servers in front of it."""
    with contextlib.ExitStack() as stack:
        keycloak = stack.enter_context(running(secrets.token_urlsafe(12)))
        keys = ("hapi", "gateway")
        clients = [realm.Client(key, "public", f"{origin}/callback/{key}") for key in keys]
        realm.make(keycloak, clients, SCOPES, ACCESS_SECONDS, PATIENT)
        store = stack.enter_context(hapi())
        chart_session.write_charts(store)
        capabilities = ["launch-ehr", "client-public", "permission-v2"]
        discovery = {**keycloak.discovery(), "capabilities": capabilities}
        front = stack.enter_context(forwarding(store, discovery, keycloak.is_active))
        gateway = stack.enter_context(fhir_gateway(store, keycloak.realm))
        yield Stand(keycloak, store, {"hapi": front, "gateway": gateway})


def tables(stand: Stand) -> str:
    """Return the app's [[ehr]] tables."""
    return "".join(
        f"""
[[ehr]]
key = "{key}"
iss = ["{base}"]
client_id = "{key}"
client_auth = "none"
scopes = "{SCOPES}"
redirect_path = "/callback/{key}"
endpoint_hosts = ["{stand.keycloak.origin.removeprefix("http://")}"]
"""
        for key, base in stand.bases.items()
    )


def _simulated_table(ehr_origin: str) -> str:
    return f"""
[[ehr]]
key = "simulated"
iss = ["{ehr_origin}/generic/fhir"]
client_id = "smart-calc-demo"
client_auth = "none"
scopes = "{chart_session.READ_SCOPES}"
redirect_path = "/callback/simulated"
"""


def launched(key: str, base: str, origin: str, report: Report) -> Session | None:
    """Launch from the chart and log in at Keycloak."""
    browser = Browser()
    answer = log_in(browser, _launch_url(base, origin), f"{origin}/callback")
    place = answer.header("Location") or ""
    opened = answer.status == 303 and "/smart_calc/" in place
    report.step(key, "launch", opened, f"{answer.status} {answer.url} {answer.text[:1500]}")
    handle = place.rstrip("/").rpartition("/")[2]
    return Session(key, origin, browser, handle, report) if opened else None


def _launch_url(base: str, origin: str) -> str:
    return f"{origin}/launch?{urlencode({'iss': base, 'launch': secrets.token_urlsafe(12)})}"


def _in_chromium(stand: Stand, ehr_origin: str, origin: str, report: Report) -> None:
    """Open the same chart at the simulated EHR and at each base, and call from a page."""
    with chromium() as browser:
        start = f"{ehr_origin}/generic/start?patient={PATIENT}&client=smart-calc-demo&in=tab"
        expected = shown(browser, start, "simulated", lambda _: None)
        for key, base in stand.bases.items():
            lines = shown(browser, _launch_url(base, origin), key, _log_in_at_keycloak)
            differs = [one for one in difflib.ndiff(expected, lines) if one[0] in "+-"]
            name = "the page in Chromium is that of the simulated EHR"
            report.step(key, name, not differs, differs)
        url = _launch_url(stand.bases["hapi"], origin)
        clients.in_page(browser, url, origin, _log_in_at_keycloak, report)


def _log_in_at_keycloak(page: Page) -> None:
    page.fill("#username", realm.USER)
    page.fill("#password", realm.PASSWORD)
    page.click("#kc-login")


def _refreshed(session: Session, app: Server, began: float) -> None:
    """Wait until the first access token has expired, and read with a new one."""
    time.sleep(max(0, began + ACCESS_SECONDS + 1 - time.monotonic()))
    answer = session.send("GET", f"Patient/{PATIENT}")
    log = map(json.loads, app.log.read_text("utf-8").splitlines())
    events = [one.get("event") for one in log if one.get("ehr") == session.key]
    fits = answer.status == 200 and "token_refreshed" in events
    session.step("refresh, and a read with the new token", fits, answer)


def main() -> int:
    """Run everything; 1 if a step failed."""
    folder, port, start, report = Path(tempfile.mkdtemp()), free_port(), time.monotonic(), Report()
    report.refused = REFUSED
    origin = f"http://localhost:{port}"
    with (
        standing(origin) as stand,
        simulated_ehr(folder, port) as ehr,
        serve_app(folder, tables(stand) + _simulated_table(ehr.origin), port=port) as app,
    ):
        _in_chromium(stand, ehr.origin, origin, report)
        for key, base in stand.bases.items():
            began = time.monotonic()
            if session := launched(key, base, origin, report):
                chart_session.read_chart(session)
                chart_session.write_chart(session)
                chart_session.open_page(session)
                if key == "hapi":
                    clients.outside(session)
                _refreshed(session, app, began)
                chart_session.log_out(session)
    took = round(time.monotonic() - start)
    names = f"HAPI {HAPI_TAG}, fhir-gateway {GATEWAY_COMMIT}, Keycloak {VERSION}"
    print(f"{names}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
