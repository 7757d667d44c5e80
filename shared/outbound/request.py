"""Convert a request to the bytes to send and the origin to send them to (RFC 9112 2, 3).

Raise ValueError for anything that could change its meaning in transit, such as a line end in a
header or an ambiguous host.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][^#]*)?(?:#.*)?",
    re.ASCII | re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# RFC 3986 3.3, 3.4. `%` too, because encoded characters stay encoded.
_PLAIN = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
_KEPT = "!$&'()*+,;=:@/?%-._~"


class Origin(NamedTuple):
    """The server to connect to. `host` has no brackets around an IPv6 address."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The host, with its port unless that's the usual one (RFC 9110 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """Return the server of an absolute http(s) URL. Raise ValueError."""
    return _parsed(url)[0]


def to_send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[Origin, bytes]:
    """Return a request's origin, and the bytes to send, including the body.

    `url` is absolute. Characters that a request target can't contain are encoded. Raise ValueError.
    """
    if not _TOKEN.fullmatch(method):
        raise ValueError("not a method")
    origin, target = _parsed(url)
    if not _PLAIN.fullmatch(target):
        target = quote(target, safe=_KEPT)
    if target[0] == "?":
        target = f"/{target}"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {origin.authority}"]
    for name, value in headers.items():
        if not (_TOKEN.fullmatch(name) and _VALUE.fullmatch(value)):
            raise ValueError("a header that cannot be sent")
        lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join((*lines, "", "")).encode("latin-1")
    return origin, head + body if body else head


def _parsed(url: str) -> tuple[Origin, str]:
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("not an absolute http(s) URL with a plain host")
    scheme = match["scheme"].lower()
    port = int(match["port"] or _PORTS[scheme])
    if port > _LAST_PORT:
        raise ValueError("no such port")
    return Origin(scheme, match["host"].lower().strip("[]"), port), match["target"] or "/"
