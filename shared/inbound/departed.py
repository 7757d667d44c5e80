"""Stop working on a request whose browser has closed the connection.

The work on a large request can take seconds, and a browser can leave and ask again at once. So code
that works for long checks now and then. A response that is being sent needs no check, because
sending it fails.
"""

import socket
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import TypeVar

_EVERY = 200

T = TypeVar("T")
_connection: ContextVar[socket.socket | None] = ContextVar("connection", default=None)


class BrowserGone(Exception):
    """The browser has closed the connection, so no one waits for the response."""


def begin(connection: socket.socket | None) -> None:
    """Set the connection of the request that this thread serves, None if it's unknown."""
    _connection.set(connection)


def stop_if_gone() -> None:
    """Raise BrowserGone if the browser has closed the connection."""
    connection = _connection.get()
    if connection is None:
        return
    try:
        is_gone = not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except (BlockingIOError, ValueError):
        return  # nothing to read, or a TLS connection, which can't be checked
    except OSError:
        is_gone = True
    if is_gone:
        raise BrowserGone


def while_here(items: Iterable[T]) -> Iterator[T]:
    """Yield the items of a long loop. Raise BrowserGone when the browser has gone."""
    for number, item in enumerate(items):
        if number % _EVERY == 0:
            stop_if_gone()
        yield item
