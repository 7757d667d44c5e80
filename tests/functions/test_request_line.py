"""A request line that is longer than any has to be."""

import socket

from tests.support.app.app import App

PATIENCE_SECONDS = 60.0


def test_a_request_line_without_end_is_refused_early(app: App) -> None:
    port = int(app.origin.rpartition(":")[2])
    for function in ("launch", "callback", "fhir_proxy", "smart_calc", "cds_services"):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(f"GET /{function}?".encode() + b"x" * 70_000)
            assert connection.recv(1000).startswith(b"HTTP/1.1 414 ")
