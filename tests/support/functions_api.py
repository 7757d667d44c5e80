"""Just enough of Google's API for gcloud to deploy a new function to: it keeps what gcloud sends.

The function is refused in the end; what is of interest has arrived by then.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# The services that a deployment asks, as gcloud calls them where it takes another address for them.
_SERVICES = ("CLOUDFUNCTIONS", "SERVICEUSAGE", "CLOUDRESOURCEMANAGER")


class FunctionsApi:
    """The server. `uploads` are the sources, `functions` the messages, oldest first."""

    def __init__(self) -> None:
        self.uploads: list[bytes] = []
        self.functions: list[dict[str, Any]] = []
        outer = self

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, document = outer._answer(self.command, self.path.partition("?")[0], body)
                content = json.dumps(document).encode()
                self.send_response_only(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = _serve  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def variables(self) -> dict[str, str]:
        """What leads gcloud here."""
        prefix = "CLOUDSDK_API_ENDPOINT_OVERRIDES"
        return {f"{prefix}_{service}": f"{self._origin}/" for service in _SERVICES}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        match method, path.rpartition("/")[2]:
            case "POST", "functions:generateUploadUrl":
                source = {"bucket": "bucket", "object": "object"}
                return 200, {"uploadUrl": f"{self._origin}/upload", "storageSource": source}
            case "PUT", "upload":
                self.uploads.append(body)
                return 200, {}
            case "POST", "functions":
                self.functions.append(json.loads(body))
                return 400, {"error": {"code": 400, "message": "seen", "status": "ABORTED"}}
            case "GET", "runtimes":
                runtime = {"name": "python311", "environment": "GEN_2", "stage": "GA"}
                return 200, {"runtimes": [runtime]}
            case "GET", "my-project":
                return 200, {"projectId": "my-project", "projectNumber": "1"}
            case "GET", service if service.endswith(".googleapis.com"):
                return 200, {"state": "ENABLED"}
        return 404, {"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}
