"""The faults that this EHR can be asked for by name: one table for launches, for tests that walk
all of them, and for menus. What each does is written where it happens.
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

    Fields:
        name: how it is asked for.
        place: the request that it spoils. `exchange` is the token request with a code.
        title: what happens, for people.
        ehrs: keys of the EHRs that can have it.
    """

    name: str
    place: Place
    title: str
    ehrs: tuple[str, ...] = ALL


_ROWS: tuple[tuple[Place, str, str], ...] = (
    # The SMART configuration; no launch is known here, so these are for all requests.
    ("discovery", "discovery-404", "answers 404 with a page"),
    ("discovery", "discovery-500", "answers 500 with a page"),
    ("discovery", "discovery-not-json", "answers 200 with a page"),
    ("discovery", "discovery-slow", "answers after 2 seconds"),
    ("discovery", "discovery-hang", "does not answer for 12 seconds, then ends the connection"),
    ("discovery", "discovery-no-token-endpoint", "names no token endpoint"),
    ("discovery", "discovery-no-pkce", "does not say that it takes PKCE"),
    ("discovery", "discovery-foreign-token-host", "names a token endpoint of another host"),
    (
        "discovery",
        "discovery-foreign-authorize-host",
        "names an authorization endpoint of another host",
    ),
    # Token request with a code: an answer instead of tokens; the code stays unspent.
    ("exchange", "token-400", "answers 400 invalid_request"),
    ("exchange", "token-401", "answers 401 invalid_client"),
    ("exchange", "token-403-text", "answers 403 with text, as a firewall before the EHR does"),
    ("exchange", "token-429", "answers 429 with Retry-After"),
    ("exchange", "token-500", "answers 500 with a page"),
    ("exchange", "token-503", "answers 503 with Retry-After"),
    ("exchange", "token-redirect", "answers 307 to another host"),
    ("exchange", "token-hang", "does not answer for 12 seconds, then ends the connection"),
    ("exchange", "token-not-json", "answers 200 with a page"),
    ("exchange", "token-cut", "answers 200 with half a JSON object"),
    ("exchange", "token-list", "answers 200 with a JSON list"),
    ("exchange", "token-huge", "answers 200 with 20 MB of JSON"),
    # Token request with a code: tokens, but not as they should be.
    ("exchange", "token-slow", "answers 2 seconds after issuing the tokens"),
    ("exchange", "token-reply-lost", "issues tokens and ends the connection without an answer"),
    ("exchange", "token-dead", "the access token is not valid for FHIR requests"),
    ("exchange", "token-life-1s", "access tokens live 1 second, and say so"),
    ("exchange", "token-life-5s", "access tokens live 5 seconds, and say so"),
    ("exchange", "token-life-30s", "access tokens live 30 seconds, and say so"),
    ("exchange", "token-no-access-token", "access_token is missing"),
    ("exchange", "token-bad-access-token", "access_token holds a line break"),
    ("exchange", "token-no-type", "token_type is missing"),
    ("exchange", "token-type-mac", "token_type is mac"),
    ("exchange", "token-type-lower", "token_type is bearer in lower case"),
    ("exchange", "token-no-expires-in", "expires_in is missing"),
    ("exchange", "token-expires-in-text", "expires_in is a text of digits"),
    ("exchange", "token-expires-in-zero", "expires_in is 0"),
    ("exchange", "token-expires-in-negative", "expires_in is -1"),
    ("exchange", "token-expires-in-huge", "expires_in is 10^12"),
    ("exchange", "token-no-scope", "scope is missing"),
    ("exchange", "token-empty-scope", "scope is empty, and nothing is granted"),
    ("exchange", "token-trim-scopes", "all resource scopes are trimmed from the grant"),
    ("exchange", "token-more-scopes", "grants more than was asked: patient/*.cruds"),
    ("exchange", "token-no-patient", "patient is missing"),
    ("exchange", "token-bad-patient", "patient is not a FHIR id"),
    ("exchange", "token-patient-object", "patient is a JSON object"),
    ("exchange", "token-no-refresh-token", "refresh_token is missing although one was granted"),
    ("exchange", "token-no-id-token", "id_token is missing although openid was granted"),
    ("exchange", "token-full-context", "adds intent, tenant, smart_style_url and fhirContext"),
    ("exchange", "token-fhir-context-texts", "fhirContext is a list of texts, as in SMART 2.0"),
    (
        "exchange",
        "token-app-context-object",
        "appContext is a JSON object, where CDS Hooks says a text",
    ),
    ("exchange", "token-app-context-odd", "appContext is a JSON text that holds no object"),
    ("exchange", "token-no-banner", "need_patient_banner is false"),
    ("exchange", "id-token-rs384", "the id_token is signed with RS384"),
    ("exchange", "id-token-es256", "the id_token is signed with ES256"),
    ("exchange", "id-token-es384", "the id_token is signed with ES384"),
    ("exchange", "id-token-no-kid", "the id_token names no key"),
    ("exchange", "id-token-unknown-kid", "the id_token names a key that is not published"),
    ("exchange", "id-token-new-key", "the keys change, then the new one signs"),
    ("exchange", "id-token-bad-signature", "a key that is not published signs under its name"),
    ("exchange", "id-token-unsigned", "the id_token has alg none and no signature"),
    ("exchange", "id-token-wrong-nonce", "the id_token holds another nonce"),
    ("exchange", "id-token-no-nonce", "the id_token holds no nonce"),
    ("exchange", "id-token-wrong-issuer", "the id_token is of another issuer"),
    ("exchange", "id-token-wrong-audience", "the id_token is for another client"),
    ("exchange", "id-token-expired", "the id_token expired an hour ago"),
    ("exchange", "id-token-future", "the id_token was issued an hour ahead"),
    ("exchange", "id-token-no-subject", "the id_token names no subject"),
    ("exchange", "id-token-wrong-at-hash", "at_hash belongs to another access token"),
    ("exchange", "id-token-legacy-profile", "the claim profile stands in for fhirUser"),
    ("exchange", "id-token-foreign-user", "fhirUser is an address of another host"),
    # Token request with a refresh token.
    ("refresh", "refresh-invalid-grant", "answers 400 invalid_grant"),
    ("refresh", "refresh-invalid-grant-401", "answers 401 invalid_grant"),
    ("refresh", "refresh-invalid-grant-403", "answers 403 invalid_grant"),
    ("refresh", "refresh-401", "answers 401 invalid_client"),
    ("refresh", "refresh-429", "answers 429 with Retry-After"),
    ("refresh", "refresh-500", "answers 500 with a page"),
    ("refresh", "refresh-503", "answers 503 with Retry-After"),
    ("refresh", "refresh-hang", "does not answer for 12 seconds, then ends the connection"),
    ("refresh", "refresh-not-json", "answers 200 with a page"),
    ("refresh", "refresh-slow", "answers 2 seconds after issuing the tokens"),
    ("refresh", "refresh-reply-lost", "issues tokens and ends the connection without an answer"),
    ("refresh", "refresh-other-patient", "patient is another one than before"),
    ("refresh", "refresh-other-subject", "the id_token is of another user than before"),
    ("refresh", "refresh-no-patient", "patient is missing"),
    ("refresh", "refresh-no-id-token", "id_token is missing"),
    ("refresh", "refresh-id-token-no-audience", "the id_token is for no client in particular"),
    ("refresh", "refresh-trim-scopes", "all resource scopes are trimmed from the grant"),
    ("refresh", "refresh-no-expires-in", "expires_in is missing"),
    ("refresh", "refresh-no-scope", "scope is missing"),
    ("refresh", "refresh-no-rotation", "the old refresh token stays in force and none is sent"),
    # FHIR requests with a valid token.
    ("fhir", "fhir-401", "answers 401 as if the token had expired"),
    ("fhir", "fhir-403", "answers 403 as if no scope covered the request"),
    ("fhir", "fhir-429", "answers 429 with Retry-After"),
    ("fhir", "fhir-500", "answers 500"),
    ("fhir", "fhir-503", "answers 503 with Retry-After"),
    ("fhir", "fhir-slow", "answers after 2 seconds"),
    ("fhir", "fhir-hang", "does not answer for 12 seconds, then answers 504"),
    # Revocation of a token.
    ("revoke", "revoke-400", "answers 400 and revokes nothing"),
    ("revoke", "revoke-503", "answers 503 and revokes nothing"),
    ("revoke", "revoke-hang", "does not answer for 12 seconds, then ends the connection"),
    # The signing keys, for all requests as well.
    ("jwks", "jwks-500", "the keys cannot be fetched"),
    ("jwks", "jwks-empty", "the list of keys is empty"),
    ("jwks", "jwks-redirect", "the keys are at another host"),
)


def _oracle_errors() -> Iterator[Fault]:
    """Yield the refusals of a token request, each with its reason: which is Oracle Health's own;
    and those of its gateway before the FHIR interface.
    """
    for tail, (error, status, title) in oracle_errors.TOKEN_ERRORS.items():
        is_refresh = tail.startswith("refresh-token:")
        place: Place = "refresh" if is_refresh else "exchange"
        name = f"{'refresh' if is_refresh else 'token'}-{oracle_errors.fault_name(tail)}"
        yield Fault(name, place, f"answers {status} {error}: {title}")
    for tail, (status, title) in oracle_errors.ACCESS_ERRORS.items():
        yield Fault(f"fhir-{tail}", "fhir", f"Oracle Health: answers {status}: {title}", ORACLE)


FAULTS: Mapping[str, Fault] = {
    **{name: Fault(name, place, title) for place, name, title in _ROWS},
    **{fault.name: fault for fault in _oracle_errors()},
    **{
        name: Fault(name, "authorize", one.title, one.ehrs)
        for name, one in AUTHORIZE_FAULTS.items()
    },
    **{name: Fault(name, "cds", one.title, one.ehrs) for name, one in CDS_FAULTS.items()},
}


class UnknownFaultError(ValueError):
    """The text is not a list of faults."""


class Faults:
    """The faults chosen for one launch (or, at /_control, for all): those that are left.

    `text` lists names with a comma between them; `NAME:3` is triggered three times, `NAME` always.
    Safe to share between threads.

    Raises UnknownFaultError: an unknown name or a number of times that is not 1 to 1000.
    """

    def __init__(self, text: str = "") -> None:
        self._lock = threading.Lock()
        self._left: dict[str, int | None] = dict(_entry(one) for one in text.split(",") if one)

    def require_of(self, ehr_key: str) -> None:
        """Check that an EHR can have all of them.

        Raises UnknownFaultError: naming one that it cannot have.
        """
        for name in self.names():
            if ehr_key not in FAULTS[name].ehrs:
                raise UnknownFaultError(f"{name} is not a fault of this EHR")

    def trigger(self, place: Place) -> frozenset[str]:
        """Return the names of the faults that a request triggers, and count it."""
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
        """Return those that are left."""
        with self._lock:
            return [name for name, left in self._left.items() if left != 0]

    def has(self, name: str) -> bool:
        """Whether a fault is chosen, without counting."""
        with self._lock:
            return self._left.get(name, 0) != 0


def _entry(text: str) -> tuple[str, int | None]:
    name, colon, times = text.partition(":")
    if name not in FAULTS:
        raise UnknownFaultError(f"no fault has the name {name[:60]!r}")
    if not colon:
        return name, None
    if not (times.isascii() and times.isdigit() and 1 <= int(times[:9]) <= _MOST_TIMES):
        raise UnknownFaultError(f"{name}: the times after the colon must be 1 to {_MOST_TIMES}")
    return name, int(times)
