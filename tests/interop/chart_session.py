"""A launch of the app at a server that wasn't written here, and the steps that it takes there."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

from simulator.charts import moving, outpatients
from simulator.charts.parts import chart_text
from simulator.common import resource_text
from tests.interop.report import Report
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser

Json = dict[str, Any]
Chart = Callable[[], list[Json]]
CHARTS: tuple[Chart, ...] = (outpatients.alma, outpatients.bruno)
PATIENT, OTHER = "synthetic-alma", "synthetic-bruno"
TYPES = ("Observation", "Condition", "MedicationRequest", "Encounter")
SCOPES = " ".join(("patient/Patient.rs", *(f"patient/{name}.cruds" for name in TYPES)))
READ_SCOPES = SCOPES.replace("cruds", "rs")
_CREATININE = "code=http://loinc.org|2160-0"
_JSON_PATCH = "application/json-patch+json"


def write_charts(base: str, charts: Iterable[Chart] = CHARTS, token: str = "") -> None:
    """Write charts of the simulated EHR to a FHIR base, as it would serve them today."""
    day = moving.day_at(datetime.now(UTC))
    for chart in charts:
        text = moving.moved(chart_text(chart()), day)
        write(base, resource_text.read(text), token)


def write(base: str, made: Iterable[Json], token: str = "") -> None:
    """Write resources of `resource_text.read` under their own ids, with every digit."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in made
    ]
    document = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    body = resource_text.write(document).encode()
    headers = {"Content-Type": "application/fhir+json", "Authorization": f"Bearer {token}"}
    answer = requests.post(base, body, headers=headers, timeout=600)
    assert answer.status_code == 200, answer.text[:2000]


def simulated_table(ehr_origin: str) -> str:
    """Return the [[ehr]] table of the simulated EHR (tests/support/app/app.py)."""
    return f"""
[[ehr]]
key = "simulated"
iss = ["{ehr_origin}/generic/fhir"]
client_id = "smart-calc-demo"
client_auth = "none"
scopes = "{READ_SCOPES}"
redirect_path = "/callback/simulated"
"""


@dataclass(frozen=True)
class Session:
    """A session of the app: `key` is its registration, `patient` the launch's."""

    key: str
    origin: str
    browser: Browser
    handle: str
    report: Report
    patient: str = PATIENT
    other: str = OTHER

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send a request from a page of the app's origin; `path` is a FHIR path or a URL."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", "application/fhir+json")
        content = None if body is None else json.dumps(body).encode()
        url = path
        if not path.startswith(self.origin):
            url = f"{self.origin}/fhir_proxy/{self.handle}/{quote(path, safe='/?=&|:,._-')}"
        return self.browser.send(method, url, {**OWN_FETCH, **named}, content, timeout=90)

    def step(self, name: str, fits: bool, answer: Answer) -> bool:
        """Report one step, with the answer if it failed."""
        return self.report.step(self.key, name, fits, f"{answer.status} {answer.text[:600]}")

    def reads(self, name: str, path: str, fits: Callable[[Json], bool]) -> None:
        """Send a GET that must succeed with what `fits` accepts."""
        answer = self.send("GET", path)
        self.step(name, answer.status == 200 and fits(answer.json()), answer)

    def denied(self, name: str, code: str, path: str) -> None:
        """Send a GET that the app must refuse."""
        answer = self.send("GET", path)
        self.step(name, answer.status == 403 and answer.code == code, answer)


def resources(bundle: Json) -> list[Json]:
    """Return the resources of a Bundle."""
    return [one["resource"] for one in bundle.get("entry", ()) if "resource" in one]


def kinds(bundle: Json) -> set[str]:
    """Return the types in a Bundle, except OperationOutcome, which has hints."""
    return {one["resourceType"] for one in resources(bundle)} - {"OperationOutcome"}


def _next(bundle: Json) -> str | None:
    return next((one["url"] for one in bundle["link"] if one["relation"] == "next"), None)


def read_chart(on: Session) -> None:
    """Read and search, page by page, with what FHIR clients use."""
    on.reads("read", f"Patient/{on.patient}", lambda body: body["id"] == on.patient)
    on.denied("another patient is refused", "patient_denied", f"Patient/{on.other}")
    ids, pages, answer = _every_page(on, f"Observation?{_CREATININE}&_count=5")
    on.step("every page", pages > 2 and len(set(ids)) == len(ids) > 10, answer)
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    url = f"{on.origin}/fhir_proxy/{on.handle}/Observation/_search"
    headers = {**OWN_FETCH, "Content-Type": form["Content_Type"]}
    answer = on.browser.send("POST", url, headers, b"code=2160-0&_count=3")
    on.step("search by POST", answer.status == 200 and len(resources(answer.json())) == 3, answer)
    on.reads("a count", "Observation?_summary=count", lambda body: body["total"] > 100)
    on.reads(
        "_elements",
        "Observation?_elements=code&_count=3",
        lambda body: all("code" in one and "subject" in one for one in resources(body)),
    )
    on.reads(
        "_include",
        "Observation?_include=Observation:subject&_count=2",
        lambda body: kinds(body) == {"Observation", "Patient"},
    )
    on.reads(
        "_revinclude",
        "Encounter?_revinclude=Observation:encounter&_count=2",
        lambda body: kinds(body) == {"Encounter", "Observation"},
    )
    on.denied(
        "_has is refused", "scope_denied", "Observation?_has:DiagnosticReport:result:status=x"
    )
    on.reads(
        "a modifier and _sort",
        "Observation?code:text=creatinine&_sort=-date&_count=1",
        lambda body: len(resources(body)) == 1,
    )
    on.reads("metadata", "metadata", lambda body: body["fhirVersion"] == "4.0.1")


def _every_page(on: Session, path: str) -> tuple[list[str], int, Answer]:
    """Return the ids of a search, the number of its pages and the last answer."""
    found: list[str] = []
    answer, pages = on.send("GET", path), 0
    while answer.status == 200 and pages < 20:
        found, pages = found + [one["id"] for one in resources(answer.json())], pages + 1
        if (url := _next(answer.json())) is None:
            break
        answer = on.send("GET", url)
    return found, pages, answer


def read_all(on: Session, made: Iterable[Json]) -> None:
    """Read the patient, and every resource of each type that the app may read."""
    on.reads("read", f"Patient/{on.patient}", lambda body: body["id"] == on.patient)
    for kind in TYPES:
        expected = sorted(one["id"] for one in made if one["resourceType"] == kind)
        found, _, answer = _every_page(on, f"{kind}?_count=50")
        on.step(f"every {kind}", sorted(found) == expected, answer)


def write_chart(on: Session) -> None:
    """Create, update, patch and delete an Observation; leaves none behind."""
    new: Json = {
        "resourceType": "Observation",
        "status": "preliminary",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": f"Patient/{on.patient}"},
        "effectiveDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valueQuantity": {"value": 71.50, "unit": "/min", "code": "/min"},
        "contained": [{"resourceType": "Device", "id": "d", "deviceName": [{"name": "x"}]}],
        "device": {"reference": "#d"},
    }
    new["contained"][0]["deviceName"][0]["type"] = "other"
    about_other = {**new, "subject": {"reference": f"Patient/{on.other}"}}
    answer = on.send("POST", "Observation", about_other)
    on.step("a write about another patient is refused", answer.code == "patient_denied", answer)
    answer = on.send("POST", "Observation", new)
    if not on.step("create, with a contained resource", answer.status == 201, answer):
        return
    made, location = answer.json(), answer.header("Location") or ""
    place = f"Observation/{made['id']}"
    on.step("its Location", f"/fhir_proxy/{on.handle}/{place}/" in f"{location}/", answer)
    answer = on.send("GET", place)
    on.step("read what was written", answer.status == 200, answer)
    first = answer.header("ETag") or 'W/"1"'
    changed = {**made, "status": "final"}
    answer = on.send("PUT", place, changed, If_Match=first)
    on.step("update with If-Match", answer.status == 200, answer)
    answer = on.send("PUT", place, changed, If_Match=first)
    on.step("a stale If-Match is refused", answer.status in {409, 412}, answer)
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    answer = on.send("PATCH", place, patch, Content_Type=_JSON_PATCH)
    on.step("JSON Patch", answer.status == 200, answer)
    answer = on.send("GET", f"{place}/_history")
    on.step("history", answer.status == 200 and len(resources(answer.json())) == 3, answer)
    answer = on.send("GET", f"{place}/_history/1")
    on.step("vread", answer.status == 200, answer)
    answer = on.send("PUT", place, {**changed, "status": "nonsense"})
    on.step("the server's own refusal arrives", answer.status in {400, 422}, answer)
    answer = on.send("DELETE", place)
    on.step("delete", answer.status in {200, 204}, answer)
    answer = on.send("GET", place)
    on.step("a deleted resource is 410", answer.status == 410, answer)


def open_page(on: Session) -> str:
    """Open the page as a browser without script does, and return its text."""
    url = f"{on.origin}/smart_calc/{on.handle}/"
    answer = on.browser.send("GET", url, NAVIGATION, timeout=90)
    on.step("the page", answer.status == 200 and 'data-source="Observation/' in answer.text, answer)
    return answer.text


def log_out(on: Session) -> None:
    """End the session."""
    answer = on.send("DELETE", "session")
    on.step("logout", answer.status == 204, answer)
    answer = on.send("GET", f"Patient/{on.patient}")
    on.step("the session has ended", answer.status == 401, answer)
