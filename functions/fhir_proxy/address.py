"""What a request to the proxy is: session, interaction, type and id, from its raw path.

FHIR R4 http.html. A path is taken only in its plain form: no percent-encoding, no dot segments,
no empty segments; so nothing a server or client might decode later can leave the FHIR base. What
is not a read or a search is told apart here, so that it can be refused before anything else.
"""

import re
from dataclasses import dataclass
from typing import Literal

from shared.errors import MethodNotAllowed, PathInvalid

from .resource_types import RESOURCE_TYPES

_HANDLE = r"/(?P<handle>[A-Za-z0-9_-]{22})"
_TYPE = f"/(?P<type>{'|'.join(RESOURCE_TYPES)})"
_ID = r"/(?P<id>(?!\.{1,2}(?:/|$))[A-Za-z0-9.-]{1,64})"

Kind = Literal["read", "search", "capabilities", "session"]

_SERVED: tuple[tuple[str, Kind, re.Pattern[str]], ...] = (
    ("GET", "session", re.compile(_HANDLE + "/session")),
    ("DELETE", "session", re.compile(_HANDLE + "/session")),
    ("GET", "capabilities", re.compile(_HANDLE + "/metadata")),
    ("GET", "read", re.compile(_HANDLE + _TYPE + _ID)),
    ("GET", "search", re.compile(_HANDLE + _TYPE)),
    ("POST", "search", re.compile(_HANDLE + _TYPE + "/_search")),
)
# FHIR addresses of interactions that are not served.
_OTHER = re.compile(
    _HANDLE + r"(?:/?|/_history|/_search|/\$[a-z-]+|/metadata|/session"
    rf"|{_TYPE}(?:/_history|/_search|/\$[a-z-]+"
    rf"|{_ID}(?:/_history(?:/[A-Za-z0-9.-]{{1,64}})?|/\$[a-z-]+|/[A-Z][A-Za-z]{{1,63}}(?:/_search)?|/\*)?)?)"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A request that may be served. `type` and `id` are empty where the interaction has none."""

    handle: str
    kind: Kind
    method: str
    type: str = ""
    id: str = ""


def read(method: str, path: str) -> Address | MethodNotAllowed | PathInvalid:
    """The address in a request, or the refusal that it earns."""
    for served, kind, pattern in _SERVED:
        match = pattern.fullmatch(path)
        if match is not None and served == method:
            found = match.groupdict()
            return Address(
                found["handle"], kind, method, found.get("type") or "", found.get("id") or ""
            )
    if method not in {"GET", "POST"} or _OTHER.fullmatch(path):
        served_here = (method for method, _, pattern in _SERVED if pattern.fullmatch(path))
        return MethodNotAllowed(allow=", ".join(served_here))
    return PathInvalid()
