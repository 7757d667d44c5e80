"""Connecting to a host by a deadline (on the monotonic clock), over all of its addresses."""

import ipaddress
import socket
import time

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
