"""A SMART FHIR base in front of HAPI: it serves discovery, and forwards only with a live token."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping

import requests

from tests.support.app.servers import free_port

_UP = ("Accept", "Content-Type", "If-Match", "If-None-Match", "If-Modified-Since", "Prefer")
_DOWN = ("Content-Type", "ETag", "Last-Modified", "Location")
_DISCOVERY = "/.well-known/smart-configuration"


@contextlib.contextmanager
def forwarding(
    fhir_base: str, discovery: Mapping[str, object], is_active: Callable[[str], bool]
) -> Iterator[str]:
    """Serve a FHIR base until the block ends.

    It checks whether a token is live, not what it's for: that's left to the app's own proxy.
    """
    port = free_port()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length) if length else None
            if self.path == f"/fhir{_DISCOVERY}":
                content = json.dumps(discovery).encode()
                return self._answer(200, {"Content-Type": "application/json"}, content)
            token = self.headers.get("Authorization", "").partition(" ")[2]
            if self.path != "/fhir/metadata" and not is_active(token):
                return self._answer(401, {}, b"")
            sent = {name: self.headers[name] for name in _UP if self.headers[name]}
            # HAPI names this host in its links.
            sent["Host"] = f"127.0.0.1:{port}"
            url = fhir_base + self.path.removeprefix("/fhir")
            answer = requests.request(
                self.command, url, data=body, headers=sent, timeout=60, allow_redirects=False
            )
            kept = {name: answer.headers[name] for name in _DOWN if name in answer.headers}
            return self._answer(answer.status_code, kept, answer.content)

        def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        server.shutdown()
