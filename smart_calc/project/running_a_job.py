"""Runs the job once against the simulated EHR, without a user. Run it with `pytest`."""

from smart_calc import testing


def test_the_job_reads_all_patients() -> None:
    with testing.running() as app:
        run = app.job("nightly")
        assert run.status == 0, run.text
        assert run.json()["read"]
