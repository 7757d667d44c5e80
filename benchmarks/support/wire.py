"""A minimal client: bytes out, bytes in, on a persistent connection."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 1 << 20
_SECONDS = 30.0


class Wire:
    """One connection to a server on this machine, reopened if the server has closed it."""

    def __init__(self, port: int, seconds: float = _SECONDS) -> None:
        self._port = port
        self._seconds = seconds
        self._socket: socket.socket | None = None

    def exchange(self, request: bytes) -> tuple[int, int]:
        """Send a request; return the response's status and the length of its body.

        Raises OSError if there is no response, ValueError if it has no Content-Length.
        """
        if self._socket is not None:
            try:
                return self._exchange(self._socket, request)
            except ConnectionError:
                self.close()
        self._socket = socket.create_connection(("127.0.0.1", self._port), self._seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._exchange(self._socket, request)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, connection: socket.socket, request: bytes) -> tuple[int, int]:
        connection.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += _some(connection)
        head = bytes(received[:end]).lower()
        status = int(head.split(b" ", 2)[1])
        _, has_length, rest = head.partition(b"\r\ncontent-length:")
        if not has_length:
            if status in {204, 304}:
                return status, 0
            raise ValueError("a response without a length")
        length = int(rest.partition(b"\r\n")[0])
        left = length - (len(received) - end - 4)
        while left > 0:
            left -= len(_some(connection))
        return status, length


def _some(connection: socket.socket) -> bytes:
    piece = connection.recv(_MOST)
    if not piece:
        raise ConnectionResetError
    return piece


def get(target: str, headers: dict[str, str]) -> bytes:
    """Return a GET request as bytes."""
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


@dataclass(frozen=True)
class Question:
    """A request to a server, and the expected response."""

    port: int
    request: bytes
    status: int
    least_bytes: int = 0

    def ask(self, wire: Wire) -> float:
        """Send it once; return the seconds until the last byte. Raises ValueError if unexpected."""
        began = time.perf_counter()
        status, length = wire.exchange(self.request)
        took = time.perf_counter() - began
        if status != self.status or length < self.least_bytes:
            raise ValueError(f"port {self.port} returned {status} with {length} bytes")
        return took


def in_turn(questions: Sequence[Question], seconds: float, most: int) -> list[list[float]]:
    """Send the requests in turn, repeatedly, at least once; return the response times of each.

    The order rotates with every round.
    """
    wires = [Wire(question.port) for question in questions]
    took: list[list[float]] = [[] for _ in questions]
    until = time.monotonic() + seconds
    count = len(questions)
    turn = 0
    try:
        while turn < most and (turn == 0 or time.monotonic() < until):
            for place in range(count):
                at = (turn + place) % count
                took[at].append(questions[at].ask(wires[at]))
            turn += 1
    finally:
        for wire in wires:
            wire.close()
    return took


def at_once(question: Question, clients: int, seconds: float) -> list[float]:
    """Send a request from several clients, each repeatedly and at least once; return all response
    times.
    """
    until = time.monotonic() + seconds
    took: list[list[float]] = [[] for _ in range(clients)]
    failures: list[Exception] = []

    def run(number: int) -> None:
        wire = Wire(question.port)
        try:
            while not took[number] or time.monotonic() < until:
                took[number].append(question.ask(wire))
        except (OSError, ValueError) as error:
            failures.append(error)
        finally:
            wire.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [one for times in took for one in times]
