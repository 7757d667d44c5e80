"""Connect to a host by a deadline (monotonic clock), trying all of its addresses."""

import ipaddress
import socket
import time
from collections.abc import Iterator

_NO_TIME = 0.001
# The metadata servers of AWS and Google Cloud; 169.254.169.254 is link-local.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254")))
# IPv4-compatible and IPv4-mapped (RFC 4291 2.5.5), IPv4-translated (RFC 2765), NAT64 (RFC 6052).
_IN_THE_LAST_BYTES = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215


def connect(host: str, port: int, until: float) -> socket.socket:
    """Connect to the first address of a host that accepts. Each address gets a share of the time.

    The socket's timeout is then the remaining time, for a TLS handshake. Raise TimeoutError when
    the time is up, and OSError for other failures and for a host with a link-local address (RFC
    3927, RFC 4291 2.5.6).
    """
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if any(is_link_local(address[4][0]) for address in addresses):
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
    """Return whether an address from getaddrinfo is link-local or a cloud's metadata server, in any
    spelling that a network may translate to one.
    """
    parsed = ipaddress.ip_address(str(address).partition("%")[0])
    if parsed.is_link_local or parsed in _METADATA:
        return True
    if isinstance(parsed, ipaddress.IPv4Address):
        return False
    return any(one.is_link_local for one in _embedded(parsed))


def _embedded(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address may stand for."""
    raw = address.packed
    if any(address in network for network in _IN_THE_LAST_BYTES):
        yield ipaddress.IPv4Address(raw[12:])
    if address in _LOCAL_NAT64:
        # RFC 6052 2.2: it follows a prefix of 48, 56 or 64 bits, skipping byte 8, or of 96 bits.
        shifted = raw[:8] + raw[9:]
        for part in (shifted[6:10], shifted[7:11], shifted[8:12], raw[12:]):
            yield ipaddress.IPv4Address(part)
    if address.sixtofour is not None:
        yield address.sixtofour


def _until(deadline: float) -> float:
    """Return the remaining seconds, never 0: a timeout of 0 means a nonblocking socket."""
    return max(deadline - time.monotonic(), _NO_TIME)
