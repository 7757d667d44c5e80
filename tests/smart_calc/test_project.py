"""A project's functions: which there are, and which are refused before anything runs."""

from pathlib import Path

import pytest

from infra import project
from infra.project import CALCULATORS, ProjectRefused
from infra.stage import FUNCTIONS
from tests.support.app.servers import ROOT

# A file below functions/, and the message.
REFUSED = {
    "launch/main.py": "belongs to smart-calc",
    "smart_calc/main.py": "belongs to smart-calc",
    "fhir-proxy/main.py": "belongs to smart-calc",
    **{f"{name}/main.py": "is reserved" for name in ("app", "docs", "explain", "health")},
    **{f"{name}/main.py": "is reserved" for name in ("build", "deploy", "deployment", "test")},
    **{f"{name}/main.py": "invalid name" for name in ("My", "a-b", "2nd", "_a", "a_", "a" * 25)},
    "named/main.py": "defines no function named",
    "broken/main.py": "isn't valid Python",
    "plain/main.py": "write @api.function or @api.job on the line above `def plain`",
    "hiding/shared.py": "Rename yours",
    "hiding/clinical/x.py": "Rename yours",
}
TEXTS = {
    "named": "def other(request): ...\n",
    "broken": "def broken(:\n",
    "plain": "from smart_calc import api\n\ndef plain(call): ...\n",
    "decorated": "from smart_calc import api\n\n@api.function\ndef decorated(call): ...\n",
}

JOBS = (
    ("from smart_calc import api", "api.job"),
    ("from smart_calc.api import job", "job"),
    ("from smart_calc import api as other", "other.job"),
    ("from smart_calc.api import job as night", "night"),
    ("import smart_calc.api", "smart_calc.api.job"),
    ("import smart_calc.api as own", "own.job"),
    ("from smart_calc.api import *", "job"),
)
UNCLEAR = (
    "def f(call): ...\nnightly = api.job(f)",
    "@api.function\n@api.job\ndef nightly(call): ...",
    "made = api.job\n@made\ndef nightly(call): ...",
    "@api.function\ndef nightly(call): api.job",
    "from .made import made\n@made\ndef nightly(call): ...",
)


def own(folder: Path, name: str) -> None:
    path = folder / "functions" / name / "main.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXTS.get(name, f"def {name}(request): ...\n".replace("-", "_")))


def test_every_name_and_file_that_would_be_taken_for_another_is_refused(tmp_path: Path) -> None:
    for number, (file, said) in enumerate(REFUSED.items()):
        folder = tmp_path / str(number)
        own(folder, file.partition("/")[0])
        (folder / "functions" / file).parent.mkdir(exist_ok=True)
        (folder / "functions" / file).touch()
        with pytest.raises(ProjectRefused, match=said):
            project.read(folder)


def test_no_function_gets_the_account_of_the_build_in_a_clone_either(tmp_path: Path) -> None:
    for name, said in (("deploy", "is reserved"), ("a_", "invalid name")):
        own(tmp_path / name, name)
        with pytest.raises(ProjectRefused, match=said):
            project.read(tmp_path / name, tmp_path / name)


def test_a_project_has_our_functions_and_its_own(tmp_path: Path) -> None:
    for name in ("summary", "decorated"):
        own(tmp_path, name)
    (tmp_path / "functions/notes").mkdir()
    read = project.read(tmp_path)
    assert (read.ours, read.own) == (FUNCTIONS, ("decorated", "summary"))
    assert read.names == tuple(sorted((*FUNCTIONS, *read.own)))
    assert read.source("summary") == tmp_path / "functions/summary"
    assert read.source("launch") == ROOT / "functions/launch"


def test_a_job_is_known_however_it_imports_the_decorator(tmp_path: Path) -> None:
    for number, (imported, decorator) in enumerate(JOBS):
        folder = tmp_path / str(number)
        own(folder, "nightly")
        own(folder, "summary")
        main = folder / "functions/nightly/main.py"
        main.write_text(f"{imported}\n@{decorator}\ndef nightly(call): ...\n")
        read = project.read(folder)
        assert read.jobs == ("nightly",), imported
        assert set(read.public) == {*FUNCTIONS, "summary"}


def test_what_may_be_a_job_is_never_deployed_as_a_public_function(tmp_path: Path) -> None:
    for number, text in enumerate(UNCLEAR):
        folder = tmp_path / str(number)
        own(folder, "nightly")
        main = folder / "functions/nightly/main.py"
        (main.parent / "made.py").write_text("from smart_calc.api import job\nmade = job\n")
        main.write_text(f"from smart_calc import api\n{text}\n")
        with pytest.raises(
            ProjectRefused, match=r"must be a job: in main\.py, write @api\.job as the"
        ):
            project.read(folder)


def test_a_project_can_leave_the_calculators_out(tmp_path: Path) -> None:
    for said, names in (("true", FUNCTIONS), ("false", set(FUNCTIONS) - CALCULATORS)):
        (tmp_path / "deployment.toml").write_text(f"calculators = {said}\n")
        assert set(project.read(tmp_path).ours) == set(names)
    for wrong in ('calculators = "no"', "calculators ="):
        (tmp_path / "deployment.toml").write_text(wrong)
        with pytest.raises(ProjectRefused, match=r"^deployment\.toml"):
            project.read(tmp_path)
