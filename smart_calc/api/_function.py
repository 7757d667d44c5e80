"""Makes the entry point of a Cloud Function from a Python function."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import overload

from smart_calc.api._errors import EhrError, SmartError
from smart_calc.api._product import Answer, is_here, product, taken
from smart_calc.api._replies import Reply
from smart_calc.api._session import Session, opened
from smart_calc.api._values import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One request to your function.

    Attributes:
        method: GET, HEAD, POST, PUT, PATCH or DELETE.
        path: what follows the session in the URL, still percent-encoded. It is "/" for
            /summary/SESSION/.

    Example:
        if call.method != "POST":
            return api.json({"error": "Send a POST request."}, status=405)

    """

    method: str
    path: str
    _mark: object = field(repr=False)

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query. A repeated one is refused with `parameter_repeated`.

        Example:
            since = call.query.get("since", "2020-01-01")

        """
        return taken(product().query(self._mark))

    def json(self) -> Json:
        """Return the body of the request as JSON.

        It must be sent as application/json (`media_type_unsupported` otherwise), be valid JSON
        without repeated properties (`parameter_invalid`), and have at most 1 MB (`too_large`).

        Example:
            text = api.at(call.json(), "text")

        """
        return taken(product().document(self._mark))

    def session(self) -> Session:
        """Return the session that the first segment of the path names, as in /summary/SESSION/.

        It is refused with `session_missing` without the session's cookie and with `session_expired`
        if the session has ended, both with status 401. A path without a session is `not_found`.

        Example:
            session = call.session()

        """
        return opened(self._mark, taken(product().open_session(self._mark)))


class EndedProcessError(RuntimeError):
    """A function called `sys.exit`, or a library of it did. The log has this name."""


class ReturnedNoReplyError(TypeError):
    """A function returned something other than a Reply. The log has this name but no text."""


Handler = Callable[[Call], Reply]
EntryPoint = Callable[[object], object]


@overload
def function(handler: Handler, /) -> EntryPoint: ...
@overload
def function(*, navigation: bool = False) -> Callable[[Handler], EntryPoint]: ...
def function(
    handler: Handler | None = None, /, *, navigation: bool = False
) -> EntryPoint | Callable[[Handler], EntryPoint]:
    """Make the entry point of a Cloud Function: `functions/NAME/main.py` has one, called NAME.

    Only scripts on your own origin can call it (`cross_site` otherwise), on GET too. With
    `navigation=True` a browser can also open it like a page: it answers that with `api.html`, and
    can answer the page's scripts with `api.json`. A form can't send it data, because `call.json`
    accepts only JSON, so let a script send the form's values.

    A decorator of your own goes below it, and uses `functools.wraps`: the function's name is its
    URL.

    If it raises `api.SmartError` or `api.EhrError`, the response has that code and status. Any
    other exception is logged without its text and answered with 500.

    Example:
        from smart_calc import api


        @api.function
        def summary(call: api.Call) -> api.Reply:
            session = call.session()
            patient = session.read("Patient", session.patient)
            result = session.search("Observation", {"code": "http://loinc.org|2160-0"}, pages=20)
            born, count = patient.get("birthDate"), len(result.resources)
            return api.json({"born": born, "creatinines": count, "complete": result.complete})

    """

    def entry_point(handler: Handler) -> EntryPoint:
        serve = functools.partial(_answer, handler)
        here = is_here()
        answer = (
            product().register(handler.__name__, serve, navigation=navigation) if here else None
        )

        def entry(request: object) -> object:
            # Outside of the product this raises, with the reason.
            return answer(request) if answer else product()

        return functools.update_wrapper(entry, handler)

    return entry_point if handler is None else entry_point(handler)


def _answer(handler: Handler, mark: object, method: str, path: str) -> tuple[Answer | None, object]:
    """Call the function; its answer, or the mark of what it didn't catch."""
    try:
        reply = handler(Call(method, path, mark))
    except (SmartError, EhrError) as error:
        return None, error._mark  # noqa: SLF001 - ours
    except SystemExit as ended:
        # It would stop the server and print the exception's text.
        told = EndedProcessError("A function can't end the process.")
        raise told.with_traceback(ended.__traceback__) from None
    if not isinstance(reply, Reply):
        raise ReturnedNoReplyError("Return an api.Reply, which api.json and api.html make.")
    return (reply.status, reply.media_type, reply.body), None
