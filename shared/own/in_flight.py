"""The requests that functions of a project are answering, each known to its function by a mark.

A mark is an object without content. What belongs to the request is kept here, so that nothing that
the function holds leads to it: not the session, its token and cookie, nor what a failure was told
from.
"""

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from shared.config.settings import Settings
from shared.errors import InternalError, SmartError
from shared.inbound.edge import Call
from shared.session.sessions import Active, Sessions

T = TypeVar("T")
Key = tuple[str, str]


@dataclass(slots=True)
class InFlight:
    """A request of a function while it is answered.

    Fields:
        function: the function's name.
        path: what follows the function's name, raw.
        active: the session, once it is open.
        versions: the entity tag of each resource that was read, by type and id.
        failures: by their marks.
    """

    function: str
    settings: Settings
    sessions: Sessions
    call: Call
    active: Active | None = None
    versions: dict[Key, str] = field(default_factory=dict)
    failures: dict[object, SmartError] = field(default_factory=dict)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    thread: int = field(default_factory=threading.get_ident)

    def open(self, active: Active) -> None:
        """The session of the request, which its lines name from here on."""
        self.active = active
        self.context = contextvars.copy_context()

    def run(self, work: Callable[[], T]) -> T:
        """Do work for the request, from whatever thread: with its log lines and its limits."""
        if threading.get_ident() == self.thread:
            return work()
        return self.context.copy().run(work)

    def failed(self, error: SmartError) -> object:
        """Keep a failure; its mark."""
        mark = object()
        # Its traceback holds whole documents.
        self.failures[mark] = error.again()
        return mark

    def failure(self, mark: object) -> SmartError:
        """The failure of a mark; of any other object that something unexpected happened."""
        return self.failures.get(mark) or InternalError()


_requests: dict[object, InFlight] = {}


@contextmanager
def started(request: InFlight) -> Iterator[object]:
    """The mark of a request while it is answered."""
    mark = object()
    _requests[mark] = request
    try:
        yield mark
    finally:
        del _requests[mark]


def of(mark: object) -> InFlight:
    """The request of a mark. Raises RuntimeError once it has been answered."""
    request = _requests.get(mark)
    if request is None:
        raise RuntimeError("The response was sent. A call and its session end with it.")
    return request
