"""The only HTTP client, limited in time and size, which reads nothing from the environment.

It doesn't use redirects, proxies, .netrc or cookies, and sends only what the caller passes. Every
call has a total deadline, even if a server sends only a byte now and then: connecting, each write
and each read get the remaining time. Only the system's name resolution has its own timeout. Every
call also has a limit for the decompressed bytes. Certificates are verified, with TLS 1.2 or newer.
It never connects to link-local addresses, such as a cloud's metadata server.
"""

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import NotRequired, TypedDict, Unpack

from shared.errors import Overloaded
from shared.frozen import dataclass
from shared.outbound import connections, request, waiting
from shared.outbound.connections import Connection, Peer
from shared.outbound.content_coding import CodingError, decoded
from shared.outbound.response import Incoming
from shared.outbound.waiting import Wait

# Larger bodies are kept in smaller chunks until there is room for them (shared/held_bytes/).
MOST_IN_ONE = 1_500_000


class OutboundError(Exception):
    """No usable response. `str()` is the kind of failure, without URL or content."""


class Unreachable(OutboundError):
    """No connection, no valid certificate, or the connection broke."""


class _Broken(Unreachable):
    """The connection broke before a response started."""


class TimedOut(OutboundError):
    """The deadline passed."""


class UnusableBody(OutboundError):
    """The response is larger than allowed or can't be decoded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of any status. Header names are in lowercase."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Reading:
    """The limits for reading a body. Its reader can change this before it takes a chunk.

    `due` is the deadline (monotonic clock) for the next bytes, not later than the call's. With
    `in_one`, a body of known length up to MOST_IN_ONE bytes is one chunk, received without copies,
    for a reader that needs all of it in memory anyway.
    """

    due: float = math.inf
    in_one: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A response whose body hasn't been read yet. The call's deadline and limit apply to it.

    Iterating `chunks` raises TimedOut, Unreachable, UnusableBody or Overloaded. Unread chunks are
    dropped with the connection.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    reading: Reading = dataclasses.field(default_factory=Reading)


class Asked(TypedDict):
    """The keyword arguments of `stream`."""

    seconds: float
    max_bytes: int
    headers: Mapping[str, str]
    body: NotRequired[bytes | None]
    ca_file: NotRequired[str | None]
    own_connection: NotRequired[bool]
    base: NotRequired[str | None]


def send(method: str, url: str, **asked: Unpack[Asked]) -> Answer:
    """Send one request and read its response, all within `seconds`. Takes the arguments of
    `stream`.
    """
    answer = stream(method, url, **asked)
    answer.reading.in_one = True
    return Answer(answer.status, answer.headers, b"".join(answer.chunks))


def stream(
    method: str,
    url: str,
    *,
    seconds: float,
    max_bytes: int,
    headers: Mapping[str, str],
    body: bytes | None = None,
    ca_file: str | None = None,
    own_connection: bool = False,
    base: str | None = None,
    is_read: bool = False,
) -> Stream:
    """Send one request and start to read its response.

    With `own_connection`, the response can't be a leftover of another request. `base` is the FHIR
    base for a request to its API. A GET changes nothing, and neither does a request with `is_read`:
    it may be given up if its server hangs (bulkheads.py), which raises Overloaded.

    If the connection breaks before a response, a GET is sent once more, because the other side may
    have just closed a kept-alive connection. No other request is repeated.
    """
    deadline = time.monotonic() + seconds
    told = {"User-Agent": "smart-calc", "Accept-Encoding": "gzip", **headers}
    try:
        origin, sent = request.to_send(method, url, told, body)
    except ValueError as error:
        raise Unreachable(type(error).__name__) from None
    wait = waiting.call(origin, base, is_read=is_read or method == "GET")
    call = _Call(Peer(origin, ca_file), sent, deadline, own_connection, wait)
    try:
        connection, answer = _ask(call)
    except _Broken:
        if method != "GET":
            raise
        connection, answer = _ask(call)
    reading = Reading()
    chunks = _content(connection, answer, call, reading, max_bytes)
    return Stream(answer.status, answer.headers, chunks, reading)


@dataclass(frozen=True, slots=True)
class _Call:
    """A request as sent, and how to wait for its response."""

    peer: Peer
    sent: bytes
    deadline: float
    own_connection: bool
    wait: Wait


def _ask(call: _Call) -> tuple[Connection, Incoming]:
    """Send a request and wait for the head of its response."""
    begin = Connection if call.own_connection else connections.take
    try:
        connection = begin(call.peer, call.deadline, call.wait)
    # An impossible host name is a ValueError.
    except (OSError, ValueError) as error:
        raise _failure(error, Unreachable, call.deadline) from None
    answer = Incoming()
    try:
        left = _send(connection, call.sent, call.deadline)
        while not answer.is_headed:
            answer.feed(connection.receive(call.deadline))
            if left and not answer.is_headed:
                # It was an interim response (RFC 9110 15.2), or the start of one.
                left = _send(connection, left, call.deadline)
        connection.is_cut = connection.is_cut or bool(left)
    except Overloaded:
        connection.close()
        raise
    except (OSError, ValueError) as error:
        connection.close()
        broken = Unreachable if answer.has_begun else _Broken
        raise _failure(error, broken, call.deadline) from None
    return connection, answer


def _send(connection: Connection, data: bytes | memoryview, deadline: float) -> bytes | memoryview:
    """Send the data and return the unsent rest. A server that rejects a request may respond and
    close the connection before all of it was sent.
    """
    try:
        return connection.send(data, deadline)
    except ConnectionError:
        connection.is_cut = True
        return b""


def _content(
    connection: Connection, answer: Incoming, call: _Call, reading: Reading, max_bytes: int
) -> Iterator[bytes]:
    chunks = _received(connection, answer, call, reading, max_bytes + connections.PIECE_BYTES)
    complete = False
    size = 0
    try:
        for chunk in decoded(answer.headers.get("content-encoding", ""), chunks):
            size += len(chunk)
            if size > max_bytes:
                raise UnusableBody("size")
            yield chunk
        complete = True
        call.wait.answered()
    except (OSError, ValueError) as error:
        raise _failure(error, Unreachable, call.deadline) from None
    except CodingError:
        raise UnusableBody("content coding") from None
    finally:
        # A connection may serve another request only if this response was read to its end.
        if complete and not (answer.is_last or connection.is_cut or call.own_connection):
            connections.keep(connection)
        else:
            connection.close()


def _received(
    connection: Connection, answer: Incoming, call: _Call, reading: Reading, most: int
) -> Iterator[bytes]:
    """Yield the body as it arrives. The limit here is for bytes that decode to nothing."""
    while True:
        piece = answer.take()
        if reading.in_one and 0 < answer.left <= min(most, MOST_IN_ONE) - len(piece):
            due = min(call.deadline, reading.due)
            receive = partial(connection.receive_into, deadline=due)
            piece = answer.rest(piece, receive)
        if piece:
            most -= len(piece)
            if most < 0:
                raise UnusableBody("size")
            yield piece
        if answer.is_whole:
            return
        answer.feed(connection.receive(min(call.deadline, reading.due)))


def _failure(error: Exception, otherwise: type[Unreachable], deadline: float) -> OutboundError:
    late = isinstance(error, TimeoutError) or time.monotonic() >= deadline
    return (TimedOut if late else otherwise)(type(error).__name__)
