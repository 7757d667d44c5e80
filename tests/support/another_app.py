"""Another SMART app: two static pages with the public JavaScript client, as its manual shows them
(fhirclient, `FHIR.oauth2.authorize` on the launch page and `FHIR.oauth2.ready` on the other).
"""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CLIENT_ID = "another-app"
SCOPE = "launch openid fhirUser patient/Patient.rs patient/Observation.rs"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Another app</title><link rel="icon" href="data:,">
<script src="/fhir-client.js"></script>
<main></main>
<script>{script}</script></html>
"""
_LAUNCH = f'FHIR.oauth2.authorize({{clientId: "{CLIENT_ID}", scope: "{SCOPE}", redirectUri: "/"}})'
_INDEX = """
const show = (tag, text) => document.querySelector("main").append(
  Object.assign(document.createElement(tag), {textContent: text}))
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
def serve_another_app(client_script: str) -> Iterator[str]:
    """Serve the app at http://localhost:PORT, its origin, until the block ends."""
    files = {
        "/": ("text/html", _PAGE.format(script=_INDEX)),
        "/launch": ("text/html", _PAGE.format(script=_LAUNCH)),
        "/fhir-client.js": ("text/javascript", client_script),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = files.get(urlsplit(self.path).path, ("", ""))
            body = text.encode()
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
