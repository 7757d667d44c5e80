"""Parse the token response (SMART App Launch 2.2, step 6; RFC 6749 5.1).

Every context field is optional, and None if the EHR didn't send it. A malformed field is rejected
if the app would use it in a request, and ignored otherwise. Tokens are opaque, but can contain only
characters that a header value allows.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from shared import fhir_id, json_members, scopes, urls
from shared.errors import TokenInvalid
from shared.frozen import dataclass

DEFAULT_LIFE_SECONDS = 300.0
_LONGEST_LIFE_SECONDS = 86400.0
_MOST_CONTEXT_ITEMS = 100
_MOST_CONTEXT_LEVELS = 10
# A response can have 1 MB. The stored part, encrypted and encoded, stays far below 1 MiB, the limit
# of a Firestore document.
_MOST_CONTEXT_CHARACTERS = 100_000
_MOST_SCOPE_CHARACTERS = 100_000
# The fields of a context item that the app passes on, and their types.
_CONTEXT_MEMBERS: Mapping[str, type] = {
    "reference": str,
    "canonical": str,
    "identifier": dict,
    "type": str,
    "role": str,
}
_NAMING = frozenset({"reference", "canonical", "identifier"})

_ACCESS_TOKEN = re.compile(r"[A-Za-z0-9._~+/=!$&'()*,;:@%^`|#{}\[\]?<>-]{1,16384}")
_REFRESH_TOKEN = re.compile(r"[\x20-\x7e]{1,16384}")  # RFC 6749 A.17
_TOKENS = {"access_token": _ACCESS_TOKEN, "refresh_token": _REFRESH_TOKEN}
_EMPTY_AS_ABSENT = ("refresh_token", "id_token", "patient", "encounter")
_WEB_ADDRESS = re.compile(r"https?://.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """The launch context from the EHR (SMART App Launch 2.2, "Launch context arrives").

    `app_context` is the text in the link of the card that launched the app (CDS Hooks 2.0, "Link").
    """

    patient: str | None
    encounter: str | None
    need_patient_banner: bool | None
    smart_style_url: str | None
    tenant: str | None
    intent: str | None
    fhir_context: tuple[Mapping[str, Any], ...] | None
    app_context: str | None = None


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A usable token response. `expires_in` is in seconds from receipt, and `id_token` isn't
    verified.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    expires_in: float
    scope: tuple[str, ...] | None
    context: LaunchContext

    @property
    def issued(self) -> Mapping[str, str]:
        """The tokens by their `token_type_hint` (RFC 7009 2.1)."""
        both = {"access_token": self.access_token, "refresh_token": self.refresh_token}
        return {name: token for name, token in both.items() if token is not None}


def early_seconds(life: float) -> float:
    """Return how long before its end a token is replaced: a minute, or a fifth of a short life."""
    return min(60.0, 0.2 * life)


def parse(body: bytes, evidence: Mapping[str, str]) -> TokenResponse:
    """Parse a token response of status 200. Raise TokenInvalid with the invalid field."""
    document = json_members.document(body)
    if document is None:
        raise TokenInvalid(why="The response isn't a JSON object.", evidence=evidence)

    for member in _EMPTY_AS_ABSENT:
        if document.get(member) == "":
            document[member] = None
    issued = {
        name: value
        for name, form in _TOKENS.items()
        if isinstance(value := document.get(name), str) and form.fullmatch(value)
    }
    fault = _fault(document, issued)
    if fault is not None:
        error = TokenInvalid(why=f"In the response, {fault}.", evidence=evidence)
        error.issued = issued
        raise error
    scope = document.get("scope")
    return TokenResponse(
        access_token=issued["access_token"],
        refresh_token=issued.get("refresh_token"),
        id_token=document.get("id_token"),
        expires_in=_life(document.get("expires_in")),
        scope=None if scope is None else tuple(_scopes(scope)),
        context=LaunchContext(
            patient=document.get("patient"),
            encounter=document.get("encounter"),
            need_patient_banner=_boolean(document.get("need_patient_banner")),
            smart_style_url=_web_address(document.get("smart_style_url")),
            tenant=_text(document.get("tenant")),
            intent=_text(document.get("intent")),
            fhir_context=_fhir_context(document.get("fhirContext")),
            app_context=_app_context(document.get("appContext")),
        ),
    )


def _fault(document: Mapping[str, Any], issued: Mapping[str, str]) -> str | None:
    """Return the first field that makes a response unusable, with the reason."""
    if "access_token" not in issued:
        return "access_token is missing or has characters that aren't allowed in a token"
    token_type = document.get("token_type")
    if not (isinstance(token_type, str) and token_type.lower() == "bearer"):
        return "token_type isn't Bearer"
    if document.get("refresh_token") is not None and "refresh_token" not in issued:
        return "refresh_token has characters that aren't allowed in a token"
    for member in ("id_token", "scope"):
        if not isinstance(document.get(member), str | None):
            return f"{member} isn't a string"
    for member in ("patient", "encounter"):
        value = document.get(member)
        if value is not None and not (
            isinstance(value, str) and re.fullmatch(fhir_id.PATTERN, value)
        ):
            return f"{member} isn't a FHIR id"
    return None


def _life(expires_in: object) -> float:
    """Return the lifetime in seconds: at most a day, and 300 if it's missing, unusable or not
    positive. Accept digits as text.
    """
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = int(expires_in[:12])
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return DEFAULT_LIFE_SECONDS
    if not expires_in > 0:  # False for NaN
        return DEFAULT_LIFE_SECONDS
    return float(min(expires_in, _LONGEST_LIFE_SECONDS))


def _scopes(text: str) -> Iterator[str]:
    left = _MOST_SCOPE_CHARACTERS
    for scope in text.split():
        left -= len(scope)
        if left < 0:
            return
        if scopes.is_token(scope):
            yield scope


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 2048 else None


def _web_address(value: object) -> str | None:
    text = _text(value)
    return text if text and _WEB_ADDRESS.match(text) and urls.is_plain(text) else None


def _app_context(value: object) -> str | None:
    """Return a text unchanged. Some EHRs turn it into an object, so return an object as JSON."""
    if isinstance(value, dict) and _is_plain(value, _MOST_CONTEXT_LEVELS):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _text(value)


def _fhir_context(value: object) -> tuple[Mapping[str, Any], ...] | None:
    """Return objects as in SMART 2.2, with only their known fields. Convert the plain strings of
    SMART 2.0 to objects, and leave out other items.
    """
    if not isinstance(value, list):
        return None
    references = []
    left = _MOST_CONTEXT_CHARACTERS
    for item in map(_context_item, value[:_MOST_CONTEXT_ITEMS]):
        if item is not None and len(written := json.dumps(item)) <= left:
            left -= len(written)
            references.append(item)
    return tuple(references)


def on_base(context: LaunchContext, fhir_base: str) -> LaunchContext:
    """Make references relative to the EHR's normalized FHIR base.

    Leave out references to other servers, and items that have nothing else.
    """
    if context.fhir_context is None:
        return context
    items = (_item_on_base(item, fhir_base) for item in context.fhir_context)
    return replace(context, fhir_context=tuple(item for item in items if _NAMING & set(item)))


def _item_on_base(item: Mapping[str, Any], fhir_base: str) -> Mapping[str, Any]:
    reference = item.get("reference")
    if reference is None or not urls.is_absolute(reference):
        return item
    rest = {name: value for name, value in item.items() if name != "reference"}
    relative = urls.relative_to(reference, fhir_base)
    return rest if relative is None else {"reference": relative, **rest}


def _context_item(item: object) -> Mapping[str, Any] | None:
    """Return an item that refers to something, or None if a known field has the wrong type or is
    an empty text (`role` must not be empty).
    """
    members = {"reference": item} if isinstance(item, str) else item
    if not isinstance(members, dict):
        return None
    known = {name: members[name] for name in _CONTEXT_MEMBERS if members.get(name) is not None}
    for name, value in known.items():
        if not isinstance(value, _CONTEXT_MEMBERS[name]) or value == "":
            return None
    is_named = bool(_NAMING & set(known)) and _is_plain(known, _MOST_CONTEXT_LEVELS)
    return known if is_named else None


def _is_plain(value: object, levels: int) -> bool:
    """Return whether objects and lists are nested at most `levels` deep, and every number can be
    written as JSON: NaN and 1e999 can only be read.
    """
    if isinstance(value, float):
        return math.isfinite(value)
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_plain(item, levels - 1) for item in inner)
