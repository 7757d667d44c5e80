"""Whether an authorization request is one that a strict EHR accepts (SMART App Launch 2.2, Obtain
authorization code; RFC 6749 section 4.1.1; RFC 7636 section 4.3). Pure: no memory, no network.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.registrations import Registration
from simulator.scopes import grant

MIN_STATE_CHARACTERS = 22  # 128 bits in base64url

_STATE = re.compile(rf"[\x20-\x7E]{{{MIN_STATE_CHARACTERS},}}")  # RFC 6749 appendix A.5
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")  # section 3.3
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that holds; whether its `launch` was issued here is still open.

    Fields:
        scopes: what is granted, not what was asked.
        launch: the launch value of an EHR launch, None in a standalone one.
    """

    client: Registration
    redirect_uri: str
    state: str
    challenge: str
    scopes: tuple[str, ...]
    launch: str | None


class UntrustedRedirectError(Exception):
    """The request may not be answered by a redirect (RFC 6749 section 4.1.2.1)."""


class AuthorizationRefusedError(Exception):
    """The request is answered by a redirect that carries `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


def identify(
    parameters: Parameters, registrations: Mapping[str, Registration]
) -> tuple[Registration, str]:
    """Find the client and the redirect URI that its answer may go to.

    Raises UntrustedRedirectError: no such client, or not a redirect URI of it, byte for byte.
    """
    for name in ("client_id", "redirect_uri"):
        if len(parameters.get(name, ())) > 1:
            raise UntrustedRedirectError(f"{name} was sent more than once")
    client = registrations.get(sole(parameters, "client_id") or "")
    if client is None:
        raise UntrustedRedirectError("client_id is not registered with this EHR")
    redirect_uri = sole(parameters, "redirect_uri")
    if redirect_uri is None or redirect_uri not in client.redirect_uris:
        raise UntrustedRedirectError("redirect_uri is not one that is registered for this client")
    return client, redirect_uri


def check(
    parameters: Parameters, client: Registration, redirect_uri: str, fhir_base: str
) -> AuthorizationRequest:
    """Check all that `identify` left.

    Raises AuthorizationRefusedError: for the first fault found.
    """
    for name, values in parameters.items():
        if len(values) > 1:
            # The name is the sender's text; only those that are safe to repeat are repeated.
            shown = name if re.fullmatch(r"[a-z_]{1,40}", name) else "a parameter"
            raise _invalid(f"{shown} was sent more than once")

    response_type = _required(parameters, "response_type")
    if response_type != "code":
        raise AuthorizationRefusedError("unsupported_response_type", "response_type must be code")
    state = _required(parameters, "state")
    if _STATE.fullmatch(state) is None:
        raise _invalid(
            f"state must have at least {MIN_STATE_CHARACTERS} characters, all printable ASCII"
        )
    challenge = _required(parameters, "code_challenge")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise _invalid("code_challenge must be 43 characters of base64url")
    if _required(parameters, "code_challenge_method") != "S256":
        raise _invalid("code_challenge_method must be S256")
    if _required(parameters, "aud") != fhir_base:
        raise _invalid("aud must equal the FHIR base of this EHR, byte for byte")
    launch = sole(parameters, "launch")
    return AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        state=state,
        challenge=challenge,
        scopes=_granted(_required(parameters, "scope"), client, launch),
        launch=launch,
    )


def sole(parameters: Parameters, name: str) -> str | None:
    """Return a parameter's value if it was sent once; an empty one counts as omitted (3.1)."""
    values = parameters.get(name, ())
    return values[0] or None if len(values) == 1 else None


def _granted(scope: str, client: Registration, launch: str | None) -> tuple[str, ...]:
    if _SCOPE.fullmatch(scope) is None:
        raise AuthorizationRefusedError(
            "invalid_scope", "scope must be scope tokens with one space between them"
        )
    asked = scope.split(" ")
    if "launch" in asked and launch is None:
        raise _invalid("scope launch was asked without the launch parameter")
    if launch is not None and "launch" not in asked:
        raise _invalid("the launch parameter was sent without scope launch")
    for context in ("launch", "launch/patient"):
        if context in asked and context not in client.scopes:
            raise AuthorizationRefusedError(
                "invalid_scope", f"this client is not registered for scope {context}"
            )
    granted = grant(asked, client.scopes)
    if not granted:
        raise AuthorizationRefusedError(
            "invalid_scope", "none of the scopes asked for can be granted to this client"
        )
    has_patient = "launch" in granted or "launch/patient" in granted
    if not has_patient and any(one.startswith("patient/") for one in granted):
        raise AuthorizationRefusedError(
            "invalid_scope", "patient/ scopes need scope launch or launch/patient"
        )
    return granted


def _required(parameters: Parameters, name: str) -> str:
    value = sole(parameters, name)
    if value is None:
        raise _invalid(f"{name} is missing")
    return value


def _invalid(description: str) -> AuthorizationRefusedError:
    return AuthorizationRefusedError("invalid_request", description)
