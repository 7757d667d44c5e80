"""Every number and date of the page of every simulated patient, against the resource it is of."""

import gc
import threading
import weakref
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

import pytest

from clinical.chart.observations import ObservationReader
from functions.smart_calc import reading
from shared.config.settings import LocalCode
from simulator.charts.generated import load_charts
from tests.support.browser.whole_page import chart_of, complaints, page_of
from tests.support.charts.random_charts import random_chart
from tests.support.tables import each


@each("patient", lambda: [one.id for one in load_charts().patients()])
def test_the_page_of_a_simulated_patient_agrees_with_the_chart(
    patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaints(patient, load_charts(), monkeypatch) == []


# The long run of many more is part of `make soak`.
@each("seed", range(6))
def test_the_page_of_a_random_chart_agrees_with_it(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = chart_of("p1", random_chart(seed, datetime.now(UTC)))
    assert complaints("p1", chart, monkeypatch) == []


def test_a_page_that_was_sent_leaves_no_chart_for_the_garbage_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readers = []

    def reader(zone: tzinfo | None, local: Iterable[LocalCode]) -> ObservationReader:
        made = ObservationReader(zone, local)
        readers.append(weakref.ref(made))
        return made

    monkeypatch.setattr(reading, "ObservationReader", reader)
    charts = chart_of("p1", random_chart(1, datetime.now(UTC)))
    before = {*threading.enumerate()}
    gc.disable()
    try:
        page_of("p1", charts, monkeypatch)
        # The threads of the searches end when they have let go of their last work.
        for thread in {*threading.enumerate()} - before:
            thread.join(10)
        assert [one() for one in readers] == [None]
    finally:
        gc.enable()
