"""The pages of many charts compared with the charts: `python -m tests.charts_at_large FOLDER …`.

Each JSON file below a folder is a Bundle of one synthetic patient (FHIR R4), or a list of
resources: its page must be made, and must agree with it (tests/support/browser/page_audit.py).
`make soak` does the same with charts made at random.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser.whole_page import READ, chart_of, compared, complaints
from tests.support.charts.random_charts import random_chart


def random_charts(number: int) -> int:
    """Compare the pages of charts made at random; the exit status."""
    now = datetime.now(UTC)
    return _compare((f"seed {seed}", random_chart(seed, now)) for seed in range(number))


def folders(paths: Iterable[str]) -> int:
    """Compare the pages of charts in files; the exit status."""
    return _compare(_charts(paths))


def _charts(paths: Iterable[str]) -> Iterator[tuple[str, list[Any]]]:
    for path in paths:
        for file in sorted(Path(path).rglob("*.json")):
            document = json.loads(file.read_text("utf-8"))
            entries = document.get("entry", []) if isinstance(document, dict) else document
            resources = [entry.get("resource", entry) for entry in entries]
            if any(one.get("resourceType") == "Patient" for one in resources):
                yield file.name, list(_of_one_patient(resources))


def _of_one_patient(resources: list[Any]) -> Iterator[Any]:
    """What the page reads of them, with ids, about Patient/p1 whatever the file calls it."""
    for number, one in enumerate(resources):
        if one.get("resourceType") in READ:
            one["meta"] = {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"}
            one.setdefault("id", f"r{number}")
            if one["resourceType"] == "Patient":
                one["id"] = "p1"
            else:
                one["subject"] = {"reference": "Patient/p1"}
            yield one


def _compare(charts: Iterable[tuple[str, list[Any]]]) -> int:
    number = values = rows = filled = wrong = 0
    for name, resources in charts:
        number += 1
        values += sum(one["resourceType"] == "Observation" for one in resources)
        with pytest.MonkeyPatch.context() as patched:
            chart = chart_of("p1", resources)
            reported = complaints("p1", chart, patched)
            in_tables, in_calculators = compared("p1", chart, patched)
        rows, filled = rows + in_tables, filled + in_calculators
        for one in reported:
            wrong += 1
            print(f"{name}: {one}")
    what = f"{values} observations, {rows} rows of tables and {filled} inputs compared"
    print(f"{number} charts with {what}, {wrong} complaints")
    return 1 if wrong or not number else 0


if __name__ == "__main__":
    sys.exit(folders(sys.argv[1:]))
