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
import zlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError

from shared.sockets import DeadlineStream, connect

CONNECT_SECONDS = 3.0
# A connection that rested longer is not used again: between two requests a network may forget it
# without a word, and then a POST, which is never repeated, would wait in vain.
KEEP_SECONDS = 30.0
_CHUNK = 65536
_GZIP = 16 + zlib.MAX_WBITS

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
    """Send one request and read its answer, all within `seconds`.

    A GET whose connection breaks before an answer is sent once more: a kept-alive connection may
    have been closed by the other side in between. Nothing else is repeated.
    """
    deadline = time.monotonic() + seconds
    try:
        return _send(method, url, deadline, max_bytes, headers, body, ca_file)
    except _Broken:
        if method != "GET":
            raise
    return _send(method, url, deadline, max_bytes, headers, body, ca_file)


def _send(
    method: str,
    url: str,
    deadline: float,
    max_bytes: int,
    headers: Mapping[str, str],
    body: bytes | None,
    ca_file: str | None,
) -> Answer:
    _deadline.set(deadline)
    remaining = _remaining()
    try:
        response = _pools(ca_file).request(
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
        raise _failure(error, _Broken if broken else Unreachable) from None
    complete = False
    try:
        content = _read(response, max_bytes)
        complete = True
    except (HTTPError, OSError) as error:
        raise _failure(error, Unreachable) from None
    finally:
        # Only a connection whose answer was read to its end may serve another request.
        if not complete:
            response.close()
        response.release_conn()
    return Answer(
        response.status, {name.lower(): value for name, value in response.headers.items()}, content
    )


def _remaining() -> float:
    """Seconds until the deadline of the request under way. Raises TimedOut when it has passed."""
    remaining = _deadline.get() - time.monotonic()
    if remaining <= 0:
        raise TimedOut("deadline")
    return remaining


def _failure(error: Exception, otherwise: type[Unreachable]) -> OutboundError:
    timeouts = (urllib3.exceptions.TimeoutError, TimeoutError)
    # A refused connection and an unknown name are connect timeouts to urllib3.
    slow = isinstance(error, timeouts) and not isinstance(error, NewConnectionError)
    late = slow or time.monotonic() >= _deadline.get()
    return (TimedOut if late else otherwise)(type(error).__name__)


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int) -> bytes:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    chunks = iter(lambda: response.read(_CHUNK, decode_content=False), b"")
    if coding == "gzip":
        chunks = _gunzip(chunks, max_bytes)
    elif coding not in {"", "identity"}:
        raise Unusable("content coding")
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > max_bytes:
            raise Unusable("size")
    return bytes(content)


def _gunzip(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """The members of a gzip stream (RFC 1952), never more than `max_bytes` + 1 at once."""
    decoder = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if decoder.eof:
                    decoder = zlib.decompressobj(_GZIP)
                begun = True
                yield decoder.decompress(rest, max_bytes + 1)
                rest = decoder.unconsumed_tail or decoder.unused_data
    except zlib.error:
        raise Unusable("content coding") from None
    if begun and not decoder.eof:
        raise Unusable("content coding")


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
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            manager = urllib3.PoolManager(num_pools=32, maxsize=32, ssl_context=context)
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
            _managers[ca_file] = manager
        return _managers[ca_file]
