"""Connections to other servers, which are opened before a deadline and reused only if that's safe.

A connection serves one request at a time. It's kept only if the response was read to its end and no
bytes came after it. It's reused only if it was idle for a short time and has nothing to read,
because a connection that the other side has closed, or that has unexpected bytes, is readable.
Waits for a server are counted, and may be given up (shared/outbound/waiting.py).
"""

import contextlib
import select
import ssl
import threading
import time
from functools import lru_cache
from typing import NamedTuple

from shared.outbound.request import Origin
from shared.outbound.sockets import connect
from shared.outbound.waiting import Wait

CONNECT_SECONDS = 3.0
# A connection that was idle longer isn't reused. A network may silently drop an idle connection,
# and then a POST, which is never repeated, would wait for a response that never comes.
KEEP_SECONDS = 30.0
PIECE_BYTES = 65_536
_MOST_KEPT = 32  # to one server
# To all servers. Each has a buffer of 64 kB, and TLS adds about 40 kB.
_MOST_IN_ALL = 64
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Peer(NamedTuple):
    """A server, and the file with a certificate authority to trust in addition to the system's."""

    origin: Origin
    ca_file: str | None


class Connection:
    """A connection. Sending and receiving raise OSError, TimeoutError after the deadline (monotonic
    clock), and Overloaded if the call that it serves, whose waits are `wait`, is given up.
    """

    def __init__(self, peer: Peer, deadline: float, wait: Wait) -> None:
        now = time.monotonic()
        if now >= deadline:
            raise TimeoutError
        until = min(now + CONNECT_SECONDS, deadline)
        self.peer = peer
        self.wait = wait
        self.used_at = 0.0
        # True if its last request wasn't sent in full, so that it can't serve another one.
        self.is_cut = False
        self._early = 0
        self._buffer = memoryview(bytearray(PIECE_BYTES))
        host, port = peer.origin.host, peer.origin.port
        is_plain = peer.origin.scheme == "http"
        # Connecting has its own limit and can't be given up.
        may_end, wait.may_end = wait.may_end, False
        with wait:
            self._socket = connect(host, port, until) if is_plain else _over_tls(peer, until)
        wait.may_end = may_end
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def send(self, data: bytes | memoryview, deadline: float) -> bytes | memoryview:
        """Send the data and return the unsent rest. Sending a large request stops when the other
        side responds.
        """
        self.used_at = time.monotonic()
        if len(data) > PIECE_BYTES:
            return self._send_large(memoryview(data), deadline)
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        self._socket.settimeout(seconds)
        self._socket.sendall(data)
        return b""

    def receive(self, deadline: float) -> memoryview:
        """Return the received bytes, empty if the other side has ended. Valid until the next
        call.
        """
        size, self._early = self._early, 0
        return self._buffer[: size or self.receive_into(self._buffer, deadline)]

    def receive_into(self, place: memoryview, deadline: float) -> int:
        """Receive bytes to a place like `receive`, and return their number."""
        with self.wait as wait:
            while True:
                self._socket.settimeout(wait.seconds(deadline))
                try:
                    size = self._socket.recv_into(place)
                except TimeoutError:
                    continue
                wait.received(size)
                return size

    def _send_large(self, left: memoryview, deadline: float) -> memoryview:
        """Send until something is received: a server that rejects a request may stop reading it
        (RFC 9112 9.5).
        """
        # A blocked write to TLS would not notice that.
        self._socket.settimeout(0)
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLOUT)
        while left:
            try:
                left = left[self._socket.send(left[:PIECE_BYTES]) :]
            except _NOT_YET:
                with self.wait as wait:
                    while not poll.poll(wait.seconds(deadline) * 1000):
                        pass
                # Not everything received is application data: TLS has its own messages.
                with contextlib.suppress(*_NOT_YET):
                    self._early = self._socket.recv_into(self._buffer)
                    break
        return left

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def __del__(self) -> None:
        # Its response was not read. If the connection was never made, there's nothing to close.
        with contextlib.suppress(AttributeError):
            self._socket.close()

    def is_usable(self, now: float) -> bool:
        """Return whether another request may be sent on it."""
        if now - self.used_at > KEEP_SECONDS or self._poll.poll(0):
            return False
        # Bytes that TLS has already decrypted don't make the socket readable.
        return not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending())


_kept: dict[Peer, list[Connection]] = {}
_lock = threading.Lock()
_loading = threading.Lock()
# Whether a server's authority was found only among all that the system has.
_needs_all = threading.Event()


def take(peer: Peer, deadline: float, wait: Wait) -> Connection:
    """Return a connection for one call, reused or new. Raise OSError."""
    while True:
        with _lock:
            resting = _kept.get(peer)
            connection = resting.pop() if resting else None
        if connection is None:
            return Connection(peer, deadline, wait)
        if connection.is_usable(time.monotonic()):
            connection.wait = wait
            return connection
        connection.close()


def keep(connection: Connection) -> None:
    """Keep a connection whose response was read to its end. Close those idle for too long, and the
    longest idle one if there are too many.
    """
    oldest = time.monotonic() - KEEP_SECONDS
    surplus = []
    with _lock:
        resting = _kept.setdefault(connection.peer, [])
        resting.append(connection)
        while len(resting) > _MOST_KEPT or (len(resting) > 1 and resting[0].used_at < oldest):
            surplus.append(resting.pop(0))
        if sum(map(len, _kept.values())) > _MOST_IN_ALL:
            longest = min(filter(None, _kept.values()), key=lambda one: one[0].used_at)
            surplus.append(longest.pop(0))
            for peer in [peer for peer, left in _kept.items() if not left]:
                del _kept[peer]
    for one in surplus:
        one.close()


def _over_tls(peer: Peer, until: float) -> ssl.SSLSocket:
    """Connect, and verify the server's certificate. OpenSSL finds an authority by its name in the
    system's directory. Only if that isn't enough is everything loaded that the system trusts, which
    takes 28 ms.
    """
    folder = ssl.get_default_verify_paths().capath
    if folder and not _needs_all.is_set():
        with contextlib.suppress(ssl.SSLCertVerificationError):
            return _handshake(peer, folder, until)
    sock = _handshake(peer, None, until)
    if folder:
        _needs_all.set()
    return sock


def _handshake(peer: Peer, folder: str | None, until: float) -> ssl.SSLSocket:
    with _loading:  # The first page's searches start together.
        tls = _context(peer.ca_file, folder)
    sock = connect(peer.origin.host, peer.origin.port, until)
    # wrap_socket closes the socket if the handshake fails. An end of the connection without a TLS
    # close_notify is an error, because anything in between can cause one (RFC 9112 9.8).
    # Certificates name a host without the final dot of an absolute name (RFC 9525 6.3).
    return tls.wrap_socket(
        sock, server_hostname=peer.origin.host.removesuffix("."), suppress_ragged_eofs=False
    )


@lru_cache(maxsize=32)
def _context(ca_file: str | None, folder: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(capath=folder)
    # Otherwise it would write the session keys, which decrypt all traffic, to SSLKEYLOGFILE.
    context.keylog_filename = None  # type: ignore[assignment]
    # RFC 9525 2: a common name is free text. Without this, it would identify the server if a
    # certificate has no subjectAltName.
    context.hostname_checks_common_name = False
    if ca_file:
        context.load_verify_locations(ca_file)
        # Python 3.13 and newer require everything in RFC 5280, such as the authority key
        # identifier, which a hospital's own authority may leave out. Chain, name and time are
        # checked as before.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
