"""Sockets that keep a deadline: connecting to a host, and reading from it.

A timeout of a socket bounds each operation alone, so a server that sends a byte at a time never
meets it. Here every operation is given what remains until one deadline (on the monotonic clock).
"""

import io
import ipaddress
import socket
import time
from typing import Any

_NO_TIME = 0.001


def connect(host: str, port: int, until: float) -> socket.socket:
    """A connection to the first address of a host that answers; each gets its share of the time.

    The socket's timeout is what then remains, for a TLS handshake. Raises OSError: TimeoutError
    when the time is up, and for a host with a link-local address (RFC 3927, RFC 4291 2.5.6).
    """
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if any(is_link_local(found[4][0]) for found in addresses):
        raise OSError("link-local address")
    failure = OSError("no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_until(until) / (len(addresses) - tried))
            sock.connect(address)
            sock.settimeout(_until(until))
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def is_link_local(address: object) -> bool:
    """Whether an address as getaddrinfo gives it is link-local, IPv4 inside IPv6 included."""
    parsed = ipaddress.ip_address(str(address).partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return parsed.is_link_local or (mapped is not None and mapped.is_link_local)


def _until(deadline: float) -> float:
    """Seconds that remain, never 0: a timeout of 0 would mean a socket that does not wait."""
    return max(deadline - time.monotonic(), _NO_TIME)


class DeadlineStream(io.RawIOBase):
    """A socket's bytes. A read after the deadline raises TimeoutError."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        # The socket counts its open streams and closes only after the last of them.
        self._hold = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, waiting until the deadline at most."""
        if time.monotonic() >= self._deadline:
            raise TimeoutError
        self._sock.settimeout(_until(self._deadline))
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._hold.close()
        super().close()
