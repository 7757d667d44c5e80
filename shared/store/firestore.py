"""The store on Firestore (native mode): one document per record, and only conditional writes.

A record is the document COLLECTION/KEY with three fields. `expires_at` is a timestamp for the TTL
policy. `fields` is the record as JSON text, so that one write replaces all of it and every value is
read back unchanged. `write` is random, because a write that changes nothing would also keep the
document's update time, which is the record's version.

Writes are sent only once. If a write were repeated after a lost response, its own effect would look
like a Conflict. Reads are retried briefly. Transactions aren't used, because they have no timeout.
"""

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc  # type: ignore[import-untyped]
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    GoogleAPIError,
    InternalServerError,
    NotFound,
    RetryError,
    ServiceUnavailable,
    Unknown,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1 import base_client

from shared.errors import StoreUnavailable
from shared.store.contract import Conflict, Fields, Record

if TYPE_CHECKING:
    from google.cloud.firestore_admin_v1 import Field, FirestoreAdminClient

# The time limit of a write, or of a read including its retries.
CALL_SECONDS = 2.0
# The time limit until the store has first responded to this process. These calls also wait for the
# connection, for credentials, and for a database that hasn't been used for a while.
FIRST_CALL_SECONDS = 4.0
# Don't retry a read after this many seconds.
REPEAT_SECONDS = 0.7
# The time limit of a call about the database itself, including the first connection.
ADMIN_SECONDS = 10.0

_REPEAT = Retry(
    predicate=if_exception_type(ServiceUnavailable, InternalServerError, Unknown, Aborted),
    initial=0.05,
    maximum=0.4,
    multiplier=2,
    timeout=REPEAT_SECONDS,
)


# After a failed attempt to connect, gRPC waits for up to 120 s before the next one, and rejects all
# calls until then. The client has no parameter for channel options, so they're added to its lists.
_RECONNECT = (("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 500))
for _options in (base_client._DEFAULT_CHANNEL_OPTIONS, base_client._GRPC_MSG_SIZE_OPTIONS):  # noqa: SLF001 - pinned; tests/functions/test_cold_store.py detects a change
    _options.extend(_RECONNECT)

# The fields of a record's document.
FIELDS = ("expires_at", "fields", "write")


class FirestoreStore:
    """shared.store.Store on one Firestore database, with one client per process.

    Without a project, it uses the one that Google's client libraries find in the environment.
    """

    def __init__(
        self, project: str | None, database: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._project = project
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[int, firestore.Client] = {}
        # The id of the process, once the store has responded to it.
        self._answered: int | None = None

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        """Create a document, or replace an expired one that the TTL policy hasn't removed yet."""
        try:
            with self._answering(AlreadyExists) as seconds:
                document = self._document(collection, key)
                content = _content(fields, expires_at)
                return _version(document.create(content, retry=None, timeout=seconds))
        except Conflict:
            present = self._read(collection, key)
            if present is None or present.expires_at > self._clock():
                raise
            return self.replace(collection, key, fields, expires_at, present.version)

    def read(self, collection: str, key: str) -> Record | None:
        """Get a document. An expired one counts as missing."""
        record = self._read(collection, key)
        return record if record is not None and record.expires_at > self._clock() else None

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        """Replace all fields of a document on condition of its update time."""
        with self._answering(NotFound, FailedPrecondition) as seconds:
            written = self._document(collection, key).update(
                _content(fields, expires_at), _at(version), retry=None, timeout=seconds
            )
        return _version(written)

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        """Delete, on condition of the update time if one is given."""
        conflicts = () if version is None else (NotFound, FailedPrecondition)
        option = None if version is None else _at(version)
        with self._answering(*conflicts) as seconds:
            self._document(collection, key).delete(option, retry=None, timeout=seconds)

    def _read(self, collection: str, key: str) -> Record | None:
        with self._answering() as seconds:
            document = self._document(collection, key)
            snapshot = document.get(retry=_REPEAT, timeout=seconds)
        content = snapshot.to_dict()
        if content is None:
            return None
        expires_at = content["expires_at"].timestamp()
        return Record(json.loads(content["fields"]), expires_at, snapshot.update_time.rfc3339())

    def warm(self) -> None:
        """Open the connection by reading a document that doesn't exist, so that the first request
        waits less. Raise StoreUnavailable.
        """
        with self._answering():
            self._document("warm", "up").get(retry=_REPEAT, timeout=ADMIN_SECONDS)

    def removes_expired(self, collection: str) -> bool:
        """Return whether expired documents are removed by a TTL policy on `expires_at`, or will be
        when its setup completes.

        Only `make doctor` uses this and `indexes`. Both raise StoreUnavailable if the state is
        unknown. The account may need the permission datastore.indexes.get, and an emulator has no
        policies or exemptions.
        """
        # Only here, because loading it would slow down every cold start.
        from google.cloud import firestore_admin_v1 as admin

        field = self._field(collection, "expires_at")
        states = admin.Field.TtlConfig.State
        return "ttl_config" in field and field.ttl_config.state in {states.ACTIVE, states.CREATING}

    def indexes(self, collection: str, field: str) -> bool:
        """Return whether Firestore indexes a field. By default it indexes every field."""
        config = self._field(collection, field).index_config
        return bool(config.uses_ancestor_config or config.indexes)

    def _field(self, collection: str, field: str) -> "Field":
        """Return the database's configuration of a field."""
        with _conflict_on():
            project = self._client().project
            path = f"collectionGroups/{collection}/fields/{field}"
            name = f"projects/{project}/databases/{self._database}/{path}"
            kept: Field = _admin_client().get_field(name=name, retry=None, timeout=ADMIN_SECONDS)
        return kept

    @contextmanager
    def _answering(self, *conflicts: type[GoogleAPICallError]) -> Iterator[float]:
        """Yield the seconds that a call may take. Translate errors like `_conflict_on`."""
        process = os.getpid()
        with _conflict_on(*conflicts):
            try:
                yield CALL_SECONDS if self._answered == process else FIRST_CALL_SECONDS
            except conflicts:
                self._answered = process
                raise
            self._answered = process

    def _document(self, collection: str, key: str) -> firestore.DocumentReference:
        return self._client().collection(collection).document(key)

    def _client(self) -> firestore.Client:
        """Return the client of this process. A client from before a fork isn't used after it.

        It's kept anyway, because deleting it would close connections that the parent process uses.
        """
        with self._lock:
            client = self._clients.get(os.getpid())
            if client is None:
                client = firestore.Client(self._project, database=self._database)
                self._clients[os.getpid()] = client
        return client


def _admin_client() -> "FirestoreAdminClient":
    """Return a client for database administration, for the emulator if one is set."""
    from google.cloud import firestore_admin_v1 as admin

    emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if not emulator:
        return admin.FirestoreAdminClient()
    transport = admin.FirestoreAdminClient.get_transport_class("grpc")
    return admin.FirestoreAdminClient(transport=transport(channel=grpc.insecure_channel(emulator)))


@contextmanager
def _conflict_on(*conflicts: type[GoogleAPICallError]) -> Iterator[None]:
    """Raise Conflict for these errors, and StoreUnavailable for all others, whose outcome is
    unknown.

    The text of an exception is dropped, because it names documents. An OSError means that no
    project was found.
    """
    try:
        yield
    except conflicts:
        raise Conflict from None
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        failure = error.cause if isinstance(error, RetryError) else error
        raise StoreUnavailable(evidence={"store": type(failure).__name__}) from None


def _content(fields: Fields, expires_at: float) -> dict[str, object]:
    return {
        "expires_at": datetime.fromtimestamp(expires_at, UTC),
        "fields": json.dumps(fields),
        "write": secrets.token_hex(8),
    }


def _version(written: firestore.types.WriteResult) -> str:
    return str(written.update_time.rfc3339())


def _at(version: str) -> firestore.LastUpdateOption:
    update_time = DatetimeWithNanoseconds.from_rfc3339(version)  # type: ignore[no-untyped-call]
    return firestore.LastUpdateOption(update_time.timestamp_pb())
