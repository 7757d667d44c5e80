"""Another SMART app: two static pages with the public JavaScript client, as its manual shows them
(fhirclient, `FHIR.oauth2.authorize` on the launch page and `FHIR.oauth2.ready` on the other).
"""

import contextlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.support.ehr.threaded_server import ThreadedServer

SCOPE = "launch openid fhirUser patient/Patient.rs patient/Observation.rs"

# The app is served under two names of this machine, with a separate client for each. For an EHR at
# 127.0.0.1, the first is another site and the second the same.
CLIENTS = {"localhost": "another-app", "127.0.0.1": "another-app-same-site"}

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Another app</title><link rel="icon" href="data:,">
<script src="/fhir-client.js"></script>
<main></main>
<script>
const show = (tag, text) => document.querySelector("main").append(
  Object.assign(document.createElement(tag), {{textContent: text}}))
{script}</script></html>
"""
_LAUNCH = f"""
FHIR.oauth2.authorize({{
  clientId: ({json.dumps(CLIENTS)})[location.hostname],
  scope: "{SCOPE}", redirectUri: "/", completeInTarget: true,
}}).catch(error => show("h1", String(error)))
"""
_INDEX = """
FHIR.oauth2.ready()
  .then(async client => {
    const patient = await client.patient.read()
    const bundle = await client.patient.request("Observation?_count=5")
    show("h1", patient.name[0].given[0])
    show("p", `${bundle.entry.length} observations, fhirUser ${client.user.fhirUser}`)
  })
  .catch(error => show("h1", String(error)))
"""


@contextlib.contextmanager
def serve_another_app(client_script: str) -> Iterator[int]:
    """Serve the app until the block ends, and say at which port."""
    files = {
        "/": ("text/html", _PAGE.format(script=_INDEX)),
        "/launch": ("text/html", _PAGE.format(script=_LAUNCH)),
        "/fhir-client.js": ("text/javascript", client_script),
    }

    def serve(handler: BaseHTTPRequestHandler) -> None:
        kind, text = files.get(urlsplit(handler.path).path, ("", ""))
        body = text.encode()
        handler.send_response(200 if kind else 404)
        handler.send_header("Content-Type", f"{kind}; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    server = ThreadedServer(serve)
    try:
        yield server.port
    finally:
        server.close()
