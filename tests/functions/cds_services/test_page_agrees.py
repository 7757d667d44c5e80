"""Card and page agree on every simulated chart: the same number, the same band."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import pytest

from clinical.calculators.registry import CARDS, DEFAULT_CARDS
from clinical.cards import Card, NoCard, of_chart
from clinical.clock import Clock
from functions.cds_services import chart_reading, discovery
from functions.cds_services.hook_call import HookCall
from functions.smart_calc.page.calculator_views import in_groups
from simulator.charts.generated import load_charts, load_resources
from simulator.charts.resources import Charts
from simulator.fhir.search import parse
from tests.support.app.open_session import EHR, FHIR_BASE
from tests.support.ehr.in_memory_ehr import answer_from, read
from tests.support.tables import each

# Most of the charts' values are dated by it.
NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)


def patients() -> list[str]:
    return sorted({one.patient for one in load_resources() if one.patient})


def prefetch_of(charts: Charts, patient: str) -> Iterator[tuple[str, Any]]:
    """Yield the prefetch of an EHR that follows every template, on one page."""
    for key, template in discovery.templates().items():
        kind, _, query = template.replace("{{context.patientId}}", patient).partition("?")
        if not query:
            person = charts.find("Patient", patient)
            assert person is not None
            yield key, json.loads(person.text)
            continue
        pairs = [pair for pair in parse_qsl(query) if pair[0] != "_count"]
        resources = parse(kind, pairs, FHIR_BASE).run(charts.of_type(kind))
        entries = [{"resource": json.loads(one.text)} for one in resources]
        yield key, {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@cache
def _charted(patient: str) -> chart_reading.HookChart:
    call = HookCall(
        patient=patient,
        fhir_base=FHIR_BASE,
        access_token=None,
        for_clinician=True,
        prefetch=dict(prefetch_of(load_charts(), patient)),
    )
    read = chart_reading.read(call, EHR, NOW, frozenset())
    assert read.incomplete == ()
    return read


@cache
def judged(patient: str) -> tuple[Card | NoCard, ...]:
    read = _charted(patient)
    return of_chart(read.chart, read.now, chosen=frozenset(CARDS))


@each("patient", patients)
def test_card_and_page_agree(patient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_from(monkeypatch, load_charts())
    made = read(patient, NOW)
    groups = in_groups(made.chart, Clock(made.now))
    by_name = {view.name: (group, view) for group, some in groups.items() for view in some}
    cards = judged(patient)
    assert len(cards) == len(CARDS)
    for one in cards:
        group, view = by_name[one.calculator.name]
        if isinstance(one, Card):
            assert group == "computed"
            first = view.headline[0]
            assert (first.printed, first.band) == (one.result.printed, one.result.band)
            assert (first.label, first.bar is None) == (one.result.output.label, False)
        elif group == "computed" and " doesn't produce a card" in one.why:
            # It is the band alone that makes no card: the page has the same number.
            assert f"{view.headline[0].label} {view.headline[0].printed}" in one.why


def test_some_charts_make_cards_and_some_do_not() -> None:
    cards = [[one for one in judged(name) if isinstance(one, Card)] for name in patients()]
    assert {one.calculator.name for made in cards for one in made} == DEFAULT_CARDS
    assert [] in cards


def test_a_calculator_that_is_turned_off_makes_no_card() -> None:
    for patient in patients():
        read = _charted(patient)
        made = [one for one in of_chart(read.chart, read.now) if isinstance(one, Card)]
        off = frozenset(one.calculator.name for one in made)
        left = of_chart(read.chart, read.now, off)
        assert [one for one in left if isinstance(one, Card)] == []
        assert len(left) == len(CARDS)
