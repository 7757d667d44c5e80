"""The boundary with the browser: it reads requests, sends responses, and lets no exception through.

Every function responds through `answer`, which gives the request a correlation ID, logs refusals
and sends them in the format that the caller reads (shared/inbound/refusal.py). The text of an
unexpected exception never reaches a browser or the log.
"""

import io
import re
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import flask
from werkzeug.datastructures import Headers as AnswerHeaders
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from shared import held_bytes, log, outcome, urls
from shared.config.settings import Settings
from shared.errors import (
    CodedError,
    CrossSite,
    InternalError,
    Misconfigured,
    NotAcceptable,
    NotFound,
    ParameterInvalid,
    ParameterRepeated,
    TooLarge,
)
from shared.findings import ForUser
from shared.frozen import dataclass
from shared.held_bytes import Holding
from shared.inbound import (
    compression,
    cookies,
    departed,
    health,
    refusal,
    request_body,
    request_line,
    server_log,
)
from shared.inbound.refusal import Refusal
from shared.inbound.request_body import Body
from shared.inbound.request_headers import Headers
from shared.inbound.slow_readers import Sending
from shared.inbound.spliced import Spliced
from shared.log import traces
from shared.outbound import waiting

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The environ key of the connection in Gunicorn, which functions-framework starts.
_SOCKET = "gunicorn.socket"
_NOTHING = io.BytesIO()
# Headers that browsers send, but Cloud Scheduler and gcloud don't, spelled as in `Headers`.
_OF_BROWSERS = frozenset({"Cookie", "Origin", "Sec-Fetch-Site"})
_NO_USER = "The log lines with the correlation id below have the details."
# As in nginx. It reaches no one.
_NOBODY_WAITS = 499
_MOST_OF_A_LIST = 4096
server_log.keep_requests_out()
request_line.keep_short()

_ALWAYS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# RFC 6797. One year, for this host only, because the site decides about its other hosts.
_HSTS: Mapping[str, str] = {"Strict-Transport-Security": "max-age=31536000"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a function sees it. `path` is raw (undecoded), without the function's name."""

    method: str
    path: str
    headers: Mapping[str, str]
    cookies: cookies.Cookies
    _query: str
    _body: Callable[[int], bytes]

    def query(self) -> str:
        """Return the raw query (bytes as latin-1, PEP 3333). The request line limits its length."""
        return self._query

    def body(self, most: int = request_body.MAX_BYTES) -> bytes:
        """Return the request's body. Raise TooLarge over `most` bytes, unread if Content-Length
        exceeds that.
        """
        content = self._body(most + 1)
        if len(content) > most:
            raise TooLarge
        return content


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that isn't converted to Flask's yet. A body that is an iterator is streamed. A
    Spliced body is complete, like bytes.

    `compressible` means a page without a secret next to text from the request
    (shared/inbound/compression.py).
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Spliced | Iterator[bytes] = b""
    cookies: tuple[str, ...] = ()
    compressible: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """The properties of a function: its name, the format and log events of its errors, its headers.

    `failed` is the event for a failure that isn't the caller's (status 500 and above). Without it,
    `refused` covers both. With `browsers` off, a browser's requests get 404.
    """

    function: str
    errors: Literal["page", "operation_outcome"]
    refused: log.Event
    failed: log.Event | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    browsers: bool = True


def answer(
    request: flask.Request,
    edge: Edge,
    settings: Settings | None,
    serve: Callable[[Settings, Call], Reply | Refusal],
) -> flask.Response:
    """Serve one request, and respond even if `serve` fails. It can raise an error, or return a
    Refusal if it knows more than the error states.
    """
    correlation_id = secrets.token_hex(8)
    project = settings.store.project if settings else None
    headers = Headers(request.environ)
    log.begin(correlation_id, edge.function, traces.read(headers), project)
    body, holding, serving = _body(request), held_bytes.begin(), waiting.begin()
    departed.begin(request.environ.get(_SOCKET))
    try:
        if settings is None:
            raise Misconfigured  # noqa: TRY301 - answered like every other error of a request
        call = _call(request, edge, headers, body, holding)
        served = _health(settings, call) if call.path == health.PATH else serve(settings, call)
        if isinstance(served, Refusal):
            served = _refuse(request, edge, settings, served, correlation_id)
        reply = served
    except CodedError as error:
        reply = _refuse(request, edge, settings, Refusal.of(error), correlation_id)
    except Exception as error:  # noqa: BLE001 - the boundary: logged without text, answered as 500
        reply = _failed(request, edge, settings, error, correlation_id)
    is_whole = isinstance(reply.body, bytes | Spliced)
    if reply.compressible:
        reply = _compressed(reply, request)
    # A streamed body may still be reading.
    if isinstance(reply.body, bytes | Spliced):
        holding.keep(len(reply.body))
    body.let_by()
    always = _ALWAYS if settings is None else _always(settings.public_url)
    response = _response(reply, {**always, **edge.headers, **reply.headers})
    response.headers["X-Correlation-Id"] = correlation_id
    for cookie in reply.cookies:
        response.headers.add("Set-Cookie", cookie)
    response.call_on_close(serving.end)
    response.send_by(request.environ.get(_SOCKET))
    if is_whole and holding.is_empty:
        held_bytes.finish(holding)
    else:
        response.call_on_close(holding.end)
    if not body.is_over:
        response.call_on_close(body.hang_up)
    return response


@lru_cache(maxsize=4)
def _always(public_url: str) -> Mapping[str, str]:
    """Return the headers of every response at a public URL."""
    only_https = public_url.startswith("https:") and not urls.is_local(public_url)
    return {**_ALWAYS, **_HSTS} if only_https else _ALWAYS


class _Response(flask.Response):
    """A response whose Location is sent unchanged: normalizing it might change an EHR's URL. A
    browser that doesn't read the response loses its connection.
    """

    _sending: Sending | None = None

    def send_by(self, sock: socket.socket | None) -> None:
        """Watch how fast the connection accepts the response."""
        if sock is not None:
            self._sending = Sending(sock)
            self.call_on_close(self._sending.end)

    def iter_encoded(self) -> Iterator[bytes]:
        """Return the chunks that the server sends."""
        if self._sending is None:
            return super().iter_encoded()
        body = self.response
        return self._sending.pieces(
            (body,) if isinstance(body, Spliced) else super().iter_encoded()
        )

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> AnswerHeaders:
        """Return the headers that the server sends."""
        location = self.headers.get("Location", "")
        if not location or not location.isascii():
            return super().get_wsgi_headers(environ)
        del self.headers["Location"]
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self.headers["Location"] = location
        return headers


def _response(reply: Reply, headers: Mapping[str, str]) -> _Response:
    response = _Response(reply.body, reply.status, headers)
    if isinstance(reply.body, Spliced):
        response.content_length = len(reply.body)
    return response


def _body(request: flask.Request) -> Body:
    environ = request.environ
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    announced = request.content_length
    stream = request.stream if announced or chunked else _NOTHING
    return Body(stream, announced, environ.get(_SOCKET), chunked=chunked)


def _health(settings: Settings, call: Call) -> Reply:
    document = health.document(call.method, full=settings.full_error_details)
    return Reply(200, {"Content-Type": "application/json"}, document)


def _compressed(reply: Reply, request: flask.Request) -> Reply:
    """Compress a page if the caller accepts that. `Vary` tells caches about both versions."""
    headers = {**reply.headers, "Vary": "Accept-Encoding"}
    body = b"".join(reply.body) if isinstance(reply.body, Spliced) else reply.body
    small = isinstance(body, bytes) and len(body) < compression.LEAST_BYTES
    if small or not compression.taken(_short(request.headers.get("Accept-Encoding", ""))):
        return replace(reply, headers=headers)
    headers["Content-Encoding"] = compression.ENCODING
    return replace(reply, headers=headers, body=compression.compress(body))


def raw_path(environ: "WSGIEnvironment") -> str:
    """Return the path of a request, undecoded.

    A request may name its host before the path (absolute-form, RFC 9112 3.2.2). The host is ignored
    here, like the Host header.
    """
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    # WSGI strings are bytes as latin-1 (PEP 3333).
    raw = raw or quote(environ["PATH_INFO"].encode("latin-1"))
    path = re.sub(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", raw).partition("?")[0]
    return path or "/"


def _call(
    request: flask.Request, edge: Edge, headers: Headers, body: Body, holding: Holding
) -> Call:
    if not (edge.browsers or _OF_BROWSERS.isdisjoint(headers)):
        raise NotFound
    environ, function = request.environ, edge.function
    path = raw_path(environ)
    if path == f"/{function}" or path.startswith(f"/{function}/"):
        path = path[len(function) + 1 :] or "/"

    def read(limit: int) -> bytes:
        if (request.content_length or 0) >= limit:
            raise TooLarge
        if not body.is_over:
            holding.body(limit if request.content_length is None else request.content_length)
        try:
            return body.read(limit)
        except request_body.Incomplete:
            raise ParameterInvalid(
                "The request body is incomplete.",
                why="The body ended early, its chunks can't be read, or no more data arrived for a "
                "while.",
                steps=("Send the request again.",),
            ) from None

    return Call(
        method=request.method,
        path=path,
        headers=headers,
        cookies=cookies.parse((headers.get("Cookie", ""),)),
        _query=environ.get("QUERY_STRING", ""),
        _body=read,
    )


def _failed(
    request: flask.Request,
    edge: Edge,
    settings: Settings | None,
    error: Exception,
    correlation_id: str,
) -> Reply:
    if isinstance(error, departed.BrowserGone):
        log.event("answer_broken", "the browser closed the connection before the response")
        return Reply(_NOBODY_WAITS)
    unexpected = Refusal.of(InternalError())
    return _refuse(request, edge, settings, unexpected, correlation_id, error)


def _refuse(
    request: flask.Request,
    edge: Edge,
    settings: Settings | None,
    refused: Refusal,
    correlation_id: str,
    unexpected: Exception | None = None,
) -> Reply:
    """Log a refusal and build its response. An `unexpected` exception is only logged."""
    refused = _logged(edge, settings, refused, unexpected)
    form = "problem" if edge.errors == "page" and not _prefers_html(request) else edge.errors
    headers, body = refusal.render(refused, form, settings, correlation_id)
    # An error page repeats untrusted text and contains no secrets.
    return Reply(refused.error.status, headers, body, refused.cookies, compressible=form == "page")


def told_late(edge: Edge, settings: Settings, error: Exception) -> Refusal:
    """Log a failure after the status was sent, and return the refusal to show instead."""
    if isinstance(error, CodedError):
        return _logged(edge, settings, Refusal.of(error))
    return _logged(edge, settings, Refusal.of(InternalError()), error)


def _logged(
    edge: Edge, settings: Settings | None, refused: Refusal, unexpected: Exception | None = None
) -> Refusal:
    """Log a refusal, and return it for display."""
    if not edge.browsers:
        others = tuple(step for step in refused.steps if not isinstance(step, ForUser))
        refused = replace(refused, steps=others or (_NO_USER,))
    if settings is not None:
        refused = refused.at_home(settings.public_url)
    error = refused.error
    ours = error.status >= 500
    log.event(
        edge.failed if ours and edge.failed else edge.refused,
        str(error),
        severity="ERROR" if ours else "WARNING",
        code=error.code,
        fields={**(refused.evidence or {}), **refusal.log_fields(refused)},
        error=unexpected or (error if ours else None),
    )
    return refused


def _prefers_html(request: flask.Request) -> bool:
    accept = request.accept_mimetypes
    return accept["text/html"] > max(accept["application/json"], accept["application/problem+json"])


def parameters(call: Call, names: frozenset[str]) -> dict[str, str]:
    """Return the raw query parameters among `names`. Unknown ones are left out (RFC 6749 3.1).

    Raise ParameterRepeated if one of them is repeated.
    """
    parameters: dict[str, str] = {}
    for name, values in urls.raw_parameters(call.query()).items():
        if name in names:
            if len(values) > 1:
                raise ParameterRepeated(f"The request repeats `{name}`.")
            parameters[name] = values[0]
    return parameters


def require_own_origin(
    call: Call, settings: Settings, also: AbstractSet[str] = frozenset()
) -> None:
    """Require evidence that a script of this app's origin sent the request (Fetch Metadata; RFC
    6454). Raise CrossSite.

    The first present header of the three decides. A navigation, a frame, an image or a script tag
    isn't allowed either, except for the destinations in `also`.
    """
    site = call.headers.get("Sec-Fetch-Site")
    origin = call.headers.get("Origin")
    if site is not None:
        ours = site == "same-origin"
    elif origin is not None:
        ours = origin == settings.public_url
    else:
        ours = call.headers.get("X-Smart-Proxy") == "1"
    if not ours or call.headers.get("Sec-Fetch-Dest", "empty") not in {"empty", *also}:
        raise CrossSite


def require_json_accepted(call: Call) -> None:
    """Raise NotAcceptable unless the caller accepts FHIR JSON."""
    if not _accepts_json(_short(call.headers.get("Accept", "*/*"))):
        raise NotAcceptable


def _short(header: str) -> str:
    """Return the beginning of a list in a header. Repeated headers are joined, up to 800 kB, and
    each list that is read is cached.
    """
    return header[:_MOST_OF_A_LIST]


@lru_cache(maxsize=64)
def _accepts_json(header: str) -> bool:
    accept = media_ranges(header)
    return bool(accept[outcome.MEDIA_TYPE] or accept["application/json"])


def media_ranges(accept: str) -> MIMEAccept:
    """Return the media ranges of an Accept header with their quality (RFC 9110 12.5.1). Parameters
    such as charset and fhirVersion are ignored.
    """
    wanted = re.sub(r";(?!\s*q=)[^;,]*", "", _short(accept))
    return parse_accept_header(wanted, MIMEAccept)
