"""Read the trace of a request from the headers of Google's load balancer and Cloud Run.

W3C Trace Context (`traceparent`), and Google's older `X-Cloud-Trace-Context`. Malformed headers are
ignored.
"""

import re
from collections.abc import Mapping

from shared.frozen import dataclass

# https://www.w3.org/TR/trace-context/#traceparent-header (later versions may add members)
_W3C = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<id>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<more>-[\x21-\x7e]{0,200})?"
)
# https://cloud.google.com/trace/docs/trace-context#legacy-http-header
_GOOGLE = re.compile(
    r"(?P<id>[0-9a-fA-F]{32})(?:/(?P<span>[0-9]{1,20}))?(?:;o=(?P<options>[0-9]))?"
)
_LARGEST_SPAN = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace. `id` has 32 hex characters, `span` 16. A field that wasn't sent is None."""

    id: str
    span: str | None
    sampled: bool | None


def read(headers: Mapping[str, str]) -> Trace | None:
    """Return the trace of a request by its headers, whose names are case-insensitive, or None."""
    return _w3c(headers.get("traceparent", "")) or _google(headers.get("X-Cloud-Trace-Context", ""))


def fields(trace: Trace | None, project: str | None) -> Mapping[str, str | bool]:
    """Return the log fields that link a line to its trace, or none without a project."""
    if trace is None or project is None:
        return {}
    members: dict[str, str | bool] = {
        "logging.googleapis.com/trace": f"projects/{project}/traces/{trace.id}"
    }
    if trace.span is not None:
        members["logging.googleapis.com/spanId"] = trace.span
    if trace.sampled is not None:
        members["logging.googleapis.com/trace_sampled"] = trace.sampled
    return members


def _w3c(header: str) -> Trace | None:
    match = _W3C.fullmatch(header.strip(" \t"))
    if match is None or match["version"] == "ff" or (match["version"] == "00" and match["more"]):
        return None
    if not int(match["id"], 16) or not int(match["span"], 16):
        return None
    return Trace(match["id"], match["span"], bool(int(match["flags"], 16) & 1))


def _google(header: str) -> Trace | None:
    match = _GOOGLE.fullmatch(header.strip(" \t"))
    if match is None or not int(match["id"], 16):
        return None
    span = int(match["span"] or 0)
    options = match["options"]
    return Trace(
        match["id"].lower(),
        f"{span:016x}" if 0 < span <= _LARGEST_SPAN else None,
        None if options is None else bool(int(options) & 1),
    )
