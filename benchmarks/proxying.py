"""A FHIR read through the proxy with all checks, compared with forwarders without checks.

Latency: one client calls all of them in turn. Throughput per core: several clients call each of
them in turn for a while, and the number of responses is divided by its server's processor time.
"""

import contextlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.support import click, others, resources, wire
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Budget, Row
from benchmarks.support.wire import Question
from tests.support.app.servers import companion
from tests.support.browser.browser import Browser

LATENCY_SECONDS, MOST_ROUNDS = 7.0, 500
BLOCKS, BLOCK_SECONDS, CLIENTS, SIXTEEN = 4, 0.7, 8, 16
WARMING_ROUNDS = 10
LEAN, UNCHECKED = "forward_pooled", "forward_unchecked"
_BESIDE = (LEAN, UNCHECKED, "forward_requests")
P95 = Budget(2.0)


@dataclass(frozen=True)
class Size:
    """A read of one size: its name, its path below the FHIR base, the minimum size of its response,
    and its budgets.
    """

    name: str
    what: str
    path: str
    least_bytes: int
    latency: Budget
    throughput: Budget


@dataclass(frozen=True)
class Asked:
    """A server to call; `prefix` precedes the path below the FHIR base."""

    server: Server
    prefix: str
    headers: Mapping[str, str]


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


def measure(place: Place, store: str) -> Iterator[Row]:
    """Yield rows for each size, for sixteen clients, and over TLS."""
    yield from _plain(place, store)
    yield from _over_tls(place, store)


def _plain(place: Place, store: str) -> Iterator[Row]:
    """Compare with all available forwarders and third-party programs."""
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(companion("benchmarks.support.ehr")) + "/r4"
        asked = _ours(stack, place, store, base, {"FHIR_BASE": base}, "", _BESIDE)
        for name, other in stack.enter_context(others.running(place.folder, base)).items():
            asked[name] = Asked(other.server, other.prefix, other.headers)
        for size in SIZES:
            yield from _compare(size, asked)
        yield _sixteen(SIZES[0], {name: asked[name] for name in ("fhir_proxy", LEAN)})


def _over_tls(place: Place, store: str) -> Iterator[Row]:
    """Compare with TLS to the EHR, as in production, which costs both sides the same."""
    with contextlib.ExitStack() as stack:
        folder = place.folder / "authority"
        folder.mkdir()
        ehr = companion("benchmarks.support.ehr", str(folder))
        base, ca_file = stack.enter_context(ehr) + "/r4", str(folder / "ca.pem")
        variables = {"FHIR_BASE": base, "CA_FILE": ca_file}
        more = f'ca_file = "{ca_file}"\n'
        asked = _ours(stack, place, store, base, variables, more, (LEAN, UNCHECKED))
        for size in SIZES[:2]:
            yield from _compare(
                replace(size, name=f"tls.{size.name}", what=f"{size.what}, TLS"), asked
            )


def _ours(
    stack: contextlib.ExitStack,
    place: Place,
    store: str,
    base: str,
    variables: Mapping[str, str],
    more: str,
    beside: Sequence[str],
) -> dict[str, Asked]:
    """Start the proxy with a session, and forwarders in its environment."""
    names = ("launch", "callback", "fhir_proxy")
    ours = stack.enter_context(place.functions(names, place.variables(base, store, more=more)))
    browser = Browser()
    begun = click.begin(ours["launch"].origin, base, browser)
    session = click.finish(ours["callback"].origin, begun, base, browser)
    asked = {"fhir_proxy": Asked(ours["fhir_proxy"], session.target("")[:-1], session.headers)}
    for name in beside:
        server = stack.enter_context(place.beside(name, "fhir_proxy", variables))
        asked[name] = Asked(server, "", session.headers)
    return asked


def _questions(size: Size, asked: Mapping[str, Asked]) -> list[Question]:
    return [
        Question(
            one.server.port,
            wire.get(f"{one.prefix}/{size.path}", {"Host": "localhost", **one.headers}),
            200,
            size.least_bytes,
        )
        for one in asked.values()
    ]


def _sixteen(size: Size, asked: Mapping[str, Asked]) -> Row:
    """Measure sixteen clients at once, each sending its next request on a response."""
    took: dict[str, list[float]] = {name: [] for name in asked}
    pairs = list(zip(asked, _questions(size, asked), strict=True))
    for block in range(BLOCKS):
        turn = block % len(pairs)
        for name, question in (*pairs[turn:], *pairs[:turn]):
            took[name] += wire.at_once(question, SIXTEEN, BLOCK_SECONDS)
    seconds = BLOCKS * BLOCK_SECONDS
    high = {name: statistics.quantiles(one, n=20)[-1] * 1000 for name, one in took.items()}
    rates = {f"{name} answers/s": len(one) / seconds for name, one in took.items()}
    return Row(
        f"proxy.{size.name}.sixteen",
        f"proxy p95 with {SIXTEEN} clients at once / leanest, {size.what}",
        high["fhir_proxy"] / high[LEAN],
        "ratio",
        None,
        {**{f"{name} ms": value for name, value in high.items()}, **rates},
    )


def _compare(size: Size, asked: Mapping[str, Asked]) -> list[Row]:
    """Measure latency and throughput of all servers at one size."""
    questions = _questions(size, asked)
    servers = {name: one.server for name, one in asked.items()}
    wire.in_turn(questions, LATENCY_SECONDS, WARMING_ROUNDS)
    took = dict(zip(servers, wire.in_turn(questions, LATENCY_SECONDS, MOST_ROUNDS), strict=True))
    middle = {name: statistics.median(one) * 1000 for name, one in took.items()}
    high = {name: statistics.quantiles(one, n=20)[-1] * 1000 for name, one in took.items()}
    rates = _rates(servers, questions)
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
            f"medians of {len(took[LEAN])} each",
        ),
        Row(
            f"proxy.{size.name}.latency_p95",
            f"proxy 95th percentile / leanest, {size.what}",
            high["fhir_proxy"] / high[LEAN],
            "ratio",
            P95,
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
    """Return the responses per second of processor time."""
    answers, cpu = dict.fromkeys(servers, 0), dict.fromkeys(servers, 0.0)
    pairs = list(zip(servers.items(), questions, strict=True))
    for block in range(BLOCKS):
        turn = block % len(pairs)
        for (name, server), question in (*pairs[turn:], *pairs[:turn]):
            before = server.cpu_seconds()
            answers[name] += len(wire.at_once(question, CLIENTS, BLOCK_SECONDS))
            cpu[name] += server.cpu_seconds() - before
    return {name: answers[name] / cpu[name] for name in servers}
