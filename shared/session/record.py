"""A session as it is kept: in the open what must be read without the browser, the rest sealed.

In the open: the EHR's key, a version, the idle clock, the lease of a refresh, the expiry. Tokens,
patient, user and scopes are sealed with the server's key and the cookie's secret
(shared/sealing.py), with handle and version as associated data. docs/sessions.md tells the fields.
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
from shared.smart.token_answer import LaunchContext
from shared.store import Record, Store, Value, records

COLLECTION = "sessions"
# 128 random bits as base64url.
HANDLE = r"[A-Za-z0-9_-]{22}"


@dataclass(frozen=True, slots=True)
class Session:
    """An opened session. Times are unix seconds, `access_life` seconds; `secret` is the cookie's,
    for further seals. `version` counts what is sealed: every refresh makes a new one.
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
        """The EHR's OAuth endpoints, to which no link of a FHIR answer is followed."""
        used = (self.token_endpoint, self.revocation_endpoint)
        return (*(one for one in used if one), *self.other_endpoints)

    @property
    def mark(self) -> str:
        """How it shows in logs: 12 hex characters that are no key to anything."""
        return log.mark(self.handle)

    @property
    def missing(self) -> tuple[str, ...]:
        """What was requested and is not granted."""
        return scopes.missing(self.requested, self.granted)

    def grants(self, ehr: Ehr) -> tuple[scopes.Grant, ...]:
        """What the app may do: granted ∩ configured."""
        # The same for all sessions of a registration, unless the EHR grants something absurd.
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
        """When the session was last used, as far as that was written."""
        return _number(self.record.fields.get("last_used"))

    @property
    def lease(self) -> Lease:
        """The refresh under way or lately failed."""
        fields = self.record.fields
        owner = fields.get("lease_owner")
        until, retry_at = _number(fields.get("lease_until", 0)), _number(fields.get("retry_at", 0))
        return Lease(owner if isinstance(owner, str) else None, until, retry_at)


def key(handle: str) -> str:
    """The record's key in the store: nothing that opens the session can be read from it."""
    return hashlib.sha256(handle.encode()).hexdigest()


_effective = lru_cache(maxsize=32)(scopes.effective)
_MOST_CHARACTERS = 5_000


def fields(session: Session, sealer: Sealer, *, last_used: float) -> dict[str, Value]:
    """The fields of a record, sealed anew, without a lease."""
    return {
        "schema": records.SCHEMA,
        "ehr": session.ehr,
        "version": session.version,
        "last_used": last_used,
        **lease_fields(NO_LEASE),
        "sealed": sealer.seal(
            _plaintext(session), session.secret, _context(session.handle, session.version)
        ),
    }


def lease_fields(lease: Lease) -> dict[str, Value]:
    """The fields that a lease alone changes."""
    return {"lease_owner": lease.owner, "lease_until": lease.until, "retry_at": lease.retry_at}


def opened(record: Record, handle: str, secret: bytes, sealer: Sealer) -> StoredSession:
    """The session in a record.

    Raises SessionMissing where the secret does not open it, SessionExpired where it was written by
    a release whose records this one cannot read.
    """
    try:
        records.check_schema(record.fields)
    except records.Unreadable:
        raise _other_release() from None
    version = int(_number(record.fields.get("version")))
    try:
        plaintext = sealer.open(str(record.fields.get("sealed")), secret, _context(handle, version))
    except SealBroken:
        raise SessionMissing(
            why="The session's cookie does not open it: it belongs to another session."
        ) from None
    try:
        return StoredSession(record, _session(plaintext, handle, version, secret))
    except records.Unreadable:
        raise _other_release() from None


def _other_release() -> SessionExpired:
    return SessionExpired(why="The app was renewed since this session began.")


def read(store: Store, handle: str, secret: bytes, sealer: Sealer) -> StoredSession:
    """The session as the store has it. Raises SessionExpired where it is gone, and as `opened`."""
    record = store.read(COLLECTION, key(handle))
    if record is None:
        raise SessionExpired
    return opened(record, handle, secret, sealer)


def _plaintext(session: Session) -> bytes:
    """All but what opens it. The expiry is sealed too: its open copy is for the store's
    cleanup only.
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


def _context(handle: str, version: int) -> str:
    return f"session {handle} {version}"


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise StoreUnavailable(evidence={"store": "a session record is damaged"})
