"""A stored session: plaintext for the fields needed without the browser, the rest encrypted.

In plaintext: the EHR's key, a version, the idle clock, the lease of a refresh, the expiry. Tokens,
patient, user and scopes are encrypted with the server's key and the cookie's secret
(shared/sealing.py), with handle and version as associated data. docs/sessions.md describes the
fields.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from shared import log, scopes
from shared.config.settings import Ehr
from shared.errors import SessionExpired, SessionMissing, StoreUnavailable
from shared.oidc.id_token import Identity
from shared.sealing import SealBroken, Sealer
from shared.session.lease import NO_LEASE, Lease
from shared.smart.token_response import LaunchContext
from shared.store import Record, Store, Value, records

COLLECTION = "sessions"
# 128 random bits as base64url.
HANDLE = r"[A-Za-z0-9_-]{22}"


@dataclass(frozen=True, slots=True)
class Session:
    """An opened session. `ehr` is the key of its registration. Times are Unix seconds,
    `access_life` is in seconds. `secret` is the cookie's, for encrypting it again. `version` counts
    the encrypted contents: every refresh makes a new one.
    """

    handle: str
    version: int
    ehr: str
    iss: str
    fhir_base: str
    flow: Literal["ehr", "standalone"]
    context: LaunchContext
    user: Identity | None
    requested: tuple[str, ...]
    scopes_supported: tuple[str, ...] | None = field(metadata={"stored": "offered"})
    granted: tuple[str, ...]
    access_life: float
    access_expires_at: float
    expires_at: float
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_endpoint: str
    revocation_endpoint: str | None
    issuer: str | None
    jwks_uri: str | None
    secret: bytes = field(repr=False)
    other_endpoints: tuple[str, ...] = ()

    @property
    def oauth_endpoints(self) -> tuple[str, ...]:
        """The EHR's OAuth endpoints. No link in a FHIR response to them is followed."""
        used = (self.token_endpoint, self.revocation_endpoint)
        return (*(one for one in used if one), *self.other_endpoints)

    @property
    def mark(self) -> str:
        """Its id in logs: 12 hex characters that give access to nothing."""
        return log.mark(self.handle)

    @property
    def missing(self) -> tuple[str, ...]:
        """The scopes that were requested and not granted."""
        return scopes.missing(self.requested, self.granted)

    def grants(self, ehr: Ehr) -> tuple[scopes.Grant, ...]:
        """Return the scopes that the app may use: granted ∩ configured."""
        # Cached for all sessions of a registration, unless the EHR grants an absurd number of
        # scopes.
        short = sum(map(len, self.granted)) + len(self.granted) <= _MOST_CHARACTERS
        return (_effective if short else scopes.effective)(self.granted, ehr.scopes)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session together with the record it was read from or written as.

    `brought`: this process has just renewed its access.
    """

    record: Record
    session: Session
    brought: bool = False

    @property
    def last_used(self) -> float:
        """The time when it was last used, as stored."""
        return _number(self.record.fields.get("last_used"))

    @property
    def lease(self) -> Lease:
        """The refresh in progress or recently failed."""
        fields = self.record.fields
        owner = fields.get("lease_owner")
        until, retry_at = _number(fields.get("lease_until", 0)), _number(fields.get("retry_at", 0))
        return Lease(owner if isinstance(owner, str) else None, until, retry_at)


def key(handle: str) -> str:
    """Return the record's key in the store, from which nothing that opens the session can be
    derived.
    """
    return hashlib.sha256(handle.encode()).hexdigest()


_effective = lru_cache(maxsize=32)(scopes.effective)
_MOST_CHARACTERS = 5_000


def fields(session: Session, sealer: Sealer, *, last_used: float) -> dict[str, Value]:
    """Return the fields of a record, newly encrypted, without a lease."""
    return {
        "schema": records.SCHEMA,
        "ehr": session.ehr,
        "version": session.version,
        "last_used": last_used,
        **lease_fields(NO_LEASE),
        "sealed": sealer.seal(
            _plaintext(session), session.secret, _sealed_for(session.handle, session.version)
        ),
    }


def lease_fields(lease: Lease) -> dict[str, Value]:
    """Return the fields that change with a lease."""
    return {"lease_owner": lease.owner, "lease_until": lease.until, "retry_at": lease.retry_at}


def unsealed(record: Record, handle: str, secret: bytes, sealer: Sealer) -> StoredSession:
    """Return the session in a record.

    Raise SessionMissing if the secret doesn't open it, SessionExpired if this release can't read a
    record of the release that wrote it.
    """
    try:
        records.check_schema(record.fields)
    except records.Unreadable:
        raise _other_release() from None
    version = int(_number(record.fields.get("version")))
    try:
        plaintext = sealer.open(
            str(record.fields.get("sealed")), secret, _sealed_for(handle, version)
        )
    except SealBroken:
        raise SessionMissing(why="The session cookie belongs to another session.") from None
    try:
        return StoredSession(record, _session(plaintext, handle, version, secret))
    except records.Unreadable:
        raise _other_release() from None


def _other_release() -> SessionExpired:
    return SessionExpired(why="The app has been updated since this session started.")


def read(store: Store, handle: str, secret: bytes, sealer: Sealer) -> StoredSession:
    """Read a session from the store. Raise SessionExpired if it's gone, or as `unsealed` does."""
    record = store.read(COLLECTION, key(handle))
    if record is None:
        raise SessionExpired
    return unsealed(record, handle, secret, sealer)


def _plaintext(session: Session) -> bytes:
    """Encode everything except what opens it. The expiry is encrypted too: its plaintext copy is
    only for the store's cleanup.
    """
    sealed = records.members(session)
    del sealed["handle"], sealed["secret"], sealed["version"]
    sealed["context"] = records.members(session.context)
    sealed["user"] = None if session.user is None else records.members(session.user)
    return json.dumps(sealed).encode()


def _session(plaintext: bytes, handle: str, version: int, secret: bytes) -> Session:
    sealed: dict[str, Any] = json.loads(plaintext)
    user, context = sealed.get("user"), sealed.get("context", {})
    return records.made(
        Session,
        sealed,
        context=records.made(LaunchContext, context),
        user=None if user is None else records.made(Identity, user),
        handle=handle,
        version=version,
        secret=secret,
    )


def _sealed_for(handle: str, version: int) -> str:
    return f"session {handle} {version}"


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise StoreUnavailable(evidence={"store": "a session record is damaged"})
