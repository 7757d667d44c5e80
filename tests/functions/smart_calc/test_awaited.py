"""The chart data that a calculator uses: other changes in the chart don't change its row."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from clinical.calculators import REGISTRY
from clinical.chart import Chart, read_chart
from clinical.chart.evidence import ChartFinding, Outcome
from clinical.clock import Clock
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.view_models import CalculatorView
from functions.smart_calc.reading.awaited import says_the_same
from tests.support.charts.random_charts import random_chart

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STEP = 1 if os.environ.get("SOAK") else 4


def _rows(chart: Chart) -> dict[str, CalculatorView]:
    return {one.name: one for group in in_groups(chart, Clock(NOW)).values() for one in group}


def _changed(chart: Chart) -> Iterator[Chart]:
    """The chart with one finding unlike each time, and with the values of one input gone."""
    for name, finding in chart.findings.items():
        other = True if finding.value is None else None
        outcome = Outcome.ASKED if other is None else Outcome.FOUND
        made = ChartFinding(name, outcome, "changed", other)
        yield replace(chart, findings={**chart.findings, name: made})
    for name in chart.usable:
        yield replace(chart, usable={**chart.usable, name: ()})


def test_a_row_changes_only_with_what_its_calculator_is_made_of() -> None:
    chart = read_chart(list(random_chart(0, NOW)), NOW, "p1", None)
    before = _rows(chart)
    told = 0
    for other in itertools.islice(_changed(chart), 0, None, STEP):
        after = _rows(other)
        for name, calculator in REGISTRY.items():
            same = says_the_same(calculator, chart, other)
            told += not same
            assert not same or after[name] == before[name], name
    assert told > len(REGISTRY)
