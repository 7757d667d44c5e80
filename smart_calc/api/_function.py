"""Makes the entry point of a Cloud Function from a Python function."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import overload

from smart_calc.api._errors import EhrError, SmartError
from smart_calc.api._product import RawReply, is_here, product, value_of
from smart_calc.api._replies import Reply
from smart_calc.api._session import Session, opened
from smart_calc.api._values import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One request to your function.

    Attributes:
        method: GET, HEAD, POST, PUT, PATCH or DELETE.
        path: the part of the URL after the session, still percent-encoded. It's "/" for
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
        """The query parameters. A repeated parameter is refused (`parameter_repeated`).

        Example:
            since = call.query.get("since", "2020-01-01")

        """
        return value_of(product().query(self._mark))

    def json(self) -> Json:
        """Return the body of the request as JSON.

        It must be sent as application/json (`media_type_unsupported` otherwise), be valid JSON
        without repeated properties (`parameter_invalid`), and have at most 1 MB (`too_large`).

        Example:
            text = api.at(call.json(), "text")

        """
        return value_of(product().document(self._mark))

    def session(self) -> Session:
        """Return the session in the first segment of the path, as in /summary/SESSION/.

        Raises `session_missing` without the session's cookie and `session_expired` if the session
        has ended, both with status 401. Raises `not_found` if the path has no session.

        Example:
            session = call.session()

        """
        return opened(self._mark, value_of(product().open_session(self._mark)))


class EndedProcessError(RuntimeError):
    """A function or one of its libraries called `sys.exit`. The log contains this name."""


class ReturnedNoReplyError(TypeError):
    """A function returned something other than a Reply. The log contains this name but no text."""


Handler = Callable[[Call], Reply]
EntryPoint = Callable[[object], object]


@overload
def function(handler: Handler, /) -> EntryPoint: ...
@overload
def function(*, navigation: bool = False) -> Callable[[Handler], EntryPoint]: ...
def function(
    handler: Handler | None = None, /, *, navigation: bool = False
) -> EntryPoint | Callable[[Handler], EntryPoint]:
    """Make the entry point of a Cloud Function, which is NAME in `functions/NAME/main.py`.

    Only scripts on your own origin can call the function (`cross_site` otherwise), even with GET.
    With `navigation=True`, a browser can also open it like a page: return `api.html` for the page,
    and `api.json` for the page's scripts. A form can't send it data, because `call.json` accepts
    only JSON, so let a script send the form's values.

    Put your own decorator below this one, and use `functools.wraps` in it, because the function's
    name is in its URL.

    Example:
        from smart_calc import api


        @api.function
        def whose(call: api.Call) -> api.Reply:
            return api.json({"patient": call.session().patient})

    """

    def entry_point(handler: Handler) -> EntryPoint:
        serve = functools.partial(_answer, handler)
        registered = is_here() and product().register(
            handler.__name__, serve, navigation=navigation
        )

        def entry(request: object) -> object:
            # Outside the product, product() raises an exception with the reason.
            return registered(request) if registered else product()

        return functools.update_wrapper(entry, handler)

    return entry_point if handler is None else entry_point(handler)


def _answer(
    handler: Handler, mark: object, method: str, path: str
) -> tuple[RawReply | None, object]:
    """Call the function; return its response, or the mark of the failure that it didn't catch."""
    try:
        reply = handler(Call(method, path, mark))
    except (SmartError, EhrError) as error:
        return None, error._mark  # noqa: SLF001 - the same package
    except SystemExit as ended:
        # It would stop the server and print the exception's text.
        refusal = EndedProcessError("A function can't end the process.")
        raise refusal.with_traceback(ended.__traceback__) from None
    if not isinstance(reply, Reply):
        raise ReturnedNoReplyError("Return an api.Reply, made with api.json or api.html.")
    return (reply.status, reply.media_type, reply.body), None
