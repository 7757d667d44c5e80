"""The app's page of a chart in memory, made by the function's own code without a server."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from functions.smart_calc import main
from simulator.charts.resources import Charts, Resource
from tests.support.browser import page_audit
from tests.support.ehr import one_ehr
from tests.support.ehr.in_memory_ehr import answer_from, session_of

_SETTINGS = one_ehr.settings("https://ehr.example/r4")
READ = ("Patient", "Observation", "Condition", "MedicationRequest")


def page_of(patient: str, charts: Charts, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the entire page of one patient."""
    answer_from(monkeypatch, charts)
    return "".join(main._page(_SETTINGS, session_of(patient)))


def resources_of(patient: str, charts: Charts) -> list[Any]:
    """Return one patient's resources in a chart, with all digits of numbers."""
    return [
        json.loads(one.text, parse_float=Decimal)
        for kind in READ
        for one in charts.of_type(kind)
        if one.patient == patient
    ]


def chart_of(patient: str, resources: Iterable[Mapping[str, Any]]) -> Charts:
    """Return a chart from parsed resources of one patient."""
    return Charts(
        Resource(one["resourceType"], str(one["id"]), patient, json.dumps(one), one)
        for one in resources
    )


def complaints(patient: str, charts: Charts, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the differences between a patient's page and the chart it was read from."""
    read = answer_from(monkeypatch, charts)
    page = "".join(main._page(_SETTINGS, session_of(patient)))
    known = [
        one for one in resources_of(patient, charts) if (one["resourceType"], one["id"]) in read
    ]
    return page_audit.complaints(page, known, datetime.now(UTC))


def compared(patient: str, charts: Charts, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many rows of tables and filled inputs a page has, to tell that there was something."""
    page = page_of(patient, charts, monkeypatch)
    filled = [one for some in page_audit.inputs(page).values() for one in some]
    return len(page_audit.rows(page)), sum(one.value is not None for one in filled)
