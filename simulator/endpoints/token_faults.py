"""Applies the faults of the token endpoint. The faults `token-X` and `refresh-X` have the same
effect, X, on the two kinds of token request.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterable, Mapping

from flask import Response, request

from simulator import trace
from simulator.faults import oracle_errors
from simulator.faults.named import Faults
from simulator.oauth.granted import Terms
from simulator.oauth.scopes import parse_resource_scope
from simulator.oauth.token_errors import Reason, TokenError

HANG_SECONDS = 12
SLOW_SECONDS = 2
ELSEWHERE = "https://elsewhere.simulated.example"

_LIVES = {"life-1s": 1, "life-5s": 5, "life-30s": 30}
_HUGE = 20_000_000

Body = dict[str, object]


def effects(triggered: Iterable[str]) -> frozenset[str]:
    """Return the effects of the triggered faults."""
    return frozenset(re.sub(r"^(?:token|refresh)-", "", name) for name in triggered)


def answer_instead(triggered: Iterable[str]) -> Response | None:
    """Return the response that a fault sends instead of tokens, or None.

    Raises TokenError if the response is an error in the vendor's format.
    """
    for effect in sorted(triggered):
        if effect in ERRORS:
            error, status, reason = ERRORS[effect]
            raise TokenError(error, "injected fault", status, reason=reason)
        if effect in ANSWERS:
            return ANSWERS[effect]()
    return None


def terms(
    triggered: frozenset[str], chosen: Iterable[Faults], seconds: int, *, rotates: bool
) -> Terms:
    """Return the terms for issuing tokens. A fault that sets the lifetime of access tokens applies
    to the whole launch, so it's read from all `chosen` faults, not only the triggered ones.
    """
    lives = [
        life
        for effect, life in _LIVES.items()
        if effect in triggered or any(one.has(f"token-{effect}") for one in chosen)
    ]

    def scopes(granted: tuple[str, ...]) -> tuple[str, ...]:
        if "empty-scope" in triggered:
            return ()
        if "trim-scopes" in triggered:
            return tuple(one for one in granted if parse_resource_scope(one) is None)
        if "more-scopes" in triggered:
            return (*granted, "patient/*.cruds")
        return granted

    return Terms(
        seconds=min([seconds, *lives]),
        scopes=scopes,
        is_alive="dead" not in triggered,
        rotates=rotates and "no-rotation" not in triggered,
    )


def spoil(body: Body, triggered: Iterable[str], *, other_patient: str) -> None:
    """Change a token response in place."""
    for effect in triggered:
        if effect in CHANGES:
            CHANGES[effect](body)
    if "other-patient" in triggered:
        body["patient"] = other_patient


def cut_connection() -> Response:
    """Close the connection without a response. If the server doesn't expose the connection (Flask's
    test client), return an empty 502.
    """
    trace.cut()
    connection = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=502)


def hang() -> Response:
    """Make the client wait, then close the connection."""
    time.sleep(HANG_SECONDS)
    return cut_connection()


def _page(status: int, headers: Mapping[str, str] | None = None) -> Callable[[], Response]:
    html = "<!doctype html><title>Simulated fault</title><p>This isn't a token response."
    return lambda: Response(html, status, headers, content_type="text/html; charset=utf-8")


def _huge() -> Response:
    return Response(f'{{"access_token": "{"x" * _HUGE}"}}', content_type="application/json")


def _json(text: str) -> Callable[[], Response]:
    return lambda: Response(text, content_type="application/json")


def _set(**members: object) -> Callable[[Body], None]:
    return lambda body: body.update(members)


def _drop(name: str) -> Callable[[Body], None]:
    def drop(body: Body) -> None:
        body.pop(name, None)

    return drop


def _app_context_object(body: Body) -> None:
    """Send `appContext` as the object that its text contains, as the Meld sandbox might."""
    try:
        body["appContext"] = json.loads(str(body.get("appContext", "{}")))
    except ValueError:
        # Another app's context doesn't have to be JSON.
        body["appContext"] = {"text": body["appContext"]}


ERRORS: Mapping[str, tuple[str, int, Reason]] = {
    "400": ("invalid_request", 400, "invalid-request"),
    "401": ("invalid_client", 401, "invalid-client-credentials"),
    "invalid-grant": ("invalid_grant", 400, "refresh-token:token-invalid"),
    "invalid-grant-401": ("invalid_grant", 401, "refresh-token:token-invalid"),
    "invalid-grant-403": ("invalid_grant", 403, "refresh-token:token-invalid"),
    **{
        oracle_errors.fault_name(tail): (error, status, tail)
        for tail, (error, status, _) in oracle_errors.TOKEN_ERRORS.items()
    },
}
ANSWERS: Mapping[str, Callable[[], Response]] = {
    "403-text": lambda: Response("Access denied", 403, content_type="text/plain"),
    "429": _page(429, {"Retry-After": "1"}),
    "500": _page(500),
    "503": _page(503, {"Retry-After": "1"}),
    "redirect": lambda: Response(status=307, headers={"Location": f"{ELSEWHERE}/token"}),
    "hang": hang,
    "not-json": _page(200),
    "cut": _json('{"access_token": "half'),
    "list": _json('[{"access_token": "x", "token_type": "Bearer"}]'),
    "huge": _huge,
}
CHANGES: Mapping[str, Callable[[Body], None]] = {
    "no-access-token": _drop("access_token"),
    "bad-access-token": _set(access_token="a\r\nX-Injected: 1"),
    "no-type": _drop("token_type"),
    "type-mac": _set(token_type="mac"),
    "type-lower": _set(token_type="bearer"),
    "no-expires-in": _drop("expires_in"),
    "expires-in-text": lambda body: body.update(expires_in=str(body["expires_in"])),
    "expires-in-zero": _set(expires_in=0),
    "expires-in-negative": _set(expires_in=-1),
    "expires-in-huge": _set(expires_in=10**12),
    "no-scope": _drop("scope"),
    "no-patient": _drop("patient"),
    "bad-patient": _set(patient="../Patient?_id=1"),
    "patient-object": _set(patient={"reference": "Patient/1"}),
    "no-refresh-token": _drop("refresh_token"),
    "no-id-token": _drop("id_token"),
    "no-banner": _set(need_patient_banner=False),
    "full-context": _set(
        intent="simulated-intent",
        tenant="simulated-tenant",
        smart_style_url=f"{ELSEWHERE}/style.json",
        fhirContext=[
            {"reference": "ImagingStudy/synthetic-study"},
            {"canonical": f"{ELSEWHERE}/Questionnaire/synthetic|1", "role": "launch"},
        ],
    ),
    "app-context-object": _app_context_object,
    "app-context-odd": _set(appContext='["no object", "../../elsewhere"]'),
    "fhir-context-texts": _set(fhirContext=["ImagingStudy/synthetic-study"]),
}
