"""A failure in the forms in which people, FHIR clients, programs and the log read it.

A page, an OperationOutcome (FHIR R4), problem+json (RFC 9457). Which details are told is the
setting `error_details`; what the log tells does not depend on it.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from shared import log, outcome, pages
from shared.config.settings import Settings
from shared.errors import SmartError, with_addresses

Form = Literal["page", "operation_outcome", "problem"]

_ISSUE_TYPES: Mapping[int, str] = {401: "login", 403: "forbidden", 404: "not-found"}


def name_host(error: SmartError, public_url: str) -> None:
    """Write the app's own addresses where steps and causes have `https://HOST`."""
    redirect_uri = error.evidence.get("redirect_uri_sent")
    error.steps = tuple(with_addresses(step, public_url, redirect_uri) for step in error.steps)
    error.causes = tuple(one.with_addresses(public_url, redirect_uri) for one in error.causes)


def log_fields(error: SmartError) -> dict[str, str | list[str]]:
    """What the log says of the causes: all by id, the most probable one with its fix."""
    ids = _cause_ids(error)
    causes = {"causes": ids} if ids else {}
    if not error.causes:
        return {**causes, "cause": error.why, "fix": " ".join(error.steps)}
    first = error.causes[0]
    return {**causes, "cause": f"{first.title} {first.why}", "fix": " ".join(first.steps)}


def render(
    error: SmartError, form: Form, settings: Settings | None, correlation_id: str
) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body of the answer."""
    headers: dict[str, str] = {}
    if error.allow is not None:
        headers["Allow"] = error.allow
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    full = settings is not None and settings.full_error_details
    if form == "page":
        ancestors = settings.frame_ancestors if settings else ()
        headers |= pages.content_security_policy(ancestors)
        headers["Content-Type"] = "text/html; charset=utf-8"
        return headers, _page(error, correlation_id, full=full)
    if form == "operation_outcome":
        issue = _ISSUE_TYPES.get(error.status, "invalid" if error.status < 500 else "transient")
        headers["Content-Type"] = outcome.MEDIA_TYPE
        return headers, outcome.operation_outcome(error.code, issue, _detail(error, full=full))
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": _detail(error, full=full),
        "code": error.code,
        "correlation_id": correlation_id,
    }
    headers["Content-Type"] = "application/problem+json"
    return headers, json.dumps(problem).encode()


def _page(error: SmartError, correlation_id: str, *, full: bool) -> bytes:
    page = pages.render(
        "error.html",
        error=error,
        why=_why(error, full=full),
        most_probable=_most_probable(error, full=full),
        causes=error.causes if full else (),
        cause_ids=_cause_ids(error) if full else [],
        corrected=error.corrected if full else {},
        evidence=error.evidence if full else {},
        shown=error.shown if full else {},
        correlation_id=correlation_id,
        time=log.now(),
    )
    return page.encode("utf-8", "replace")


def _detail(error: SmartError, *, full: bool) -> str:
    """The whole refusal in one text, for a program to log or show."""
    said = []
    if full:
        said = [f"{one.title} {one.why} {' '.join(one.steps)}" for one in error.causes[:1]]
    elif error.causes:
        said = [f"Most probable cause: {_most_probable(error, full=full)}"]
    return " ".join((error.title, _why(error, full=full), *said, *error.steps))


def _why(error: SmartError, *, full: bool) -> str:
    return f"{error.why} {error.meaning}".rstrip() if full else error.why


def _most_probable(error: SmartError, *, full: bool) -> str:
    """For the person at the bedside: what the developer needs is in the log."""
    return error.causes[0].title if error.causes and not full else ""


def _cause_ids(error: SmartError) -> list[str]:
    """The causes by id, the most probable first; the error's own one where there are no others."""
    return [cause.id for cause in error.causes] or ([error.cause] if error.cause else [])
