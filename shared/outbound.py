"""The one door to other servers: bounded in time and size, blind to the environment.

No redirects, no proxies, no .netrc, no cookies: only what the caller names is sent. Every call
has a total deadline that also holds against an answer that trickles (each read is given what
remains of it), and a limit on the bytes read after decompression. Certificates are verified,
with TLS 1.2 or newer; link-local addresses (a cloud's metadata server) are never talked to.
"""

import http.client
import io
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CONNECT_SECONDS = 3.0
_CHUNK = 65536
_CODINGS = frozenset({"", "identity", "gzip"})

# urllib3 names URLs, and with them queries, in its own log lines.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class OutboundError(Exception):
    """No usable answer. `str()` is the kind of failure, without address or content."""


class Unreachable(OutboundError):
    """No connection, no valid certificate, or the connection broke."""


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
    tries = 2 if method == "GET" else 1
    while True:
        tries -= 1
        try:
            return _send(method, url, deadline, max_bytes, headers, body, ca_file)
        except Unreachable:
            if not tries or time.monotonic() >= deadline:
                raise


def _send(
    method: str,
    url: str,
    deadline: float,
    max_bytes: int,
    headers: Mapping[str, str],
    body: bytes | None,
    ca_file: str | None,
) -> Answer:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimedOut("deadline")
    _deadline.set(deadline)
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
    except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
        raise TimedOut(type(error).__name__) from None
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise Unreachable(type(error).__name__) from None
    complete = False
    try:
        content = _read(response, max_bytes)
        complete = True
    except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
        raise TimedOut(type(error).__name__) from None
    except urllib3.exceptions.DecodeError as error:
        raise Unusable(type(error).__name__) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unreachable(type(error).__name__) from None
    finally:
        # Only a connection whose answer was read to its end may serve another request.
        if not complete:
            response.close()
        response.release_conn()
    return Answer(
        response.status, {name.lower(): value for name, value in response.headers.items()}, content
    )


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int) -> bytes:
    if response.headers.get("Content-Encoding", "").strip().lower() not in _CODINGS:
        raise Unusable("content coding")
    content = bytearray()
    while chunk := response.read(_CHUNK, decode_content=True):
        content += chunk
        if len(content) > max_bytes:
            raise Unusable("size")
    return bytes(content)


class _DeadlineStream(io.RawIOBase):
    """A socket's bytes, each read bounded by what remains of the request's deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._deadline = _deadline.get()
        # The socket counts its open streams and closes only after the last of them.
        self._hold = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("deadline")
        self._sock.settimeout(remaining)
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        self._hold.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineStream(sock), _CHUNK)


def _refuse_link_local(sock: socket.socket) -> socket.socket:
    address = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if address.is_link_local or (mapped is not None and mapped.is_link_local):
        sock.close()
        raise OSError("link-local address")
    return sock


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        return _refuse_link_local(super()._new_conn())


class _TlsConnection(HTTPSConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        return _refuse_link_local(super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
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
