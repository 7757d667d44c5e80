"""The faults that can be chosen by name: one table for launches, menus, and tests that run all of
them. The code where a fault takes effect implements it.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.faults import oracle_errors
from simulator.faults.authorize_faults import ALL, AUTHORIZE_FAULTS, ORACLE
from simulator.faults.cds_faults import CDS_FAULTS

Place = Literal["discovery", "authorize", "exchange", "refresh", "fhir", "revoke", "jwks", "cds"]

_MOST_TIMES = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    `name`: identifier in a launch or a menu. `place`: the request that it affects. `exchange` is
    the token request with a code. `title`: the effect, as shown to people. `ehrs`: keys of the EHRs
    that support it.
    """

    name: str
    place: Place
    title: str
    ehrs: tuple[str, ...] = ALL


_TITLES: Mapping[Place, Mapping[str, str]] = {
    # The SMART configuration. The launch is still unknown, so these faults apply to all requests.
    "discovery": {
        "discovery-404": "returns 404 with an HTML page",
        "discovery-500": "returns 500 with an HTML page",
        "discovery-not-json": "returns 200 with an HTML page",
        "discovery-slow": "responds after 2 seconds",
        "discovery-hang": "doesn't respond, and closes the connection after 12 seconds",
        "discovery-no-token-endpoint": "has no token endpoint",
        "discovery-no-pkce": "doesn't list PKCE support",
        "discovery-foreign-token-host": "has a token endpoint on another host",
        "discovery-foreign-authorize-host": "has an authorization endpoint on another host",
    },
    # Token request with a code: a different response instead of tokens. The code stays unused.
    "exchange": {
        "token-400": "returns 400 invalid_request",
        "token-401": "returns 401 invalid_client",
        "token-403-text": "returns 403 with text, like a firewall in front of the EHR",
        "token-429": "returns 429 with Retry-After",
        "token-500": "returns 500 with an HTML page",
        "token-503": "returns 503 with Retry-After",
        "token-redirect": "redirects to another host with 307",
        "token-hang": "doesn't respond, and closes the connection after 12 seconds",
        "token-not-json": "returns 200 with an HTML page",
        "token-cut": "returns 200 with half a JSON object",
        "token-list": "returns 200 with a JSON array",
        "token-huge": "returns 200 with 20 MB of JSON",
        # Token request with a code: tokens that are wrong, missing or late.
        "token-slow": "responds 2 seconds after issuing the tokens",
        "token-reply-lost": "issues tokens and closes the connection without a response",
        "token-dead": "the access token isn't valid for FHIR requests",
        "token-life-1s": "access tokens live 1 second, as expires_in states",
        "token-life-5s": "access tokens live 5 seconds, as expires_in states",
        "token-life-30s": "access tokens live 30 seconds, as expires_in states",
        "token-no-access-token": "access_token is missing",
        "token-bad-access-token": "access_token contains a line break",
        "token-no-type": "token_type is missing",
        "token-type-mac": "token_type is mac",
        "token-type-lower": "token_type is lowercase bearer",
        "token-no-expires-in": "expires_in is missing",
        "token-expires-in-text": "expires_in is a string of digits",
        "token-expires-in-zero": "expires_in is 0",
        "token-expires-in-negative": "expires_in is -1",
        "token-expires-in-huge": "expires_in is 10^12",
        "token-no-scope": "scope is missing",
        "token-empty-scope": "scope is empty and nothing is granted",
        "token-trim-scopes": "all resource scopes are removed from the grant",
        "token-more-scopes": "grants more than was requested: patient/*.cruds",
        "token-no-patient": "patient is missing",
        "token-bad-patient": "patient isn't a valid FHIR id",
        "token-patient-object": "patient is a JSON object",
        "token-no-refresh-token": "refresh_token is missing, although one was granted",
        "token-no-id-token": "id_token is missing, although openid was granted",
        "token-full-context": "adds intent, tenant, smart_style_url and fhirContext",
        "token-fhir-context-texts": "fhirContext is a list of strings, as in SMART 2.0",
        "token-app-context-object": "appContext is an object, although CDS Hooks requires a string",
        "token-app-context-odd": "appContext is JSON text that isn't an object",
        "token-no-banner": "need_patient_banner is false",
        "id-token-rs384": "the id_token is signed with RS384",
        "id-token-es256": "the id_token is signed with ES256",
        "id-token-es384": "the id_token is signed with ES384",
        "id-token-no-kid": "the id_token has no kid",
        "id-token-unknown-kid": "the id_token's kid isn't published",
        "id-token-new-key": "the keys are rotated, and the new one signs",
        "id-token-bad-signature": "an unpublished key signs, under the kid of a published one",
        "id-token-unsigned": "the id_token has alg none and no signature",
        "id-token-wrong-nonce": "the id_token has another nonce",
        "id-token-no-nonce": "the id_token has no nonce",
        "id-token-wrong-issuer": "the id_token comes from another issuer",
        "id-token-wrong-audience": "the id_token is for another client",
        "id-token-expired": "the id_token expired an hour ago",
        "id-token-future": "the id_token was issued an hour in the future",
        "id-token-no-subject": "the id_token has no sub",
        "id-token-wrong-at-hash": "at_hash belongs to another access token",
        "id-token-legacy-profile": "the claim profile replaces fhirUser",
        "id-token-foreign-user": "fhirUser is a URL on another host",
    },
    # Token request with a refresh token.
    "refresh": {
        "refresh-invalid-grant": "returns 400 invalid_grant",
        "refresh-invalid-grant-401": "returns 401 invalid_grant",
        "refresh-invalid-grant-403": "returns 403 invalid_grant",
        "refresh-401": "returns 401 invalid_client",
        "refresh-429": "returns 429 with Retry-After",
        "refresh-500": "returns 500 with an HTML page",
        "refresh-503": "returns 503 with Retry-After",
        "refresh-hang": "doesn't respond, and closes the connection after 12 seconds",
        "refresh-not-json": "returns 200 with an HTML page",
        "refresh-slow": "responds 2 seconds after issuing the tokens",
        "refresh-reply-lost": "issues tokens and closes the connection without a response",
        "refresh-other-patient": "patient differs from the one at launch",
        "refresh-other-subject": "the id_token is for another user than at launch",
        "refresh-no-patient": "patient is missing",
        "refresh-no-id-token": "id_token is missing",
        "refresh-id-token-no-audience": "the id_token has no aud",
        "refresh-trim-scopes": "all resource scopes are removed from the grant",
        "refresh-no-expires-in": "expires_in is missing",
        "refresh-no-scope": "scope is missing",
        "refresh-no-rotation": "the old refresh token stays valid, and no new one is sent",
    },
    # FHIR requests with a valid token.
    "fhir": {
        "fhir-401": "returns 401 as if the token had expired",
        "fhir-403": "returns 403 as if no scope covered the request",
        "fhir-429": "returns 429 with Retry-After",
        "fhir-500": "returns 500",
        "fhir-503": "returns 503 with Retry-After",
        "fhir-slow": "responds after 2 seconds",
        "fhir-small-pages": "a page has at most 50 resources, like at Inferno's server",
        "fhir-no-total": "a search that has further pages has no total, like HAPI",
        "fhir-plain-json": "the media type is application/json;charset=UTF-8, as from a gateway",
        "fhir-hang": "doesn't respond for 12 seconds, then returns 504",
    },
    # Revocation of a token.
    "revoke": {
        "revoke-400": "returns 400 and revokes nothing",
        "revoke-503": "returns 503 and revokes nothing",
        "revoke-hang": "doesn't respond, and closes the connection after 12 seconds",
    },
    # The signing keys. These also apply to all requests.
    "jwks": {
        "jwks-500": "the keys can't be fetched",
        "jwks-empty": "the list of keys is empty",
        "jwks-redirect": "the keys are on another host",
    },
}


def _oracle_errors() -> Iterator[Fault]:
    """Yield token refusals, each with an Oracle Health reason, and its gateway's FHIR refusals."""
    for tail, (error, status, title) in oracle_errors.TOKEN_ERRORS.items():
        is_refresh = tail.startswith("refresh-token:")
        place: Place = "refresh" if is_refresh else "exchange"
        name = f"{'refresh' if is_refresh else 'token'}-{oracle_errors.fault_name(tail)}"
        yield Fault(name, place, f"returns {status} {error}: {title}")
    for tail, (status, title) in oracle_errors.ACCESS_ERRORS.items():
        yield Fault(f"fhir-{tail}", "fhir", f"Oracle Health: returns {status}: {title}", ORACLE)


FAULTS: Mapping[str, Fault] = {
    **{
        name: Fault(name, place, title)
        for place, titles in _TITLES.items()
        for name, title in titles.items()
    },
    **{fault.name: fault for fault in _oracle_errors()},
    **{
        name: Fault(name, "authorize", one.title, one.ehrs)
        for name, one in AUTHORIZE_FAULTS.items()
    },
    **{name: Fault(name, "cds", one.title, one.ehrs) for name, one in CDS_FAULTS.items()},
}


class UnknownFaultError(ValueError):
    """The text isn't a list of faults, or of faults that an EHR supports. `fault` is one that other
    EHRs support.
    """

    def __init__(self, text: str, fault: Fault | None = None) -> None:
        super().__init__(text)
        self.fault = fault


class Faults:
    """The remaining faults chosen for one launch, or for all requests at /_control. Thread-safe.

    `text` lists names separated by commas. `NAME:3` is triggered three times, `NAME` always.
    Raises UnknownFaultError for an unknown name or a count that isn't 1 to 1000.
    """

    def __init__(self, text: str = "") -> None:
        self._lock = threading.Lock()
        self._left: dict[str, int | None] = dict(_entry(one) for one in text.split(",") if one)

    def require_of(self, ehr_key: str) -> None:
        """Require that an EHR supports all of them.

        Raises UnknownFaultError for the first fault that the EHR doesn't support.
        """
        for name in self.names():
            fault = FAULTS[name]
            if ehr_key not in fault.ehrs:
                where = ", ".join(fault.ehrs)
                why = f"this EHR doesn't support the fault {name}. It exists at: {where}"
                raise UnknownFaultError(why, fault)

    def trigger(self, place: Place) -> frozenset[str]:
        """Return the names of the faults that a request triggers, and count the request."""
        with self._lock:
            triggered = [
                name
                for name, left in self._left.items()
                if FAULTS[name].place == place and left != 0
            ]
            for name in triggered:
                left = self._left[name]
                self._left[name] = None if left is None else left - 1
            return frozenset(triggered)

    def names(self) -> list[str]:
        """Return the names of the remaining faults."""
        with self._lock:
            return [name for name, left in self._left.items() if left != 0]

    def has(self, name: str) -> bool:
        """Return whether a fault remains, without counting."""
        with self._lock:
            return self._left.get(name, 0) != 0


def _entry(text: str) -> tuple[str, int | None]:
    name, colon, times = text.partition(":")
    if name not in FAULTS:
        raise UnknownFaultError(f"there is no fault named {name[:60]!r}")
    if not colon:
        return name, None
    if not (times.isascii() and times.isdigit() and 1 <= int(times[:9]) <= _MOST_TIMES):
        raise UnknownFaultError(f"{name}: the count after the colon must be 1 to {_MOST_TIMES}")
    return name, int(times)
