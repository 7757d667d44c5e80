"""A server on bare sockets: it sends what no proper HTTP server would, and counts its requests."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class RawServer:
    """`connections` counts those accepted; `requests` holds each request as received."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


# Answers the nth request (from 1) on the socket; True keeps the connection for another.
Answerer = Callable[[socket.socket, int], bool]


def plain(body: bytes = b"ok", *headers: str, status: str = "200 OK") -> bytes:
    """Return a complete response of known length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def always(answer: bytes, *, keep: bool = True) -> Answerer:
    """Send the same bytes to every request."""

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(answer)
        return keep

    return respond


@contextlib.contextmanager
def raw_server(answerer: Answerer, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Serve on 127.0.0.1 until the block ends."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server = RawServer(listener.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                server.connections += 1
                stack.callback(_hang_up, connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with contextlib.suppress(OSError, ValueError):
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                with connection:
                    while request := read_request(connection):
                        server.requests.append(request)
                        if not answerer(connection, len(server.requests)):
                            return

        threading.Thread(target=accept, daemon=True).start()
        yield server
        _hang_up(listener)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def read_request(connection: socket.socket) -> bytes:
    """Return the next request on a connection, empty if the client has disconnected."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body
