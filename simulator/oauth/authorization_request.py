"""Checks of an authorization request that are the same for all vendors (RFC 6749 section 4.1.1; RFC
7636 section 4.3; SMART App Launch 2.2, Obtain authorization code). They use no state or network.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from simulator import trace
from simulator.faults.named import Faults
from simulator.oauth.registrations import Registration
from simulator.trace import LaunchTrace

# 122 bits in base64url, as the SMART App Launch guide requires.
FEWEST_STATE_CHARACTERS = 21

Parameters = Mapping[str, Sequence[str]]
UntrustedReason = Literal[
    "repeated",
    "client",
    "persona",
    "no redirect",
    "not absolute",
    "trailing slash",
    "redirect",
    "unexplained",
]


@dataclass(frozen=True, slots=True)
class _Form:
    """The required form of one parameter."""

    name: str
    pattern: re.Pattern[str]
    error: str
    must: str


_FORMS = (
    _Form(
        "response_type",
        re.compile("code"),
        "unsupported_response_type",
        "response_type must be code",
    ),
    # RFC 6749 appendix A.5.
    _Form("state", re.compile(r"[\x20-\x7E]+"), "invalid_request", "state must be printable ASCII"),
    _Form(
        "code_challenge",
        re.compile(r"[A-Za-z0-9_-]{43}"),
        "invalid_request",
        "code_challenge must be 43 characters of base64url",
    ),
    _Form(
        "code_challenge_method",
        re.compile("S256"),
        "invalid_request",
        "code_challenge_method must be S256",
    ),
    # RFC 6749 section 3.3.
    _Form(
        "scope",
        re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*"),
        "invalid_scope",
        "scope must be scopes separated by single spaces",
    ),
)
_SECRETS = ("state", "code_challenge")
# The parameters above, plus those of RFC 6749, SMART App Launch and OpenID Connect Core 3.1.2.1.
_KNOWN = {one.name for one in _FORMS} | {
    *("client_id", "redirect_uri", "aud", "launch", "nonce", "response_mode", "prompt", "display"),
    *("max_age", "ui_locales", "login_hint", "id_token_hint", "acr_values", "claims"),
}


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """A parsed request, not yet granted or refused.

    `aud`, `launch`, `nonce`: None if the parameter is missing or empty.
    """

    state: str
    challenge: str
    scopes: tuple[str, ...]
    aud: str | None
    launch: str | None
    nonce: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that can be granted as soon as its context is known.

    `scopes`: the granted scopes, not the requested ones. `triggered`: names of the faults that this
    request triggers.
    """

    client: Registration
    redirect_uri: str
    requested: ParsedRequest
    scopes: tuple[str, ...]
    faults: Faults
    triggered: frozenset[str]
    launch_trace: LaunchTrace


class UntrustedRedirectError(Exception):
    """The response to the request must not be a redirect (RFC 6749 section 4.1.2.1)."""

    def __init__(self, reason: UntrustedReason, text: str) -> None:
        super().__init__(text)
        self.reason: UntrustedReason = reason


class AuthorizationRefusedError(Exception):
    """The request is refused, with an error code of RFC 6749 section 4.1.2.1.

    `description`: for a developer; None if the EHR sends none.
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
    """Return the client and the redirect URI for the response.

    `persona` is the `type` that a client must have here, if any. `further_query` allows a redirect
    URI with a query that the registered one doesn't have. Raises UntrustedRedirectError if there is
    no such client, or the redirect URI isn't exactly one of its registered ones.
    """
    for name in ("client_id", "redirect_uri"):
        if len(parameters.get(name, ())) > 1:
            raise UntrustedRedirectError("repeated", f"{name} was sent more than once")
    client_id = sole(parameters, "client_id")
    client = registrations.get(client_id or "")
    if client is None:
        text = "isn't registered with this EHR" if client_id else "is missing"
        trace.note("wrong", "client_id", f"{client_id or ''} {text}".strip())
        raise UntrustedRedirectError("client", "client_id isn't registered with this EHR")
    if persona not in (None, client.type):
        text = f"belongs to an app for a {client.type}, not for a {persona}"
        trace.note("wrong", "client_id", f"{client_id} {text}")
        raise UntrustedRedirectError("persona", f"client_id {text}")
    trace.note("right", "client_id", f"{client_id} is registered with this EHR")
    redirect_uri = sole(parameters, "redirect_uri")
    if redirect_uri is None:
        trace.note("wrong", "redirect_uri", "is missing")
        raise UntrustedRedirectError("no redirect", "redirect_uri is missing")
    registered = client.redirect_uris
    is_further = further_query and redirect_uri.partition("?")[0] in registered
    is_known = trace.check(
        redirect_uri in registered or is_further,
        "redirect_uri",
        f"{redirect_uri} is registered",
        f"differs: got {redirect_uri}, registered: {', '.join(registered)}",
    )
    if is_known:
        return client, redirect_uri
    raise _unregistered(redirect_uri, registered)


def read(parameters: Parameters) -> tuple[ParsedRequest, list[AuthorizationRefusedError]]:
    """Read the remaining parameters; return them with any format problems, worst first."""
    problems = []
    for name, values in parameters.items():
        if len(values) > 1:
            # The sender chose this name, so show it only if it's safe.
            shown = name if re.fullmatch(r"[a-z_]{1,40}", name) else "a parameter"
            trace.note("wrong", shown, "was sent more than once")
            problems.append(invalid(f"{shown} was sent more than once"))
    for name in parameters.keys() - _KNOWN:
        trace.note(
            "weak", trace.clipped(name, 40), "isn't a parameter of this request, so it's ignored"
        )
    for form in _FORMS:
        problem = _problem(form, parameters)
        problems += [] if problem is None else [problem]
    requested = ParsedRequest(
        state=sole(parameters, "state") or "",
        challenge=sole(parameters, "code_challenge") or "",
        scopes=tuple((sole(parameters, "scope") or "").split()),
        aud=sole(parameters, "aud"),
        launch=sole(parameters, "launch"),
        nonce=sole(parameters, "nonce"),
    )
    return requested, problems


def _problem(form: _Form, parameters: Parameters) -> AuthorizationRefusedError | None:
    if len(parameters.get(form.name, ())) > 1:
        return None
    value = sole(parameters, form.name)
    if value is None:
        trace.note("wrong", form.name, "is missing")
        return invalid(f"{form.name} is missing")
    shown = trace.short(value) if form.name in _SECRETS else value
    if form.pattern.fullmatch(value) is None:
        trace.note("wrong", form.name, f"{form.must.partition(' ')[2]}, got {shown}")
        return AuthorizationRefusedError(form.error, form.must)
    if form.name == "state" and len(value) < FEWEST_STATE_CHARACTERS:
        rule = "the guide requires 122 bits (21 characters or more), but EHRs accept fewer"
        trace.note("weak", "state", f"{shown} has {len(value)} characters: {rule}")
    else:
        trace.note("right", form.name, shown)
    return None


def sole(parameters: Parameters, name: str) -> str | None:
    """Return a parameter's value if it was sent exactly once.

    An empty value counts as omitted (RFC 6749 section 3.1).
    """
    values = parameters.get(name, ())
    return values[0] or None if len(values) == 1 else None


def invalid(description: str) -> AuthorizationRefusedError:
    """Return the error for a request that's malformed or can't be granted."""
    return AuthorizationRefusedError("invalid_request", description)


def _unregistered(redirect_uri: str, registered: Sequence[str]) -> UntrustedRedirectError:
    """Return the error for a redirect URI that differs from the registered ones."""
    parts = urlsplit(redirect_uri)
    if not (parts.scheme and parts.netloc):
        return UntrustedRedirectError("not absolute", "redirect_uri isn't an absolute URL")
    if {redirect_uri.removesuffix("/"), f"{redirect_uri}/"} & set(registered):
        return UntrustedRedirectError(
            "trailing slash", "redirect_uri differs from the registered one by a trailing slash"
        )
    return UntrustedRedirectError("redirect", "redirect_uri isn't registered for this client")
