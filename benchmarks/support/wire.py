"""A client that costs as little as can be: bytes out, bytes in, on a connection that is kept."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 1 << 20
_SECONDS = 30.0


class Wire:
    """One connection to a server on this machine, made anew where the server has closed it."""

    def __init__(self, port: int, seconds: float = _SECONDS) -> None:
        self._port = port
        self._seconds = seconds
        self._socket: socket.socket | None = None

    def exchange(self, request: bytes) -> tuple[int, int]:
        """Send a request; the status of the answer and the length of its body.

        Raises OSError where none comes, ValueError for one without a Content-Length.
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
        """End the connection."""
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
            raise ValueError("an answer without a length")
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
    """A GET as bytes."""
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


@dataclass(frozen=True)
class Question:
    """A request to a server, and what the answer must be."""

    port: int
    request: bytes
    status: int
    least_bytes: int = 0

    def ask(self, wire: Wire) -> float:
        """Ask once; seconds until the last byte. Raises ValueError for any other answer."""
        began = time.perf_counter()
        status, length = wire.exchange(self.request)
        took = time.perf_counter() - began
        if status != self.status or length < self.least_bytes:
            raise ValueError(f"port {self.port} answers {status} with {length} bytes")
        return took


def in_turn(questions: Sequence[Question], seconds: float, most: int) -> list[list[float]]:
    """Ask one after the other, over and over, at least once; for each the seconds of its answers.

    Who comes first changes with every round.
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
    """Ask by several clients, each as fast as it is answered and at least once; the seconds of all
    answers.
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
