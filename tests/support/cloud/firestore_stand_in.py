"""A Firestore fake for the real client where Google's emulator is missing, with additional faults.

A gRPC server on loopback that implements the parts of google.firestore.v1 that the store uses:
documents are read by BatchGetDocuments and written by Commit, one write each, with or without a
precondition. A Commit is checked and applied under one lock. Optimistic and pessimistic locking
differ only in reads inside a transaction, and there are none: BeginTransaction isn't supported.
From google.firestore.admin.v1, it supports GetField, which returns the TTL policy of a collection
and whether a field is indexed.
"""

import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1 import types

# The emulator's limit for the value of one field, in bytes.
LARGEST_VALUE = 1_048_487

# The protocol buffers of the client's own classes.
_Document = types.Document.pb()
_Timestamp = type(_Document().update_time)


@dataclass(frozen=True)
class Fault:
    """A fault for one call: a delay, then an error. A Commit is applied first if `applied`."""

    code: grpc.StatusCode | None = None
    applied: bool = False
    delay: float = 0.0


class StandIn:
    """The server. `host` is for FIRESTORE_EMULATOR_HOST. `counts` are the calls by kind.

    Kinds are `read`, `create`, `replace`, `delete`, and `conditional delete` on a condition;
    `field` for reading a field; `warm`, which isn't counted, for the first read of a process. `ttl`
    has the state of each collection's policy, `indexed` the fields, COLLECTION/FIELD, that are
    indexed anyway.

    The host identifies the caller: `host_of` gives each member a separate one, and `admitted`
    decides what it may do. At `host`, everyone may do everything.
    """

    def __init__(self, port: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self.ttl: Mapping[str, str] = {}
        self.indexed: Collection[str] = ()
        self.admitted: Callable[[str, str], bool] = lambda member, permission: True
        self.warmed = threading.Event()
        self._hosts: dict[str, str] = {}
        self._others: list[grpc.Server] = []
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
            self._get_field, _read_field_request, lambda field: type(field).serialize(field)
        )
        admin = grpc.method_handlers_generic_handler(
            "google.firestore.admin.v1.FirestoreAdmin", {"GetField": get_field}
        )
        self._handlers = (service, admin)
        self._server.add_generic_rpc_handlers(self._handlers)
        self.host = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        self._server.start()

    def close(self) -> None:
        """Stop at once. Then nothing listens at `host`."""
        for server in (self._server, *self._others):
            server.stop(None).wait()

    def host_of(self, member: str) -> str:
        """Return HOST:PORT for the calls of a member."""
        if member not in self._hosts:
            server = grpc.server(ThreadPoolExecutor(32), interceptors=[_Door(self, member)])
            server.add_generic_rpc_handlers(self._handlers)
            self._hosts[member] = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
            server.start()
            self._others.append(server)
        return self._hosts[member]

    def fail(self, kind: str, *faults: Fault) -> None:
        """Make the next calls of a kind fail with these, one each."""
        self._faults[kind].extend(faults)

    def reset(self) -> None:
        """Reset the counts and the unused faults."""
        self.counts.clear()
        self._faults.clear()

    def _batch_get_documents(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        # The reads at a function's startup aren't operations of a request.
        warming = any("/documents/warm/" in name for name in request.documents)
        _suffer(self._fault("warm" if warming else "read"), context)
        for name in request.documents:
            with self._lock:
                document, now = self._documents.get(name), self._now()
            result = {"missing": name} if document is None else {"found": document}
            yield types.BatchGetDocumentsResponse(read_time=now, **result)

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
        """Return a field, with a TTL configuration only if a policy was created.

        It has its own indexes if it was exempted, otherwise those of every field of the database.
        """
        _suffer(self._fault("field"), context)
        collection, field = request.name.split("/")[5::2]
        state = self.ttl.get(collection) if field == "expires_at" else None
        configuration = {"ttl_config": {"state": state}} if state else {}
        every = {"uses_ancestor_config": True, "indexes": [{"state": "READY"}]}
        indexed = f"{collection}/{field}" in self.indexed
        from google.cloud.firestore_admin_v1.types import Field

        return Field(name=request.name, index_config=every if indexed else {}, **configuration)

    def _apply(self, write: Any) -> None:
        """Apply a write: to the entire document without a mask, otherwise to the fields that it
        names.

        A write that changes nothing keeps the update time, as in Firestore.
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
            if kind == "warm":
                self.warmed.set()
            else:
                self.counts[kind] += 1
            waiting = self._faults[kind]
            return waiting.popleft() if waiting else Fault()

    def _now(self) -> Any:
        """Return the time to the nanosecond, never the same one again."""
        self._last_nanos = max(time.time_ns(), self._last_nanos + 1)
        seconds, nanos = divmod(self._last_nanos, 10**9)
        return _Timestamp(seconds=seconds, nanos=nanos)


_PERMISSIONS = {
    "BatchGetDocuments": "datastore.entities.get",
    "Commit": "datastore.entities.update",
    "GetField": "datastore.schemas.get",
}


class _Door(grpc.ServerInterceptor):  # type: ignore[misc]
    """Rejects calls that a member has no permission for."""

    def __init__(self, stand_in: StandIn, member: str) -> None:
        self._stand_in = stand_in
        self._member = member

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        permission = _PERMISSIONS[details.method.rpartition("/")[2]]
        if self._stand_in.admitted(self._member, permission):
            return handler

        def refuse(request: Any, context: grpc.ServicerContext) -> Any:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Missing or insufficient permissions.")

        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(refuse, handler.request_deserializer)
        return grpc.unary_unary_rpc_method_handler(refuse, handler.request_deserializer)


def _suffer(fault: Fault, context: grpc.ServicerContext) -> None:
    """Wait for the delay, or until the caller gives up, and raise the error."""
    if fault.delay:
        ended = threading.Event()
        if context.add_callback(ended.set) and ended.wait(fault.delay):
            context.abort(grpc.StatusCode.CANCELLED, "the caller has gone")
    if fault.code is not None:
        context.abort(fault.code, "projects/x/databases/y/documents/z failed")


def _read_field_request(body: bytes) -> Any:
    # To load it takes as long as the rest of the client, and few tests need it.
    from google.cloud.firestore_admin_v1.types import GetFieldRequest

    return GetFieldRequest.deserialize(body)


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
    """Return the status of a refused write, None if it may be applied."""
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


if __name__ == "__main__":
    print(StandIn(*map(int, sys.argv[1:])).host, flush=True)
    sys.stdin.read()
