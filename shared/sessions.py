"""Open sessions: one a launch, its handle in the path, its secret in its own cookie.

In the open a record holds only what must be read without the browser: the EHR's key, a version,
the idle clock and the expiry. Tokens, patient and scopes are sealed with the server's key and the
cookie's secret (shared/sealing.py), with handle and version as associated data. Expiry is checked
here on every use. An access token that has run out ends the session: there is no refresh yet.
"""

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from shared import cookies, log, scopes
from shared.errors import SessionExpired, SessionMissing, StoreUnavailable
from shared.launches import Pending
from shared.sealing import SealBroken, Sealer
from shared.settings import Ehr, Settings
from shared.store import Conflict, Record, Store, Value
from shared.tokens import LaunchContext, TokenAnswer

COLLECTION = "sessions"
MOST_COOKIES = 20
# Without a verified user there is nothing to tell users apart by.
NO_USER_TAG = "-"
_HANDLE = re.compile(r"[A-Za-z0-9_-]{22}")
_VALUE = re.compile(r"[0-9a-z]{1,12}\.(?:[A-Za-z0-9_-]{8}|-)\.(?P<secret>[A-Za-z0-9_-]{43})")
_TOUCHES_PER_IDLE = 6
_MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """An opened session. Times are unix seconds; `secret` is the cookie's, for further seals."""

    handle: str
    ehr: str
    iss: str
    fhir_base: str
    context: LaunchContext
    requested: tuple[str, ...]
    granted: tuple[str, ...]
    access_expires_at: float
    expires_at: float
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_endpoint: str
    revocation_endpoint: str | None
    secret: bytes = field(repr=False)

    @property
    def mark(self) -> str:
        """How it shows in logs: 12 hex characters that are no key to anything."""
        return log.session_mark(self.handle)

    @property
    def missing(self) -> tuple[str, ...]:
        """What was requested and is not granted."""
        return scopes.missing(self.requested, self.granted)

    def grants(self, ehr: Ehr) -> tuple[scopes.Grant, ...]:
        """What the app may do: granted ∩ configured."""
        return scopes.effective(self.granted, ehr.scopes)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its cookie."""

    session: Session
    cookie_name: str
    cookie_value: str


@dataclass(frozen=True, slots=True)
class _Kept:
    read_at: float
    record: Record
    digest: bytes
    session: Session


def is_handle(text: str) -> bool:
    """Whether a text has the form of a session's handle (128 bits, base64url)."""
    return _HANDLE.fullmatch(text) is not None


class Sessions:
    """Opens and uses sessions. Keeps what it read for `session_cache_seconds` at most."""

    def __init__(
        self, store: Store, sealer: Sealer, settings: Settings, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._settings = settings
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def open(self, pending: Pending, answer: TokenAnswer) -> Opened:
        """A new session for a completed launch; nothing the browser offered is adopted."""
        now = self._clock()
        handle, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        session = Session(
            handle=handle,
            ehr=pending.ehr,
            iss=pending.iss,
            fhir_base=pending.fhir_base,
            context=answer.context,
            requested=pending.requested,
            granted=pending.requested if answer.scope is None else answer.scope,
            access_expires_at=now + answer.expires_in,
            expires_at=now + self._settings.session_max_seconds,
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            token_endpoint=pending.token_endpoint,
            revocation_endpoint=pending.revocation_endpoint,
            secret=secret.encode(),
        )
        fields: dict[str, Value] = {
            "ehr": pending.ehr,
            "version": 1,
            "lease_owner": None,
            "lease_until": 0.0,
            "last_used": now,
            "sealed": self._sealer.seal(_plaintext(session), session.secret, _context(handle, 1)),
        }
        self._store.create(COLLECTION, _key(handle), fields, session.expires_at)
        value = f"{cookies.time_stamp(now)}.{NO_USER_TAG}.{secret}"
        return Opened(session, cookies.session_name(handle), value)

    def use(self, handle: str, received: cookies.Cookies) -> Session:
        """The session of a handle, opened by this browser's cookie, its idle clock wound.

        Raises SessionMissing without exactly one cookie that opens it, SessionExpired when it is
        over.
        """
        secret = _secret(received.get(cookies.session_name(handle), ()))
        digest = hashlib.sha256(secret).digest()
        now = self._clock()
        kept = self._recall(handle, digest, now) or self._read(handle, secret, digest, now)
        idle = _idle(kept, now)
        over = now >= kept.session.expires_at or idle >= self._settings.session_idle_seconds
        if over or now >= kept.session.access_expires_at:
            raise SessionExpired
        if idle >= self._settings.session_idle_seconds / _TOUCHES_PER_IDLE:
            kept = self._touch(kept, now)
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[handle] = kept
        return kept.session

    def _recall(self, handle: str, digest: bytes, now: float) -> _Kept | None:
        """What was read a moment ago with this very secret, None where it cannot be trusted.

        A session that looks idle from here may be in use at another instance: it is read anew.
        """
        with self._lock:
            kept = self._kept.get(handle)
        if kept is None or not hmac.compare_digest(kept.digest, digest):
            return None
        fresh = 0 <= now - kept.read_at < self._settings.session_cache_seconds
        return kept if fresh and _idle(kept, now) < self._settings.session_idle_seconds else None

    def _read(self, handle: str, secret: bytes, digest: bytes, now: float) -> _Kept:
        record = self._store.read(COLLECTION, _key(handle))
        if record is None:
            raise SessionExpired
        context = _context(handle, int(_number(record.fields["version"])))
        try:
            plaintext = self._sealer.open(str(record.fields["sealed"]), secret, context)
        except SealBroken:
            raise SessionMissing(
                why="The session's cookie does not open it: it belongs to another session."
            ) from None
        session = _session(plaintext, handle, secret)
        return _Kept(now, record, digest, session)

    def _touch(self, kept: _Kept, now: float) -> _Kept:
        """Wind the idle clock. Where another request has wound it, its record is read instead;
        a store that does not answer is ignored, and the next request tries again.
        """
        fields = {**kept.record.fields, "last_used": now}
        try:
            version = self._store.replace(
                COLLECTION,
                _key(kept.session.handle),
                fields,
                kept.record.expires_at,
                kept.record.version,
            )
        except Conflict:
            return self._read(kept.session.handle, kept.session.secret, kept.digest, now)
        except StoreUnavailable:
            return kept
        record = Record(fields, kept.record.expires_at, version)
        return _Kept(kept.read_at, record, kept.digest, kept.session)


def surplus_cookies(received: cookies.Cookies) -> list[str]:
    """The session cookies to clear at a new callback: the oldest, and those of another user."""
    others = [
        name
        for name, values in received.items()
        if name.startswith(cookies.SESSION_PREFIX)
        and not any(value.split(".")[1:2] == [NO_USER_TAG] for value in values)
    ]
    ours = {name: values for name, values in received.items() if name not in others}
    return others + cookies.oldest_beyond(ours, cookies.SESSION_PREFIX, MOST_COOKIES - 1)


def _idle(kept: _Kept, now: float) -> float:
    return now - _number(kept.record.fields["last_used"])


def _secret(values: tuple[str, ...]) -> bytes:
    if len(values) > 1:
        raise SessionMissing(why="The browser sent the session's cookie twice.")
    match = _VALUE.fullmatch(values[0]) if values else None
    if match is None:
        raise SessionMissing
    return match["secret"].encode()


def _plaintext(session: Session) -> bytes:
    """All but what opens it. The expiry is sealed too: its open copy is for the broom only."""
    sealed = asdict(session)
    del sealed["handle"], sealed["secret"]
    return json.dumps(sealed).encode()


def _session(plaintext: bytes, handle: str, secret: bytes) -> Session:
    """Raises SessionExpired for a session that a version with other fields has sealed."""
    fields: dict[str, Any] = json.loads(plaintext)
    try:
        context: dict[str, Any] = fields.pop("context")
        items = context.pop("fhir_context")
        fields["context"] = LaunchContext(
            **context, fhir_context=None if items is None else tuple(items)
        )
        fields["requested"] = tuple(fields["requested"])
        fields["granted"] = tuple(fields["granted"])
        return Session(**fields, handle=handle, secret=secret)
    except (KeyError, TypeError):
        raise SessionExpired(why="The app was renewed since this session began.") from None


def _context(handle: str, version: int) -> str:
    return f"session {handle} {version}"


def _key(handle: str) -> str:
    return hashlib.sha256(handle.encode()).hexdigest()


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise StoreUnavailable(evidence={"store": "a session record is damaged"})
