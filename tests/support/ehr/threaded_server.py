"""An HTTP server in a thread of the test's process: every request goes to one function."""

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # With the default of 5, a burst of connections at a busy machine waits for repeated SYNs,
    # longer than the product's connect timeout.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnected."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ThreadedServer:
    """The server, started immediately. `close` waits for up to `poll` seconds."""

    def __init__(
        self, serve: Callable[[BaseHTTPRequestHandler], None], port: int = 0, poll: float = 0.5
    ) -> None:
        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are written one after the other: without this each waits for an ACK.
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                serve(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _serve  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", port), _Handler)
        self.port = int(self._server.server_address[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(poll,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
