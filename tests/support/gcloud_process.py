"""gcloud kept loaded: each command is a fork, and its waiting moves a clock instead of taking time.

gcloud loads for half a second and waits some seconds for every operation; the guide has a hundred
commands. This file runs under gcloud's own Python, `python gcloud_process.py SOCKET`, and answers
the small client that tests put on the path in gcloud's place: CLIENT. What runs is gcloud itself,
its arguments, its environment, its files; only `time.sleep` asks CLOCK (HOST:PORT) to move on.

What one command had to load, modules and its own place in the tree of commands, the server loads
too, before the next: of a command's processor time four fifths are that.
"""

import contextlib
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
from typing import Any

CLIENT = """
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
call = {"arguments": sys.argv[2:], "folder": os.getcwd(), "variables": dict(os.environ)}
socket.send_fds(connection, [json.dumps(call).encode() + b"\\n"], [0, 1, 2])
sys.exit(int(connection.recv(10) or b"70"))
"""
LIBRARY = "/usr/lib/google-cloud-sdk/lib"


def serve(path: str) -> None:
    """Answer until the process is ended; `ready` on stdout says when."""
    sys.path[:0] = [LIBRARY, f"{LIBRARY}/third_party"]
    import googlecloudsdk.calliope.cli
    import googlecloudsdk.gcloud_main

    commands = googlecloudsdk.gcloud_main.CreateCLI([])
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
            # What is there by now is no garbage: looking at it would copy it into every fork.
            gc.freeze()
            if os.fork() == 0:
                server.close()
                _run(connection, commands, notes)
            connection.close()


def _reap(*_: object) -> None:
    """Wait for the commands that have ended: their processor time is then this process's too."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load(commands: Any, modules: list[str], arguments: list[str]) -> None:
    """What an earlier command has loaded, so that later ones find it."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    element = commands._TopElement()
    for word in arguments:
        element = element.LoadSubElement(word)
        if element is None:
            break


def _run(connection: socket.socket, commands: Any, notes: pathlib.Path) -> None:
    """One command, in a process of its own that ends here."""
    loaded = set(sys.modules)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    received, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not received.endswith(b"\n"):
        received += connection.recv(1 << 20)
    call = json.loads(received)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(call["variables"])
    os.chdir(call["folder"])
    sys.argv = ["gcloud", *call["arguments"]]
    # What was read while loading was this process's own configuration.
    configurations = sys.modules["googlecloudsdk.core.configurations.named_configs"]
    configurations.ActivePropertiesFile.Invalidate()
    if clock := call["variables"].get("CLOCK"):
        time.sleep = lambda seconds: _move(clock, float(seconds), call["arguments"])
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
            # gcloud loads its commands under names of its own each time; those are no modules.
            new = [one for one in set(sys.modules) - loaded if one.startswith("googlecloudsdk")]
            note = notes / f"{os.getpid()}.new"
            note.write_text(json.dumps({"modules": new, "arguments": call["arguments"]}))
            note.rename(note.with_suffix(".json"))
        connection.sendall(str(code).encode())
        os._exit(code)


def _move(clock: str, seconds: float, arguments: list[str]) -> None:
    """Who waits is told, since a build that is waited for takes real time."""
    connection = http.client.HTTPConnection(clock)
    connection.request("POST", f"/clock/{seconds}", headers={"Command": " ".join(arguments[:2])})
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    serve(sys.argv[1])
