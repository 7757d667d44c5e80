"""This app against the SMART Health IT launcher, with secrets that have `+`, `/` and `=`.

    git clone https://github.com/smart-on-fhir/smart-launcher-v2 FOLDER
    (cd FOLDER && npm install)
    .venv/bin/python -m tests.interop.smart_launcher FOLDER

It needs Node 16 or newer. Each line is one step; the exit status is 1 if one failed. Not part of
`make test`. The launcher's FHIR server is replaced with a small one of the tests.
"""

import base64
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from gateway.processes import becomes_ready
from shared.smart import signing_keys
from tests.interop.report import Report
from tests.support.app.servers import Server, free_port, serve_app, started
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr, as_fhir
from tests.support.ehr.signing_keys import Kind, pem

SECRET = "a+b/c=d"
PATIENT, PROVIDER = "p1", "pr1"
SCOPES = "openid fhirUser offline_access patient/Patient.rs"
# In minutes, and in seconds: so short that a run sees refreshes.
_LIFETIME, _LIFE_SECONDS = "0.1", 6
_START_SECONDS = 120
# Indices in the launcher's own lists (src/isomorphic/codec.ts).
_PROVIDER_EHR, _PROVIDER_STANDALONE = 0, 2
_CLIENTS = {"public": 0, "secret": 1, "signed": 2}
_PKCE_ALWAYS = 2
FLOWS = ("EHR launch", "standalone launch")


@dataclass(frozen=True)
class Way:
    """One registration; `refused` is the cause that the app must name if it must fail."""

    key: str
    kind: str
    settings: str
    refused: str = ""


_BASIC = 'client_auth = "client_secret_basic"\nclient_secret = "file:{folder}/secret"\n'
_SIGNED = (
    'client_auth = "private_key_jwt"\nprivate_key = "file:{folder}/{kind}.pem"\nkey_id = "{kind}"'
)
WAYS = (
    Way("public", "public", 'client_auth = "none"'),
    Way("basic-raw", "secret", _BASIC + 'basic_credentials = "raw"'),
    Way("rs384", "signed", _SIGNED.replace("{kind}", "rsa")),
    Way("es384", "signed", _SIGNED.replace("{kind}", "p384")),
    Way("basic-form", "secret", _BASIC, "client_auth_wrong"),
)


def simulation(way: Way, flow: str, app: str) -> str:
    """Return the launcher's options of one launch, which are its `launch` value too."""
    options = [
        _PROVIDER_EHR if flow == FLOWS[0] else _PROVIDER_STANDALONE,
        PATIENT,
        PROVIDER,
        "NONE",  # no encounter, so nothing has to be picked
        1,  # skip the login
        1,  # skip the authorization
        0,
        "",
        f"{app}/callback/{way.key}",
        way.key,
        SECRET if way.kind == "secret" else "",
        "",
        f"{app}/launch/jwks.json" if way.kind == "signed" else "",
        "",
        _CLIENTS[way.kind],
        _PKCE_ALWAYS,
        "",
    ]
    return base64.urlsafe_b64encode(json.dumps(options).encode()).decode().rstrip("=")


@contextlib.contextmanager
def launcher(folder: Path, fhir: str) -> Iterator[str]:
    """Run the launcher of a checkout; its origin."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = ["node_modules/.bin/ts-node", "--skipProject", "--transpile-only", "backend/index.ts"]
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FHIR_SERVER_R4": fhir,
        "ACCESS_TOKEN_LIFETIME": _LIFETIME,
        "NODE_OPTIONS": "--max-old-space-size=400",
    }
    log = folder / "launcher.log"

    def responds() -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{origin}/keys", timeout=2).status_code == 200
        return False

    with started(command, log, folder, environment) as process:
        ready = becomes_ready(process, responds, _START_SECONDS, 0.5)
        assert ready, f"The launcher isn't ready: see {log}"
        yield origin


def _lines(app: Server, event: str) -> list[dict[str, Any]]:
    lines = app.log.read_text("utf-8").splitlines()
    return [
        one
        for line in lines
        if line.startswith("{") and (one := json.loads(line))["event"] == event
    ]


def _launch(app: Server, origin: str, way: Way, flow: str, browser: Browser) -> Answer:
    """Launch and follow to the callback's answer."""
    sim = simulation(way, flow, app.origin)
    url = f"{app.origin}/launch?ehr={way.key}"
    if flow == FLOWS[0]:
        base = f"{origin}/v/r4/sim/{simulation(way, FLOWS[1], app.origin)}/fhir"
        url = f"{app.origin}/launch?iss={quote(base, safe='')}&launch={sim}"
    for _ in range(8):
        answer = browser.get(url, {"Accept": "text/html"})
        if answer.url.startswith(f"{app.origin}/callback") or answer.status not in {302, 303}:
            return answer
        url = answer.location
    raise AssertionError("too many redirects")


def _run(report: Report, app: Server, origin: str) -> None:
    opened = []
    for way in WAYS:
        for flow in FLOWS:
            subject, browser = f"{way.key}, {flow}", Browser()
            answer = _launch(app, origin, way, flow, browser)
            plain = answer.url[:90] + re.sub(r"<[^>]+>|\s+", " ", answer.text)[:400]
            if way.refused:
                line = (_lines(app, "callback_failed") or [{}])[-1]
                told = (answer.status, line.get("cause_id"), "basic_credentials" in answer.text)
                fits = told == (502, way.refused, True)
                report.step(subject, "is refused, and the page names the setting", fits, plain)
                print(f"     the launcher's words in the log: {line.get('said')!r}")
                continue
            if report.step(subject, "the launch opens a session", answer.status == 303, plain):
                handle = answer.location.rstrip("/").rpartition("/")[2]
                opened.append((subject, browser, f"{app.origin}/fhir_proxy/{handle}"))
    for subject, browser, base in opened:
        context = browser.fetch(f"{base}/session").json()
        user = (context["user"] or {}).get("fhirUser") or ""
        known = context["patient"] == PATIENT and user.endswith(f"/Practitioner/{PROVIDER}")
        report.step(subject, "patient and verified user are known", known, context)
        read = browser.fetch(f"{base}/Patient/{PATIENT}")
        report.step(subject, "the proxy reads with its token", read.status == 200, read.text[:300])
    time.sleep(_LIFE_SECONDS + 1)
    before = len(_lines(app, "token_refreshed"))
    for subject, browser, base in opened:
        read = browser.fetch(f"{base}/Patient/{PATIENT}")
        after = len(_lines(app, "token_refreshed"))
        report.step(subject, "the access was refreshed", after > before, read.text[:300])
        before = after
        ended = browser.send("DELETE", f"{base}/session", OWN_FETCH)
        report.step(subject, "logout", ended.status == 204, ended.text[:300])


def main(folder: Path) -> int:
    """Run everything; 1 if a step failed."""
    keep, port = Path(tempfile.mkdtemp()), free_port()
    (keep / "secret").write_text(SECRET)
    kinds: tuple[Kind, ...] = ("rsa", "p384")
    for kind in kinds:
        (keep / f"{kind}.pem").write_text(pem(kind))
    published = [dict(signing_keys.read(pem(kind), kind).public_jwk()) for kind in kinds]
    (keep / "jwks.json").write_text(json.dumps({"keys": published}))
    scripted, report = ScriptedEhr(), Report()
    fhir = scripted.tenant()
    fhir.on(f"/Patient/{PATIENT}", as_fhir({"resourceType": "Patient", "id": PATIENT}))
    with launcher(folder, fhir.base) as origin:
        tables = "".join(
            f"""
[[ehr]]
key = "{way.key}"
iss = ["{origin}/v/r4/sim/{simulation(way, FLOWS[1], f"http://localhost:{port}")}/fhir"]
client_id = "{way.key}"
scopes = "{SCOPES}"
standalone = true
redirect_path = "/callback/{way.key}"
{way.settings.format(folder=keep)}
"""
            for way in WAYS
        )
        top = f'public_jwks = "file:{keep}/jwks.json"\nsession_cache_seconds = 0'
        with serve_app(keep, tables, top=top, port=port) as app:
            _run(report, app, origin)
    scripted.close()
    print(f"SMART Health IT launcher: {report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]).resolve()))
