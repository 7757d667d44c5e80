"""Standard output, a line at a time: lines of threads, requests and processes are never mixed.

Written past `sys.stdout`: functions-framework puts an object of its own there where
LOG_EXECUTION_ID is set, which writes a line's text and its end in two calls.
"""

import os
import threading

STDOUT = 1
_lock = threading.Lock()
# A worker forked while another thread writes would wait for it for ever.
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


def is_terminal() -> bool:
    """Whether a person reads along."""
    return os.isatty(STDOUT)


def write(line: str) -> None:
    """Write a line by one call. What a full pipe leaves over follows before any other line."""
    data = f"{line}\n".encode()
    with _lock:
        while data:
            data = data[os.write(STDOUT, data) :]
