"""A limit for the request line, which the server has none of as functions-framework starts it.

Gunicorn looks at all that it has read of a line again with each 8 kB: a line of 16 MB cost half a
minute of processor time, before anything of ours saw it. Its own setting goes to 8,190 bytes, less
than launches of some EHRs need, and functions-framework turns it off.
"""

from collections.abc import Callable
from typing import Any

from gunicorn.http.message import Request

MOST_BYTES = 65_536


def keep_short() -> None:
    """Have a longer line answered with 414 (RFC 9110 15.5.15) from here on, as soon as it is."""
    read: Callable[..., Any] = Request.read_line
    if getattr(read, "is_ours", False):
        return

    def read_line(self: Request, unreader: Any, buf: Any, limit: int = 0) -> Any:
        return read(self, unreader, buf, limit or MOST_BYTES)

    read_line.is_ours = True  # type: ignore[attr-defined]
    Request.read_line = read_line
