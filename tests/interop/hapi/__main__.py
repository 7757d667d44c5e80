"""The app at HAPI FHIR JPA behind Keycloak: directly, and through Google's fhir-gateway.

    .venv/bin/python -m tests.interop.hapi

README.md in this folder says what it needs. Each line is one step; the exit status is 1 if one of
them failed. Not part of `make test`.
"""

import contextlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

from tests.interop import chart_session, clients
from tests.interop.chart_session import PATIENT, Session, simulated_table
from tests.interop.hapi.forwarder import forwarding
from tests.interop.hapi.servers import GATEWAY_COMMIT, HAPI_TAG, fhir_gateway, hapi
from tests.interop.in_chromium import chromium, report_page, shown
from tests.interop.keycloak import realm
from tests.interop.keycloak.login import log_in
from tests.interop.keycloak.server import VERSION, Keycloak, running
from tests.interop.published import COMMITS, Published, charts
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
    """The running servers. `bases` for SMART apps and `patients` are by registration."""

    keycloak: Keycloak
    bases: Mapping[str, str]
    patients: Mapping[str, str]


@contextlib.contextmanager
def standing(origin: str, published: Sequence[Published]) -> Iterator[Stand]:
    """Run Keycloak, HAPI with the charts, and the servers in front of it."""
    patients = {"hapi": PATIENT, "gateway": PATIENT, **{one.name: one.patient for one in published}}
    with contextlib.ExitStack() as stack:
        keycloak = stack.enter_context(running(secrets.token_urlsafe(12)))
        clients = [
            realm.Client(key, "public", f"{origin}/callback/{key}", patient=patient)
            for key, patient in patients.items()
        ]
        realm.make(keycloak, clients, SCOPES, ACCESS_SECONDS)
        store = stack.enter_context(hapi())
        chart_session.write_charts(store)
        for one in published:
            chart_session.write(store, one.resources)
        capabilities = ["launch-ehr", "client-public", "permission-v2"]
        discovery = {**keycloak.discovery(), "capabilities": capabilities}
        bases = {
            key: stack.enter_context(forwarding(store, discovery, keycloak.is_active))
            for key in patients
            if key != "gateway"
        }
        gateway = stack.enter_context(fhir_gateway(store, keycloak.realm))
        yield Stand(keycloak, {**bases, "gateway": gateway}, patients)


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


def launched(stand: Stand, key: str, origin: str, report: Report) -> Session | None:
    """Launch from the chart and log in at Keycloak."""
    browser = Browser()
    answer = log_in(browser, _launch_url(stand.bases[key], origin), f"{origin}/callback")
    place = answer.header("Location") or ""
    opened = answer.status == 303 and "/smart_calc/" in place
    report.step(key, "launch", opened, f"{answer.status} {answer.url} {answer.text[:1500]}")
    handle = place.rstrip("/").rpartition("/")[2]
    patient = stand.patients[key]
    return Session(key, origin, browser, handle, report, patient) if opened else None


def _launch_url(base: str, origin: str) -> str:
    return f"{origin}/launch?{urlencode({'iss': base, 'launch': secrets.token_urlsafe(12)})}"


def _in_chromium(stand: Stand, ehr_origin: str, origin: str, report: Report) -> None:
    """Open the same chart at the simulated EHR and at each base, and call from a page."""
    with chromium() as browser:
        for key, base in stand.bases.items():
            url = _launch_url(base, origin)
            there = shown(browser, url, key, _log_in_at_keycloak)
            report_page(browser, ehr_origin, key, stand.patients[key], there, report)
        url = _launch_url(stand.bases["hapi"], origin)
        clients.in_page(browser, url, origin, _log_in_at_keycloak, report)


def _log_in_at_keycloak(page: Page) -> None:
    page.fill("#username", realm.USER)
    page.fill("#password", realm.PASSWORD)
    page.click("#kc-login")


def _refreshed(session: Session, app: Server) -> None:
    """Read with a new access token, after the first one has expired."""
    answer = session.send("GET", f"Patient/{session.patient}")
    log = map(json.loads, app.log.read_text("utf-8").splitlines())
    events = [one.get("event") for one in log if one.get("ehr") == session.key]
    fits = answer.status == 200 and "token_refreshed" in events
    session.step("refresh, and a read with the new token", fits, answer)


def main() -> int:
    """Run everything; 1 if a step failed."""
    folder, port, start, report = Path(tempfile.mkdtemp()), free_port(), time.monotonic(), Report()
    report.refused = REFUSED
    origin, published = f"http://localhost:{port}", charts(folder / "charts")
    made = {one.name: one.resources for one in published}
    with (
        standing(origin, published) as stand,
        simulated_ehr(folder, port, folder / "charts") as ehr,
        serve_app(folder, tables(stand) + simulated_table(ehr.origin), port=port) as app,
    ):
        _in_chromium(stand, ehr.origin, origin, report)
        sessions = [
            one for key in stand.bases if (one := launched(stand, key, origin, report)) is not None
        ]
        for session in sessions:
            if session.key in made:
                chart_session.read_all(session, made[session.key])
            else:
                chart_session.read_chart(session)
            chart_session.write_chart(session)
            chart_session.open_page(session)
            if session.key == "hapi":
                clients.outside(session)
        time.sleep(ACCESS_SECONDS + 1)
        for session in sessions:
            _refreshed(session, app)
            chart_session.log_out(session)
    took = round(time.monotonic() - start)
    names = f"HAPI {HAPI_TAG}, fhir-gateway {GATEWAY_COMMIT}, Keycloak {VERSION}, charts {COMMITS}"
    print(f"{names}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
