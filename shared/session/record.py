"""A stored session. Only the fields that are needed without the browser are in plaintext.

These are the EHR's key, a version, the time of the last use, the lease of a refresh, and the
expiry. Tokens, patient, user and scopes are encrypted with the server's key and the cookie's secret
(shared/sealing.py), with handle and version as associated data. docs/sessions.md describes the
fields.

New tokens that may belong to another user are encrypted in a separate field, next to the session as
it was before. So a release that doesn't support that field can't use them.
"""

import hashlib
import json
from dataclasses import field, replace
from functools import lru_cache
from typing import Any, Literal

from shared import log, scopes
from shared.config.settings import Ehr
from shared.errors import SessionExpired, SessionMissing, StoreUnavailable
from shared.frozen import dataclass
from shared.oidc.id_token import Identity
from shared.sealing import SealBroken, Sealer
from shared.session.lease import NO_LEASE, Lease
from shared.smart.token_response import LaunchContext
from shared.store import Fields, Record, Store, Value, records

COLLECTION = "sessions"
# 128 random bits as base64url.
HANDLE = r"[A-Za-z0-9_-]{22}"


@dataclass(frozen=True, slots=True)
class Session:
    """A decrypted session. `ehr` is the key of its registration. Times are Unix seconds, and
    `access_life` is in seconds. `secret` comes from the cookie, and is needed to encrypt the
    session again. `version` increases with every refresh.
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
        """The EHR's OAuth endpoints. A link to one of them in a FHIR response isn't followed."""
        used = (self.token_endpoint, self.revocation_endpoint)
        return (*(one for one in used if one), *self.other_endpoints)

    @property
    def issued(self) -> dict[str, str | None]:
        """The tokens by their `token_type_hint` (RFC 7009 2.1)."""
        return {"access_token": self.access_token, "refresh_token": self.refresh_token}

    @property
    def mark(self) -> str:
        """The session's id in logs: 12 hex characters that don't give access to anything."""
        return log.mark(self.handle)

    @property
    def missing(self) -> tuple[str, ...]:
        """The scopes that were requested and not granted."""
        return scopes.missing(self.requested, self.granted)

    def grants(self, ehr: Ehr) -> tuple[scopes.Grant, ...]:
        """Return the scopes that the app may use: granted ∩ configured."""
        # Cached for all sessions of a registration, unless the list of granted scopes is too long.
        short = sum(map(len, self.granted)) + len(self.granted) <= _MOST_CHARACTERS
        return (_effective if short else scopes.effective)(self.granted, ehr.scopes)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session, and the record that it was read from or written to.

    `just_renewed`: this process has just renewed its access.
    """

    record: Record
    session: Session
    just_renewed: bool = False

    @property
    def last_used(self) -> float:
        """The stored time of the last use."""
        return _number(self.record.fields.get("last_used"))

    @property
    def lease(self) -> Lease:
        """The lease of a refresh that is in progress or has recently failed."""
        fields = self.record.fields
        owner = fields.get("lease_owner")
        until, retry_at = _number(fields.get("lease_until", 0)), _number(fields.get("retry_at", 0))
        return Lease(owner if isinstance(owner, str) else None, until, retry_at)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A session with new tokens, which no request may use until the signature of `id_token`, which
    names another user, has been checked.
    """

    session: Session
    id_token: str = field(repr=False)


def key(handle: str) -> str:
    """Return the record's key in the store. Nothing that opens the session can be derived from
    it.
    """
    return hashlib.sha256(handle.encode()).hexdigest()


_effective = lru_cache(maxsize=32)(scopes.effective)
_MOST_CHARACTERS = 5_000
# The fields that a refresh changes, except the version.
_RENEWED = ("access_token", "refresh_token", "granted", "access_life", "access_expires_at")


def fields(session: Session, sealer: Sealer, *, last_used: float) -> dict[str, Value]:
    """Encrypt a session, and return the fields of its record, without a lease."""
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


def unconfirmed_field(unconfirmed: Unconfirmed, sealer: Sealer) -> dict[str, Value]:
    """Encrypt new tokens, and return the field to add to the record of the session."""
    session = unconfirmed.session
    renewed = {name: getattr(session, name) for name in _RENEWED}
    plaintext = json.dumps({**renewed, "id_token": unconfirmed.id_token}).encode()
    context = _unconfirmed_for(session.handle, session.version)
    return {"unconfirmed": sealer.seal(plaintext, session.secret, context)}


def unconfirmed(stored: StoredSession, sealer: Sealer) -> Unconfirmed | None:
    """Return the new tokens that wait in a record, if it has any. Raise SessionExpired if they
    can't be read.
    """
    sealed, session = stored.record.fields.get("unconfirmed"), stored.session
    if sealed is None:
        return None
    version = session.version + 1
    try:
        context = _unconfirmed_for(session.handle, version)
        members = json.loads(sealer.open(str(sealed), session.secret, context))
        renewed = {name: members[name] for name in _RENEWED}
        id_token = members["id_token"]
    except (SealBroken, KeyError):
        raise _other_release() from None
    renewed["granted"] = tuple(renewed["granted"])
    return Unconfirmed(replace(session, version=version, **renewed), id_token)


def lease_fields(lease: Lease) -> dict[str, Value]:
    """Return the fields that store a lease."""
    return {"lease_owner": lease.owner, "lease_until": lease.until, "retry_at": lease.retry_at}


def unsealed(record: Record, handle: str, secret: bytes, sealer: Sealer) -> StoredSession:
    """Decrypt the session in a record.

    Raise SessionMissing if the secret doesn't decrypt it, SessionExpired if another release wrote
    the record and this one can't read it.
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


def rewrite(store: Store, stored: StoredSession, changed: Fields) -> StoredSession:
    """Change plaintext fields of a session's record. Raise Conflict or StoreUnavailable."""
    record, session = stored.record, stored.session
    written = {**record.fields, **changed}
    version = store.replace(
        COLLECTION, key(session.handle), written, record.expires_at, record.version
    )
    return StoredSession(Record(written, record.expires_at, version), session)


def _plaintext(session: Session) -> bytes:
    """Encode everything except handle, secret and version. The expiry is included, because its
    plaintext copy is only for the store's cleanup.
    """
    sealed = records.members(session)
    del sealed["handle"], sealed["secret"], sealed["version"]
    sealed["context"] = records.members(session.context)
    sealed["user"] = None if session.user is None else records.members(session.user)
    return json.dumps(sealed).encode()


def _session(plaintext: bytes, handle: str, version: int, secret: bytes) -> Session:
    sealed: dict[str, Any] = json.loads(plaintext)
    user, context = sealed.get("user"), sealed.get("context", {})
    return records.build(
        Session,
        sealed,
        context=records.build(LaunchContext, context),
        user=None if user is None else records.build(Identity, user),
        handle=handle,
        version=version,
        secret=secret,
    )


def _unconfirmed_for(handle: str, version: int) -> str:
    return f"unconfirmed {handle} {version}"


def _sealed_for(handle: str, version: int) -> str:
    return f"session {handle} {version}"


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise StoreUnavailable(evidence={"store": "a session record is damaged"})
