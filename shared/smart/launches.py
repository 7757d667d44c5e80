"""Pending launches: one record each, stored under the hash of its `state` and consumed once.

SMART App Launch 2.2, steps 2 to 4; RFC 9700 2.1 (state bound to the browser, one-time use) and
4.4.2 (issuer and endpoints stored with the request). The callback uses only the stored values, and
never repeats discovery.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any, Literal

from shared import log, scopes, urls
from shared.config.settings import Ehr, Settings
from shared.errors import (
    BrowserMismatch,
    CookieMissing,
    DiscoveryInvalid,
    StateUnknown,
    StoreUnavailable,
)
from shared.frozen import dataclass
from shared.inbound import cookies
from shared.patterns import pattern
from shared.smart import pkce
from shared.smart.discovery import SmartConfiguration
from shared.store import Conflict, Store, records

COLLECTION = "launches"
MOST_COOKIES = 10
LONGEST_URL = 2000
_CHOOSES_PATIENT = "context-standalone-patient"
# The pause before the write is retried, longer than the store's client takes to reconnect.
_PAUSE_SECONDS = 0.7
_MOST_SCOPES = 200
_LONGEST_SCOPE = 500
# Parameters that are the same for every launch of a registration.
_CONFIGURED = frozenset({"redirect_uri", "scope", "aud"})
_encoded = lru_cache(maxsize=256)(urls.encode)
_STATE = pattern(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Pending:
    """A launch between its redirect and its callback.

    `ehr` is the key of its registration. `iss` is the received value, which was sent as `aud`.
    `scopes_supported` is only for explanations: the scopes in the EHR's discovery document for the
    same types and contexts as the requested ones, or None if it lists no scopes.
    """

    ehr: str
    flow: Literal["ehr", "standalone"] = field(metadata={"stored": "kind"})
    iss: str
    fhir_base: str
    client_id: str
    redirect_uri: str
    requested: tuple[str, ...]
    scopes_supported: tuple[str, ...] | None = field(metadata={"stored": "offered"})
    token_endpoint: str
    revocation_endpoint: str | None
    issuer: str | None
    jwks_uri: str | None
    sends_iss: bool
    assertion_algorithms: tuple[str, ...] | None
    code_verifier: str
    nonce: str | None
    binding: str
    other_endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StartedLaunch:
    """The redirect for the browser, and the cookie that ties the browser to this launch.

    `form` has the request's parameters if they must be sent to `authorization_url` in a POST
    request. `mark` is the launch's id in logs, including those of its callback.
    """

    authorization_url: str
    form: Mapping[str, str] | None
    cookie_name: str
    cookie_value: str
    mark: str


@dataclass(frozen=True, slots=True)
class StoredLaunch:
    """A pending launch that was read, with the key and version for consuming exactly this one."""

    pending: Pending
    key: str
    version: str


def begin(
    store: Store,
    settings: Settings,
    ehr: Ehr,
    configuration: SmartConfiguration,
    *,
    iss: str,
    fhir_base: str,
    launch: str | None,
    now: float,
) -> StartedLaunch:
    """Store a new pending launch and return the authorization request that starts it.

    `launch` is the raw (still encoded) value of an EHR launch, which is passed on byte for byte, or
    None for a standalone launch. The flow decides the launch scope.
    """
    cookie_value = f"{cookies.time_stamp(now)}.{secrets.token_urlsafe(32)}"
    requested = (*_launch_scope(launch, configuration), *ehr.scopes)
    pending = Pending(
        ehr=ehr.key,
        flow="standalone" if launch is None else "ehr",
        iss=iss,
        fhir_base=fhir_base,
        client_id=ehr.client_id,
        redirect_uri=settings.public_url + ehr.redirect_path,
        requested=requested,
        scopes_supported=_related(configuration.scopes_supported, requested),
        token_endpoint=configuration.token_endpoint,
        revocation_endpoint=configuration.revocation_endpoint,
        other_endpoints=configuration.other_endpoints,
        issuer=configuration.issuer,
        jwks_uri=configuration.jwks_uri,
        assertion_algorithms=configuration.assertion_algorithms,
        sends_iss=configuration.sends_iss or ehr.response_iss,
        code_verifier=pkce.new_verifier(),
        nonce=secrets.token_urlsafe(32) if "openid" in requested else None,
        binding=_hash(cookie_value),
    )

    by_post = launch is not None or ehr.profile.standalone_by_post

    def store_pending() -> tuple[str, str, Mapping[str, str] | None]:
        state = secrets.token_urlsafe(32)
        url, form = _authorization_request(configuration, pending, state, launch, by_post=by_post)
        store.create(COLLECTION, _hash(state), _fields(pending), now + settings.launch_seconds)
        return state, url, form

    try:
        state, url, form = store_pending()
    except StoreUnavailable:
        # The first call may be slow, or a connection may have closed, and the user shouldn't have
        # to launch again. So retry once. The first write may have succeeded, so use a new state.
        time.sleep(_PAUSE_SECONDS)
        state, url, form = store_pending()
    return StartedLaunch(url, form, cookies.launch_name(state), cookie_value, log.mark(state))


def _launch_scope(launch: str | None, configuration: SmartConfiguration) -> tuple[str, ...]:
    if launch is not None:
        return ("launch",)
    listed = configuration.scopes_supported
    # A list without resource scopes is incomplete, so the capability for this scope decides.
    offers = "launch/patient" in listed or (
        not scopes.names_resources(listed) and _CHOOSES_PATIENT in configuration.capabilities
    )
    if not offers:
        return ()
    # A visit belongs to a patient, so it's requested only together with the patient.
    if "launch/encounter" in listed:
        return ("launch/patient", "launch/encounter")
    return ("launch/patient",)


def _related(supported: tuple[str, ...], requested: tuple[str, ...]) -> tuple[str, ...] | None:
    if not supported:
        return None
    stems = {scope.partition(".")[0] for scope in requested}
    stems |= {"launch", "launch/patient", "patient/*", "user/*"}
    short = [scope for scope in supported if len(scope) <= _LONGEST_SCOPE]
    kept = [scope for scope in short if scope.partition(".")[0] in stems][:_MOST_SCOPES]
    if not scopes.names_resources(kept):
        # Keep a scope of another type to show that the list contains resource scopes.
        kept += [scope for scope in short if scopes.names_resources((scope,))][:1]
    return tuple(kept)


def _authorization_request(
    configuration: SmartConfiguration,
    pending: Pending,
    state: str,
    launch: str | None,
    *,
    by_post: bool,
) -> tuple[str, Mapping[str, str] | None]:
    """Return the URL for the browser, and the form to post there if the request is long.

    SMART App Launch 2.2, "Scope size": a long request is sent with POST if the EHR supports it and
    the vendor's profile allows it (`by_post`).
    """
    parameters = {
        "response_type": "code",
        "client_id": pending.client_id,
        "redirect_uri": pending.redirect_uri,
        "scope": " ".join(pending.requested),
        "state": state,
        "aud": pending.iss,
        "code_challenge": pkce.challenge(pending.code_verifier),
        "code_challenge_method": "S256",
    }
    if pending.nonce is not None:
        parameters["nonce"] = pending.nonce
    raw = [
        (name, (_encoded if name in _CONFIGURED else urls.encode)(value))
        for name, value in parameters.items()
    ]
    if launch is not None:
        raw.append(("launch", urls.safe_raw(launch)))
        parameters["launch"] = urls.decode(launch)
    endpoint = configuration.authorization_endpoint
    try:
        url = urls.with_parameters(endpoint, raw)
    except ValueError as error:
        raise DiscoveryInvalid(why=f"The authorization_endpoint {error}.") from None
    # A form contains text, so a launch value of other bytes can only be sent with GET.
    as_text = "\ufffd" not in parameters.get("launch", "")
    if by_post and configuration.takes_post and len(url) > LONGEST_URL and as_text:
        return endpoint, parameters
    return url, None


def find(store: Store, state: str) -> StoredLaunch:
    """Return the pending launch for a `state`. Raise StateUnknown if there is none."""
    if not _STATE.fullmatch(state):
        raise StateUnknown
    key = _hash(state)
    record = store.read(COLLECTION, key)
    if record is None:
        raise StateUnknown
    try:
        records.check_schema(record.fields)
        return StoredLaunch(records.build(Pending, record.fields), key, record.version)
    except records.Unreadable:
        raise StateUnknown(why="The app was updated during this launch.") from None


def check_browser(stored: StoredLaunch, state: str, received: cookies.Cookies) -> None:
    """Raise CookieMissing or BrowserMismatch unless this browser started the launch."""
    if not any(name.startswith(cookies.LAUNCH_PREFIX) for name in received):
        raise CookieMissing
    values = received.get(cookies.launch_name(state), ())
    if len(values) != 1 or not hmac.compare_digest(_hash(values[0]), stored.pending.binding):
        raise BrowserMismatch


def consume(store: Store, stored: StoredLaunch) -> None:
    """Consume the launch. Only one callback can do that. Raise StateUnknown for any other."""
    try:
        store.delete(COLLECTION, stored.key, stored.version)
    except Conflict:
        raise StateUnknown from None


def evicted_cookies(received: cookies.Cookies) -> Iterable[str]:
    """Return the launch cookies to clear when another one is set."""
    return cookies.oldest_beyond(received, cookies.LAUNCH_PREFIX, MOST_COOKIES - 1)


def _fields(pending: Pending) -> dict[str, Any]:
    members = records.members(pending)
    lists = {name: list(one) if isinstance(one, tuple) else one for name, one in members.items()}
    return {"schema": records.SCHEMA, **lists}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
