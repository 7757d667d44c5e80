"""Decides which scopes a client is granted and what a grant covers (SMART App Launch 2.2, Scopes
for requesting FHIR Resources).

The simulator has its own implementation, so that it exposes errors in the app's.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

CONTEXT_SCOPES = ("launch", "launch/patient", "launch/encounter")
IDENTITY_SCOPES = ("openid", "fhirUser", "profile")
REFRESH_SCOPES = ("online_access", "offline_access")
_WHOLE_SCOPES = (*CONTEXT_SCOPES, *IDENTITY_SCOPES, *REFRESH_SCOPES)

Interaction = Literal["c", "r", "u", "d", "s"]
_LETTERS = "cruds"
_V1_LETTERS = {"read": "rs", "write": "cud", "*": "cruds"}
_V1_NAMES = {letters: name for name, letters in _V1_LETTERS.items()}
_RESOURCE_SCOPE = re.compile(
    r"(?P<context>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]*)"
    r"\.(?:(?P<v1>read|write|\*)|(?P<v2>(?=.)c?r?u?d?s?))"
)


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """One resource scope in either syntax; `letters` are v2 letters in `cruds` order."""

    context: str
    type: str
    letters: str
    is_v1: bool

    def __str__(self) -> str:
        name = _V1_NAMES.get(self.letters) if self.is_v1 else None
        return f"{self.context}/{self.type}.{name or self.letters}"


def parse_resource_scope(text: str) -> ResourceScope | None:
    """Parse a v1 or v2 resource scope; return None for other text, even finer-grained scopes."""
    match = _RESOURCE_SCOPE.fullmatch(text)
    if match is None:
        return None
    v1 = match["v1"]
    letters = _V1_LETTERS[v1] if v1 else match["v2"]
    return ResourceScope(match["context"], match["type"], letters, is_v1=bool(v1))


def is_known_scope(text: str) -> bool:
    """Return whether a registration may have this scope."""
    return text in _WHOLE_SCOPES or parse_resource_scope(text) is not None


def is_for_systems(text: str) -> bool:
    """Return whether a scope is for backend services, which have no user."""
    return text.startswith("system/")


def grant(
    requested: Iterable[str],
    registered: Iterable[str],
    contexts: Collection[str] = ("patient", "user"),
) -> tuple[str, ...]:
    """Return the intersection of the requested and the registered scopes, in these contexts.

    It keeps the order and syntax of the request, so a scope that's granted in full is returned as
    requested. Unknown scopes are dropped silently, as EHRs do.
    """
    registered = tuple(registered)
    allowed: dict[tuple[str, str], str] = {}
    for one in _resource_scopes(registered):
        if one.context in contexts:
            key = (one.context, one.type)
            allowed[key] = _union(allowed.get(key, ""), one.letters)

    granted: dict[str, None] = {}
    for text in requested:
        if text in _WHOLE_SCOPES and text in registered:
            granted[text] = None
        elif (scope := parse_resource_scope(text)) is not None:
            for part in _intersect(scope, allowed):
                granted[str(part)] = None
    return tuple(granted)


def covering_contexts(granted: Iterable[str], fhir_type: str, need: Interaction) -> set[str]:
    """Return the contexts (`patient`, `user`, `system`) whose scopes cover an interaction."""
    return {
        scope.context
        for scope in _resource_scopes(granted)
        if scope.type in ("*", fhir_type) and need in scope.letters
    }


def _resource_scopes(texts: Iterable[str]) -> Iterable[ResourceScope]:
    return filter(None, map(parse_resource_scope, texts))


def _intersect(
    requested: ResourceScope, allowed: dict[tuple[str, str], str]
) -> Iterable[ResourceScope]:
    """Yield the parts of one requested scope that the registration allows, widest type first."""
    everywhere = _common(requested.letters, allowed.get((requested.context, "*"), ""))
    if requested.type != "*":
        here = allowed.get((requested.context, requested.type), "")
        letters = _common(requested.letters, _union(everywhere, here))
        types = {requested.type: letters}
    else:
        types = {"*": everywhere}
        for (context, fhir_type), letters in allowed.items():
            here = _common(requested.letters, letters)
            if context == requested.context and not set(here) <= set(everywhere):
                types[fhir_type] = here
    for fhir_type, letters in types.items():
        if letters:
            yield ResourceScope(requested.context, fhir_type, letters, requested.is_v1)


def _union(one: str, other: str) -> str:
    return "".join(letter for letter in _LETTERS if letter in one + other)


def _common(one: str, other: str) -> str:
    return "".join(letter for letter in _LETTERS if letter in one and letter in other)
