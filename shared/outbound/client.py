"""The one door to other servers: bounded in time and size, blind to the environment.

No redirects, no proxies, no .netrc, no cookies: only what the caller names is sent. Every call
has a total deadline that also holds against a server that trickles (connecting, each write and
each read are given what remains of it; only the system's name resolution keeps its own time), and
a limit on the bytes read after decompression. Certificates are verified, with TLS 1.2 or newer;
link-local addresses (a cloud's metadata server) are never talked to.
"""

import http.client
import io
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError

from shared.outbound.content_coding import CodingError, decoded
from shared.outbound.sockets import DeadlineStream, connect

CONNECT_SECONDS = 3.0
# A connection that rested longer is not used again: between two requests a network may forget it
# without a word, and then a POST, which is never repeated, would wait in vain.
KEEP_SECONDS = 30.0
_CHUNK = 65536

# urllib3 names URLs, and with them queries, in its own log lines.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class OutboundError(Exception):
    """No usable answer. `str()` is the kind of failure, without address or content."""


class Unreachable(OutboundError):
    """No connection, no valid certificate, or the connection broke."""


class _Broken(Unreachable):
    """The connection broke before an answer came."""


class TimedOut(OutboundError):
    """The deadline passed."""


class Unusable(OutboundError):
    """The answer is larger than allowed or cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of any status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is still to come, under the same deadline and limit.

    Iterating `chunks` raises TimedOut, Unreachable or Unusable; what is not read is dropped with
    its connection.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


_deadline: ContextVar[float] = ContextVar("deadline")


def send(
    method: str,
    url: str,
    *,
    seconds: float,
    max_bytes: int,
    headers: Mapping[str, str],
    body: bytes | None = None,
    ca_file: str | None = None,
) -> Answer:
    """Send one request and read its answer, all within `seconds`. Repeats as `stream` does."""
    answer = stream(
        method,
        url,
        seconds=seconds,
        max_bytes=max_bytes,
        headers=headers,
        body=body,
        ca_file=ca_file,
    )
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
) -> Stream:
    """Send one request and begin to read its answer.

    A GET whose connection breaks before an answer is sent once more: a kept-alive connection may
    have been closed by the other side in between. Nothing else is repeated.
    """
    deadline = time.monotonic() + seconds
    try:
        response = _open(method, url, deadline, headers, body, ca_file)
    except _Broken:
        if method != "GET":
            raise
        response = _open(method, url, deadline, headers, body, ca_file)
    names = {name.lower(): value for name, value in response.headers.items()}
    return Stream(response.status, names, _content(response, max_bytes, deadline))


def _open(
    method: str,
    url: str,
    deadline: float,
    headers: Mapping[str, str],
    body: bytes | None,
    ca_file: str | None,
) -> urllib3.BaseHTTPResponse:
    _deadline.set(deadline)
    remaining = _remaining()
    try:
        return _pools(ca_file).request(
            method,
            url,
            body=body,
            headers={"User-Agent": "smart-calc", "Accept-Encoding": "gzip", **headers},
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, remaining), read=remaining),
            retries=False,
            redirect=False,
            preload_content=False,
        )
    except (HTTPError, OSError, ValueError) as error:
        broken = isinstance(error, ProtocolError)
        raise _failure(error, _Broken if broken else Unreachable, deadline) from None


def _content(
    response: urllib3.BaseHTTPResponse, max_bytes: int, deadline: float
) -> Iterator[bytes]:
    received = iter(lambda: response.read(_CHUNK, decode_content=False), b"")
    chunks = _counted(received, max_bytes + _CHUNK)
    complete = False
    size = 0
    try:
        for chunk in decoded(response.headers.get("Content-Encoding", ""), chunks):
            size += len(chunk)
            if size > max_bytes:
                raise Unusable("size")
            yield chunk
        complete = True
    except (HTTPError, OSError) as error:
        raise _failure(error, Unreachable, deadline) from None
    except CodingError:
        raise Unusable("content coding") from None
    finally:
        # Only a connection whose answer was read to its end may serve another request.
        if not complete:
            response.close()
        response.release_conn()


def _counted(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The chunks as received. What comes to nothing when it is decoded is bounded here."""
    for chunk in chunks:
        most -= len(chunk)
        if most < 0:
            raise Unusable("size")
        yield chunk


def _remaining() -> float:
    """Seconds until the deadline of the request under way. Raises TimedOut when it has passed."""
    remaining = _deadline.get() - time.monotonic()
    if remaining <= 0:
        raise TimedOut("deadline")
    return remaining


def _failure(error: Exception, otherwise: type[Unreachable], deadline: float) -> OutboundError:
    timeouts = (urllib3.exceptions.TimeoutError, TimeoutError)
    # A refused connection and an unknown name are connect timeouts to urllib3.
    slow = isinstance(error, timeouts) and not isinstance(error, NewConnectionError)
    late = slow or time.monotonic() >= deadline
    return (TimedOut if late else otherwise)(type(error).__name__)


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(DeadlineStream(sock, _deadline.get()), _CHUNK)


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse
    used_at = 0.0

    def _new_conn(self) -> socket.socket:
        until = min(time.monotonic() + CONNECT_SECONDS, _deadline.get())
        try:
            return connect(self._dns_host, self.port, until)
        except TimeoutError as error:
            raise ConnectTimeoutError from error
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error

    def send(self, data: Any) -> None:
        """Write bytes, all of them before the deadline."""
        self.used_at = time.monotonic()
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), _CHUNK):
            self.sock.settimeout(_remaining())
            super().send(data[start : start + _CHUNK])


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def _validate_conn(self, conn: Any) -> None:
        if time.monotonic() - conn.used_at > KEEP_SECONDS:
            conn.close()
        super()._validate_conn(conn)


class _TlsPool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_managers: dict[str | None, urllib3.PoolManager] = {}
_lock = threading.Lock()


def _pools(ca_file: str | None) -> urllib3.PoolManager:
    with _lock:
        if ca_file not in _managers:
            context = ssl.create_default_context()
            if ca_file:
                context.load_verify_locations(ca_file)
                # Python 3.13 and newer ask for all that RFC 5280 wants, such as the identifier of
                # its authority's key, which a hospital's own may leave out. Chain, name and
                # time are checked as ever.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            manager = urllib3.PoolManager(num_pools=32, maxsize=32, ssl_context=context)
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
            _managers[ca_file] = manager
        return _managers[ca_file]
