"""The parts of a request to the proxy: session, interaction, type, id and version, from its raw
path.

FHIR R4 http.html. A path is accepted only in its plain form: no percent-encoding, no dot segments,
no empty segments. So nothing that a server or client decodes later can point outside the FHIR base.
Unsupported requests are identified here, so that they can be refused before anything else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared import fhir_id
from shared.errors import MethodNotAllowed, PathInvalid
from shared.fhir.policy.interactions import TABLE, Address
from shared.fhir.resource_types import RESOURCE_TYPES
from shared.session.record import HANDLE

_FOREIGN = re.compile(r"/(?:robots\.txt|favicon\.ico)\Z|/+%(?:[01][0-9A-Fa-f]|7[Ff])")
_HANDLE = f"/(?P<handle>{HANDLE})"
_TYPE = f"/(?P<type>{'|'.join(RESOURCE_TYPES)})"
_ID = f"/(?P<id>{fhir_id.PATTERN})"
_VERSION = f"/(?P<version>{fhir_id.PATTERN})"
_SEGMENTS = {"{type}": _TYPE, "{id}": _ID, "{version}": _VERSION}


def _pattern(form: str) -> re.Pattern[str]:
    segments = (_SEGMENTS.get(segment, re.escape(f"/{segment}")) for segment in form.split("/"))
    return re.compile(_HANDLE + "".join(segments))


_SERVED = tuple((interaction, _pattern(interaction.form)) for interaction in TABLE)
_METHODS = frozenset(interaction.method for interaction in TABLE)
# FHIR paths without a supported interaction.
_OTHER = re.compile(
    _HANDLE + r"(?:/?|/_history|/_search|/\$[a-z-]+"
    rf"|{_TYPE}(?:/_history|/\$[a-z-]+|{_ID}(?:/\$[a-z-]+|/[A-Z][A-Za-z]{{1,63}}(?:/_search)?|/\*)))"
)


# Conditions that turn a write into another interaction (FHIR R4 http.html, "Conditional create";
# RFC 9110 13.1): dropping one would make a change that its sender ruled out.
_CONDITIONS = ("If-None-Exist", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAddress(Address):
    """The address of a request to the proxy. `handle` names the session."""

    handle: str


def parse_address(
    method: str, path: str, headers: Mapping[str, str]
) -> ProxyAddress | MethodNotAllowed | PathInvalid:
    """Return the address in a request, or its refusal."""
    for interaction, pattern in _SERVED:
        match = pattern.fullmatch(path) if interaction.method == method else None
        if match is not None:
            address = ProxyAddress(interaction=interaction, **match.groupdict())
            refused = _CONDITIONS if interaction.has_id else (*_CONDITIONS, "If-Match")
            if address.is_write and any(name in headers for name in refused):
                return MethodNotAllowed(
                    "Conditional writes aren't supported.",
                    why="The request has a condition that the proxy doesn't forward. The proxy "
                    "forwards only If-Match, and only with an update, a patch or a delete.",
                    steps=("Search or read first, then write without the condition.",),
                    allow=_allowed(path),
                )
            return address
    allowed = _allowed(path)
    if allowed or method not in _METHODS or _OTHER.fullmatch(path):
        return MethodNotAllowed(
            steps=(
                *MethodNotAllowed.steps,
                "Batches, writes by search parameters and operations aren't supported.",
            ),
            allow=allowed,
        )
    return PathInvalid()


def is_foreign(path: str) -> bool:
    """Return whether a path never belongs to the proxy, in any session: a file that browsers and
    robots request from every host, or a path that starts with a control character.
    """
    return _FOREIGN.match(path) is not None


def _allowed(path: str) -> str:
    served = (one.method for one, pattern in _SERVED if pattern.fullmatch(path))
    return ", ".join(served)
