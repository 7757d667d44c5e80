"""Firestore for the real client where Google's emulator is not, with faults that it cannot give.

A gRPC server on loopback that speaks google.firestore.v1 as far as the store does: documents are
read by BatchGetDocuments and written by Commit, one write each, under a precondition or none. A
Commit is checked and applied under one lock. Optimistic and pessimistic locking differ only in
what becomes of reads inside a transaction, and there are none: BeginTransaction is not served. Of
google.firestore.admin.v1 it serves GetField, which tells the TTL policy of a collection.
"""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_admin_v1.types import Field, GetFieldRequest
from google.cloud.firestore_v1 import types

# The emulator's limit for the value of one field, in bytes.
LARGEST_VALUE = 1_048_487

# The protocol buffers below the client's own classes.
_Document = types.Document.pb()
_Timestamp = type(_Document().update_time)


@dataclass(frozen=True)
class Fault:
    """What befalls one call: a delay, then an error. A Commit is applied first if `applied`."""

    code: grpc.StatusCode | None = None
    applied: bool = False
    delay: float = 0.0


class StandIn:
    """The server. `host` is for FIRESTORE_EMULATOR_HOST; `counts` are the calls by kind.

    Kinds are `read`, `create`, `replace`, `delete` and, on a condition, `conditional delete`;
    `field` for the look at a TTL policy. `ttl` holds the state of each collection's policy.
    """

    def __init__(self, port: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self.ttl: Mapping[str, str] = {}
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._documents: dict[str, Any] = {}
        self._last_nanos = 0
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(32))
        handlers = {
            "BatchGetDocuments": grpc.unary_stream_rpc_method_handler(
                self._batch_get_documents,
                types.BatchGetDocumentsRequest.deserialize,
                types.BatchGetDocumentsResponse.serialize,
            ),
            "Commit": grpc.unary_unary_rpc_method_handler(
                self._commit, types.CommitRequest.deserialize, types.CommitResponse.serialize
            ),
        }
        service = grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", handlers)
        get_field = grpc.unary_unary_rpc_method_handler(
            self._get_field, GetFieldRequest.deserialize, Field.serialize
        )
        admin = grpc.method_handlers_generic_handler(
            "google.firestore.admin.v1.FirestoreAdmin", {"GetField": get_field}
        )
        self._server.add_generic_rpc_handlers((service, admin))
        self.host = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        self._server.start()

    def close(self) -> None:
        """Go away at once; nothing listens at `host` any more."""
        self._server.stop(None).wait()

    def fail(self, kind: str, *faults: Fault) -> None:
        """Let the next calls of a kind suffer these, one each."""
        self._faults[kind].extend(faults)

    def reset(self) -> None:
        """Forget what was counted and the faults that nothing met."""
        self.counts.clear()
        self._faults.clear()

    def _batch_get_documents(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        _suffer(self._fault("read"), context)
        for name in request.documents:
            with self._lock:
                document, now = self._documents.get(name), self._now()
            found = {"missing": name} if document is None else {"found": document}
            yield types.BatchGetDocumentsResponse(read_time=now, **found)

    def _commit(self, request: Any, context: grpc.ServicerContext) -> Any:
        (write,) = map(types.Write.pb, request.writes)
        fault = self._fault(_kind(write))
        if not fault.applied:
            _suffer(fault, context)
        with self._lock:
            refused = _refusal(write, self._documents.get(_name(write)))
            if refused is None:
                self._apply(write)
            document, now = self._documents.get(_name(write)), self._now()
        if refused is not None:
            context.abort(refused, "projects/x/databases/y/documents/z refused")
        if fault.applied:
            _suffer(fault, context)
        result = types.WriteResult(update_time=document and document.update_time)
        return types.CommitResponse(write_results=[result], commit_time=now)

    def _get_field(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A field has a TTL configuration only where a policy was made."""
        _suffer(self._fault("field"), context)
        collection, field = request.name.split("/")[5::2]
        state = self.ttl.get(collection) if field == "expires_at" else None
        configuration = {"ttl_config": {"state": state}} if state else {}
        return Field(name=request.name, **configuration)

    def _apply(self, write: Any) -> None:
        """Without a mask the whole document is written; with one, the fields that it names.

        A write that changes nothing leaves the update time, as in Firestore.
        """
        name = _name(write)
        before = self._documents.get(name)
        if _is_delete(write):
            self._documents.pop(name, None)
            return
        now = self._now()
        after = _Document(name=name, create_time=now, update_time=now)
        if before is not None:
            after.create_time.CopyFrom(before.create_time)
            if write.HasField("update_mask"):
                for path in before.fields.keys() - set(write.update_mask.field_paths):
                    after.fields[path].CopyFrom(before.fields[path])
        for path, value in write.update.fields.items():
            after.fields[path].CopyFrom(value)
        if before is not None and before.fields == after.fields:
            after = before
        self._documents[name] = after

    def _fault(self, kind: str) -> Fault:
        with self._lock:
            self.counts[kind] += 1
            waiting = self._faults[kind]
            return waiting.popleft() if waiting else Fault()

    def _now(self) -> Any:
        """The time to the nanosecond, never the same twice."""
        self._last_nanos = max(time.time_ns(), self._last_nanos + 1)
        seconds, nanos = divmod(self._last_nanos, 10**9)
        return _Timestamp(seconds=seconds, nanos=nanos)


def _suffer(fault: Fault, context: grpc.ServicerContext) -> None:
    """The delay, cut short when the caller gives up, and the error."""
    if fault.delay:
        ended = threading.Event()
        if context.add_callback(ended.set) and ended.wait(fault.delay):
            context.abort(grpc.StatusCode.CANCELLED, "the caller has gone")
    if fault.code is not None:
        context.abort(fault.code, "projects/x/databases/y/documents/z failed")


def _is_delete(write: Any) -> bool:
    return bool(write.WhichOneof("operation") == "delete")


def _name(write: Any) -> str:
    return str(write.delete if _is_delete(write) else write.update.name)


def _kind(write: Any) -> str:
    condition = write.current_document.WhichOneof("condition_type")
    if _is_delete(write):
        return "delete" if condition is None else "conditional delete"
    return "create" if condition == "exists" else "replace"


def _refusal(write: Any, document: Any) -> Any:
    """The status with which a write is refused, None where it may be applied."""
    wanted = write.current_document
    condition = wanted.WhichOneof("condition_type")
    if condition == "exists" and wanted.exists != (document is not None):
        return grpc.StatusCode.NOT_FOUND if wanted.exists else grpc.StatusCode.ALREADY_EXISTS
    if condition == "update_time" and (
        document is None or document.update_time != wanted.update_time
    ):
        return grpc.StatusCode.FAILED_PRECONDITION
    values = write.update.fields.values()
    if any(len(value.string_value.encode()) > LARGEST_VALUE for value in values):
        return grpc.StatusCode.INVALID_ARGUMENT
    return None
