"""Every number and date of the page of every simulated patient, against the resource it is of."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.charts.generated import load_charts
from tests.support import page_audit
from tests.support.random_charts import random_chart
from tests.support.tables import each
from tests.support.whole_page import chart_of, complaints, page_of, resources_of

GRETA = "synthetic-greta"


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


def _first(pattern: str, replacement: str) -> Callable[[str], str]:
    return lambda page: re.sub(pattern, replacement, page, count=1, flags=re.DOTALL)


@each(
    ("spoil", "told"),
    [
        (_first(r'(<td class="number">)98\.4', r"\g<1>98.5"), "98.5 °F is shown for 98.4 °F"),
        (_first(r"(?<=<td>)17 Nov 2026 08:00", "17 Nov 2026 09:00"), "dated 17 Nov 2026 09:00"),
        (_first(r'data-value="1\.402\d*"', 'data-value="1.5"'), "1.5 is used"),
        (_first(r'value="1\.40"', 'value="1.41"'), "1.41 is shown"),
        (_first(r"(?<=<strong>)40(?=</strong> mL/min/1.73 m²</td>)", "41"), "41 is shown"),
        (_first(r"20 Nov 2062", "21 Nov 2062"), "21 Nov 2062 09:00 is none of the chart"),
    ],
)
def test_a_page_that_is_wrong_is_found(
    spoil: Callable[[str], str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison itself: one number or date is changed, and it says which."""
    charts = load_charts()
    page = page_of(GRETA, charts, monkeypatch)
    triggered = spoil(page)
    assert triggered != page
    complaints = page_audit.complaints(triggered, resources_of(GRETA, charts), datetime.now(UTC))
    assert any(told in one for one in complaints)


def test_an_older_value_in_place_of_the_newest_usable_one_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    charts = load_charts()
    page = page_of(GRETA, charts, monkeypatch)
    (row,) = (one for one in page_audit.rows(page) if one.name.startswith("Creatinine"))
    without = [
        one for one in resources_of(GRETA, charts) if f"Observation/{one['id']}" != row.source
    ]
    older = page_of(GRETA, chart_of(GRETA, _plain(without)), monkeypatch)
    complaints = page_audit.complaints(older, resources_of(GRETA, charts), datetime.now(UTC))
    assert any("is the newest usable" in one for one in complaints)


def _plain(value: Any) -> Any:
    """The same as JSON can be written again."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return float(value) if type(value).__name__ == "Decimal" else value
