"""The proxy's memory: above idle while it streams a 9 MB Binary, and in total while 16 clients
request large responses at once.

Idle means after a launch and a first small read. The kernel reports the peak, so no peak is missed.
"""

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from benchmarks.support import click, resources, wire
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Budget, Row
from tests.support.app.servers import companion
from tests.support.browser.browser import Browser

BUDGET = Budget(4.0)
CLIENTS = 16
HERD_BUDGET = Budget(600.0)
LEAST_ANSWERED = Budget(2, at_least=True)
ALL_ANSWERED = Budget(CLIENTS, at_least=True)
_HERD_SECONDS = 300.0
PASSES = 3
_PIECE = 262_144
_PAUSE_SECONDS = 0.02
_SECONDS = 30.0
_BESIDE = ("forward_pooled", "forward_requests")


def measure(place: Place, store: str) -> Iterator[Row]:
    """Measure memory while streaming and while holding responses."""
    yield _streaming(place, store)
    yield from _herd(place, store)


def _herd(place: Place, store: str) -> Iterator[Row]:
    """Measure 16 clients at once: first each requests 1 MB, then each requests 19 MB."""
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(companion("benchmarks.support.ehr")) + "/r4"
        variables = {**place.variables(base, store), "THREADS": str(CLIENTS)}
        names = ("launch", "callback", "fhir_proxy")
        ours = stack.enter_context(place.functions(names, variables))
        browser = Browser()
        begun = click.begin(ours["launch"].origin, base, browser)
        session = click.finish(ours["callback"].origin, begun, base, browser)
        server = ours["fhir_proxy"]
        session.read(server.origin, "Observation/o1")
        for name, entries, least in (
            ("1 MB", resources.MEGABYTE, ALL_ANSWERED),
            ("19 MB", resources.HUGE, LEAST_ANSWERED),
        ):
            target = session.target(f"Observation?_count={entries}")
            request = wire.get(target, session.headers)
            session.read(server.origin, "Observation/o1")
            server.forget_peak()
            began = time.monotonic()
            with ThreadPoolExecutor(CLIENTS) as pool:
                statuses = list(pool.map(_status, repeat(server.port), [request] * CLIENTS))
            seconds = time.monotonic() - began
            peak = server.peak_kilobytes() * 1024 / 1e6
            beside = {f"status {one}": float(statuses.count(one)) for one in sorted(set(statuses))}
            what = f"{CLIENTS} responses of {name} at once"
            yield Row(
                f"memory.herd.{name}",
                f"memory of the instance, {what}",
                peak,
                "MB",
                HERD_BUDGET,
                beside | {"seconds": seconds},
            )
            yield Row(
                f"memory.herd.{name}.answered",
                f"{what}: status 200",
                float(statuses.count(200)),
                "",
                least,
            )


def _status(port: int, request: bytes) -> int:
    with contextlib.closing(wire.Wire(port, _HERD_SECONDS)) as client:
        return client.exchange(request)[0]


def _streaming(place: Place, store: str) -> Row:
    """Measure the maximum of several passes, with a fast client and a slow one."""
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(companion("benchmarks.support.ehr")) + "/r4"
        names = ("launch", "callback", "fhir_proxy")
        ours = stack.enter_context(place.functions(names, place.variables(base, store)))
        browser = Browser()
        begun = click.begin(ours["launch"].origin, base, browser)
        session = click.finish(ours["callback"].origin, begun, base, browser)
        session.read(ours["fhir_proxy"].origin, "Observation/o1")
        request = wire.get(session.target("Binary/b1"), session.headers)
        measured = {"fhir_proxy MB": _above_idle(ours["fhir_proxy"], request)}
        for name in _BESIDE:
            started = place.beside(name, "fhir_proxy", {"FHIR_BASE": base})
            server = stack.enter_context(started)
            headers = {"Host": "localhost"}
            with contextlib.closing(wire.Wire(server.port)) as first:
                first.exchange(wire.get("/Observation/o1", headers))
            measured[f"{name} MB"] = _above_idle(server, wire.get("/Binary/b1", headers))
    return Row(
        "memory.binary",
        "memory above idle, 9 MB Binary streamed",
        measured["fhir_proxy MB"],
        "MB",
        BUDGET,
        measured,
        f"the maximum of {2 * PASSES} passes; the forwarders keep the whole response in memory",
    )


def _above_idle(server: Server, request: bytes) -> float:
    """Return the peak memory above idle, in MB (million bytes)."""
    idle = server.resident_kilobytes()
    server.forget_peak()
    for _ in range(PASSES):
        for pause in (0.0, _PAUSE_SECONDS):
            _take(server.port, request, pause)
    return (server.peak_kilobytes() - idle) * 1024 / 1e6


def _take(port: int, request: bytes, pause: float) -> None:
    """Read a response to the end, with a pause after each chunk."""
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as connection:
        connection.sendall(request)
        received = 0
        while received < resources.BINARY_BYTES:
            piece = connection.recv(_PIECE)
            if not piece:
                raise ValueError(f"the response ends after {received} bytes")
            received += len(piece)
            if pause:
                time.sleep(pause)
