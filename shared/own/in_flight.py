"""Keep the data of the requests that a project's functions are serving. A function has only a mark.

A mark is an object without content. So nothing that the function can access references the session,
its token and cookie, or the evidence of a failure. A job has another mark for each backend service
that it opens.
"""

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from shared import log
from shared.config.settings import Ehr, Settings
from shared.errors import CodedError, InternalError
from shared.fhir.access import Access, of_session
from shared.inbound.edge import Call
from shared.session.sessions import Active, Sessions

T = TypeVar("T")
Key = tuple[str, str]


@dataclass(slots=True)
class Versions:
    """The versions of a resource that a request has read: their entity tags, by the version that
    the resource states. `latest` is for a resource that states none.
    """

    tags: dict[str, str] = field(default_factory=dict)
    latest: str = ""

    def note(self, stated: object, tag: str, *, is_read: bool) -> None:
        """Record a version. `is_read` means that it was read directly, not found in a search."""
        self.tags[repr(stated)] = tag
        if is_read or not self.latest:
            self.latest = tag

    def replaced_by(self, stated: object) -> str:
        """Return the tag of the version that a resource is based on, or "" if this request hasn't
        read it. A version in an odd form is never taken for another one.
        """
        return self.latest if stated is None else self.tags.get(repr(stated), "")


@dataclass(slots=True)
class InFlight:
    """A request of a function while it's being served.

    Fields:
        function: the function's name.
        sessions: where its session is, None in a job.
        access: returns the current access of the session or backend service, once that is open.
        versions: the versions of each resource that was read or changed, by type and id.
        failures: the failures by their marks.
    """

    function: str
    settings: Settings
    sessions: Sessions | None
    call: Call
    access: Callable[[], Access] | None = None
    versions: dict[Key, Versions] = field(default_factory=dict)
    failures: dict[object, CodedError] = field(default_factory=dict)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    thread: int | None = field(default_factory=threading.get_ident)
    marks: list[object] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The path after the function's name, and after the session, if there is one."""
        if self.sessions is None:
            return self.call.path
        return "/" + self.call.path.removeprefix("/").partition("/")[2]

    def open(self, handle: str) -> Active:
        """Open and return the session of the request. Further log lines include it."""
        sessions, cookies = self.sessions, self.call.cookies
        if sessions is None:
            raise RuntimeError("A job has no session.")
        active = sessions.use(handle, cookies)
        self.access = lambda: of_session(sessions.use(handle, cookies))
        self.context = contextvars.copy_context()
        return active

    def beside(self, ehr: Ehr, access: Callable[[], Access]) -> object:
        """Return a mark for a backend service. Only log lines of its calls name its EHR."""
        context = contextvars.copy_context()
        context.run(log.about, ehr=ehr.key)
        mark = object()
        _requests[mark] = replace(self, access=access, versions={}, context=context, thread=None)
        self.marks.append(mark)
        return mark

    def note_read(self, resource_type: str, number: int) -> None:
        """Log what a job has read, because no user's session shows it. Never which patients."""
        if self.sessions is None:
            fields: dict[str, log.Field] = {"type": resource_type, "number": number}
            log.event("backend_read", f"{self.function} read", fields=fields)

    def run(self, work: Callable[[], T]) -> T:
        """Do work for the request in any thread, within the request's log context and limits."""
        if threading.get_ident() == self.thread:
            return work()
        return self.context.copy().run(work)

    def failed(self, error: CodedError) -> object:
        """Keep a failure and return its mark."""
        mark = object()
        # Without its traceback, which references entire documents.
        self.failures[mark] = error.again()
        return mark

    def failure(self, mark: object) -> CodedError:
        """Return the failure of a mark, or InternalError for any other object."""
        return self.failures.get(mark) or InternalError()


_requests: dict[object, InFlight] = {}


@contextmanager
def started(request: InFlight) -> Iterator[object]:
    """Yield the mark of a request while it's being served."""
    mark = object()
    _requests[mark] = request
    request.marks.append(mark)
    try:
        yield mark
    finally:
        for one in request.marks:
            del _requests[one]


def of(mark: object) -> InFlight:
    """Return the request of a mark. Raise RuntimeError if its response has been sent."""
    request = _requests.get(mark)
    if request is None:
        raise RuntimeError("The response was sent, which ended the call and its access.")
    return request
