"""A project's jobs: the command that adds one, and runs of some against the simulated EHR."""

from pathlib import Path

import pytest

from infra import new_job, project
from smart_calc import testing

pytestmark = pytest.mark.slow
TABLES = 'project = "my-project"\n[functions]\n'
JOB = "from smart_calc import api\n\n@api.job\ndef {}(call: api.JobCall) -> api.Reply:\n    {}\n"
RUNS = {
    "raising": (JOB.format("raising", 'raise ValueError("text of the chart")'), 1),
    "refused": (JOB.format("refused", 'return api.json({"no": 1}, status=404)'), 1),
    "unknown": (JOB.format("unknown", 'return api.json(call.backend("x").read("A", "b"))'), 1),
    "ended": (JOB.format("ended", "raise SystemExit(0)"), 1),
    "broken": (JOB.format("broken", "import nothing_here") + "import nothing_here\n", 1),
    "moved": (JOB.format("moved", "return api.json({}, status=302)"), 0),
}


def test_a_job_is_added_with_its_test_and_its_table_or_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def refused(name: str) -> str:
        before = {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")}
        assert new_job.main([name]) == 2
        assert {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")} == before
        return capsys.readouterr().err

    assert "There is no deployment.toml" in refused("nightly")
    (tmp_path / "deployment.toml").write_text(TABLES)
    for name, said in (("launch", "belongs to smart-calc"), ("a-b", "name"), ("app", "reserved")):
        assert said in refused(name)
    assert new_job.main(["weekly"]) == 0
    added = (tmp_path / "functions/weekly/main.py").read_text()
    assert len(added.splitlines()) == 20
    assert project.read(tmp_path).jobs == ("weekly",)
    (table,) = project.parsed((tmp_path / "deployment.toml").read_text())["functions"].values()
    assert table["invokers"] == ["serviceAccount:job-scheduler@my-project.iam.gserviceaccount.com"]
    assert "functions/weekly exists already" in refused("weekly")
    (tmp_path / "functions/weekly/main.py").unlink()
    (tmp_path / "functions/weekly").rmdir()
    assert "tests/test_weekly.py exists already" in refused("weekly")
    (tmp_path / "tests/test_weekly.py").unlink()
    assert "already has [functions.weekly]" in refused("weekly")
    (tmp_path / "deployment.toml").write_text("[")
    assert "can't be read" in refused("weekly")


def test_a_run_ends_with_0_or_with_1_if_it_raised_or_was_refused_or_with_2_if_it_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployment.toml").write_text(TABLES)
    assert new_job.main(["nightly"]) == 0
    for name, (text, _) in RUNS.items():
        (tmp_path / f"functions/{name}").mkdir()
        (tmp_path / f"functions/{name}/main.py").write_text(text)
    with testing.running(tmp_path) as app:
        run = app.job("nightly")
        assert (run.status, run.json()["read"]) == (0, 63), run.text
        for name, (_, status) in RUNS.items():
            run = app.job(name)
            assert run.status == status, run.text
            assert "text of the chart" not in run.text
        assert "no [[ehr]] entry with this key" in app.job("unknown").text
        assert (
            "has no job summary. It has: broken, ended, moved, nightly"
            in (unknown := app.job("summary")).text
        )
        assert unknown.status == 2
        # A job isn't on the public origin.
        assert app.launch().get("/nightly/health").status == 404
