"""Every number and date of the page of every simulated patient, against the resource it is of."""

from datetime import UTC, datetime

import pytest

from simulator.charts.generated import load_charts
from tests.support.random_charts import random_chart
from tests.support.tables import each
from tests.support.whole_page import chart_of, complaints


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
