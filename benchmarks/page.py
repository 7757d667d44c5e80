"""The processor time of smart_calc for one page, compared with only parsing the same bytes.

It uses two charts, each with one response per search: a nearly empty one, and an inpatient with
3,000 Observations. The requests are the same as from a browser, and the EHR responds immediately.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import requests

from benchmarks.support import click, resources
from benchmarks.support.ehr import Ehr
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Budget, Row
from benchmarks.support.rounds import rounds
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr.raw_server import plain

WARMING, PAGES, LEAST, SECONDS = 3, 20, 5, 15.0
MILLISECONDS = Budget(200)
_HOUR = 3600.0
# For each search of the page, a code that no other search has, and the results: LOINC, unit, value.
_SEARCHES: Mapping[str, tuple[tuple[str, str, float], ...]] = {
    "2951-2": (
        *(("2951-2", "mmol/L", 139.0), ("2823-3", "mmol/L", 4.2), ("2075-0", "mmol/L", 103.0)),
        *(("1963-8", "mmol/L", 24.0), ("3094-0", "mg/dL", 22.0), ("2160-0", "mg/dL", 1.3)),
        *(("2345-7", "mg/dL", 148.0), ("17861-6", "mg/dL", 8.6), ("1751-7", "g/dL", 3.1)),
        *(("1975-2", "mg/dL", 0.8), ("1920-8", "U/L", 34.0), ("777-3", "10*3/uL", 290.0)),
    ),
    "8867-4": (
        *(("8867-4", "/min", 92.0), ("9279-1", "/min", 21.0), ("8310-5", "Cel", 37.6)),
        *(("59408-5", "%", 94.0), ("29463-7", "kg", 91.1)),
    ),
    "2093-3": (("2093-3", "mg/dL", 180.0), ("2085-9", "mg/dL", 45.0), ("8302-2", "cm", 178.0)),
}
_NUMBERS: Mapping[str, int] = {"2951-2": 1500, "8867-4": 1400, "2093-3": 100}


class _Ward(Ehr):
    """The EHR of an inpatient."""

    def __init__(self) -> None:
        self._found = {
            f"%7C{code}": plain(resources.compact(one), "Content-Type: application/fhir+json")
            for code, one in _bundles().items()
        }
        super().__init__()

    def _answer_to(self, target: str, body: bytes) -> bytes:
        matching = (answer for code, answer in self._found.items() if code in target)
        return next(matching, None) or super()._answer_to(target, body)


def measure(place: Place, store: str) -> list[Row]:
    """Return a row per chart; the first pages are a warm-up and don't count."""
    small = resources.chart("https://ehr.example/r4").values()
    bodies = [json.dumps(list(small)).encode(), json.dumps(list(_bundles().values())).encode()]
    return [
        _page(place, store, Ehr(), "small", "a chart of 3 resources", bodies[0]),
        replace(
            _page(place, store, _Ward(), "inpatient", "a chart of 3,000 Observations", bodies[1]),
            budget=MILLISECONDS,
        ),
    ]


def _page(place: Place, store: str, ehr: Ehr, name: str, what: str, same: bytes) -> Row:
    names = ("launch", "callback", "smart_calc")
    with (
        closing(ehr),
        place.functions(names, place.variables(ehr.base, store)) as running,
        place.beside("parse_body", "smart_calc", {}) as bare,
    ):
        browser = Browser()
        begun = click.begin(running["launch"].origin, ehr.base, browser)
        session = click.finish(running["callback"].origin, begun, ehr.base, browser)
        address = f"{running['smart_calc'].origin}/smart_calc/{session.handle}/"
        headers = {**NAVIGATION, "Accept-Encoding": "gzip"}
        size, pages, ours, alone = 0, 0, 0.0, 0.0
        for number in rounds(WARMING + PAGES, SECONDS, WARMING + LEAST):
            before = running["smart_calc"].cpu_seconds(), bare.cpu_seconds()
            page = browser.send("GET", address, headers)
            _parse(bare, same)
            if page.status != 200 or len(page.body) < 10_000:
                raise RuntimeError(f"no page: {page.status}, {len(page.body)} bytes")
            size = len(page.body)
            if number >= WARMING:
                pages += 1
                ours += running["smart_calc"].cpu_seconds() - before[0]
                alone += bare.cpu_seconds() - before[1]
    return Row(
        f"page.{name}",
        f"smart_calc, one page, {what}",
        ours / pages * 1000,
        "CPU ms",
        None,
        {
            "parsing the same bytes CPU ms": alone / pages * 1000,
            "read bytes": float(len(same)),
            "response bytes": float(size),
        },
        f"mean of {pages} pages",
    )


def _parse(bare: Server, same: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    address = f"http://127.0.0.1:{bare.port}/"
    requests.post(address, data=same, headers=headers, timeout=60).raise_for_status()


def _bundles() -> dict[str, dict[str, Any]]:
    """Return the results of each search for Observations, by its code."""
    return {
        code: {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": one} for one in _stay(code)],
        }
        for code in _SEARCHES
    }


def _stay(search: str) -> Iterator[dict[str, Any]]:
    tests = _SEARCHES[search]
    for number in range(_NUMBERS[search]):
        code, unit, value = tests[number % len(tests)]
        at = time.time() - _HOUR * (number // len(tests))
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        yield {
            "resourceType": "Observation",
            "id": f"o-{code}-{number}",
            "meta": {"versionId": "1", "lastUpdated": when},
            "status": "final",
            "category": [{"coding": [{"code": "laboratory"}], "text": "Laboratory"}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": code},
            "subject": {"reference": f"Patient/{resources.PATIENT}"},
            "effectiveDateTime": when,
            "issued": when,
            "valueQuantity": {
                "value": round(value * (1 + number % 7 / 100), 2),
                "unit": unit,
                "system": "http://unitsofmeasure.org",
                "code": unit,
            },
        }
