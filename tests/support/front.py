"""The app in frames of the simulated EHR, behind a front that sees what a browser really sends and
can take `Partitioned` from the app's cookies.
"""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from simulator import demo
from tests.support.servers import free_port, serve_app
from tests.support.three_ehrs import CLIENTS, serve_ehrs

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Seen:
    """A request as it came from the browser."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Front:
    """What the front saw.

    Fields:
        takes_partitions: whether it takes `Partitioned` from cookies.
        holds_callbacks: whether it keeps the answers of EHRs from the app.
    """

    takes_partitions: bool = False
    holds_callbacks: bool = False
    seen: list[Seen] = field(default_factory=list)

    def begin(self, *, takes_partitions: bool = False, holds_callbacks: bool = False) -> None:
        self.takes_partitions, self.holds_callbacks = takes_partitions, holds_callbacks
        self.seen.clear()

    def of(self, function: str) -> list[Seen]:
        """The requests of one function, in the order in which they came."""
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
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are written one after the other: without this each waits for an ACK.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            front.seen.append(Seen(self.command, self.path, dict(self.headers.items())))
            if front.holds_callbacks and self.path.startswith("/callback"):
                self.send_response_only(204)
                self.end_headers()
                return
            length = int(self.headers.get("Content-Length") or 0)
            connection = http.client.HTTPConnection("127.0.0.1", behind, timeout=30)
            with contextlib.closing(connection):
                body = self.rfile.read(length) if length else None
                connection.request(self.command, self.path, body, dict(self.headers.items()))
                answer = connection.getresponse()
                content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    taken = "; Partitioned" if front.takes_partitions else ""
                    self.send_header(name, value.replace(taken, "") if taken else value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
