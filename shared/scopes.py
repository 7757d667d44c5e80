"""SMART scopes: their meaning, and the access that a launch's scopes allow.

SMART App Launch 2.2, "Scopes for requesting FHIR resources". v1 suffixes are read as v2 ones
(`.read` = rs, `.write` = cud, `.*` = cruds). A v2 suffix is an in-order subset of `cruds`. Anything
else grants nothing. `system/` scopes have no meaning in a user's session, only in a job.
"""

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl

from shared.frozen import dataclass

_RESOURCE = re.compile(
    r"(?P<level>patient|user)/(?P<type>\*|[A-Z][A-Za-z]*)\."
    r"(?P<suffix>read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(?P<filter>.+))?"
)
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}

SYSTEM = "system/"

Letter = Literal["c", "r", "u", "d", "s"]
Level = Literal["patient", "user"]


@dataclass(frozen=True, slots=True)
class Grant:
    """One resource scope: `letters` of `cruds` on `type` (or `*`) at patient or user level.

    `filters` are the search parameters of a finer-grained scope (`?category=laboratory`).
    """

    level: Level
    type: str
    letters: frozenset[str]
    filters: frozenset[tuple[str, str]] = frozenset()

    def covers(self, resource_type: str, letter: Letter) -> bool:
        """Return whether this scope covers a letter on the type, ignoring filters."""
        return self.type in {"*", resource_type} and letter in self.letters


def is_token(text: str) -> bool:
    """Return whether a text has only the characters of a scope (RFC 6749 3.3)."""
    return _TOKEN.fullmatch(text) is not None


def parse(scope: str) -> Grant | None:
    """Parse a scope as a resource scope, or return None if it's malformed or of another kind."""
    match = _RESOURCE.fullmatch(scope)
    if match is None:
        return None
    filters = frozenset(parse_qsl(match["filter"] or "", keep_blank_values=True))
    if match["filter"] and not filters:
        return None
    suffix = match["suffix"]
    return Grant(
        "patient" if match["level"] == "patient" else "user",
        match["type"],
        frozenset(_V1.get(suffix, suffix)),
        filters,
    )


def of_system(listed: Iterable[str]) -> tuple[str, ...]:
    """Return the `system/` scopes of a list as user/ scopes, which cover the same: every patient.

    A backend service has no user, so none of its other scopes grant anything (SMART App Launch 2.2,
    "Backend Services").
    """
    ours = (scope for scope in listed if scope.startswith(SYSTEM))
    return tuple(f"user/{scope.removeprefix(SYSTEM)}" for scope in ours)


def effective(granted: Iterable[str], configured: Iterable[str]) -> tuple[Grant, ...]:
    """Return the scopes that the app may use: granted ∩ configured, pair by pair.

    If the EHR grants more than is configured, the app still must not use it (RFC 9700 2.3). If both
    scopes have filters, both apply.
    """
    ours = [grant for scope in configured if (grant := parse(scope))]
    theirs = [grant for scope in granted if (grant := parse(scope))]
    common: dict[Grant, None] = {}
    for theirs_one in theirs:
        for ours_one in ours:
            both = _intersection(theirs_one, ours_one)
            if both is not None:
                common[both] = None
    return tuple(common)


def _intersection(one: Grant, other: Grant) -> Grant | None:
    if one.type != other.type and "*" not in {one.type, other.type}:
        return None
    letters = one.letters & other.letters
    if not letters:
        return None
    # A user scope covers everything that a patient scope of the same type covers, so the narrower
    # level is what both allow.
    level: Level = "user" if one.level == other.level == "user" else "patient"
    kind = other.type if one.type == "*" else one.type
    return Grant(level, kind, letters, one.filters | other.filters)


def names_resources(listed: Iterable[str]) -> bool:
    """Return whether a list of an EHR's supported scopes includes resource scopes at all.

    Epic lists only identity and `launch` scopes. The other scopes are agreed for each app.
    """
    return any(parse(scope) is not None for scope in listed)


def missing(requested: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """Return the requested scopes that the grant doesn't cover, in the order requested.

    v1 and v2 spellings of one permission count as the same.
    """
    granted = tuple(granted)
    grants = [grant for scope in granted if (grant := parse(scope))]
    return tuple(scope for scope in requested if not _covered(scope, granted, grants))


def _covered(scope: str, granted: tuple[str, ...], grants: list[Grant]) -> bool:
    if scope in granted:
        return True
    wanted = parse(scope)
    if wanted is None:
        return False
    letters: set[str] = set()
    for grant in grants:
        if (
            grant.level in {wanted.level, "user"}
            and grant.type in {wanted.type, "*"}
            and grant.filters <= wanted.filters
        ):
            letters |= grant.letters
    return wanted.letters <= letters


def needed(resource_type: str, letter: Letter, level: str = "patient") -> str:
    """Return the narrowest scope that would cover the interaction, for messages."""
    return f"{level}/{resource_type}.{letter}"
