"""What every EHR here asks of an authorization request, whatever its vendor (RFC 6749 section
4.1.1; RFC 7636 section 4.3; SMART App Launch 2.2, Obtain authorization code). Pure: no memory, no
network.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from simulator.faults import Faults
from simulator.registrations import Registration

MIN_STATE_CHARACTERS = 22  # 128 bits in base64url

_STATE = re.compile(rf"[\x20-\x7E]{{{MIN_STATE_CHARACTERS},}}")  # RFC 6749 appendix A.5
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")  # section 3.3
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")

Parameters = Mapping[str, Sequence[str]]
Distrust = Literal[
    "repeated",
    "client",
    "persona",
    "no redirect",
    "not absolute",
    "trailing slash",
    "redirect",
    "unsaid",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose form holds; whether it is granted is open.

    Fields:
        aud, launch, nonce: None where the parameter was not sent, or empty.
    """

    state: str
    challenge: str
    scopes: tuple[str, ...]
    aud: str | None
    launch: str | None
    nonce: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that is granted once its context is known.

    Fields:
        scopes: what is granted, not what was asked.
        faults: those chosen for this launch; spoiled: the names of those that strike this request.
    """

    client: Registration
    redirect_uri: str
    asked: Asked
    scopes: tuple[str, ...]
    faults: Faults
    spoiled: frozenset[str]


class UntrustedRedirectError(Exception):
    """The request may not be answered by a redirect (RFC 6749 section 4.1.2.1)."""

    def __init__(self, reason: Distrust, text: str) -> None:
        super().__init__(text)
        self.reason: Distrust = reason


class AuthorizationRefusedError(Exception):
    """The request is refused, with an error code of RFC 6749 section 4.1.2.1.

    Fields:
        description: for a developer; None where the EHR says nothing.
    """

    def __init__(self, error: str, description: str | None) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


def identify(
    parameters: Parameters,
    registrations: Mapping[str, Registration],
    *,
    persona: str | None = None,
    further_query: bool = False,
) -> tuple[Registration, str]:
    """Find the client and the redirect URI that its answer may go to.

    `persona` is the `type` that a client must have here, if any; `further_query` lets a redirect
    URI go beyond the registered one by a query of its own.
    Raises UntrustedRedirectError: no such client, or not a redirect URI of it, byte for byte.
    """
    for name in ("client_id", "redirect_uri"):
        if len(parameters.get(name, ())) > 1:
            raise UntrustedRedirectError("repeated", f"{name} was sent more than once")
    client = registrations.get(sole(parameters, "client_id") or "")
    if client is None:
        raise UntrustedRedirectError("client", "client_id is not registered with this EHR")
    if persona not in (None, client.type):
        raise UntrustedRedirectError(
            "persona", f"client_id belongs to an app for a {client.type}, not for a {persona}"
        )
    redirect_uri = sole(parameters, "redirect_uri")
    if redirect_uri is None:
        raise UntrustedRedirectError("no redirect", "redirect_uri is missing")
    registered = client.redirect_uris
    if redirect_uri in registered:
        return client, redirect_uri
    if further_query and redirect_uri.partition("?")[0] in registered:
        return client, redirect_uri
    raise _unregistered(redirect_uri, registered)


def require_form(parameters: Parameters) -> Asked:
    """Check what `identify` left, as far as it needs no knowledge of the client.

    Raises AuthorizationRefusedError: for the first fault found.
    """
    for name, values in parameters.items():
        if len(values) > 1:
            # The name is the sender's text; only those that are safe to repeat are repeated.
            shown = name if re.fullmatch(r"[a-z_]{1,40}", name) else "a parameter"
            raise invalid(f"{shown} was sent more than once")
    if required(parameters, "response_type") != "code":
        raise AuthorizationRefusedError("unsupported_response_type", "response_type must be code")
    state = required(parameters, "state")
    if _STATE.fullmatch(state) is None:
        raise invalid(
            f"state must have at least {MIN_STATE_CHARACTERS} characters, all printable ASCII"
        )
    challenge = required(parameters, "code_challenge")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise invalid("code_challenge must be 43 characters of base64url")
    if required(parameters, "code_challenge_method") != "S256":
        raise invalid("code_challenge_method must be S256")
    scope = required(parameters, "scope")
    if _SCOPE.fullmatch(scope) is None:
        raise AuthorizationRefusedError(
            "invalid_scope", "scope must be scope tokens with one space between them"
        )
    return Asked(
        state=state,
        challenge=challenge,
        scopes=tuple(scope.split(" ")),
        aud=sole(parameters, "aud"),
        launch=sole(parameters, "launch"),
        nonce=sole(parameters, "nonce"),
    )


def sole(parameters: Parameters, name: str) -> str | None:
    """Return a parameter's value if it was sent once; an empty one counts as omitted (3.1)."""
    values = parameters.get(name, ())
    return values[0] or None if len(values) == 1 else None


def required(parameters: Parameters, name: str) -> str:
    """Return a parameter's value.

    Raises AuthorizationRefusedError: it is missing.
    """
    value = sole(parameters, name)
    if value is None:
        raise invalid(f"{name} is missing")
    return value


def invalid(description: str) -> AuthorizationRefusedError:
    """Make the error of a request that is malformed or asks for what cannot be."""
    return AuthorizationRefusedError("invalid_request", description)


def _unregistered(redirect_uri: str, registered: Sequence[str]) -> UntrustedRedirectError:
    """Say in what a redirect URI differs from those that are registered."""
    parts = urlsplit(redirect_uri)
    if not (parts.scheme and parts.netloc):
        return UntrustedRedirectError("not absolute", "redirect_uri is not an absolute address")
    if {redirect_uri.removesuffix("/"), f"{redirect_uri}/"} & set(registered):
        return UntrustedRedirectError(
            "trailing slash", "redirect_uri differs from the registered one by its last slash"
        )
    return UntrustedRedirectError(
        "redirect", "redirect_uri is not one that is registered for this client"
    )
