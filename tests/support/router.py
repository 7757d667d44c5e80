"""What stands before the deployed functions: one origin, the first path segment names the function.

With `strip` the function's name is taken off the path, as cloudfunctions.net does it; without, the
path arrives whole, as from a load balancer. Copies of a function take turns.
"""

import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class Router:
    """The server. `ports` gives for each function the port of the copy whose turn it is."""

    def __init__(self) -> None:
        self.strip = False
        self.ports: Mapping[str, Iterator[int]] = {}
        outer = self

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are written one after the other: without this each waits for an ACK.
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                outer._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path, mark, query = handler.path.partition("?")
        function = path.split("/")[1]
        if function not in self.ports:
            handler.send_error(404)
            return
        if self.strip:
            path = path.removeprefix(f"/{function}") or "/"
        connection = HTTPConnection("127.0.0.1", next(self.ports[function]), timeout=60)
        connection.putrequest(
            handler.command, path + mark + query, skip_host=True, skip_accept_encoding=True
        )
        for name, value in handler.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        handler.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
