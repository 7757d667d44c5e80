"""The app in frames of the simulated EHR, behind a front that sees what a browser really sends and
can take `Partitioned` from the app's cookies.
"""

import contextlib
import http.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from simulator import demo
from tests.support.app.servers import free_port, serve_app
from tests.support.ehr.threaded_server import ThreadedServer
from tests.support.ehr.three_ehrs import CLIENTS, serve_ehrs

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Seen:
    """A request as received from the browser."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Front:
    """The requests that the front received.

    Fields:
        takes_partitions: whether it removes `Partitioned` from cookies.
        holds_callbacks: whether it withholds the EHRs' responses from the app.
    """

    takes_partitions: bool = False
    holds_callbacks: bool = False
    seen: list[Seen] = field(default_factory=list)

    def begin(self, *, takes_partitions: bool = False, holds_callbacks: bool = False) -> None:
        self.takes_partitions, self.holds_callbacks = takes_partitions, holds_callbacks
        self.seen.clear()

    def of(self, function: str) -> list[Seen]:
        """Return the requests of one function, in order of arrival."""
        return [one for one in self.seen if urlsplit(one.path).path.split("/")[1] == function]


@dataclass(frozen=True)
class FrontedApp:
    """The app at http://localhost:PORT, the EHRs at http://127.0.0.1:ANOTHER."""

    origin: str
    ehr_origin: str
    front: Front

    def start(self, where: str, *, ehr: str = "generic", patient: str = "alma", **more: str) -> str:
        query = {"patient": f"synthetic-{patient}", "client": CLIENTS[ehr], "in": where, **more}
        return f"{self.ehr_origin}/{ehr}/start?{urlencode(query)}"

    def side_by_side(self, *patients: str) -> str:
        query = [("client", CLIENTS["generic"])]
        query += [("patient", f"synthetic-{patient}") for patient in patients]
        return f"{self.ehr_origin}/generic/side-by-side?{urlencode(query)}"


@contextlib.contextmanager
def serve_behind_a_front(folder: Path) -> Iterator[FrontedApp]:
    """Run the app, whose error pages are brief, the EHRs and the front until the block ends."""
    port, behind = free_port(), free_port()
    origin = f"http://localhost:{port}"
    front = Front()
    with serve_ehrs(folder, origin) as ehr_origin:
        made = demo.configuration(origin, ehr_origin, folder / "key", folder / "store")
        ehrs = "".join(f"[[ehr]]{one}" for one in made.split("[[ehr]]")[1:])
        with (
            serve_app(folder, ehrs, top='error_details = "brief"', port=port, bind=behind),
            _serve_front(front, port, behind),
        ):
            yield FrontedApp(origin, ehr_origin, front)


@contextlib.contextmanager
def _serve_front(front: Front, port: int, behind: int) -> Iterator[None]:
    def serve(handler: BaseHTTPRequestHandler) -> None:
        front.seen.append(Seen(handler.command, handler.path, dict(handler.headers.items())))
        if front.holds_callbacks and handler.path.startswith("/callback"):
            handler.send_response_only(204)
            handler.end_headers()
            return
        length = int(handler.headers.get("Content-Length") or 0)
        connection = http.client.HTTPConnection("127.0.0.1", behind, timeout=30)
        with contextlib.closing(connection):
            body = handler.rfile.read(length) if length else None
            connection.request(handler.command, handler.path, body, dict(handler.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
        handler.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                taken = "; Partitioned" if front.takes_partitions else ""
                handler.send_header(name, value.replace(taken, "") if taken else value)
        if answer.status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    server = ThreadedServer(serve, port)
    try:
        yield
    finally:
        server.close()
