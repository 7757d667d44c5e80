"""The token endpoint's answer, member by member (SMART App Launch 2.2, step 6; RFC 6749 5.1).

Every context field is optional: a field the EHR did not give is None, one of the wrong form is
refused where it would become part of a request and ignored elsewhere. Tokens are opaque; only
characters that a header value can carry are accepted.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import TokenInvalid

DEFAULT_LIFE_SECONDS = 300.0
_LONGEST_LIFE_SECONDS = 86400.0
_MOST_CONTEXT_ITEMS = 100
_MOST_CONTEXT_LEVELS = 10
_CONTEXT_MEMBERS = ("reference", "canonical", "identifier", "type", "role")

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=!$&'()*,;:@%^`|#{}\[\]?<>-]{1,16384}")
_REFRESH_TOKEN = re.compile(r"[\x20-\x7e]{1,16384}")  # RFC 6749 A.17
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9.-]{1,64}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What the EHR told about the launch (SMART App Launch 2.2, "Launch context arrives")."""

    patient: str | None
    encounter: str | None
    need_patient_banner: bool | None
    smart_style_url: str | None
    tenant: str | None
    intent: str | None
    fhir_context: tuple[Mapping[str, Any], ...] | None


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A usable answer of the token endpoint. `expires_in` is in seconds from receipt.

    `id_token` is as received, not verified.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    expires_in: float
    scope: tuple[str, ...] | None
    context: LaunchContext


def parse(body: bytes, evidence: Mapping[str, str]) -> TokenAnswer:
    """The answer in a body of status 200. Raises TokenInvalid naming the member at fault."""
    document = json_object(body)
    if document is None:
        raise TokenInvalid(why="The answer is not a JSON object.", evidence=evidence)

    def refuse(member: str, what: str) -> TokenInvalid:
        return TokenInvalid(why=f"In the answer {member} {what}.", evidence=evidence)

    access_token = document.get("access_token")
    if not (isinstance(access_token, str) and _TOKEN.fullmatch(access_token)):
        raise refuse("access_token", "is missing or holds characters that no token has")
    token_type = document.get("token_type")
    if not (isinstance(token_type, str) and token_type.lower() == "bearer"):
        raise refuse("token_type", "is not Bearer")
    refresh_token = document.get("refresh_token")
    if refresh_token is not None and not (
        isinstance(refresh_token, str) and _REFRESH_TOKEN.fullmatch(refresh_token)
    ):
        raise refuse("refresh_token", "holds characters that no token has")
    id_token = document.get("id_token")
    if id_token is not None and not isinstance(id_token, str):
        raise refuse("id_token", "is not a text")
    scope = document.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise refuse("scope", "is not a text")
    for member in ("patient", "encounter"):
        value = document[member] = None if document.get(member) == "" else document.get(member)
        if value is not None and not (isinstance(value, str) and _ID.fullmatch(value)):
            raise refuse(member, "is not a FHIR id")
    return TokenAnswer(
        access_token=access_token,
        refresh_token=refresh_token,
        id_token=id_token or None,
        expires_in=_life(document.get("expires_in")),
        scope=None if scope is None else tuple(s for s in scope.split() if _SCOPE.fullmatch(s)),
        context=LaunchContext(
            patient=document["patient"],
            encounter=document["encounter"],
            need_patient_banner=_boolean(document.get("need_patient_banner")),
            smart_style_url=_web_address(document.get("smart_style_url")),
            tenant=_text(document.get("tenant")),
            intent=_text(document.get("intent")),
            fhir_context=_fhir_context(document.get("fhirContext")),
        ),
    )


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, None for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _life(expires_in: object) -> float:
    """Seconds; absent, unusable or not positive: 300; digits as text are read; a day at most."""
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = int(expires_in[:12])
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return DEFAULT_LIFE_SECONDS
    if not expires_in > 0:  # NaN is not
        return DEFAULT_LIFE_SECONDS
    return float(min(expires_in, _LONGEST_LIFE_SECONDS))


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 2048 else None


def _web_address(value: object) -> str | None:
    text = _text(value)
    return text if text and text.lower().startswith(("https://", "http://")) else None


def _fhir_context(value: object) -> tuple[Mapping[str, Any], ...] | None:
    """SMART 2.2 objects, their known members only; 2.0's plain strings become objects; items of
    another form are left out (an empty `role` is one).
    """
    if not isinstance(value, list):
        return None
    items: list[Mapping[str, Any]] = []
    for item in value[:_MOST_CONTEXT_ITEMS]:
        if isinstance(item, str):
            items.append({"reference": item})
        elif (
            isinstance(item, dict)
            and {"reference", "canonical", "identifier"} & set(item)
            and item.get("role") != ""
            and _nests_within(item, _MOST_CONTEXT_LEVELS)
        ):
            items.append({name: item[name] for name in _CONTEXT_MEMBERS if name in item})
    return tuple(items)


def _nests_within(value: object, levels: int) -> bool:
    """Whether objects and lists lie in each other at most `levels` deep."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_nests_within(item, levels - 1) for item in inner)
