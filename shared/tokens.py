"""The code exchange and its answer (SMART App Launch 2.2, steps 5 and 6; RFC 6749 4.1.3, 5).

A code is tried once. Every context field is optional: a field the EHR did not give is None, one
of the wrong form is refused where it would become part of a request and ignored elsewhere.
Tokens are opaque; only characters that a header value can carry are accepted.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from shared import outbound
from shared.client_auth import ClientAuthentication
from shared.errors import TokenError, TokenInvalid

SECONDS = 10.0
# Sealed and encoded, a record made of it stays below Firestore's 1 MiB for a document.
MAX_BYTES = 200_000
DEFAULT_LIFE_SECONDS = 300.0
_LONGEST_LIFE_SECONDS = 86400.0
_MOST_CONTEXT_ITEMS = 100
_MOST_CONTEXT_LEVELS = 10

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=!$&'()*,;:@%^`|#{}\[\]?<>-]{1,16384}")
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9.-]{1,64}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_OAUTH_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# The EHR's own ids of a request, worth having in a support case.
_EHR_IDS = ("cerner-correlation-id", "x-request-id", "opc-request-id")


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
    """A usable answer of the token endpoint. `expires_in` is in seconds from receipt."""

    access_token: str
    refresh_token: str | None
    expires_in: float
    scope: tuple[str, ...] | None
    context: LaunchContext


def exchange(
    token_endpoint: str,
    authentication: ClientAuthentication,
    *,
    code: str,
    redirect_uri: str,
    code_verifier: str,
    ca_file: str | None,
) -> TokenAnswer:
    """Exchange an authorization code, once. Raises TokenError or TokenInvalid."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
        **authentication.fields,
    }
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        **authentication.headers,
    }
    try:
        answer = outbound.send(
            "POST",
            token_endpoint,
            seconds=SECONDS,
            max_bytes=MAX_BYTES,
            headers=headers,
            body=urlencode(form).encode("ascii"),
            ca_file=ca_file,
        )
    except outbound.Unusable as error:
        raise TokenInvalid(evidence={"reason": str(error)}) from None
    except outbound.TimedOut:
        why = f"It did not answer within {SECONDS:g} seconds."
        raise TokenError(why=why, evidence={"reason": "timeout"}) from None
    except outbound.OutboundError as error:
        why = "No connection could be made to its token endpoint, or it broke."
        raise TokenError(why=why, evidence={"reason": str(error)}) from None
    evidence = {"status": str(answer.status), **ehr_ids(answer.headers)}
    if answer.status != 200:
        raise _refusal(answer, evidence)
    return parse(answer.body, evidence)


def ehr_ids(headers: Mapping[str, str]) -> dict[str, str]:
    """The EHR's own correlation ids among an answer's headers, for the log."""
    return {name: headers[name][:200] for name in _EHR_IDS if name in headers}


def _refusal(answer: outbound.Answer, evidence: dict[str, str]) -> TokenError:
    """RFC 6749 5.2, at whatever status; a body that is no such error stays unread."""
    body = _json_object(answer.body)
    error = body.get("error") if body else None
    if not (isinstance(error, str) and _OAUTH_ERROR.fullmatch(error)):
        return TokenError(evidence=evidence)
    evidence["oauth_error"] = error
    return TokenError(why=f"Its token endpoint answered `{error}`.", evidence=evidence)


def parse(body: bytes, evidence: Mapping[str, str]) -> TokenAnswer:
    """The answer in a body of status 200. Raises TokenInvalid naming the member at fault."""
    document = _json_object(body)
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
    if refresh_token is not None and not (isinstance(refresh_token, str) and refresh_token):
        raise refuse("refresh_token", "is not a text")
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
        expires_in=_life(document.get("expires_in")),
        scope=None if scope is None else tuple(s for s in scope.split() if _SCOPE.fullmatch(s)),
        context=LaunchContext(
            patient=document["patient"],
            encounter=document["encounter"],
            need_patient_banner=_boolean(document.get("need_patient_banner")),
            smart_style_url=_text(document.get("smart_style_url")),
            tenant=_text(document.get("tenant")),
            intent=_text(document.get("intent")),
            fhir_context=_fhir_context(document.get("fhirContext")),
        ),
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
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


def _fhir_context(value: object) -> tuple[Mapping[str, Any], ...] | None:
    """SMART 2.2 objects; 2.0's plain strings become objects; other items are left out."""
    if not isinstance(value, list):
        return None
    items: list[Mapping[str, Any]] = []
    for item in value[:_MOST_CONTEXT_ITEMS]:
        if isinstance(item, str):
            items.append({"reference": item})
        elif (
            isinstance(item, dict)
            and {"reference", "canonical", "identifier"} & set(item)
            and _nests_within(item, _MOST_CONTEXT_LEVELS)
        ):
            items.append(item)
    return tuple(items)


def _nests_within(value: object, levels: int) -> bool:
    """Whether objects and lists lie in each other at most `levels` deep."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_nests_within(item, levels - 1) for item in inner)
