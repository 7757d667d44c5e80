"""What a request to the proxy is: session, interaction, type, id and version, from its raw path.

FHIR R4 http.html. A path is taken only in its plain form: no percent-encoding, no dot segments,
no empty segments; so nothing a server or client might decode later can leave the FHIR base. What
is not served is told apart here, so that it can be refused before anything else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.errors import MethodNotAllowed, PathInvalid
from shared.scopes import Interaction

from .resource_types import RESOURCE_TYPES

_HANDLE = r"/(?P<handle>[A-Za-z0-9_-]{22})"
_TYPE = f"/(?P<type>{'|'.join(RESOURCE_TYPES)})"
_ID = r"/(?P<id>(?!\.{1,2}(?:/|$))[A-Za-z0-9.-]{1,64})"

_VERSION = r"/_history/(?P<version>(?!\.{1,2}$)[A-Za-z0-9.-]{1,64})"
_ANY_VERSION = _VERSION.replace("?P<version>", "?:")

Kind = Literal[
    "read",
    "vread",
    "history",
    "search",
    "create",
    "update",
    "patch",
    "delete",
    "capabilities",
    "session",
]
# SMART App Launch 2.2, "Scopes for requesting FHIR resources": the letter that allows each.
INTERACTIONS: Mapping[Kind, Interaction] = {
    "read": "r",
    "vread": "r",
    "history": "r",
    "search": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
}
WRITES = frozenset({"create", "update", "patch", "delete"})

_SERVED: tuple[tuple[str, Kind, re.Pattern[str]], ...] = (
    ("GET", "session", re.compile(_HANDLE + "/session")),
    ("DELETE", "session", re.compile(_HANDLE + "/session")),
    ("GET", "capabilities", re.compile(_HANDLE + "/metadata")),
    ("GET", "read", re.compile(_HANDLE + _TYPE + _ID)),
    ("PUT", "update", re.compile(_HANDLE + _TYPE + _ID)),
    ("PATCH", "patch", re.compile(_HANDLE + _TYPE + _ID)),
    ("DELETE", "delete", re.compile(_HANDLE + _TYPE + _ID)),
    ("GET", "history", re.compile(_HANDLE + _TYPE + _ID + "/_history")),
    ("GET", "vread", re.compile(_HANDLE + _TYPE + _ID + _VERSION)),
    ("GET", "search", re.compile(_HANDLE + _TYPE)),
    ("POST", "create", re.compile(_HANDLE + _TYPE)),
    ("POST", "search", re.compile(_HANDLE + _TYPE + "/_search")),
)
_METHODS = frozenset(method for method, _, _ in _SERVED)
# FHIR addresses of interactions that are not served.
_OTHER = re.compile(
    _HANDLE + r"(?:/?|/_history|/_search|/\$[a-z-]+|/metadata|/session"
    rf"|{_TYPE}(?:/_history|/_search|/\$[a-z-]+"
    rf"|{_ID}(?:/_history|{_ANY_VERSION}|/\$[a-z-]+|/[A-Z][A-Za-z]{{1,63}}(?:/_search)?|/\*)?)?)"
)


# Conditions under which a write is no longer the plain interaction (FHIR R4 http.html, "Conditional
# create"; RFC 9110 13.1): to leave one out would make a change that its sender ruled out.
_CONDITIONS = ("If-None-Exist", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")


@dataclass(frozen=True, slots=True)
class Address:
    """A request that may be served. `type`, `id`, `version` are empty where there is none."""

    handle: str
    kind: Kind
    method: str
    type: str = ""
    id: str = ""
    version: str = ""

    @property
    def is_write(self) -> bool:
        """Whether it changes something at the EHR."""
        return self.kind in WRITES

    @property
    def path(self) -> str:
        """The path below the FHIR base."""
        if self.kind == "capabilities":
            return "metadata"
        path = "/".join(filter(None, (self.type, self.id)))
        if self.kind == "history":
            return f"{path}/_history"
        if self.kind == "vread":
            return f"{path}/_history/{self.version}"
        return f"{path}/_search" if self.kind == "search" and self.method == "POST" else path


def read(
    method: str, path: str, headers: Mapping[str, str]
) -> Address | MethodNotAllowed | PathInvalid:
    """The address in a request, or the refusal that it earns."""
    for served, kind, pattern in _SERVED:
        match = pattern.fullmatch(path) if served == method else None
        if match is not None:
            found = Address(kind=kind, method=method, **match.groupdict())
            if found.is_write and any(name in headers for name in _conditions(kind)):
                return MethodNotAllowed(
                    "Conditional writes are not served.",
                    why="The request may be carried out only under a condition that is not passed "
                    "on; If-Match with an update, a patch or a delete is.",
                    steps=("Search or read first, then write without the condition.",),
                    allow=_allowed(path),
                )
            return found
    if method not in _METHODS or _OTHER.fullmatch(path):
        return MethodNotAllowed(
            steps=(
                *MethodNotAllowed.steps,
                "Batches, writes by search parameters and operations are not served.",
            ),
            allow=_allowed(path),
        )
    return PathInvalid()


def _allowed(path: str) -> str:
    return ", ".join(served for served, _, pattern in _SERVED if pattern.fullmatch(path))


def _conditions(kind: Kind) -> tuple[str, ...]:
    return (*_CONDITIONS, "If-Match") if kind == "create" else _CONDITIONS
