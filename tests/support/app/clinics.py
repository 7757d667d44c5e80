"""The simulated EHRs as clinics that an app launches from: the way of a browser from a click to the
callback's answer, and what the EHRs received of the app.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from simulator.common.addresses import Addresses
from tests.support.app.registered import VENDOR_PROFILE, Flow, Place, Registration
from tests.support.app.servers import Server, free_port, serve, serve_app
from tests.support.browser.browser import Answer, Browser

ALMA = "synthetic-alma"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_GRANT = {
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "token",
    "token_type_hint",
}


@dataclass(frozen=True)
class Request:
    """A request as an EHR received it."""

    path: str
    query: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    status: int

    @property
    def proof(self) -> Mapping[str, str]:
        """The client's authentication: the fields other than the grant, and the header if there is
        one.
        """
        proof = {name: value for name, value in self.form.items() if name not in _GRANT}
        if "Authorization" in self.headers:
            proof["Authorization"] = self.headers["Authorization"]
        return proof


@dataclass(frozen=True)
class Clinics:
    """The process that simulates all EHRs."""

    origin: str

    def addresses(self, place: Place) -> Addresses:
        return VENDOR_PROFILE[place].addresses(self.origin)

    def control(self, place: Place, **changes: object) -> None:
        """Change an EHR while it runs (simulator/endpoints/control.py)."""
        url = f"{self.origin}/{place}/_control"
        answer = Browser().send("POST", url, body=json.dumps(changes).encode())
        assert answer.status == 204, answer.text

    def number(self) -> int:
        """Return the number of the newest request."""
        return max((one["number"] for one in self._recorded(0)), default=0)

    def requests(self, url: str, after: int, *, below: bool = False) -> list[Request]:
        """Return the requests to a URL, or below it, since a number."""
        path = url.removeprefix(self.origin)
        return [
            Request(
                one["path"],
                one["query"],
                {name.title(): value for name, value in one["headers"]},
                dict(one["form"]),
                one["status"],
            )
            for one in self._recorded(after)
            if (one["path"].startswith(f"{path}/") if below else one["path"] == path)
        ]

    def _recorded(self, after: int) -> list[dict[str, Any]]:
        answer = Browser().get(f"{self.origin}/_recorded?after={after}")
        return list(answer.json()["requests"])


@contextlib.contextmanager
def clinics(
    folder: Path, port: int, registrations: Sequence[Mapping[str, object]]
) -> Iterator[Clinics]:
    """Run the simulated EHRs at 127.0.0.1:PORT with their clients."""
    origin = f"http://127.0.0.1:{port}"
    environment = {"EHR_BASE_URL": origin, "EHR_REGISTRATIONS": json.dumps(registrations)}
    with serve("simulator.serve_ehr:app", "127.0.0.1", port, environment, folder):
        yield Clinics(origin)


@dataclass(frozen=True)
class Opened:
    """A session that a launch opened: the browser that holds it and its addresses."""

    browser: Browser
    callback: Answer
    fhir_base: str

    def context(self) -> dict[str, Any]:
        answer = self.browser.fetch(f"{self.fhir_base}/session")
        assert answer.status == 200, answer.text
        return dict(answer.json())

    def read(self, path: str) -> Answer:
        return self.browser.fetch(f"{self.fhir_base}/{path}")


@dataclass(frozen=True)
class Practice:
    """An app and the EHRs it is registered with, one registration at each."""

    server: Server
    clinics: Clinics
    registrations: Mapping[Place, Registration]

    @property
    def origin(self) -> str:
        return self.server.origin

    def click(self, place: Place, *, flow: Flow = "ehr", fault: str = "") -> str:
        """Return the URL of a click: in a chart, or, standalone, on a page of the app."""
        if flow == "standalone":
            return f"{self.origin}/launch?ehr={self.registrations[place].key}"
        start = self.clinics.addresses(place).start
        if start is None:
            # No chart opens apps here, so this launch is made up.
            base = quote(self.clinics.addresses(place).fhir_base, safe="")
            return f"{self.origin}/launch?iss={base}&launch=made-up"
        client = quote(self.registrations[place].client_id)
        return f"{start}?patient={ALMA}&client={client}&in=tab&fault={fault}"

    def arrive(self, browser: Browser, url: str) -> Answer:
        """From a click to the callback's answer, or to where the way ends before."""
        answer = browser.get(url)
        for _ in range(10):
            if answer.status >= 400 or answer.url.startswith(f"{self.origin}/callback"):
                return answer
            if answer.header("Location"):
                answer = browser.get(urljoin(answer.url, answer.location))
            elif action := re.search(r'<form method="post" action="([^"]+)"', answer.text):
                body = urlencode(_filled(answer)).encode()
                answer = browser.send("POST", urljoin(answer.url, unescape(action[1])), _FORM, body)
            else:
                return answer
        raise AssertionError("too many steps")

    def decline(self, browser: Browser, picker: Answer) -> Answer:
        """Return the callback's response when the user chooses no patient."""
        body = urlencode({**_filled(picker), "decision": "cancel"}).encode()
        action = re.search(r'<form method="post" action="([^"]+)"', picker.text)
        assert action is not None
        answer = browser.send("POST", urljoin(picker.url, unescape(action[1])), _FORM, body)
        return browser.get(answer.location)

    def launch(self, place: Place, *, flow: Flow = "ehr", fault: str = "") -> Opened:
        """Complete a launch, which must open a session."""
        browser = Browser()
        callback = self.arrive(browser, self.click(place, flow=flow, fault=fault))
        assert callback.status == 303, callback.text
        handle = callback.location.rstrip("/").rpartition("/")[2]
        return Opened(browser, callback, f"{self.origin}/fhir_proxy/{handle}")

    def log_lines(self, answer: Answer) -> list[dict[str, Any]]:
        """Return the log lines of the request."""
        correlation = answer.header("X-Correlation-Id")
        lines = self.server.log.read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in events if line.get("correlation_id") == correlation]


def _filled(page: Answer) -> dict[str, str]:
    """Return a form's hidden fields and, in the patient picker, a choice."""
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    form = {unescape(name): unescape(value) for name, value in hidden}
    if 'name="patient"' in page.text:
        form |= {"patient": ALMA, "decision": "continue"}
    if 'name="user"' in page.text:
        form["user"] = "clara"
    return form


@contextlib.contextmanager
def practice(folder: Path, *registrations: Registration, top: str = "") -> Iterator[Practice]:
    """Run an app with one registration for each EHR, and the EHRs."""
    port, ehr_port = free_port(), free_port()
    tables = "".join(one.entry(f"http://127.0.0.1:{ehr_port}") for one in registrations)
    with (
        clinics(folder, ehr_port, [one.at(port) for one in registrations]) as at,
        serve_app(folder, tables, port=port, top=top) as server,
    ):
        yield Practice(server, at, {one.place: one for one in registrations})
