"""Launches this app from a chart of the simulated EHR, over HTTP. Run it with `pytest`."""

from smart_calc import testing


def test_a_launch_opens_the_page_and_reads_only_its_patient() -> None:
    with testing.running() as app:
        session = app.launch(patient="synthetic-alma")
        assert session.page.url.startswith(f"{app.origin}/app/")
        assert session.fhir("Patient/synthetic-alma").json()["birthDate"] == "1968-03-14"
        assert session.fhir("Patient/synthetic-dario").status == 403
