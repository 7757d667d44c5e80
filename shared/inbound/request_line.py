"""Limit the request line, because functions-framework starts Gunicorn without a limit.

For every 8 kB, Gunicorn scans all of the line again that it has read so far, so a line of 16 MB
used half a minute of CPU time before this app's code ran. Gunicorn's own setting allows up to 8,190
bytes, which is too little for launches of some EHRs.
"""

from collections.abc import Callable
from typing import Any

from gunicorn.http.message import Request

MOST_BYTES = 65_536


def keep_short() -> None:
    """Make Gunicorn reject longer lines with 414 (RFC 9110 15.5.15) as soon as they exceed the
    limit.
    """
    read: Callable[..., Any] = Request.read_line
    if getattr(read, "is_ours", False):
        return

    def read_line(self: Request, unreader: Any, buf: Any, limit: int = 0) -> Any:
        return read(self, unreader, buf, limit or MOST_BYTES)

    read_line.is_ours = True  # type: ignore[attr-defined]
    Request.read_line = read_line
