"""The cost of one launch per function: processor time, log lines, response bytes.

It's a warm click as in `round_trips`, at an EHR that responds immediately, then ten reads of a 2 kB
resource through fhir_proxy by a custom frontend. docs/scaling.md is based on these results.
"""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.support import click
from benchmarks.support.click import Session
from benchmarks.support.ehr import Ehr
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Row
from tests.support.browser.browser import NAVIGATION, Browser

LAUNCHES = 40
READS = 10
_FUNCTIONS = ("launch", "callback", "smart_calc", "fhir_proxy")


def measure(place: Place, store: str) -> list[Row]:
    """Return a row per function for one launch; the first click is a warm-up and doesn't count."""
    ehr = Ehr(0.0)
    with place.functions(_FUNCTIONS, place.variables(ehr.base, store)) as running:
        _launch(ehr, running)
        before = {name: _state(place, server) for name, server in running.items()}
        sent = dict.fromkeys(_FUNCTIONS, 0)
        for _ in range(LAUNCHES):
            for name, size in _launch(ehr, running).items():
                sent[name] += size
        after = {name: _state(place, server) for name, server in running.items()}
    ehr.close()
    rows = []
    for name in _FUNCTIONS:
        (cpu, logged), (then, logged_then) = after[name], before[name]
        beside = {
            "log bytes": (logged - logged_then) / LAUNCHES,
            "response bytes": sent[name] / LAUNCHES,
        }
        milliseconds = (cpu - then) / LAUNCHES * 1000
        what = f"{name}, for one launch" + (f" with {READS} reads" if name == "fhir_proxy" else "")
        note = f"mean of {LAUNCHES} launches"
        rows.append(Row(f"a_launch.{name}", what, milliseconds, "CPU ms", None, beside, note))
    return rows


def _state(place: Place, server: Server) -> tuple[float, int]:
    """Return processor time and log size so far."""
    log: Path = place.folder / f"{server.name}-{server.port}.log"
    return server.cpu_seconds(), log.stat().st_size


def _launch(ehr: Ehr, running: Mapping[str, Server]) -> dict[str, int]:
    """Run one launch; return each function's response bytes, without headers."""
    browser = Browser()
    begun = click.begin(running["launch"].origin, ehr.base, browser)
    session: Session = click.finish(running["callback"].origin, begun, ehr.base, browser)
    # Browsers send this header. The body keeps its compressed size.
    headers = {**NAVIGATION, "Accept-Encoding": "gzip"}
    address = f"{running['smart_calc'].origin}/smart_calc/{session.handle}/"
    page = browser.send("GET", address, headers)
    reads = [session.read(running["fhir_proxy"].origin, "Observation/o1") for _ in range(READS)]
    return {
        "launch": len(begun.body),
        "callback": 0,
        "smart_calc": len(page.body),
        "fhir_proxy": sum(len(one.body) for one in reads),
    }
