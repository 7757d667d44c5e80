"""An EHR in memory for the page: answers its searches from charts, with no network and no server.

It searches and pages as the simulated EHR does, and hands out the very text of a chart.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.smart_calc import reading
from shared import strict_json
from shared.fhir import fhir_client
from shared.fhir.fhir_client import FhirAnswer
from shared.session.sessions import Active
from simulator.charts.resources import Charts, Resource
from simulator.fhir.search import parse
from tests.support.app.open_session import EHR, FHIR_BASE, in_use, open_session

_PAGE = 100


def session_of(patient: str, vendor: str = "generic") -> Active:
    """Return a session of a patient at the EHR in memory."""
    return in_use(open_session(patient), replace(EHR, vendor=vendor))


def answer_from(monkeypatch: pytest.MonkeyPatch, charts: Charts) -> set[tuple[str, str]]:
    """Let every FHIR call be answered from the charts; type and id of what was handed out."""
    handed_out: set[tuple[str, str]] = set()

    def call(
        _active: Active,
        _method: Literal["GET", "POST"],
        url: str,
        *,
        decimal: Callable[[str], Any],
        **_limits: Any,
    ) -> FhirAnswer:
        body = _body(charts, url, handed_out).encode()
        return FhirAnswer(200, {}, body, strict_json.parse(body, decimal), {})

    monkeypatch.setattr(fhir_client, "call", call)
    return handed_out


def read(patient: str, now: datetime | None = None) -> reading.ChartReading:
    """Read the chart of a patient as the page does. Call `answer_from` first."""
    return read_in(session_of(patient), patient, now or datetime.now(UTC))


def read_in(active: Active, patient: str, now: datetime) -> reading.ChartReading:
    """Read the chart of a session's patient as the page does."""
    searching = reading.begin(active, patient, now)
    parts = searching.completed()
    return searching.chart_of(parts, searching.zone_of(parts))


def _body(charts: Charts, url: str, handed_out: set[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    kind, _, fhir_id = parts.path.removeprefix(urlsplit(FHIR_BASE).path + "/").partition("/")
    if fhir_id:
        resource = charts.find(kind, fhir_id)
        assert resource is not None, url
        handed_out.add((kind, fhir_id))
        return resource.text
    pairs = parse_qsl(parts.query)
    number = next((int(value) for name, value in pairs if name == "page"), 0)
    pairs = [pair for pair in pairs if pair[0] != "page"]
    matches = parse(kind, pairs, FHIR_BASE).run(charts.of_type(kind))
    shown = matches[number * _PAGE : (number + 1) * _PAGE]
    handed_out |= {(one.type, one.id) for one in shown}
    following = ""
    if len(matches) > (number + 1) * _PAGE:
        query = "&".join(part for part in parts.query.split("&") if not part.startswith("page="))
        link = f"{FHIR_BASE}/{kind}?{query}&page={number + 1}"
        following = f', "link": [{{"relation": "next", "url": "{link}"}}]'
    entries = ", ".join(_entries(shown))
    return f'{{"resourceType": "Bundle", "type": "searchset", "entry": [{entries}]{following}}}'


def _entries(resources: Iterable[Resource]) -> Iterator[str]:
    return (f'{{"resource": {one.text}}}' for one in resources)
