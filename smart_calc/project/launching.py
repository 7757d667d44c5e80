"""Launches this app from a chart of the simulated EHR, over HTTP. Run it with `pytest`."""

from smart_calc import testing


def test_a_launch_opens_page_and_summary_of_its_patient_and_no_other() -> None:
    with testing.running() as app:
        session = app.launch(patient="synthetic-alma")
        assert session.page.url.startswith(f"{app.origin}/app/")
        assert session.fhir("Patient/synthetic-alma").json()["birthDate"] == "1968-03-14"
        assert session.fhir("Patient/synthetic-dario").status == 403
        for ehr in ("generic", "oracle", "epic"):
            session = app.launch(patient="synthetic-alma", ehr=ehr)
            assert "Creatinine" in session.get("/summary/{session}/").text
