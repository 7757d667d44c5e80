"""Generates docs/scaling.md: the monthly cost for a number of launches, and the first limit
reached.

It uses measured processor times, the sizes in deployment.toml and list prices. A launch
here is a click, a callback, the app's page, ten reads by a custom frontend, and the CDS calls of
ten opened charts.
"""

import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from docs.generators.scaling_page import PAGE, PRICES
from infra.deployment import FILE, Deployment, read
from infra.stage import ROOT
from shared.fhir import fhir_client
from shared.smart import token_endpoint

STEPS = (1_000, 1_000_000, 100_000_000)
READS = 10
# An EHR calls whenever a chart is opened. One chart in ten is assumed to lead to a launch.
CDS_CALLS = 10
# From `python -m benchmarks a_launch` for one launch, November 2026. cds_services: 60 calls with
# 200 kB of prefetch, in one process, on SQLite.
PROCESSOR_SECONDS: Mapping[str, float] = {
    "launch": 0.0039,
    "callback": 0.0071,
    "smart_calc": 0.0248,
    "fhir_proxy": 0.0186,
    "cds_services": CDS_CALLS * 0.0431,
}
RESPONSE_BYTES: Mapping[str, int] = {
    "launch": 0,
    "callback": 0,
    "smart_calc": 35_240,
    "fhir_proxy": 18_110,
    # The approximate size of a card. Most calls return none.
    "cds_services": CDS_CALLS * 1_000,
}
LOG_BYTES: Mapping[str, int] = {
    "launch": 287,
    "callback": 448,
    "smart_calc": 2_713,
    "fhir_proxy": 3_330,
    "cds_services": CDS_CALLS * 438,
}
LOG_LINES: Mapping[str, int] = {
    "launch": 1,
    "callback": 1,
    "smart_calc": 8,
    "fhir_proxy": READS,
    "cds_services": CDS_CALLS,
}
# The size of what Cloud Logging adds to each line as JSON: labels of the resource and the instance,
# two times, ids. From memory; it's unknown whether Google charges for all of it.
METADATA_BYTES = 900
# Assumed for an EHR and a store across a network. callback waits for the token endpoint, the page
# for one batch of reads.
EHR_SECONDS, STORE_SECONDS = 0.2, 0.01
WAITS: Mapping[str, float] = {
    "launch": STORE_SECONDS,
    "callback": EHR_SECONDS + 3 * STORE_SECONDS,
    "smart_calc": EHR_SECONDS + STORE_SECONDS,
    "fhir_proxy": READS * (EHR_SECONDS + STORE_SECONDS),
    # The prefetch contains all data, so available's only one write.
    "cds_services": CDS_CALLS * STORE_SECONDS,
}
# With thousands of EHRs, an instance's copies of discovery documents and key sets have mostly
# expired, so `launch` waits for one of these and `callback` for the other.
HOSPITALS, LAUNCHES_EACH = 5_000, 200
COLD_WAITS = {
    **WAITS,
    "launch": WAITS["launch"] + EHR_SECONDS,
    "callback": WAITS["callback"] + EHR_SECONDS,
}
REQUESTS = 3 + READS + CDS_CALLS
# Upper limits, as counted in tests/deploy/test_together.py, with one touch of the idle clock and
# deletes by TTL.
STORE_READS, STORE_WRITES, STORE_DELETES = 12, 3 + CDS_CALLS, 2 + CDS_CALLS

# Clinics are open 22 days of 10 hours. Their busiest minute has three times the average load.
OPEN_SECONDS = 22 * 10 * 3600
PEAK = 3.0
# Above this, Cloud Run starts another instance: https://cloud.google.com/run/docs/about-instance-autoscaling
BUSY = 0.6
MONTH_SECONDS = 730 * 3600

# US dollars. The page lists the sources.
CPU, FREE_CPU = 0.000024, 180_000
MEMORY, FREE_MEMORY = 0.0000025, 360_000
REQUEST, FREE_REQUESTS = 0.40 / 1e6, 2_000_000
IDLE = 0.0000025
STORE_READ, STORE_WRITE, STORE_DELETE = 0.03 / 1e5, 0.09 / 1e5, 0.01 / 1e5
LOG, FREE_LOG = 0.50, 50
EGRESS = 0.12
BALANCER_HOUR, BALANCER_GIB = 0.025, 0.008

GIB = 2**30
# Firestore initially allows 500 operations a second in a new collection, then 50% more every 5
# minutes.
STORE_AT_FIRST = 500


@dataclass(frozen=True)
class Load:
    """A function's load at a number of launches.

    Fields:
        at_once: average number of simultaneous requests during open hours.
        instances: number of instances in the busiest minute.
        seconds: billed instance seconds per month.
    """

    at_once: float
    instances: int
    seconds: float


def load(name: str, launches: int, concurrency: int, waits: Mapping[str, float] = WAITS) -> Load:
    """Calculate a function's load, with evenly spread arrivals."""
    duration = waits[name] + PROCESSOR_SECONDS[name]
    at_once = launches * duration / OPEN_SECONDS
    working = launches * PROCESSOR_SECONDS[name] / OPEN_SECONDS
    # The number of instances that keeps processor and concurrency below BUSY.
    needed = max(working, at_once / concurrency) / BUSY
    # Below one instance: the share of time with at least one request.
    busy = max(needed, 1 - math.exp(-at_once))
    return Load(at_once, max(1, math.ceil(needed * PEAK)), busy * OPEN_SECONDS)


def costs(
    launches: int, deployment: Deployment, waits: Mapping[str, float] = WAITS
) -> Mapping[str, float]:
    """Return US dollars per month by item."""
    loads = {
        name: load(name, launches, deployment.functions[name]["concurrency"], waits)
        for name in PROCESSOR_SECONDS
    }
    cpu = sum(one.seconds * deployment.functions[name]["cpu"] for name, one in loads.items())
    memory = sum(one.seconds * _gib(deployment, name) for name, one in loads.items())
    out = launches * sum(RESPONSE_BYTES.values()) / GIB
    metadata = METADATA_BYTES * sum(LOG_LINES.values())
    logged = launches * (sum(LOG_BYTES.values()) + metadata) / GIB
    store = STORE_READS * STORE_READ + STORE_WRITES * STORE_WRITE + STORE_DELETES * STORE_DELETE
    return {
        "Cloud Run, processor [1]": _above(cpu, FREE_CPU) * CPU,
        "Cloud Run, memory [1]": _above(memory, FREE_MEMORY) * MEMORY,
        "Cloud Run, requests [1]": _above(launches * REQUESTS, FREE_REQUESTS) * REQUEST,
        "Firestore, reads, writes, deletes [2]": launches * store,
        "Cloud Logging [3]": _above(logged, FREE_LOG) * LOG,
        "data to browsers [4]": out * EGRESS,
        "load balancer, one rule and its data [5]": 730 * BALANCER_HOUR + out * BALANCER_GIB,
        "`min_instances = 1`, all functions, idle [1]": warm(deployment),
    }


def warm(deployment: Deployment) -> float:
    """Return US dollars per month for one always-idle instance of each function."""
    sizes = [(one["cpu"], _gib(deployment, name)) for name, one in deployment.functions.items()]
    return sum(cpu + memory for cpu, memory in sizes) * IDLE * MONTH_SECONDS


def _gib(deployment: Deployment, name: str) -> float:
    return deployment.functions[name]["memory_mib"] / 1024


def _above(amount: float, free: float) -> float:
    return max(0.0, amount - free)


def markdown() -> str:
    """Return the page."""
    deployment = read(ROOT / FILE)
    each = [costs(launches, deployment) for launches in STEPS]
    rows = [f"| {item} | {' | '.join(_dollars(one[item]) for one in each)} |" for item in each[0]]
    sums = [sum(one.values()) for one in each]
    rows.append(f"| **sum** | {' | '.join(f'**{_dollars(one)}**' for one in sums)} |")
    ones = [_dollars(total / launches, 6) for total, launches in zip(sums, STEPS, strict=True)]
    rows.append(f"| a launch | {' | '.join(ones)} |")
    prices = ["| price, US dollars | read | source |", "|---|---|---|"]
    prices += [
        f"| {what} | {read_on or 'not read'} | {source or '**from memory**'} |"
        for what, read_on, source in PRICES
    ]
    return PAGE.replace("{prices}", "\n".join(prices)).format(
        costs="\n".join(rows),
        hospitals=f"{HOSPITALS:,}",
        launches_each=LAUNCHES_EACH,
        many=_dollars(sum(costs(HOSPITALS * LAUNCHES_EACH, deployment, COLD_WAITS).values())),
        one=_dollars(sum(costs(HOSPITALS * LAUNCHES_EACH, deployment).values())),
        measured="\n".join(_measured(name) for name in PROCESSOR_SECONDS),
        walls="\n".join(_walls(deployment)),
        first=limits(deployment)[0].what,
        changes="\n".join(_changes(deployment)),
        cds=CDS_CALLS,
        cpu=f"{CPU:f}",
        memory=f"{MEMORY:.7f}",
        request=f"{REQUEST * 1e6:.2f}",
        idle=f"{IDLE:.7f}",
        reads=f"{STORE_READ * 1e5:.2f}",
        writes=f"{STORE_WRITE * 1e5:.2f}",
        deletes=f"{STORE_DELETE * 1e5:.2f}",
        log=f"{LOG:.2f}",
        egress=f"{EGRESS:.2f}",
        hour=f"{BALANCER_HOUR:.3f}",
        balanced=f"{BALANCER_GIB:.3f}",
        metadata=METADATA_BYTES,
        ehr=f"{EHR_SECONDS:g}",
        store=f"{STORE_SECONDS * 1000:.0f}",
    )


def _changes(deployment: Deployment) -> Iterator[str]:
    """Yield a row for each kind of change, with its deadline."""
    for name, change, seconds in (
        ("fhir_proxy", "a write", fhir_client.SECONDS),
        ("fhir_proxy", "the renewal of a session's access", token_endpoint.SECONDS),
        ("smart_calc", "the renewal of a session's access", token_endpoint.SECONDS),
        ("callback", "the exchange of a code", token_endpoint.SECONDS),
    ):
        count = deployment.functions[name]["concurrency"]
        yield f"| `{name}` | {change} | {count} | {seconds:g} s |"


def _measured(name: str) -> str:
    return (
        f"| `{name}` | {PROCESSOR_SECONDS[name] * 1000:.1f} | {RESPONSE_BYTES[name]:,} "
        f"| {LOG_BYTES[name]:,} | {LOG_LINES[name]} |"
    )


@dataclass(frozen=True)
class Limit:
    """A resource that's insufficient above some number of launches per month.

    Fields:
        what: its name.
        needed: returns the amount that the busiest minute needs for a number of launches.
        available: the available amount.
        moved_by: the setting, or the request to Google, that raises it.
    """

    what: str
    needed: Callable[[int], float]
    available: float
    moved_by: str

    @property
    def reached(self) -> int:
        """The first number of launches, to two digits, that exceeds it."""
        digits = (scale * lead for scale in _SCALES for lead in range(10, 100))
        return next(launches for launches in digits if self.needed(launches) > self.available)


_SCALES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)


def limits(deployment: Deployment) -> list[Limit]:
    """Return all limits, the first to be reached first."""
    operations = STORE_READS + STORE_WRITES + STORE_DELETES
    quota = tomllib.loads((ROOT / FILE).read_text("utf-8"))["quota"]["vcpu"]
    sizes = deployment.functions

    def instances(name: str) -> Callable[[int], float]:
        return lambda launches: load(name, launches, sizes[name]["concurrency"]).instances

    def vcpu(launches: int) -> float:
        return sum(sizes[name]["cpu"] * instances(name)(launches) for name in PROCESSOR_SECONDS)

    limits = [
        Limit(
            "Firestore, operations per second",
            lambda launches: _second(launches) * operations,
            STORE_AT_FIRST,
            "it grows automatically [6]",
        ),
        Limit("the project's vCPU", vcpu, quota, "`[quota]` `vcpu`, once Google has raised it"),
        *(
            Limit(
                f"instances of `{name}`",
                instances(name),
                sizes[name]["max_instances"],
                f"`[functions.{name}]` `max_instances`",
            )
            for name in PROCESSOR_SECONDS
        ),
    ]
    return sorted(limits, key=lambda one: one.reached)


def _second(launches: int) -> float:
    return launches / OPEN_SECONDS * PEAK


def _walls(deployment: Deployment) -> list[str]:
    """Return the rows of needed and available amounts, and how to raise them, in order."""

    def row(what: str, needed: Callable[[int], float], available: float | None, rest: str) -> str:
        cells = " | ".join(_marked(needed(launches), available) for launches in STEPS)
        return f"| {what} | {rest} | {cells} |"

    rows = [
        row(
            one.what,
            one.needed,
            one.available,
            f"{one.available:g} | {one.reached:,} | {one.moved_by}",
        )
        for one in limits(deployment)
    ]
    columns = ("", "limit", "reached at (launches a month)", "how to raise it")
    return [
        f"| {' | '.join((*columns, '1 thousand', '1 million', '100 million'))} |",
        "|---|---|---|---|---|---|---|",
        *rows,
        row("launches per second", _second, None, " | | "),
        row("requests per second", lambda launches: _second(launches) * REQUESTS, None, " | | "),
    ]


def _marked(value: float, limit: float | None) -> str:
    text = f"{value:,.1f}" if value < 10 and value != int(value) else f"{value:,.0f}"
    return f"**{text}**" if limit is not None and value > limit else text


def _dollars(amount: float, digits: int = 2) -> str:
    return f"{amount:,.{digits}f}"
