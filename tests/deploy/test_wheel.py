"""The package without a clone: built once, installed, and used by a project.

What `smart-calc new` writes, and when it refuses: tests/smart_calc. Its deployment:
tests/deploy/test_project_deployment.py.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from infra import dist, project
from infra.stage import stage
from tests.support import missing
from tests.support.app.servers import ROOT
from tests.support.cloud import guide, wheel
from tests.support.cloud.staged import COMMIT
from tests.support.cloud.wheel import Installed

# `new` writes a project with all of them.
pytestmark = pytest.mark.calculators
NAMES = ("clinical", "docs", "doctor", "functions", "gateway", "infra", "shared", "simulator")
OWN = """
import json, secrets

import flask

from .beside import words

def other(request: flask.Request) -> object:
    if request.path.endswith("/missing"):
        flask.abort(404)
    return {"beside": words(), "path": request.path, "of": [json.__name__, secrets.__name__]}
"""
# Continues the test that `new` writes, with the functions that docs/api.md has in full.
OWN_TEST = """\
            assert len(session.get("/creatinines/{session}/").json()["newest"]) == 5
            assert "<textarea" in session.get("/nursenote/{session}/").text
            written = "POST", "/nursenote/{session}/", {"text": "Slept.", "key": ehr}
            first, again = session.send(*written), session.send(*written)
            assert (first.status, first.text) == (200, again.text)
            session.fhir(f"DocumentReference/{first.json()['id']}").json()["content"]
        session = app.launch(patient="synthetic-alma")
        assert session.get("/other/missing").status == 404
        assert session.get("/other/{session}/x").json()["beside"] == "me"
        assert session.get("/smart_calc/{session}/").status == 404
        preview, note = (
            session.send("POST", "/note/{session}/" + path, {"text": "Hello."})
            for path in ("preview", "")
        )
        assert (preview.status, note.status) == (200, 201)
        stored = session.fhir(f"DocumentReference/{note.json()['id']}").json()
        assert stored["content"] == preview.json()["content"]
        # What was there, the nurse's note, and one note.
        assert session.fhir("DocumentReference").json()["total"] == 3
"""


CHANGES = """
## Unreleased

### Before you upgrade
- Add the new line.
"""


def committed(folder: Path) -> Path:
    """A clone with one commit of what is here."""
    guide.copy_of_repository(ROOT, folder, left_out=())
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    missing.need_git()
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    for words in (("init", "-q"), ("add", "-A", "-f"), (*who, "commit", "-q", "-m", "all")):
        subprocess.run(["git", *words], cwd=folder, check=True)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with an untracked file."""
    folder = committed(tmp_path_factory.mktemp("clone") / "here")
    (folder / "shared/untracked.py").write_text("")
    return folder


@pytest.fixture(scope="module")
def made(clone: Path) -> dict[str, bytes]:
    """What `make dist` writes."""
    dist.build(clone, clone / "dist")
    written = {one.name: one.read_bytes() for one in (clone / "dist").iterdir()}
    another = clone.parent / "there"
    subprocess.run(["git", "clone", "-q", clone, another], check=True)
    before = os.umask(0o077)
    try:
        dist.build(another, another / "dist")
    finally:
        os.umask(before)
    assert {one.name: one.read_bytes() for one in (another / "dist").iterdir()} == written
    return written


def the(suffix: str, made: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The name and content of the one file with a suffix."""
    (name,) = (one for one in made if one.endswith(suffix))
    return name, made[name]


@pytest.fixture(scope="module")
def installed(made: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("user")
    name, content = the(".whl", made)
    (folder / name).write_bytes(content)
    return wheel.install(folder / name, folder)


@pytest.fixture(scope="module")
def newer(clone: Path, made: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the next commit, which changes what a project has in deployment.toml."""
    folder = tmp_path_factory.mktemp("newer")
    subprocess.run(["git", "clone", "-q", clone, folder / "clone"], check=True)
    for name, text in (("deployment.toml", "# A new line.\n"), ("CHANGELOG.md", CHANGES)):
        path = folder / "clone" / name
        path.write_text(path.read_text("utf-8") + text)
    commit(folder / "clone")
    dist.build(folder / "clone", folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def app(installed: Installed) -> Installed:
    """A project as `new` writes it, in whose folder lies what has the names of our modules."""
    ended = installed.run("smart-calc", "new", "app", "--example", "note")
    assert (ended.returncode, ended.stderr) == (0, "")
    here = installed.within("app")
    assert not list(here.folder.rglob("__pycache__"))
    for name in (*NAMES, "json", "secrets", "flask", "gunicorn.conf", "tomllib"):
        if name not in {"functions", "docs"}:
            (here.folder / f"{name}.py").write_text(f"raise RuntimeError({name!r})\n")
    return here


def test_a_commit_gives_the_same_four_files_in_every_clone(made: dict[str, bytes]) -> None:
    name = the(".whl", made)[0].removesuffix("-py3-none-any.whl")
    assert re.fullmatch(r"smart_calc-\d+\.\d+\.\d+\.dev1\+g[0-9a-f]{7}", name)
    files = (f"{name}-py3-none-any.whl", f"{name}.cdx.json", f"{name}.tar.gz")
    assert set(made) == {*files, "SHA256SUMS"}
    sums = [f"{hashlib.sha256(made[one]).hexdigest()}  {one}\n" for one in files]
    assert made["SHA256SUMS"].decode() == "".join(sums)


def test_an_uncommitted_change_and_a_shallow_clone_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "a").write_text("")
    commit(clone)
    (clone / "a").write_text("changed")
    with pytest.raises(project.ProjectRefused, match="M a"):
        dist.build(clone, clone / "dist")
    assert not (clone / "dist").exists()
    shallow = ["git", "clone", "-q", "--depth=1", clone.as_uri(), str(tmp_path / "shallow")]
    subprocess.run(shallow, check=True)
    assert dist.main(tmp_path / "shallow") == 2
    assert "git fetch --unshallow" in capsys.readouterr().err


def test_the_bill_says_what_it_lists_and_each_part_has_version_hash_and_license(
    made: dict[str, bytes],
) -> None:
    bill = json.loads(the(".cdx.json", made)[1])
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    ours = bill["metadata"]["component"]
    assert (ours["name"], list(bill["metadata"])) == ("smart-calc", ["component"])
    assert "deployed functions" in ours["description"]
    archives = {
        one["name"]: (one["hashes"][0]["content"], one["licenses"][0]) for one in ours["components"]
    }
    digests = {one: hashlib.sha256(made[one]).hexdigest() for one in archives}
    assert archives == {
        the(".whl", made)[0]: (digests[the(".whl", made)[0]], {"license": {"id": "Apache-2.0"}}),
        the(".tar.gz", made)[0]: (
            digests[the(".tar.gz", made)[0]],
            {"expression": "Apache-2.0 AND CC-BY-SA-4.0"},
        ),
    }
    listed = [ours, *bill["components"], *(one for two in bill["components"] for one in of(two))]
    assert all(one["version"] and one["hashes"] and one["licenses"] for one in listed)
    assert {one["ref"] for one in bill["dependencies"]} >= {one["bom-ref"] for one in listed}
    assert "serialNumber" not in bill
    assert "pkg:pypi/smart" not in json.dumps(bill)


def of(component: dict[str, Any]) -> list[dict[str, Any]]:
    return list(component.get("components", []))


def test_the_bill_lists_what_environments_of_functions_and_wheel_really_install(
    made: dict[str, bytes], programs: Mapping[str, Path], tmp_path: Path
) -> None:
    bill = json.loads(the(".cdx.json", made)[1])
    libraries = [one for one in bill["components"] if one["type"] == "library"]
    (second,) = (one for one in bill["components"] if one["type"] != "library")
    assert installed_in(*programs.values()) == {pinned(one) for one in libraries}
    name, content = the(".whl", made)
    (tmp_path / name).write_bytes(content)
    place = tmp_path / "environment"
    venv.create(place, symlinks=True)
    limits = tmp_path / "limits.txt"
    limits.write_text("\n".join(pinned(one) for one in [*libraries, *of(second)]))
    uv = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        str(place / "bin/python"),
    ]
    subprocess.run([*uv, "-c", str(limits), str(tmp_path / name)], check=True)
    further = installed_in(place / "bin") - {pinned(one) for one in libraries}
    assert further == {pinned(one) for one in of(second)} | {f"smart-calc=={second['version']}"}


def pinned(component: dict[str, Any]) -> str:
    return f"{component['name']}=={component['version']}"


def installed_in(*programs: Path) -> set[str]:
    """What the environments hold, by their own records."""
    sites = {site for one in programs for site in one.parent.glob("lib/python*/site-packages")}
    found = metadata.distributions(path=[str(site) for site in sites])
    return {f"{re.sub(r'[-_.]+', '-', one.name).lower()}=={one.version}" for one in found}


def test_the_wheel_is_one_package_with_the_tree_unchanged(made: dict[str, bytes]) -> None:
    file, content = the(".whl", made)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        product = "smart_calc/product/"
        for name in (one for one in names if one.startswith(product)):
            assert archive.read(name) == (ROOT / name.removeprefix(product)).read_bytes(), name
    info = f"{file.removesuffix('-py3-none-any.whl')}.dist-info"
    assert {one.partition("/")[0] for one in names} == {"smart_calc", info}
    unwanted = re.compile(r"(^|/)(tests?|benchmarks)/|untracked|/test_")
    assert [one for one in names if unwanted.search(one)] == []


def test_the_source_archive_records_its_version_and_the_licenses_of_its_files(
    made: dict[str, bytes], tmp_path: Path
) -> None:
    name, content = the(".tar.gz", made)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    assert len(names) == len(set(names))
    root = tmp_path / name.removesuffix(".tar.gz")
    fields = (root / "PKG-INFO").read_text("utf-8").splitlines()
    assert "License-Expression: Apache-2.0 AND CC-BY-SA-4.0" in fields
    command = [sys.executable, "-P", "-m", "smart_calc", "--version"]
    variables = {"PYTHONPATH": str(root), "COMMIT_SHA": COMMIT}
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    assert ended.stdout == root.name.replace("smart_calc-", "smart-calc ") + "\n"


def test_nothing_of_ours_is_imported_under_a_general_name(app: Installed) -> None:
    program = f"import importlib.util as u; print([n for n in {NAMES} if u.find_spec(n)])"
    ended = app.run("python", "-P", "-c", program)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_a_project_stages_our_bytes(app: Installed, tmp_path: Path) -> None:
    ended = app.run("smart-calc", "stage", COMMIT_SHA=COMMIT)
    assert ended.returncode == 0, ended.stderr
    stage(project.read(ROOT), tmp_path, COMMIT)
    written, expected = _contents(app.folder / "build"), _contents(tmp_path)
    version = app.run("smart-calc", "--version").stdout.split()[1]
    # The clone's own commit is another one.
    for path, content in expected.items():
        if path.endswith("/BUILD_INFO"):
            info = {**json.loads(content), "version": version}
            expected[path] = (json.dumps(info, indent=2) + "\n").encode()
    folders = ("note/", "summary/")
    own = {path: written.pop(path) for path in list(written) if path.startswith(folders)}
    assert written == expected
    package = {path for path in own if path.startswith("summary/smart_calc/")}
    assert {*package, "summary/main.py", "summary/shared/own/entry.py"} <= own.keys()
    for path in package:
        assert own[path] == (ROOT / path.removeprefix("summary/")).read_bytes()


def test_an_update_and_a_downgrade_change_what_is_staged_and_say_what_else_to_change(
    installed: Installed, newer: Path, tmp_path: Path
) -> None:
    assert installed.run("smart-calc", "new", "updated").returncode == 0
    older = next((installed.folder / "updated/wheels").iterdir())
    kept = shutil.copy(older, tmp_path)
    before = installed.within("updated")
    after = Installed(wheel.install(newer, tmp_path).programs, before.folder)
    assert "smart-calc update FILE" in refusal(after, "stage")
    ended = after.run("smart-calc", "update", str(newer))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\n+# A new line.\n" in ended.stdout
    assert "- Add the new line.\n" in ended.stdout
    assert "smart-calc update FILE" in refusal(before, "run")
    assert "smart-calc update FILE" in refusal(before, "deployment", "check")
    for here, was in ((after, newer), (before, older)):
        version = was.name.split("-")[1]
        assert [one.name for one in (before.folder / "wheels").iterdir()] == [was.name]
        assert was.name in (before.folder / "requirements.txt").read_text()
        assert here.run("smart-calc", "deployment", "check").returncode == 0
        assert here.run("smart-calc", "stage").returncode == 0
        info = json.loads((before.folder / "build/launch/BUILD_INFO").read_bytes())
        assert info["version"] == version
        if here is after:
            ended = before.run("smart-calc", "update", str(kept))
            assert "This is a downgrade." in ended.stdout
            assert "\n-# A new line.\n" in ended.stdout


def refusal(here: Installed, *command: str) -> str:
    ended = here.run("smart-calc", *command)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def documented(name: str) -> str:
    """A function that docs/api.md has in full."""
    text = (ROOT / "docs/api.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (block,) = (one for one in blocks if f"\ndef {name}(call" in one)
    return str(block)


def _contents(folder: Path) -> dict[str, bytes]:
    files = (one for one in folder.rglob("*") if one.is_file())
    return {str(one.relative_to(folder)): one.read_bytes() for one in files}


def test_a_launch_ends_at_the_page_and_an_own_function_answers_without_the_calculators(
    app: Installed,
) -> None:
    own = app.folder / "functions/other"
    functions = {"other": OWN, **{name: documented(name) for name in ("creatinines", "nursenote")}}
    for name, text in functions.items():
        (own.parent / name).mkdir(parents=True)
        (own.parent / name / "main.py").write_text(text)
    (own / "beside.py").write_text('def words() -> str:\n    return "me"\n')
    state = app.folder / "deployment.toml"
    state.write_text(f"calculators = false\n{state.read_text()}")
    test = app.folder / "tests/test_launch.py"
    test.write_text(test.read_text() + OWN_TEST)
    ended = app.run("python", "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout
    ended = app.run("smart-calc", "stage")
    names = sorted({"callback", "fhir_proxy", "launch", "note", "summary", *functions})
    assert ended.stdout == f"Written: {', '.join(f'build/{name}' for name in names)}\n"
    assert sorted(one.name for one in (app.folder / "build").iterdir()) == names
    assert not list(app.folder.glob("build/*/clinical"))


def test_a_command_ends_with_a_word_about_what_is_wrong(app: Installed) -> None:
    refused = app.folder / "functions/launch"
    refused.mkdir(parents=True)
    (refused / "main.py").write_text("def launch(request): ...\n")
    for command in ("run", "stage", "serve"):
        ended = app.run("smart-calc", command)
        assert (ended.returncode, ended.stdout) == (1, ""), command
        assert "functions/launch: this name belongs to smart-calc." in ended.stderr, command
        assert "Traceback" not in ended.stderr
