"""The main job, end to end: from the EHR's click to the patient's data."""

import pytest

from tests.support.app import App

ALMA, BRUNO = "synthetic-alma", "synthetic-bruno"


@pytest.mark.calculators
def test_one_click_in_the_chart_shows_the_patients_data(app: App) -> None:
    launched = app.launch_simulated(ALMA)
    page = launched.browser.open(launched.callback.location)
    assert page.status == 200
    assert "Alma" in page.text
    assert "Creatinine" in page.text


def test_a_search_can_be_paged_to_its_end_through_the_proxy(app: App) -> None:
    launched = app.launch_simulated(ALMA)
    url: str | None = f"{launched.fhir_base}/Observation?_count=50"
    ids: list[str] = []
    total = None
    while url:
        assert url.startswith(launched.fhir_base + "/")
        bundle = launched.browser.fetch(url).json()
        total = bundle["total"]
        ids += [entry["resource"]["id"] for entry in bundle["entry"]]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert len(ids) == len(set(ids)) == total
    assert total > 100
