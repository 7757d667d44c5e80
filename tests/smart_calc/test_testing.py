"""What a project's own tests see when its function fails."""

from pathlib import Path

import pytest

from smart_calc import testing

pytestmark = pytest.mark.slow

FAILING = """
from smart_calc import api


@api.function
def failing(call: api.Call) -> api.Reply:
    name = call.session().read("Patient", "synthetic-alma")["name"]
    raise ValueError(f"a secret of the chart: {name}")
"""


def test_an_error_of_a_function_is_printed_with_its_source_and_without_chart_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "functions/failing").mkdir(parents=True)
    (tmp_path / "functions/failing/main.py").write_text(FAILING)
    (tmp_path / "page").mkdir()
    (tmp_path / "page/index.html").write_text("<title>x</title>")
    with testing.running(tmp_path) as app:
        session = app.launch(patient="synthetic-alma")
        assert capsys.readouterr().out == ""
        assert session.get("/failing/{session}/").status == 500
        said = capsys.readouterr().out
        assert 'File "functions/failing/main.py", line 8, in failing\n    raise ValueError(' in said
        assert said.rstrip().endswith("\nValueError")
        assert "Testpatient" not in said
        assert session.fhir("Patient/synthetic-dario").status == 403
        assert capsys.readouterr().out == ""
        with pytest.raises(ValueError, match=r"^This EHR has no such patient\. It has: synthetic-"):
            app.launch(patient="nobody")
