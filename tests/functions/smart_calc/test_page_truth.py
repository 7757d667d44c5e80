"""What a calculator says over a chart, on the page and in the note, and what it never says:
tests/clinical/data/page_truth.json.
"""

import json
from pathlib import Path
from typing import Any

from clinical.chart import read_chart
from clinical.chart.resources.times import parse_now
from clinical.clock import Clock
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.view_models import CalculatorView
from tests.support.tables import each

_ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "clinical/data/page_truth.json").read_text("utf-8")
)["rows"]


def _said(view: CalculatorView) -> str:
    results = [
        text
        for one in view.results
        for text in (one.label, one.printed, one.unit, *one.annotations, one.short)
    ]
    reported = [one.text for one in view.reported]
    remarks = [text for one in view.inputs for text in one.remarks]
    said = (" ".join(results), view.provenance, *view.cautions, *reported, *remarks, view.note)
    return "\n".join(said)


@each("row", _ROWS, ids=lambda row: f"{row['id']} {row['title']}")
def test_a_calculator_says_what_the_chart_says(row: dict[str, Any]) -> None:
    now = parse_now(row["today"])
    chart = read_chart(row["resources"], now, "p1", None)
    groups = in_groups(chart, Clock(now), names=[row["calculator"]])
    (view,) = (one for views in groups.values() for one in views)
    said = _said(view)
    assert [word for word in row["says"] if word not in said] == []
    assert [word for word in row["never"] if word in said] == []
