"""Runs the client library calls in docs/proxy.md unchanged: npm libraries in Chromium on a page of
the app's origin, and fhirpy from outside.
"""

import importlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, Route

from tests.support.app.app import App, Launched
from tests.support.app.servers import ROOT
from tests.support.app.writes import send
from tests.support.browser import npm
from tests.support.tables import each

TEXT = (ROOT / "docs/proxy.md").read_text(encoding="utf-8")
PATIENT = "synthetic-alma"
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": f"Patient/{PATIENT}"},
    "valueQuantity": {"value": 72, "unit": "/min"},
}
POLICY = {"Content-Security-Policy": "default-src 'self'"}
# What a bundler for the browser puts in place of the packages that fhir-kit-client imports.
STAND_INS = {
    "agentkeepalive": "export default class Agent { static HttpsAgent = class {}; }",
    "debug": "export default () => ({ enabled: false });",
    "json-stringify-safe": "export default JSON.stringify;",
}
CALL = """async () => {
  const proxy = "/fhir_proxy/SESSION";
  const json = async (path, options) => (await fetch(`${proxy}/${path}`, options)).json();
  const headers = { "Content-Type": "application/fhir+json", Prefer: "return=representation" };
  const patient = (await json("session")).patient;
  const observation = OBSERVATION;
  const made = await json("Observation", { method: "POST", headers, body: JSON.stringify(observation) });
  const page = await json("Observation?_count=5");
  FIRST
  try {
    return { value: await (CODE) ?? null };
  } catch (error) {
    return { status: error.status ?? error.response?.status ?? 0, words: String(error) };
  }
}"""  # noqa: E501 - a line of the page's script


def rows(library: str) -> list[tuple[str, str]]:
    """Call and remark of each row below a library's heading."""
    section = re.search(rf"^### {library} .*?(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert section is not None
    matches = re.findall(r"^\| `(.+?)` \| (.+) \|$", section[0], re.MULTILINE)
    assert len(matches) > 10
    return matches


def first_line(library: str) -> str:
    """How the document makes the client of a library."""
    match = re.search(rf"^### {library} .*?```\w+\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
    assert match is not None
    return match[1]


def require(call: str, remark: str, outcome: dict[str, Any]) -> None:
    """What came of a call is what the document says."""
    if remark.startswith("works"):
        # Nothing comes back of a delete.
        assert outcome.get("value") or ("value" in outcome and ".delete(" in call), outcome
    elif remark.startswith("fails"):
        assert outcome.get("status") == 0, outcome
    else:
        assert outcome.get("status") == int(remark[:3]), outcome


def serve_libraries(context: BrowserContext, origin: str) -> str:
    """Let a browser find the npm libraries at the app's origin; the URL of a page that has them."""
    served = {f"{name}.js": text for name, text in STAND_INS.items()}
    for name, text in npm.texts("fhir-kit-client", "package/dist/").items():
        bare = re.sub(r"from '([a-z-]+)'", r"from './\1.js'", text)
        served[name.removeprefix("package/dist/")] = bare
    served["fhirclient.js"] = npm.script("fhirclient")
    served[""] = '<!doctype html><title>x</title><script src="fhirclient.js"></script>'

    def serve(route: Route) -> None:
        name = route.request.url.partition("/libraries/")[2]
        kind = "text/javascript" if name else "text/html"
        route.fulfill(headers=POLICY, content_type=kind, body=served[name])

    context.route(f"{origin}/libraries/**", serve)
    return f"{origin}/libraries/"


@pytest.fixture(scope="module")
def page(chromium: Chromium, writing: App) -> Iterator[tuple[Page, str]]:
    """A page of the app's origin under the policy of /app/, with both libraries; its session."""
    app = writing
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    libraries = serve_libraries(context, app.origin)
    opened = context.new_page()
    start = f"{app.ehr_origin}/generic/start?patient={PATIENT}&client=smart-calc-demo&in=tab"
    opened.goto(start)
    opened.wait_for_url(f"{app.origin}/smart_calc/*/")
    session = opened.url.rstrip("/").rpartition("/")[2]
    opened.goto(libraries)
    yield opened, session
    context.close()


def first_in_page(library: str) -> str:
    """How a page makes the client of an npm library."""
    brought = 'const { Client } = await import("/libraries/index.js");'
    return (brought if library == "fhir-kit-client" else "") + first_line(library)


def called(page: tuple[Page, str], first: str, code: str) -> dict[str, Any]:
    opened, session = page
    script = CALL.replace("SESSION", session).replace("OBSERVATION", json.dumps(OBSERVATION))
    return dict(opened.evaluate(script.replace("FIRST", first).replace("CODE", code)))


@each(("call", "remark"), rows("fhirclient"))
def test_fhirclient_on_the_proxy(page: tuple[Page, str], call: str, remark: str) -> None:
    require(call, remark, called(page, first_in_page("fhirclient"), call))


@each(("call", "remark"), rows("fhir-kit-client"))
def test_fhir_kit_client_on_the_proxy(page: tuple[Page, str], call: str, remark: str) -> None:
    require(call, remark, called(page, first_in_page("fhir-kit-client"), call))


@pytest.fixture(scope="module")
def written(writing: App) -> Launched:
    return writing.launch_simulated(PATIENT)


def fhirpy() -> ModuleType:
    try:
        return importlib.import_module("fhirpy")
    except ModuleNotFoundError:
        assert not os.environ.get("CI"), "fhirpy is missing; in CI nothing is skipped"
        pytest.skip("fhirpy is missing: make .venv/dev")


@each(("call", "remark"), rows("fhirpy"))
def test_fhirpy_on_the_proxy(written: Launched, call: str, remark: str) -> None:
    created = send(written, "POST", "Observation", OBSERVATION, Prefer="return=representation")
    jar = written.browser.cookies()
    require(call, remark, fhirpy_called(written.fhir_base, jar, created.json(), call))


def fhirpy_called(
    proxy: str, cookies: Mapping[str, str], made: dict[str, Any], call: str
) -> dict[str, Any]:
    """Make a call by fhirpy, outside a browser."""
    library, errors = fhirpy(), importlib.import_module("fhirpy.base.exceptions")
    names: dict[str, Any] = {
        "SyncFHIRClient": library.SyncFHIRClient,
        "proxy": proxy,
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "patient": PATIENT,
        "made": made,
        "observation": OBSERVATION,
    }
    exec(first_line("fhirpy"), names)
    statuses = []
    ask = requests.request

    def noting(*given: Any, **named: Any) -> requests.Response:
        answer = ask(*given, **named)
        statuses.append(answer.status_code)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "request", noting)
        try:
            return {"value": eval(call, names)}
        except errors.BaseFHIRError as error:
            return {"status": statuses[-1], "words": str(error)}
