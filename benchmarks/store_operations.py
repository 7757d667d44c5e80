"""The number of store operations per step, counted below the real Firestore client."""

import time
from collections import Counter

from benchmarks.support import click
from benchmarks.support.ehr import Ehr
from benchmarks.support.processes import Place
from benchmarks.support.report import Budget, Row
from tests.support.browser.browser import Browser
from tests.support.cloud.firestore_stand_in import StandIn

READS = 10
# Access with this lifetime must be renewed when a fifth of it is left.
_LIFE_SECONDS = 2.0
_DUE_SECONDS = 1.7
_FUNCTIONS = ("launch", "callback", "fhir_proxy")


def measure(place: Place, _shared: str) -> list[Row]:
    """Measure a launch, then reads at a new instance, then a read that needs a token refresh."""
    ehr, store = Ehr(), StandIn()
    rows = []
    browser = Browser()
    with place.functions(_FUNCTIONS, place.variables(ehr.base, store.host)) as at:
        store.reset()
        begun = click.begin(at["launch"].origin, ehr.base, browser)
        rows.append(_row("launch", "launch", store, {"create": 1}))
        session = click.finish(at["callback"].origin, begun, ehr.base, browser)
        wanted = {"read": 1, "conditional delete": 1, "create": 1}
        rows.append(_row("callback", "callback", store, wanted))
        session.read(at["fhir_proxy"].origin, "Observation/o1")
        rows.append(_row("first_read", "first read at an instance", store, {"read": 1}))
        for _ in range(READS):
            session.read(at["fhir_proxy"].origin, "Observation/o1")
        # A slow machine may take longer than the 3 seconds that an instance trusts a session.
        rows.append(_row("reads", f"{READS} reads after it", store, {"read": READS}))

        browser = Browser()
        begun = click.begin(at["launch"].origin, ehr.base, browser)
        callback = at["callback"].origin
        session = click.finish(callback, begun, ehr.base, browser, _LIFE_SECONDS)
        time.sleep(_DUE_SECONDS)
        store.reset()
        session.read(at["fhir_proxy"].origin, "Observation/o1")
        rows.append(_row("refresh", "read with a refresh", store, {"read": 1, "replace": 2}))
    store.close()
    ehr.close()
    return rows


def _row(name: str, what: str, store: StandIn, most: dict[str, int]) -> Row:
    """Return the counts since the last row. An operation without a budget counts as one over
    budget.
    """
    counts = Counter(store.counts)
    store.reset()
    allowed = sum(most.values())
    over = sum((counts - Counter(most)).values())
    total = sum(counts.values())
    value = float(max(total, allowed + over) if over else total)
    named = " + ".join(f"{number} {kind}" for kind, number in most.items())
    return Row(
        f"store.{name}",
        f"store operations, {what}",
        value,
        "operations",
        Budget(allowed),
        dict(sorted(counts.items())),
        f"allowed: {named}",
    )
