"""Applies the discovery faults to a SMART configuration. The EHR can't tell yet which launch a
request belongs to, so these faults apply to all requests to an EHR (endpoints/control.py).
"""

import json
import time
from collections.abc import Callable, Collection, Mapping

from flask import Response

from simulator.endpoints.token_faults import ELSEWHERE, HANG_SECONDS, SLOW_SECONDS, cut_connection

Document = dict[str, object]


def answer(document: Mapping[str, object], triggered: Collection[str]) -> Response:
    """Return the discovery response, changed by the triggered faults."""
    changed = dict(document)
    for name in sorted(triggered):
        if name in ANSWERS:
            return ANSWERS[name]()
        if name in CHANGES:
            CHANGES[name](changed)
    if "discovery-slow" in triggered:
        time.sleep(SLOW_SECONDS)
    return Response(json.dumps(changed, indent=2), content_type="application/json")


def _page(status: int) -> Callable[[], Response]:
    html = "<!doctype html><title>Simulated fault</title><p>This isn't a SMART configuration."
    return lambda: Response(html, status, content_type="text/html; charset=utf-8")


def _hang() -> Response:
    time.sleep(HANG_SECONDS)
    return cut_connection()


def _drop(name: str) -> Callable[[Document], None]:
    def drop(document: Document) -> None:
        document.pop(name, None)

    return drop


def _move(name: str, path: str) -> Callable[[Document], None]:
    return lambda document: document.update({name: f"{ELSEWHERE}/{path}"})


ANSWERS: Mapping[str, Callable[[], Response]] = {
    "discovery-404": _page(404),
    "discovery-500": _page(500),
    "discovery-not-json": _page(200),
    "discovery-hang": _hang,
}
CHANGES: Mapping[str, Callable[[Document], None]] = {
    "discovery-no-token-endpoint": _drop("token_endpoint"),
    "discovery-no-pkce": _drop("code_challenge_methods_supported"),
    "discovery-foreign-token-host": _move("token_endpoint", "token"),
    "discovery-foreign-authorize-host": _move("authorization_endpoint", "authorize"),
}
