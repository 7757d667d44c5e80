"""Client libraries on the proxy, at a server that wasn't written here.

It makes the calls of docs/proxy.md, "Client libraries", as tests/browser/test_client_libraries.py
does at the simulated EHR, and those of Python's fhirclient.
"""

import importlib
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.test_client_libraries import (
    OBSERVATION,
    called,
    fhirpy_called,
    first_in_page,
    require,
    rows,
    serve_libraries,
)
from tests.interop.built import KEPT
from tests.interop.chart_session import PATIENT, Session
from tests.interop.report import Report

_FHIRCLIENT = "fhirclient==4.4.0"
_PIP_SECONDS = 300
# HAPI ignores a parameter of fhirpy that the simulated EHR refuses.
_AT_HAPI = {'client.resources("Observation").count()': "works"}


def in_page(
    browser: Browser, url: str, origin: str, log_in: Callable[[Page], None], report: Report
) -> None:
    """Launch with a URL in Chromium, and make the calls of the npm libraries."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(url)
    log_in(page)
    page.wait_for_url(f"{origin}/smart_calc/*/")
    handle = page.url.rstrip("/").rpartition("/")[2]
    page.goto(serve_libraries(context, origin))
    for library in ("fhirclient", "fhir-kit-client"):
        for call, remark in rows(library):
            outcome = called((page, handle), first_in_page(library), call)
            _compare(f"{library} (npm)", call, remark, outcome, report)
    context.close()


def outside(session: Session) -> None:
    """Make the calls of the Python libraries, with the session's cookie."""
    proxy = f"{session.origin}/fhir_proxy/{session.handle}"
    jar = session.browser.cookies()
    for call, remark in rows("fhirpy"):
        made = session.send("POST", "Observation", OBSERVATION).json()
        outcome = fhirpy_called(proxy, jar, made, call)
        _compare("fhirpy", call, remark, outcome, session.report)
    cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
    _fhirclient(_installed(), proxy, cookie, session.report)


def _compare(library: str, call: str, remark: str, outcome: dict[str, Any], report: Report) -> None:
    try:
        require(call, _AT_HAPI.get(call, remark), outcome)
    except AssertionError:
        report.step(library, call, False, f"{remark} | {str(outcome)[:600]}")
    else:
        report.step(library, call, True)


def _installed() -> ModuleType:
    """Return fhirclient from PyPI, installed in .local, because nothing else here needs it."""
    folder = KEPT / _FHIRCLIENT
    if not folder.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), _FHIRCLIENT]
        subprocess.run(pip, check=True, timeout=_PIP_SECONDS)
    sys.path.append(str(folder))
    return importlib.import_module("fhirclient.client")


def _fhirclient(library: ModuleType, proxy: str, cookie: str, report: Report) -> None:
    made = library.FHIRClient(settings={"app_id": "x", "api_base": proxy})
    server = made.server
    server.session.headers.update({"Cookie": cookie, "X-Smart-Proxy": "1"})
    patients = importlib.import_module("fhirclient.models.patient").Patient
    observations = importlib.import_module("fhirclient.models.observation").Observation
    not_found = importlib.import_module("fhirclient.server").FHIRNotFoundException

    def step(name: str, fits: bool) -> None:
        report.step("fhirclient (PyPI)", name, fits)

    step("Patient.read", patients.read(PATIENT, server).id == PATIENT)
    search = observations.where({"code": "2160-0", "_count": "5"})
    step("perform", len(search.perform(server).entry) == 5)
    found = list(search.perform_resources_iter(server))
    step("perform_resources_iter, every page", len({one.id for one in found}) > 10)
    new = observations(OBSERVATION)
    answer = new.create(server)
    step("create", answer["resourceType"] == "Observation")
    kept = observations.read(answer["id"], server)
    kept.status = "amended"
    step("update", kept.update(server)["status"] == "amended")
    kept.delete(server)
    try:
        observations.read("there-is-none", server)
    except not_found as error:
        step("a missing resource is 404", error.response.status_code == 404)
