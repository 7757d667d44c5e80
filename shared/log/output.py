"""Write to stdout one line at a time, so that threads and processes never mix their lines.

It bypasses `sys.stdout`, because functions-framework replaces that, if LOG_EXECUTION_ID is set,
with an object that writes a line's text and its end in two calls.
"""

import os
import threading

STDOUT = 1
_lock = threading.Lock()
# Otherwise, a worker forked while another thread writes would wait for the lock forever.
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


def is_terminal() -> bool:
    """Return whether the output is a terminal, which a person reads."""
    return os.isatty(STDOUT)


def write(line: str) -> None:
    """Write a line with one call. If the pipe is full, write the rest before any other line."""
    data = f"{line}\n".encode()
    with _lock:
        while data:
            data = data[os.write(STDOUT, data) :]
