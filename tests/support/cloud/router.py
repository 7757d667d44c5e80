"""The router in front of the deployed functions: one origin, where the first path segment names the
function.

With `strip`, the function's name is removed from the path, as on cloudfunctions.net. Without it,
the path is passed on in full, as by a load balancer. Copies of a function take turns.
"""

from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler

from tests.support.ehr.threaded_server import ThreadedServer

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class Router:
    """The server. `ports` gives for each function the port of the copy whose turn it is."""

    def __init__(self) -> None:
        self.strip = False
        self.ports: Mapping[str, Iterator[int]] = {}
        self._server = ThreadedServer(self._serve)
        self.port, self.close = self._server.port, self._server.close

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

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
