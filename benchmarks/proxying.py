"""One FHIR read through the proxy, all checks on, beside forwarders that check nothing.

Latency: one client asks all of them in turn. Throughput per core: several clients ask each of them
in turn for a while, and the answers are divided by the processor time that its server took.
"""

import contextlib
import shutil
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.support import click, processes, resources, wire
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Budget, Row
from benchmarks.support.wire import Question
from tests.support.browser import Browser
from tests.support.servers import free_port

LATENCY_SECONDS, MOST_ROUNDS = 7.0, 500
BLOCKS, BLOCK_SECONDS, CLIENTS = 4, 0.7, 8
WARMING_ROUNDS = 10
_BESIDE = ("forward_pooled", "forward_session", "forward_requests")
LEAN = "forward_pooled"


@dataclass(frozen=True)
class Size:
    """A read of one size: its name, its path below the FHIR base, the least its answer weighs, and
    its budgets.
    """

    name: str
    what: str
    path: str
    least_bytes: int
    latency: Budget
    throughput: Budget


def _search(entries: int) -> str:
    return f"Observation?patient={resources.PATIENT}&_count={entries}"


def _least(limit: float) -> Budget:
    return Budget(limit, at_least=True)


SIZES = (
    Size("resource", "2 kB resource", "Observation/o1", 1_800, Budget(1.3), _least(0.7)),
    Size(
        "bundle",
        "Bundle of 100 entries",
        _search(resources.HUNDRED),
        180_000,
        Budget(1.7),
        _least(0.5),
    ),
    Size(
        "megabyte",
        "Bundle of 1 MB",
        _search(resources.MEGABYTE),
        900_000,
        Budget(2.0),
        _least(0.35),
    ),
)


def measure(place: Place, store: str) -> list[Row]:
    """Rows for each size; nginx is measured where it is on PATH."""
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(processes.companion("benchmarks.support.ehr")) + "/r4"
        variables = place.variables(base, store)
        names = ("launch", "callback", "fhir_proxy")
        ours = stack.enter_context(place.functions(names, variables))
        browser = Browser()
        begun = click.begin(ours["launch"].origin, base, browser)
        session = click.finish(ours["callback"].origin, begun, base, browser)
        servers = {"fhir_proxy": ours["fhir_proxy"]}
        for name in _BESIDE:
            started = place.beside(name, "fhir_proxy", {"FHIR_BASE": base})
            servers[name] = stack.enter_context(started)
        if shutil.which("nginx"):
            servers["nginx"] = stack.enter_context(_nginx(place.folder, base))
        rows = []
        for size in SIZES:
            rows += _compare(size, servers, session)
        return rows


def _compare(size: Size, servers: Mapping[str, Server], session: click.Session) -> list[Row]:
    """Latency and throughput of all at one size."""
    questions = [
        Question(
            server.port,
            wire.get(
                session.target(size.path) if name == "fhir_proxy" else f"/{size.path}",
                session.headers,
            ),
            200,
            size.least_bytes,
        )
        for name, server in servers.items()
    ]
    wire.in_turn(questions, LATENCY_SECONDS, WARMING_ROUNDS)
    took = dict(zip(servers, wire.in_turn(questions, LATENCY_SECONDS, MOST_ROUNDS), strict=True))
    middle = {name: statistics.median(one) * 1000 for name, one in took.items()}
    high = {name: statistics.quantiles(one, n=20)[-1] * 1000 for name, one in took.items()}
    rates = _rates(servers, questions)
    note = "" if "nginx" in servers else "; nginx, the floor, is not on PATH"
    return [
        Row(
            f"proxy.{size.name}.latency",
            f"proxy latency / leanest forwarder, {size.what}",
            middle["fhir_proxy"] / middle[LEAN],
            "ratio",
            size.latency,
            {
                **{f"{name} ms": value for name, value in middle.items()},
                "added ms": middle["fhir_proxy"] - middle[LEAN],
            },
            f"medians of {len(took[LEAN])} each{note}",
        ),
        Row(
            f"proxy.{size.name}.latency_p95",
            f"the same, 95th percentile, {size.what}",
            high["fhir_proxy"] / high[LEAN],
            "ratio",
            None,
            {f"{name} ms": value for name, value in high.items()},
        ),
        Row(
            f"proxy.{size.name}.throughput",
            f"proxy throughput per core / leanest, {size.what}",
            rates["fhir_proxy"] / rates[LEAN],
            "ratio",
            size.throughput,
            {f"{name} answers/CPU s": value for name, value in rates.items()},
        ),
    ]


def _rates(servers: Mapping[str, Server], questions: list[Question]) -> Mapping[str, float]:
    """Answers per second of processor time."""
    answers, cpu = dict.fromkeys(servers, 0), dict.fromkeys(servers, 0.0)
    pairs = list(zip(servers.items(), questions, strict=True))
    for block in range(BLOCKS):
        turn = block % len(pairs)
        for (name, server), question in (*pairs[turn:], *pairs[:turn]):
            before = server.cpu_seconds()
            answers[name] += wire.at_once(question, CLIENTS, BLOCK_SECONDS)
            cpu[name] += server.cpu_seconds() - before
    return {name: answers[name] / cpu[name] for name in servers}


@contextlib.contextmanager
def _nginx(folder: Path, base: str) -> Iterator[Server]:
    """One worker that forwards on connections that are kept."""
    port, host = free_port(), base.removeprefix("http://").partition("/")[0]
    home = folder / "nginx"
    home.mkdir()
    temporary = "".join(
        f"{name}_temp_path {home}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = home / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {home}/pid; error_log stderr error;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; keepalive_requests 1000000; {temporary}"
        f"upstream ehr {{ server {host}; keepalive 32; keepalive_requests 1000000; }}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://ehr/r4/;\n"
        'proxy_http_version 1.1; proxy_set_header Connection "";\n'
        'proxy_set_header Authorization "Bearer token"; }}}\n',
        encoding="utf-8",
    )
    log = home / "log"
    command = [shutil.which("nginx") or "nginx", "-p", str(home), "-c", str(config)]
    with processes.start(command, {}, log, home) as process:
        server = Server("nginx", port, process)
        processes.wait_for(server, log)
        yield server
