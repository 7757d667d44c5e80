"""Makes the entry point of a Cloud Function from a Python function."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, overload

from smart_calc.api._backend import Backend
from smart_calc.api._errors import EhrError, SmartError
from smart_calc.api._product import RawReply, is_here, jobs, product, value_of
from smart_calc.api._replies import Reply
from smart_calc.api._session import Session, opened
from smart_calc.api._values import Json


@dataclass(frozen=True, slots=True)
class _Request:
    """The parts of a request that a function and a job have in common."""

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


@dataclass(frozen=True, slots=True)
class Call(_Request):
    """One request to your function.

    Attributes:
        method: GET, HEAD, POST, PUT, PATCH or DELETE.
        path: the part of the URL after the session, still percent-encoded. It's "/" for
            /summary/SESSION/.

    Example:
        if call.method != "POST":
            return api.json({"error": "Send a POST request."}, status=405)

    """

    def session(self) -> Session:
        """Return the session in the first segment of the path, as in /summary/SESSION/.

        Raises `session_missing` without the session's cookie and `session_expired` if the session
        has ended, both with status 401. Raises `not_found` if the path has no session.

        Example:
            session = call.session()

        """
        return opened(self._mark, value_of(product().open_session(self._mark)))


@dataclass(frozen=True, slots=True)
class JobCall(_Request):
    """One run of your job. It has no session, because no user started it.

    Attributes:
        method: POST, unless the caller sent another method.
        path: the part of the URL after the job's name, still percent-encoded.

    Example:
        since = call.query.get("since", "2026-01-01")

    """

    def backend(self, key: str, iss: str | None = None, patient: str | None = None) -> Backend:
        """Return access to an EHR as a backend service, with the `system_scopes` in smart.toml.

        Args:
            key: the key of the [[ehr]] entry. Without `system_scopes`, it's `misconfigured`.
            iss: one of the entry's FHIR bases. The default is the first one without `/*`.
            patient: the id of the only patient to read and write. By default, the scopes decide.

        Example:
            ehr = call.backend("epic")
            one = call.backend("epic", patient="eq081-VQEgP8drUUqCWzHfw3")

        """
        mark = value_of(jobs().open_backend(self._mark, key, iss, patient))
        return Backend(key, patient, mark)


class EndedProcessError(RuntimeError):
    """A function or one of its libraries called `sys.exit`. The log contains this name."""


class ReturnedNoReplyError(TypeError):
    """A function returned something other than a Reply. The log contains this name but no text."""


Handler = Callable[[Call], Reply]
JobHandler = Callable[[JobCall], Reply]
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
        serve = functools.partial(_answer, lambda *request: handler(Call(*request)))
        registered = is_here() and product().register(
            handler.__name__, serve, navigation=navigation
        )
        return _entry_point(handler, registered)

    return entry_point if handler is None else entry_point(handler)


def job(handler: JobHandler, /) -> EntryPoint:
    """Make the entry point of a job, which is NAME in `functions/NAME/main.py`.

    A job reads an EHR without a user, with the `system_scopes` in smart.toml (docs/backend.md). Its
    only callers are the `invokers` in deployment.toml, such as Cloud Scheduler. It isn't on your
    public URL, and a browser gets `not_found`. `smart-calc job NAME` runs it on your machine.

    Example:
        from smart_calc import api


        @api.job
        def nightly(call: api.JobCall) -> api.Reply:
            found = call.backend("epic").search("Encounter", {"status": "in-progress"}, pages=20)
            return api.json({"encounters": len(found.resources), "complete": found.complete})

    """
    serve = functools.partial(_answer, lambda *request: handler(JobCall(*request)))
    return _entry_point(handler, is_here() and jobs().register(handler.__name__, serve))


def _entry_point(
    handler: Callable[..., Reply], registered: Callable[[object], object] | Literal[False]
) -> EntryPoint:
    def entry(request: object) -> object:
        # Outside the product, product() raises an exception with the reason.
        return registered(request) if registered else product()

    return functools.update_wrapper(entry, handler)


def _answer(
    handler: Callable[[str, str, object], Reply], mark: object, method: str, path: str
) -> tuple[RawReply | None, object]:
    """Call the function; return its response, or the mark of the failure that it didn't catch."""
    try:
        reply = handler(method, path, mark)
    except (SmartError, EhrError) as error:
        return None, error._mark  # noqa: SLF001 - the same package
    except SystemExit as ended:
        # It would stop the server and print the exception's text.
        refusal = EndedProcessError("A function can't end the process.")
        raise refusal.with_traceback(ended.__traceback__) from None
    if not isinstance(reply, Reply):
        raise ReturnedNoReplyError("Return an api.Reply, made with api.json or api.html.")
    return (reply.status, reply.media_type, reply.body), None
