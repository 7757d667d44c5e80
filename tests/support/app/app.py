"""The running functions as tests use them: an app, its registrations, launches through it."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.app.servers import Server, free_port, serve
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr, Tenant


@dataclass(frozen=True)
class Launched:
    """A completed launch: the browser that holds it, the session's handle and proxy address."""

    browser: Browser
    handle: str
    fhir_base: str
    callback: Answer


@dataclass(frozen=True)
class App:
    """The running functions and the EHRs they are configured for.

    `scripted` tenants of group `a` request patient/*.rs and user/Practitioner.rs, those of group
    `u` user/*.rs, those of group `n` narrow patient scopes. Group `a` has the redirect path
    /callback, the others have /callback/KEY.
    """

    origin: str
    server: Server
    ehr_origin: str
    scripted: ScriptedEhr

    @property
    def ehr_base(self) -> str:
        return f"{self.ehr_origin}/generic/fhir"

    def begin(self, tenant: Tenant, browser: Browser, launch: str = "launch-1") -> Answer:
        """GET /launch as the EHR's link would; the redirect is not followed."""
        address = f"{self.origin}/launch?iss={quote(tenant.base, safe='')}&launch={quote(launch)}"
        return browser.get(address)

    def answer(self, begun: Answer, tenant: Tenant, browser: Browser, code: str = "c1") -> Answer:
        """Send the EHR's redirect back with a code, without following the redirect to the app."""
        redirect_uri, state = begun.query["redirect_uri"], begun.query["state"]
        iss = quote(tenant.base, safe="")
        return browser.get(f"{redirect_uri}?code={quote(code)}&state={state}&iss={iss}")

    def launch(self, tenant: Tenant, browser: Browser | None = None) -> Launched:
        """Complete a launch at a scripted tenant."""
        browser = browser or Browser()
        callback = self.answer(self.begin(tenant, browser), tenant, browser)
        assert callback.status == 303, callback.text
        return _launched(self.origin, browser, callback)

    def launch_simulated(self, patient: str, browser: Browser | None = None) -> Launched:
        """Complete a launch from the simulated EHR's own chart."""
        browser = browser or Browser()
        url = f"{self.ehr_origin}/generic/start?patient={patient}&client=smart-calc-demo&in=tab"
        answer = browser.get(url)
        while not answer.location.startswith(f"{self.origin}/smart_calc/"):
            answer = browser.get(answer.location)
        return _launched(self.origin, browser, answer)

    def log_lines(self) -> list[dict[str, object]]:
        """Return the log events so far."""
        lines = self.server.log.read_text(encoding="utf-8").splitlines()
        return [_event(line) for line in lines if line.startswith("{")]


@cache
def _event(line: str) -> Any:
    """Parse a line. Cached, because a log is read from its start each time."""
    return json.loads(line)


def _launched(origin: str, browser: Browser, callback: Answer) -> Launched:
    handle = callback.location.partition("#")[0].rstrip("/").rpartition("/")[2]
    return Launched(browser, handle, f"{origin}/fhir_proxy/{handle}", callback)


def ehr_tables(ehr_origin: str, scripted: ScriptedEhr) -> str:
    """Return the registrations of the test configuration."""
    return f"""
[[ehr]]
key = "simulated"
name = "Simulated EHR"
iss = ["{ehr_origin}/generic/fhir"]
client_id = "smart-calc-demo"
scopes = "patient/Patient.rs patient/Observation.rs patient/Condition.rs"
standalone = true
redirect_path = "/callback/simulated"

[[ehr]]
key = "scripted"
iss = ["{scripted.origin}/a/*"]
client_id = "scripted-client"
scopes = "patient/*.rs user/Practitioner.rs"
codes = [{{ system = "http://lab.test", code = "KREA", input = "creatinine" }}]

[[ehr]]
key = "scripted-user"
iss = ["{scripted.origin}/u/*"]
client_id = "scripted-user-client"
scopes = "user/*.rs"
redirect_path = "/callback/scripted-user"

[[ehr]]
key = "scripted-narrow"
iss = ["{scripted.origin}/n/*"]
client_id = "scripted-narrow-client"
scopes = "patient/Patient.r patient/Observation.rs patient/Condition.s"
redirect_path = "/callback/scripted-narrow"
"""


@contextlib.contextmanager
def simulated_ehr(folder: Path, app_port: int, charts: Path | None = None) -> Iterator[Server]:
    """Run the simulated EHR with the app at http://localhost:APP_PORT as its only client.

    `charts`: a folder of Bundles that it serves too.
    """
    port = free_port()
    registration = {
        "client_id": "smart-calc-demo",
        "name": "smart-calc",
        "redirect_uris": [f"http://localhost:{app_port}/callback/simulated"],
        "launch_url": f"http://localhost:{app_port}/launch",
        "scopes": ["launch", "launch/patient", "launch/encounter", "patient/*.rs"],
    }
    environment = {
        "EHR_BASE_URL": f"http://127.0.0.1:{port}",
        "EHR_REGISTRATIONS": json.dumps([registration]),
        "EHR_CHARTS": str(charts or ""),
    }
    with serve("simulator.serve_ehr:app", "127.0.0.1", port, environment, folder) as server:
        yield server
