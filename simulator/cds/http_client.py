"""Calls from the EHR to a CDS service: no proxies, no redirects, limited in time and size."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

SECONDS = 10
_MOST_BYTES = 1_000_000
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. If none arrived, `status` is 0 and `problem` has the reason.

    `milliseconds`: time from the first byte sent to the last byte read.
    """

    status: int
    media_type: str = ""
    body: bytes = b""
    problem: str = ""
    milliseconds: int = field(default=0, compare=False)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirect, because the service is at its registered URL."""


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def send(
    url: str,
    headers: Mapping[str, str],
    data: bytes | None = None,
    chunks: Iterable[bytes] | None = None,
) -> Answer:
    """Send a GET request, or POST if there is data; if given, `chunks` are sent after pauses."""
    body = data if chunks is None else _slowly(chunks)
    sent = dict(headers) if data is None else {**headers, "Content-Length": str(len(data))}
    request = urllib.request.Request(url, body, sent)  # noqa: S310 - http(s), as registered
    started = time.monotonic()
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            return _read(answer, started)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _read(refusal, started)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Answer(0, problem=f"no response: {reason}", milliseconds=_since(started))


def _read(answer: urllib.error.HTTPError, started: float) -> Answer:
    try:
        body = answer.read(_MOST_BYTES + 1)
    except OSError as error:
        return Answer(0, problem=f"the response was cut off: {error}", milliseconds=_since(started))
    status, media_type = int(answer.status or 0), answer.headers.get_content_type()
    if len(body) > _MOST_BYTES:
        return Answer(status, media_type, b"", "the response exceeds 1 MB", _since(started))
    return Answer(status, media_type, body, "", _since(started))


def _slowly(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for one in chunks:
        time.sleep(_PAUSE_SECONDS)
        yield one


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
