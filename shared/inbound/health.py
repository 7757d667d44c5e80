"""`/FUNCTION/health`: that a function runs, for whoever watches it.

Nothing else is touched: neither store nor EHR nor log.
"""

import json

from shared import release
from shared.errors import MethodNotAllowed

PATH = "/health"


def document(method: str, *, full: bool) -> bytes:
    """The answer's JSON; with `full` it says which release runs. Raises MethodNotAllowed."""
    if method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(allow="GET, HEAD")
    told = {"status": "ok"}
    if full:
        told |= {"version": release.VERSION, "commit": release.commit()}
    return json.dumps(told, separators=(",", ":")).encode()
