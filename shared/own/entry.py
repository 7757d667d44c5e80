"""The interface for `smart_calc.api`: it takes and returns only plain values, never an object that
references a token, a cookie or the store.

A failure is returned and not raised, because the frames of a traceback reference all local values.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from shared import held_bytes, log, pages, urls
from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import (
    CodedError,
    MethodNotAllowed,
    NotFound,
    ParameterRepeated,
    PatientDenied,
)
from shared.fhir.policy.finer_scopes import Parameters
from shared.frozen import dataclass
from shared.inbound import edge, entry_point, json_body
from shared.inbound.edge import Call, Edge, Reply
from shared.inbound.entry_point import Function
from shared.own import changes, in_flight, resources
from shared.own.in_flight import InFlight
from shared.own.resources import RefusedByEhr, Resource
from shared.session import context, deployment, sessions

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_READING = frozenset({"GET", "HEAD"})
_NAVIGATED = frozenset({"document", "iframe", "frame"})
_MOST_BYTES = 1_000_000
_STATUSES = range(200, 600)
_MEDIA_TYPE = re.compile("[!-~][ -~]*")
_NO_PAGE = "default-src 'none'; sandbox"

T = TypeVar("T")
Answer = tuple[int, str, bytes]
Serve = Callable[[object, str, str], tuple[Answer | None, object]]


# The parts of a failure that a function may see: mark, code, status, text and the EHR's outcome.
Failure = tuple[object, str, int, str, Resource | None]
Result = tuple[T | None, Failure | None]


@dataclass(frozen=True, slots=True)
class _Registered:
    edge: Edge
    settings: Settings | None
    serve: Serve
    begin: Callable[[Settings, Call], InFlight]


_registered: dict[object, _Registered] = {}


def register(name: str, serve: Serve, *, navigation: bool) -> Function:
    """Return the entry point of a function. Call this while its module is loaded.

    An invalid configuration or secret ends the process, as in smart-calc's own functions.
    """
    held_bytes.give_memory_back()
    settings = settings_file.from_environment()
    running = deployment.start(settings) if settings else None

    def begin(settings: Settings, call: Call) -> InFlight:
        _require_caller(call, settings, navigation=navigation)
        return InFlight(name, settings, running.sessions if running else None, call)

    return made(Edge(name, "page", refused="own_refused"), settings, serve, begin)


def made(
    function: Edge,
    settings: Settings | None,
    serve: Serve,
    begin: Callable[[Settings, Call], InFlight],
) -> Function:
    """Return an entry point that leads to none of its arguments. `begin` accepts a request."""
    key = object()
    _registered[key] = _Registered(function, settings, serve, begin)

    def entry(request: Any) -> Any:
        return _respond(key, request)

    return entry_point.unchanged(entry)


def _respond(key: object, request: Any) -> Any:
    function = _registered[key]
    return edge.answer(request, function.edge, function.settings, partial(_serve, function))


def _serve(function: _Registered, settings: Settings, call: Call) -> Reply:
    if call.method not in _METHODS:
        raise MethodNotAllowed(allow=", ".join(_METHODS))
    request = function.begin(settings, call)
    with in_flight.started(request) as mark:
        answered, failed = function.serve(mark, call.method, request.path)
        if answered is None:
            raise request.failure(failed)
    _require_whole(*answered)
    status, media_type, body = answered
    is_html = media_type.startswith("text/html")
    policy = pages.own_page_policy(settings.frame_ancestors) if is_html else _NO_PAGE
    headers = {"Content-Type": media_type, "Content-Security-Policy": policy}
    log.event("own_answered", function.edge.function, fields={"status": status})
    return Reply(status, headers, body)


class UnusableReplyError(TypeError):
    """A function returned a response that can't be sent. The log has the name of this class."""


def _require_whole(status: object, media_type: object, body: object) -> None:
    """Raise UnusableReplyError unless the response can be sent. A function may build it from any
    values.
    """
    if type(status) is not int or status not in _STATUSES:
        raise UnusableReplyError("The status of a response must be a number from 200 to 599.")
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        raise UnusableReplyError("The media type of a response must be printable ASCII.")
    if not isinstance(body, bytes):
        raise UnusableReplyError("The body of a response must be bytes.")


def _require_caller(call: Call, settings: Settings, *, navigation: bool) -> None:
    """Raise CrossSite unless the request comes from this app's origin. If the function serves a
    page, other sites may link to it, but only pages of this app may submit a form to it.
    """
    destination = call.headers.get("Sec-Fetch-Dest")
    navigated = navigation and (destination is None or destination in _NAVIGATED)
    if navigated and call.method in _READING:
        return
    edge.require_own_origin(call, settings, _NAVIGATED if navigated else frozenset())


def query(mark: object) -> Result[Mapping[str, str]]:
    """Return the decoded query parameters."""
    return result(mark, lambda request: _query(request.call))


def _query(call: Call) -> Mapping[str, str]:
    parameters = urls.raw_parameters(call.query())
    if any(len(values) > 1 for values in parameters.values()):
        raise ParameterRepeated
    return {name: urls.decode(values[0]) for name, values in parameters.items()}


def document(mark: object) -> Result[Any]:
    """Return the body, which must be JSON."""
    return result(mark, lambda request: _document(request.call))


def _document(call: Call) -> Any:
    body = json_body.content(call.headers, call.body, _MOST_BYTES)
    return json_body.parse(body, "Send valid JSON.", Decimal)


def open_session(mark: object) -> Result[Mapping[str, Any]]:
    """Open the session in the path for the rest of the request, and return its launch context."""
    return result(mark, _open_session)


def _open_session(request: InFlight) -> Mapping[str, Any]:
    handle = request.call.path.removeprefix("/").partition("/")[0]
    if not sessions.is_handle(handle):
        raise NotFound
    active = request.open(handle)
    return context.describe(active.session, active.ehr.vendor, request.settings.public_url)


def read(mark: object, kind: str, resource_id: str | None) -> Result[Resource]:
    """Read one resource."""

    def work(request: InFlight) -> Resource:
        resource = resources.read(request, kind, resource_id)
        request.note_read(kind, 1)
        return resource

    return result(mark, work)


def search(
    mark: object, kind: str, parameters: Parameters, pages: int, *, own_patient: bool
) -> Result[tuple[Sequence[Resource], bool]]:
    """Return the matches, and whether they're complete."""

    def work(request: InFlight) -> tuple[Sequence[Resource], bool]:
        matches = resources.search(request, kind, parameters, pages, own_patient=own_patient)
        request.note_read(kind, len(matches.resources))
        return matches.resources, matches.complete

    return result(mark, work)


def write(
    mark: object,
    resource: Mapping[str, Any],
    body: bytes,
    *,
    is_new: bool,
    if_match: str | None,
) -> Result[Resource]:
    """Return the created or updated resource."""
    return result(
        mark,
        lambda request: changes.write(request, resource, body, is_new=is_new, if_match=if_match),
    )


def result(mark: object, work: Callable[[InFlight], T]) -> Result[T]:
    """Return the result of work for the request of a mark, or its failure."""
    request = in_flight.of(mark)
    return request.run(lambda: _tried(request, work))


def _tried(request: InFlight, work: Callable[[InFlight], T]) -> Result[T]:
    try:
        return work(request), None
    except RefusedByEhr as refused:
        return None, _failure(request, refused.error, refused.outcome)
    except Exception as error:  # noqa: BLE001 - logged without its text
        of_job = request.sessions is None
        lines = Edge(
            request.function, "page", "fhir_denied", failed="fhir_request", browsers=not of_job
        )
        told = _without_launch(error) if of_job and type(error) is PatientDenied else error
        return None, _failure(request, edge.told_late(lines, request.settings, told).error)


def _without_launch(error: PatientDenied) -> PatientDenied:
    """Return the error of a job that named a patient (`call.backend`), without a launch in it."""
    return PatientDenied(
        "The request isn't about the patient of call.backend.",
        why="With `patient`, a job can read and write only this patient's data.",
        steps=("Call call.backend again with the other patient, or without one.",),
        evidence=error.evidence,
    )


def _failure(request: InFlight, error: CodedError, outcome: Resource | None = None) -> Failure:
    text = f"{error.code}: {error.title} {error.why}"
    return request.failed(error), error.code, error.status, text, outcome
