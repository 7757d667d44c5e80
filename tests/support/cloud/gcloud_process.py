"""Keep gcloud loaded: each command is a fork, and its waiting moves a clock instead of taking time.

gcloud takes half a second to load and waits some seconds for every operation, and the guide has a
hundred commands. This file runs under gcloud's own Python, `python gcloud_process.py SOCKET`, and
serves the small client that tests put on the path in gcloud's place: CLIENT. The fork is gcloud
itself, with its arguments, environment and files. Only `time.sleep` calls CLOCK (HOST:PORT) to move
on. Before the next command, the server loads what one command had to load, modules and its place in
the tree of commands: that's four fifths of a command's CPU time.
"""

import contextlib
import functools
import gc
import http.client
import importlib
import json
import os
import pathlib
import signal
import socket
import sys
import time
import zlib
from typing import Any, NamedTuple

# It starts for each command, so it imports only what is in Python's core.
CLIENT = """
import _socket, posix, sys
connection = _socket.socket(_socket.AF_UNIX)
connection.connect(sys.argv[1])
words = [word.encode("utf-8", "surrogateescape") for word in sys.argv[2:]]
words = [posix.getcwdb(), b"%d" % len(words), *words]
words += [name + b"=" + text for name, text in posix.environ.items()]
files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
connection.sendmsg([b"-"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
connection.sendall(b"\\0".join(words))
connection.shutdown(_socket.SHUT_WR)
sys.exit(int(connection.recv(10) or b"70"))
"""
# It neither prompts nor reports, and skips what takes longer than the command: a survey, detecting
# its environment, a drawing thread, a program that measures the terminal.
SILENCE = {
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "CLOUDSDK_CORE_CHECK_GCE_METADATA": "0",
    "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
    "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
    "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "1",
    "CLOUDSDK_METRICS_ENVIRONMENT": "tests",
    "CLOUDSDK_CORE_INTERACTIVE_UX_STYLE": "off",
    "COLUMNS": "80",
    "LINES": "24",
}
LIBRARY = "/usr/lib/google-cloud-sdk/lib"


class Call(NamedTuple):
    """The call of CLIENT, and its stdin, stdout and stderr."""

    folder: str
    words: list[str]
    variables: dict[str, str]
    streams: list[int]


def received(connection: socket.socket) -> Call:
    """Return the call that CLIENT sends. It waits for an exit status, in digits."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("r", encoding="utf-8", errors="surrogateescape", newline="") as sent:
        folder, count, *words = sent.read().split("\0")
    number = int(count)
    variables = {name: value for name, _, value in (one.partition("=") for one in words[number:])}
    return Call(folder, words[:number], variables, streams)


def serve(path: str) -> None:
    """Serve until the process is ended. `ready` on stdout reports when it starts."""
    sys.path[:0] = [LIBRARY, f"{LIBRARY}/third_party"]
    import googlecloudsdk.calliope.cli
    import googlecloudsdk.gcloud_main

    commands = googlecloudsdk.gcloud_main.CreateCLI([])
    _spare()
    notes = pathlib.Path(f"{path}.notes")
    notes.mkdir()
    signal.signal(signal.SIGCHLD, _reap)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(50)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            for note in notes.glob("*.json"):
                _load(commands, **json.loads(note.read_text()))
                note.unlink()
            # Existing objects aren't garbage: scanning them would copy them into every fork.
            gc.freeze()
            if os.fork() == 0:
                gc.disable()
                server.close()
                _run(connection, commands, notes)
            connection.close()


def _spare() -> None:
    """Skip expensive and unused work: the best compression of an archive, and reading this
    machine's processor name from a database for every request.
    """
    compress = zlib.compressobj
    zlib.compressobj = lambda level=-1, *more: compress(1, *more)
    transport: Any = importlib.import_module("googlecloudsdk.core.transport")
    transport.GetAndCacheArchitecture = functools.cache(transport.GetAndCacheArchitecture)


def _reap(*_: object) -> None:
    """Wait for the commands that have ended, so that their CPU time counts for this process."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load(commands: Any, modules: list[str], arguments: list[str]) -> None:
    """Load what an earlier command has loaded, for later ones."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    element = commands._TopElement()
    for word in arguments:
        element = element.LoadSubElement(word)
        if element is None:
            break


def _run(connection: socket.socket, commands: Any, notes: pathlib.Path) -> None:
    """Run one command in a separate process that ends here."""
    loaded = set(sys.modules)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call = received(connection)
    arguments = call.words
    for number, file in enumerate(call.streams):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(call.variables)
    os.chdir(call.folder)
    sys.argv = ["gcloud", *arguments]
    # The configuration read during loading was this process's own.
    configurations = sys.modules["googlecloudsdk.core.configurations.named_configs"]
    configurations.ActivePropertiesFile.Invalidate()
    if clock := os.environ.get("CLOCK"):
        time.sleep = lambda seconds: _move(clock, float(seconds), arguments)
    code = 70
    try:
        sys.modules["googlecloudsdk.gcloud_main"].main(commands)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            # gcloud loads its commands under new names each time. Those aren't modules.
            new = [one for one in sys.modules if one not in loaded and not one.startswith("__")]
            note = notes / f"{os.getpid()}.new"
            note.write_text(json.dumps({"modules": new, "arguments": arguments}))
            note.rename(note.with_suffix(".json"))
        connection.sendall(str(code).encode())
        os._exit(code)


def _move(clock: str, seconds: float, arguments: list[str]) -> None:
    """Move the clock and name the command, because waiting for a build takes real time."""
    connection = http.client.HTTPConnection(clock)
    connection.request("POST", f"/clock/{seconds}", headers={"Command": " ".join(arguments[:2])})
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    serve(sys.argv[1])
