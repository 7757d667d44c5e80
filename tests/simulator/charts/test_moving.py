"""The charts of another day: what counts there is what counts on the day they are written for."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from functions.smart_calc.chart import prefill
from simulator.charts.generated import load_resources
from simulator.charts.moving import WRITTEN_FOR, day_at
from tests.simulator.app_under_test import ALMA

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
MINUTES_AGO = datetime.now(UTC) - timedelta(minutes=10)
# In a leap year, and before most birthdays.
LATER = date(2032, 1, 20)


def prefilled(day: date) -> dict[str, dict[str, Any]]:
    """What a chart gives the calculators on its day, by patient."""
    by_patient: dict[str, list[Any]] = {}
    for one in load_resources(day):
        # The inpatient has as many resources as a thousand others.
        if one.patient and one.patient != "synthetic-hugo":
            text = one.text.replace(one.patient, "p1")
            by_patient.setdefault(one.patient, []).append(json.loads(text))
    now = (NOW + (day - WRITTEN_FOR)).isoformat()
    return {patient: prefill(resources, now) for patient, resources in by_patient.items()}


def test_the_calculators_get_the_same_values_whenever_the_ehr_is_started() -> None:
    assert prefilled(LATER) == prefilled(WRITTEN_FOR)


def test_what_is_charted_of_the_day_of_the_start_is_past_and_less_than_a_day_old() -> None:
    for hours in range(0, 48, 5):
        now = NOW + timedelta(hours=hours)
        newest = datetime.fromisoformat(f"{day_at(now)}T11:00:00-06:00")
        assert timedelta(0) <= now - newest < timedelta(days=1), now


def test_the_ehr_serves_the_charts_of_the_day_of_its_start_unless_one_is_named() -> None:
    # It makes an EHR when it is imported.
    from simulator import serve_ehr

    def newest(**environment: str) -> str:
        page = serve_ehr.app_from(environment).test_client().get("/generic/chart?patient=" + ALMA)
        results = page.text.partition("Latest results")[2]
        return max(str(one) for one in re.findall(r"\d{4}-\d\d-\d\d", results))

    assert newest() in {str(day_at(at)) for at in (datetime.now(UTC), MINUTES_AGO)}
    assert newest(EHR_DAY="2032-01-20") == "2032-01-20"
