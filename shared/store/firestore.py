"""The store on Firestore (native mode): one document a record, every write conditional.

A record is the document COLLECTION/KEY with three fields: `expires_at`, a timestamp for the TTL
policy; `fields`, the record as JSON text, so that one write replaces all of it and every value
comes back as it was given; `write`, random, because Firestore keeps the update time of a document
that a write does not change. The version is that update time.

Writes are sent once. Were a write repeated after a lost reply, its own effect would come back as
a Conflict. Reads are repeated for a moment. No transactions: they take no timeout.
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

# The time of a call, of a read with its repetitions: the client shortens each by what has passed.
CALL_SECONDS = 2.0
# Of calls until the store has answered this process for the first time: they also wait for the
# connection and for credentials, and Firestore for a database that nobody has used for a while.
FIRST_CALL_SECONDS = 4.0
# A read is not begun anew later than this.
REPEAT_SECONDS = 0.7
# The time of a question about the database itself, the first connection included.
ADMIN_SECONDS = 10.0

_REPEAT = Retry(
    predicate=if_exception_type(ServiceUnavailable, InternalServerError, Unknown, Aborted),
    initial=0.05,
    maximum=0.4,
    multiplier=2,
    timeout=REPEAT_SECONDS,
)


# After an attempt to connect that failed, gRPC refuses calls for up to 120 s before the next one.
# The client takes no options for its channels, so these stand in the lists that it makes them with.
_RECONNECT = (("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 500))
for _options in (base_client._DEFAULT_CHANNEL_OPTIONS, base_client._GRPC_MSG_SIZE_OPTIONS):  # noqa: SLF001 - pinned, and tests/functions/test_cold_store.py tells
    _options.extend(_RECONNECT)

# A record's fields.
FIELDS = ("expires_at", "fields", "write")


class FirestoreStore:
    """shared.store.Store on one Firestore database; a client for each process.

    Without a project it is the one of the environment, as Google's client libraries find it.
    """

    def __init__(
        self, project: str | None, database: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._project = project
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[int, firestore.Client] = {}
        # The process whose calls the store has answered.
        self._answered: int | None = None

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        """Write where no document is. An expired one, which TTL removes late, gives way."""
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
        """Get; an expired document is no record."""
        record = self._read(collection, key)
        return record if record is not None and record.expires_at > self._clock() else None

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        """Write all fields of a document on condition of its update time."""
        with self._answering(NotFound, FailedPrecondition) as seconds:
            written = self._document(collection, key).update(
                _content(fields, expires_at), _at(version), retry=None, timeout=seconds
            )
        return _version(written)

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        """Delete, on condition of the update time where one is given."""
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
        """Make the connection, so that the first request need not wait for all of it.

        Reads a document that is not there. Raises StoreUnavailable.
        """
        with self._answering():
            self._document("warm", "up").get(retry=_REPEAT, timeout=ADMIN_SECONDS)

    def removes_expired(self, collection: str) -> bool:
        """Whether a TTL policy on `expires_at` removes expired documents, or is being set up.

        For the doctor, as `indexes` is; no request needs them. Both raise StoreUnavailable where it
        cannot be told: the account may need the right datastore.indexes.get, and an emulator has
        neither policies nor exemptions.
        """
        # Only here: loading it would make every cold start longer.
        from google.cloud import firestore_admin_v1 as admin

        field = self._field(collection, "expires_at")
        states = admin.Field.TtlConfig.State
        return "ttl_config" in field and field.ttl_config.state in {states.ACTIVE, states.CREATING}

    def indexes(self, collection: str, field: str) -> bool:
        """Whether Firestore keeps an index of a field; by default it does of every one."""
        config = self._field(collection, field).index_config
        return bool(config.uses_ancestor_config or config.indexes)

    def _field(self, collection: str, field: str) -> "Field":
        """What the database's administration says of a field."""
        with _conflict_on():
            project = self._client().project
            path = f"collectionGroups/{collection}/fields/{field}"
            name = f"projects/{project}/databases/{self._database}/{path}"
            kept: Field = _admin_client().get_field(name=name, retry=None, timeout=ADMIN_SECONDS)
        return kept

    @contextmanager
    def _answering(self, *conflicts: type[GoogleAPICallError]) -> Iterator[float]:
        """A call, with the seconds that it may take; as `_conflict_on`."""
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
        """The client of this process; one made before a fork is not used after it.

        It is kept all the same: to drop it would close connections that are the parent's too.
        """
        with self._lock:
            client = self._clients.get(os.getpid())
            if client is None:
                client = firestore.Client(self._project, database=self._database)
                self._clients[os.getpid()] = client
        return client


def _admin_client() -> "FirestoreAdminClient":
    """A client of the database's administration, at the emulator where one is set."""
    from google.cloud import firestore_admin_v1 as admin

    emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if not emulator:
        return admin.FirestoreAdminClient()
    transport = admin.FirestoreAdminClient.get_transport_class("grpc")
    return admin.FirestoreAdminClient(transport=transport(channel=grpc.insecure_channel(emulator)))


@contextmanager
def _conflict_on(*conflicts: type[GoogleAPICallError]) -> Iterator[None]:
    """The answers that mean Conflict; every other failure leaves the outcome unknown.

    No text of an exception goes on: it names documents. OSError: no project could be found.
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
