"""This environment's Python for a shell, where each command is a fork of forked.py.

The commands of the guide start Python two hundred times; what a command imports of others, which is
most of what it takes, is loaded once. What is ours each loads itself.
"""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.support.cloud import forked, gcloud_process


@contextlib.contextmanager
def program(folder: Path) -> Iterator[str]:
    """Yield the text of a program that acts as Python until the block ends. `folder` gets its
    files.
    """
    if not forked.possible():
        yield f'exec {sys.executable} "$@"'
        return
    client, path = folder / "client.py", folder / "python.socket"
    client.write_text(gcloud_process.CLIENT)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(50)
        threading.Thread(target=_answer_all, args=(server,), daemon=True).start()
        yield f'exec {sys.executable} -S -E -I {client} {path} "$0" "$@"'
        server.shutdown(socket.SHUT_RDWR)


def _answer_all(server: socket.socket) -> None:
    # Until it is shut down.
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        call = gcloud_process.received(connection)
        fork = forked.as_python(call.words, Path(call.folder), call.variables, call.streams)
        for number in call.streams:
            os.close(number)
        connection.sendall(str(fork.wait() & 0xFF).encode())
