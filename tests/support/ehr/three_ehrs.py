"""The app at the three EHRs of `make run`, and launches followed through it step by step."""

import contextlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from simulator import demo
from tests.support.app.servers import Server, free_port, serve, serve_app
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser

# The app's client id at each EHR.
CLIENTS = {"generic": "smart-calc-demo", "oracle": "smart-calc-oracle", "epic": "smart-calc-epic"}
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_STEPS = 8
# Above the longest response time of the app.
_SECONDS = 60


@dataclass(frozen=True)
class Walk:
    """A launch, followed to the app's session or to a page. `steps` are all responses."""

    browser: Browser
    steps: tuple[Answer, ...]

    @property
    def end(self) -> Answer:
        """The callback's redirect into the app, or the page where the launch ended."""
        return self.steps[-1]

    @property
    def session(self) -> str | None:
        """The handle of the session, None if none was opened."""
        place = urlsplit(self.end.header("Location") or "").path.split("/")
        return place[2] if len(place) > 2 and place[1] == "smart_calc" else None

    @property
    def returned(self) -> dict[str, str]:
        """The parameters that the EHR sent to the callback."""
        query = parse_qs(urlsplit(self.end.url).query, keep_blank_values=True)
        return {name: values[0] for name, values in query.items()}


@dataclass(frozen=True)
class ThreeEhrs:
    """A copy of the app, and the EHRs. All launches are from Alma's chart."""

    origin: str
    ehr_origin: str
    server: Server

    def walk(self, ehr: str, faults: str = "") -> Walk:
        """Launch with the given `faults`, in a new browser."""
        browser, client = Browser(), CLIENTS[ehr]
        url = f"{self.ehr_origin}/{ehr}/start?patient=synthetic-alma&client={client}&in=tab"
        url += f"&fault={faults}" if faults else ""
        steps: list[Answer] = []
        for _ in range(_MOST_STEPS):
            steps.append(browser.send("GET", url, NAVIGATION, timeout=_SECONDS))
            walk = Walk(browser, tuple(steps))
            if walk.end.status not in _REDIRECTS or walk.session:
                return walk
            url = urljoin(url, walk.end.location)
            if urlsplit(url).path == "/launch":
                # The registration has one launch URL, which may belong to another copy.
                url = f"{self.origin}/launch?{urlsplit(url).query}"
        raise AssertionError("too many redirects")

    def page(self, walk: Walk) -> Answer:
        """Return the app's page of a launch."""
        return walk.browser.send("GET", walk.end.location, NAVIGATION, timeout=_SECONDS)

    def fetch(self, walk: Walk, path: str, method: str = "GET") -> Answer:
        """Return the proxy's response to a script of the app's page."""
        address = f"{self.origin}/fhir_proxy/{walk.session}/{path}"
        return walk.browser.send(method, address, OWN_FETCH, timeout=_SECONDS)

    def control(self, ehr: str, **change: object) -> None:
        """Change an EHR while it runs (simulator/endpoints/control.py)."""
        url, body = f"{self.ehr_origin}/{ehr}/_control", json.dumps(change).encode()
        assert Browser().send("POST", url, body=body).status == 204

    def log_of(self, answer: Answer) -> list[dict[str, Any]]:
        """Return the log lines of one request."""
        mine = answer.header("X-Correlation-Id")
        lines = self.server.log.read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines if mine and mine in line]
        assert entries, f"nothing is logged of {answer.url.partition('?')[0]}"
        return entries


def in_words(page: str) -> str:
    """Return a page's text, without its markup."""
    body = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    inline = re.sub(r"</?(?:code|span)[^>]*>", "", body)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", inline))).strip()


@contextlib.contextmanager
def serve_ehrs(folder: Path, *app_origins: str) -> Iterator[str]:
    """Run the EHR process. It treats copies of the app at these origins as one app."""
    copies = [json.loads(demo.registrations(origin)) for origin in app_origins]
    first, *others = copies
    for other in others:
        for registration, further in zip(first, other, strict=True):
            registration["redirect_uris"] += further["redirect_uris"]
    port = free_port()
    environment = {
        "EHR_BASE_URL": f"http://127.0.0.1:{port}",
        "EHR_REGISTRATIONS": json.dumps(first),
    }
    with serve("simulator.serve_ehr:app", "127.0.0.1", port, environment, folder) as server:
        yield server.origin


@contextlib.contextmanager
def serve_copy(
    folder: Path,
    ehr_origin: str,
    port: int,
    top: str = "",
    *,
    scopes: Mapping[str, str] | None = None,
    clients: Mapping[str, str] | None = None,
) -> Iterator[ThreeEhrs]:
    """Run the app with the registrations of `make run`. `top` has more settings. `scopes` and
    `clients` replace the scopes and client ids of entries, by the entry's key.
    """
    made = demo.configuration(f"http://localhost:{port}", ehr_origin, folder / "k", folder / "s")
    _, *tables = made.split("[[ehr]]")
    for at, table in enumerate(tables):
        for name, instead in (("scopes", scopes or {}), ("client_id", clients or {})):
            for key, value in instead.items():
                if f'key = "{key}"' in table:
                    tables[at] = re.sub(rf"\n{name} = .*", f'\n{name} = "{value}"', tables[at])
    ehrs = "".join(f"[[ehr]]{table}" for table in tables)
    with serve_app(folder, ehrs, top=top, port=port) as server:
        yield ThreeEhrs(server.origin, ehr_origin, server)
