"""docs/scaling.md: what a number of launches a month costs, and what comes to its end first.

Reckoned from processor times that were measured, the sizes of deployment.toml and list prices. One
launch here is: a click, a callback, the app's page, and ten reads by a page of one's own.
"""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from docs.generators.scaling_page import PAGE
from infra.deployment import FILE, Deployment, read
from infra.stage import ROOT

STEPS = (1_000, 1_000_000, 100_000_000)
READS = 10
# `python -m benchmarks a_launch`, November 2026: for one launch.
PROCESSOR_SECONDS: Mapping[str, float] = {
    "launch": 0.0039,
    "callback": 0.0071,
    "smart_calc": 0.0248,
    "fhir_proxy": 0.0186,
}
ANSWERED_BYTES: Mapping[str, int] = {
    "launch": 0,
    "callback": 0,
    "smart_calc": 35_240,
    "fhir_proxy": 18_110,
}
LOG_BYTES: Mapping[str, int] = {
    "launch": 287,
    "callback": 448,
    "smart_calc": 2_713,
    "fhir_proxy": 3_330,
}
# Assumed: an EHR and a store across a network. callback waits for the token endpoint, the page for
# one batch of reads.
EHR_SECONDS, STORE_SECONDS = 0.2, 0.01
WAITS: Mapping[str, float] = {
    "launch": STORE_SECONDS,
    "callback": EHR_SECONDS + 3 * STORE_SECONDS,
    "smart_calc": EHR_SECONDS + STORE_SECONDS,
    "fhir_proxy": READS * (EHR_SECONDS + STORE_SECONDS),
}
REQUESTS = 3 + READS
# At most, as tests/deploy/test_together.py counts; one touch of the idle clock, deletes by TTL.
STORE_READS, STORE_WRITES, STORE_DELETES = 12, 3, 2

# Clinics: 22 days of 10 hours, and a busiest minute of three times their mean.
OPEN_SECONDS = 22 * 10 * 3600
PEAK = 3.0
# Cloud Run starts an instance more above this: https://cloud.google.com/run/docs/about-instance-autoscaling
BUSY = 0.6
MONTH_SECONDS = 730 * 3600

# US dollars; where they were read stands on the page.
CPU, FREE_CPU = 0.000024, 180_000
MEMORY, FREE_MEMORY = 0.0000025, 360_000
REQUEST, FREE_REQUESTS = 0.40 / 1e6, 2_000_000
IDLE = 0.0000025
STORE_READ, STORE_WRITE, STORE_DELETE = 0.03 / 1e5, 0.09 / 1e5, 0.01 / 1e5
LOG, FREE_LOG = 0.50, 50
EGRESS = 0.12
BALANCER_HOUR, BALANCER_GIB = 0.025, 0.008

GIB = 2**30
# Firestore, at first: 500 operations a second to a new collection, then half as many more every 5
# minutes.
STORE_AT_FIRST = 500


@dataclass(frozen=True)
class Load:
    """What a function does at a number of launches.

    Fields:
        at_once: requests held at once, in the mean of the open hours.
        instances: running in the busiest minute.
        seconds: of instances in a month that are paid for.
    """

    at_once: float
    instances: int
    seconds: float


def load(name: str, launches: int, concurrency: int) -> Load:
    """A function's load, with evenly spread arrivals."""
    held = WAITS[name] + PROCESSOR_SECONDS[name]
    at_once = launches * held / OPEN_SECONDS
    working = launches * PROCESSOR_SECONDS[name] / OPEN_SECONDS
    # As many as keep below the busy mark, by processor and by requests at once.
    needed = max(working, at_once / concurrency) / BUSY
    # Below one instance: the share of time in which at least one request is there.
    busy = max(needed, 1 - math.exp(-at_once))
    return Load(at_once, max(1, math.ceil(needed * PEAK)), busy * OPEN_SECONDS)


def costs(launches: int, deployment: Deployment) -> Mapping[str, float]:
    """US dollars a month by item."""
    loads = {
        name: load(name, launches, deployment.functions[name]["concurrency"])
        for name in PROCESSOR_SECONDS
    }
    cpu = sum(one.seconds * deployment.functions[name]["cpu"] for name, one in loads.items())
    memory = sum(one.seconds * _gib(deployment, name) for name, one in loads.items())
    out = launches * sum(ANSWERED_BYTES.values()) / GIB
    logged = launches * sum(LOG_BYTES.values()) / GIB
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
    """US dollars a month for one instance of each function that waits all the time."""
    sizes = [(one["cpu"], _gib(deployment, name)) for name, one in deployment.functions.items()]
    return sum(cpu + memory for cpu, memory in sizes) * IDLE * MONTH_SECONDS


def _gib(deployment: Deployment, name: str) -> float:
    return deployment.functions[name]["memory_mib"] / 1024


def _above(amount: float, free: float) -> float:
    return max(0.0, amount - free)


def markdown() -> str:
    """The page."""
    deployment = read(ROOT / FILE)
    each = [costs(launches, deployment) for launches in STEPS]
    rows = [f"| {item} | {' | '.join(_dollars(one[item]) for one in each)} |" for item in each[0]]
    sums = [sum(one.values()) for one in each]
    rows.append(f"| **sum** | {' | '.join(f'**{_dollars(one)}**' for one in sums)} |")
    ones = [_dollars(total / launches, 6) for total, launches in zip(sums, STEPS, strict=True)]
    rows.append(f"| a launch | {' | '.join(ones)} |")
    return PAGE.format(
        costs="\n".join(rows),
        measured="\n".join(_measured(name) for name in PROCESSOR_SECONDS),
        walls="\n".join(_walls(deployment)),
        warm=_dollars(warm(deployment)),
        functions=len(deployment.functions),
        ehr=f"{EHR_SECONDS:g}",
        store=f"{STORE_SECONDS * 1000:.0f}",
    )


def _measured(name: str) -> str:
    return (
        f"| `{name}` | {PROCESSOR_SECONDS[name] * 1000:.1f} | {ANSWERED_BYTES[name]:,} "
        f"| {LOG_BYTES[name]:,} |"
    )


def _walls(deployment: Deployment) -> list[str]:
    """What the busiest minute asks for, what there is, and at how many launches that is all."""
    operations = STORE_READS + STORE_WRITES + STORE_DELETES
    quota = tomllib.loads((ROOT / FILE).read_text("utf-8"))["quota"]["vcpu"]

    def second(launches: int) -> float:
        return launches / OPEN_SECONDS * PEAK

    def instances(name: str) -> Callable[[int], float]:
        concurrency = deployment.functions[name]["concurrency"]
        return lambda launches: load(name, launches, concurrency).instances

    def vcpu(launches: int) -> float:
        sizes = deployment.functions
        return sum(sizes[name]["cpu"] * instances(name)(launches) for name in PROCESSOR_SECONDS)

    rows = [
        _wall("launches a second", second, None),
        _wall("requests a second", lambda launches: second(launches) * REQUESTS, None),
        _wall(
            "Firestore, operations a second",
            lambda launches: second(launches) * operations,
            STORE_AT_FIRST,
        ),
        _wall("`[quota]` of the project, vCPU", vcpu, quota),
    ]
    rows += [
        _wall(
            f"`max_instances` of `{name}`",
            instances(name),
            deployment.functions[name]["max_instances"],
        )
        for name in PROCESSOR_SECONDS
    ]
    return rows


def _wall(what: str, needed: Callable[[int], float], there: float | None) -> str:
    found = [_marked(needed(launches), there) for launches in STEPS]
    if there is None:
        return f"| {what} | | | {' | '.join(found)} |"
    reached = next(most for most in _LADDER if needed(most) > there)
    return f"| {what} | {there:g} | {_LADDER_NAMES[reached]} | {' | '.join(found)} |"


_LADDER = tuple(million * 1_000_000 for million in range(1, 1000))
_LADDER_NAMES = {launches: f"{launches // 1_000_000} million" for launches in _LADDER}


def _marked(value: float, limit: float | None) -> str:
    text = f"{value:,.1f}" if value < 10 and value != int(value) else f"{value:,.0f}"
    return f"**{text}**" if limit is not None and value > limit else text


def _dollars(amount: float, digits: int = 2) -> str:
    return f"{amount:,.{digits}f}"
