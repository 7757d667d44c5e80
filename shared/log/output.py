"""Standard output, one line at a time: threads, requests and processes never mix their lines.

It bypasses `sys.stdout`: if LOG_EXECUTION_ID is set, functions-framework replaces it with an object
that writes a line's text and its end in two calls.
"""

import os
import threading

STDOUT = 1
_lock = threading.Lock()
# A worker forked while another thread writes would wait for the lock forever.
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


def is_terminal() -> bool:
    """Return whether a person reads the output."""
    return os.isatty(STDOUT)


def write(line: str) -> None:
    """Write a line with one call. The rest after a full pipe is written before any other line."""
    data = f"{line}\n".encode()
    with _lock:
        while data:
            data = data[os.write(STDOUT, data) :]
