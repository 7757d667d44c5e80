"""`/FUNCTION/health`: reports to monitoring that a function runs.

It uses nothing else: no store, no EHR, no log.
"""

import json

from shared import release
from shared.errors import MethodNotAllowed

PATH = "/health"


def document(method: str, *, full: bool) -> bytes:
    """Return the response's JSON, with the running release if `full`. Raise MethodNotAllowed."""
    if method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(allow="GET, HEAD")
    told = {"status": "ok"}
    if full:
        told |= {"version": release.version(), "commit": release.commit()}
    return json.dumps(told, separators=(",", ":")).encode()
