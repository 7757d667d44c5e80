"""CDS Hooks with the other side's own software: its sandbox calls `cds_services`, and the simulated
EHR calls its example services.

    .venv/bin/python -m tests.interop.cds

It needs Node 20 with npm, git and Chromium. It clones cds-hooks/sandbox (3b7e255) and
cds-hooks/sandbox-cds-services (cea7e9c) from GitHub (Apache License 2.0, both). The sandbox reads
charts without a token, so a small server forwards its requests to the simulated EHR, through a
session of the app. Screenshots of the cards are in `.local/interop`. Each line is one step; the
exit status is 1 if one of them failed. Not part of `make test`.
"""

import contextlib
import http.server
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, expect

from tests.interop.built import KEPT, cloned, responding
from tests.interop.chart_session import READ_SCOPES, simulated_table
from tests.interop.in_chromium import chromium
from tests.interop.report import Report
from tests.support.app.app import App, Launched, simulated_ehr
from tests.support.app.servers import free_port, serve, serve_app
from tests.support.browser.browser import OWN_FETCH
from tests.support.ehr.scripted_ehr import ScriptedEhr

_SANDBOX = ("https://github.com/cds-hooks/sandbox", "3b7e255")
_SERVICES = ("https://github.com/cds-hooks/sandbox-cds-services", "cea7e9c")
_KEYS = "build/.well-known/jwks.json"
_NPM_SECONDS = 900


def _npm(folder: Path, *command: str) -> None:
    subprocess.run(["npm", *command], check=True, timeout=_NPM_SECONDS, cwd=folder)


@contextlib.contextmanager
def _sandbox() -> Iterator[tuple[str, Path]]:
    """Build the sandbox and serve its files; its origin, and the file with its keys."""
    folder = cloned(*_SANDBOX)
    if not (folder / "node_modules").exists():
        _npm(folder, "ci", "--no-audit", "--no-fund")
    if not (folder / "build" / "index.html").exists():
        _npm(folder, "run", "build")
    port = free_port()
    with _serving(partial(_Quiet, directory=folder / "build"), port):
        yield f"http://127.0.0.1:{port}", folder / _KEYS


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def _serving(handler: Callable[..., _Quiet], port: int) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def _services() -> Iterator[str]:
    """Run the example services; their base URL."""
    folder, port = cloned(*_SERVICES), free_port()
    if not (folder / "node_modules").exists():
        _npm(folder, "ci", "--omit=dev", "--no-audit", "--no-fund")
    base = f"http://127.0.0.1:{port}"
    command = ["env", f"PORT={port}", "node", "server.js"]
    with responding(command, "cds-services.log", f"{base}/cds-services", folder=folder):
        yield base


def _simulated_ehr_calls(browser: Browser, folder: Path, report: Report) -> None:
    """Open a chart at each vendor's simulated EHR, whose only CDS services are the examples."""
    port = free_port()
    with _services() as base:
        registration = {
            "client_id": "example",
            "name": "Example services",
            "redirect_uris": ["http://localhost:1/callback"],
            "launch_url": "http://localhost:1/launch",
            "scopes": ["launch", "patient/*.rs"],
            "cds_services": base,
        }
        environment = {
            "EHR_BASE_URL": f"http://127.0.0.1:{port}",
            "EHR_REGISTRATIONS": json.dumps([registration]),
        }
        with serve("simulator.serve_ehr:app", "127.0.0.1", port, environment, folder) as ehr:
            for vendor in ("generic", "oracle", "epic"):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(f"{ehr.origin}/{vendor}/chart?patient=synthetic-dario")
                page.wait_for_load_state("networkidle")
                text = page.inner_text("main")
                page.screenshot(path=KEPT / f"cards-of-examples-{vendor}.png")
                report.step(f"simulated EHR, {vendor}", "a card", "Now seeing: Dario" in text, text)
                page.close()


@contextlib.contextmanager
def _open_fhir(port: int, launched: Launched) -> Iterator[None]:
    """Serve the charts of a session to any page, without a token."""

    class Handler(_Quiet):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))) or None
            kind = self.headers.get("Content-Type")
            headers = {**OWN_FETCH, **({"Content-Type": kind} if kind and body else {})}
            url = launched.fhir_base + self.path
            answer = launched.browser.send(self.command, url, headers, body)
            self._answer(answer.status, answer.header("Content-Type") or "", answer.body)

        def _allow(self) -> None:
            self._answer(204, "", b"")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            for name in ("Origin", "Headers"):
                self.send_header(f"Access-Control-Allow-{name}", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _forward  # noqa: N815 - the library's names
        do_OPTIONS = _allow  # noqa: N815 - the library's name

    with _serving(Handler, port):
        yield


def _sandbox_calls(browser: Browser, folder: Path, report: Report) -> None:
    """Open charts in the sandbox, which calls only the app."""
    port, fhir_port = free_port(), free_port()
    base = f"http://127.0.0.1:{fhir_port}"
    with _sandbox() as (sandbox, keys), simulated_ehr(folder, port) as ehr:
        tables = f"""{simulated_table(ehr.origin)}
[[ehr]]
key = "sandbox"
iss = ["{base}"]
client_id = "sandbox"
client_auth = "none"
scopes = "{READ_SCOPES}"
redirect_path = "/callback/sandbox"

[[cds_client]]
key = "sandbox"
ehr = "sandbox"
iss = "https://sandbox.cds-hooks.org"
keys = "file:{keys}"
cors_origins = ["{sandbox}"]
"""
        with (
            serve_app(folder, tables, port=port) as server,
            contextlib.closing(ScriptedEhr()) as unused,
        ):
            app = App(server.origin, server, ehr.origin, unused)
            for name, card in (("dario", "eGFR 23"), ("alma", None)):
                with _open_fhir(fhir_port, app.launch_simulated(f"synthetic-{name}")):
                    _open_chart(browser, app, f"{sandbox}/?", base, name, card, report)


def _open_chart(
    browser: Browser,
    app: App,
    sandbox: str,
    base: str,
    name: str,
    card: str | None,
    report: Report,
) -> None:
    chosen = {
        "fhirServiceUrl": base,
        "patientId": f"synthetic-{name}",
        "serviceDiscoveryURL": f"{app.origin}/cds_services/cds-services",
    }
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{sandbox}{urlencode(chosen)}")
    with contextlib.suppress(AssertionError):
        expect(page.get_by_text(card or name.title()).first).to_be_visible(timeout=30_000)
    page.wait_for_load_state("networkidle")
    text = page.inner_text("body")
    page.screenshot(path=KEPT / f"cards-in-the-sandbox-{name}.png")
    page.close()
    events = [one for one in app.log_lines() if str(one.get("event", "")).startswith("cds_")]
    answered = bool(events) and events[-1]["event"] == "cds_answered"
    fits = card in text if card else "eGFR" not in text
    step = f"a card for {name}" if card else f"no card for {name}"
    report.step("CDS Hooks sandbox", step, fits and answered, (events[-2:], text[:900]))


def main() -> int:
    """Run everything; 1 if a step failed."""
    folder, start, report = Path(tempfile.mkdtemp()), time.monotonic(), Report()
    with chromium() as browser:
        _simulated_ehr_calls(browser, folder, report)
        _sandbox_calls(browser, folder, report)
    took = round(time.monotonic() - start)
    names = f"CDS Hooks sandbox {_SANDBOX[1]}, example services {_SERVICES[1]}"
    print(f"{names}: {report.summary()}, in {took} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
