"""What `smart-calc new` writes, and when it writes nothing."""

import json
import re
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra import deployment
from infra.stage import FUNCTIONS
from shared.config import settings_file
from shared.release import VERSION
from smart_calc import new, place
from tests.support.app.servers import ROOT
from tests.support.tables import each

WHEEL = f"smart_calc-{VERSION}-py3-none-any.whl"
SHORT = {
    *(".gitignore", "README.md", "requirements.txt", "smart.toml"),
    *("functions/summary/main.py", "tests/test_launch.py"),
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A file that looks like our package."""
    file = tmp_path / "of ours" / WHEEL
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("smart_calc/product/shared/release.py", "")
    return file


Installed = Callable[[dict[str, object] | None], None]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Says what the installer wrote down."""

    def write(noted: dict[str, object] | None) -> None:
        text = None if noted is None else json.dumps(noted)
        distribution = SimpleNamespace(read_text=lambda _: text)
        monkeypatch.setattr(metadata, "distribution", lambda _: distribution)

    return write


def files(folder: Path) -> dict[str, bytes]:
    paths = (one for one in folder.rglob("*") if one.is_file())
    return {str(one.relative_to(folder)): one.read_bytes() for one in paths}


def test_a_project_is_short_has_none_of_our_code_and_asks_no_index_for_us(
    tmp_path: Path, wheel: Path
) -> None:
    (tmp_path / "app/.git").mkdir(parents=True)
    assert new.main(tmp_path / "app", wheel, None) == 0
    written = files(tmp_path / "app")
    pages = {"page/index.html", "page/app.js"}
    deployed = {"cloudbuild.yaml", "deployment.toml"}
    assert set(written) == {*SHORT, *pages, "page/style.css", *deployed, f"wheels/{WHEEL}"}
    assert written["page/style.css"].count(b"\n") <= 40
    assert sum(written[name].count(b"\n") for name in (*SHORT, *pages)) <= 150
    for name in deployed:
        assert written[name].startswith((ROOT / name).read_bytes())
    assert written[f"wheels/{WHEEL}"] == wheel.read_bytes()
    assert written["requirements.txt"].decode().splitlines() == [f"./wheels/{WHEEL}", "pytest>=8"]
    asked = re.compile(rb"pip install[^\n]*smart[-_.]calc(?![-\w./*]*\.whl)", re.IGNORECASE)
    assert [name for name, content in written.items() if asked.search(content)] == []
    assert deployment.read(tmp_path / "app/deployment.toml").project == "my-project"


def test_the_registrations_in_its_comments_lack_nothing_but_the_client_id() -> None:
    text = (place.WRITTEN / "smart.toml").read_text("utf-8")
    uncommented = re.sub(r"(?m)^# (\[\[ehr\]\]|\w+ = .*)$", r"\1", text)
    host = uncommented.replace("REGION-PROJECT", "europe-west1-my-project")
    _, problems = settings_file.parse(host)
    assert {one.place for one in problems} == {"ehr[0].client_id", "ehr[1].client_id"}
    _, problems = settings_file.parse(host.replace('client_id = ""', 'client_id = "c"'))
    assert problems == []


@each("example", new.EXAMPLES)
def test_an_example_takes_the_place_of_the_page(example: str, tmp_path: Path, wheel: Path) -> None:
    folder = tmp_path / example
    new.write(folder, wheel, example)
    source = ROOT / "examples" / example
    served = {one.name for one in source.iterdir() if one.suffix not in {".md", ".py"}}
    assert {one.name for one in (folder / "page").iterdir()} == served
    functions = {"summary", *(one.stem for one in source.glob("*.py"))}
    assert {one.name for one in (folder / "functions").iterdir()} == functions
    assert set(deployment.read(folder / "deployment.toml").functions) == {*FUNCTIONS, *functions}
    assert (folder / "EXAMPLE.md").exists() == (source / "README.md").exists()


def test_a_folder_that_is_not_empty_stays_as_it_is(
    tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").write_text("mine")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/notes").write_text("mine")
    before = files(tmp_path)
    for folder in ("app", "notes", "a" * 300):
        assert new.main(tmp_path / folder, wheel, None) == 2
        assert str(tmp_path / folder) in capsys.readouterr().err
    assert files(tmp_path) == before


def test_the_file_that_it_was_installed_from_is_taken_where_none_is_named(
    tmp_path: Path, wheel: Path, installed: Installed
) -> None:
    digest = new.sha256(wheel)
    installed({"url": wheel.as_uri(), "archive_info": {"hashes": {"sha256": digest}}})
    new.write(tmp_path / "app", None)
    assert (tmp_path / "app/wheels" / WHEEL).read_bytes() == wheel.read_bytes()


def test_without_a_file_of_ours_nothing_is_written_and_the_option_is_named(
    tmp_path: Path, wheel: Path, installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    hashes = {"hashes": {"sha256": "0" * 64}}
    told: list[dict[str, object] | None] = [
        None,
        {"url": "https://example.org/smart_calc-1-py3-none-any.whl"},
        {"url": tmp_path.as_uri(), "dir_info": {"editable": True}},
        {"url": (tmp_path / f"gone/{WHEEL}").as_uri()},
        {"url": wheel.as_uri(), "archive_info": hashes},
    ]
    for noted in told:
        installed(noted)
        assert new.main(tmp_path / "app", None, None) == 2, noted
        assert "--wheel" in capsys.readouterr().err, noted
    other = tmp_path / "smart_calc-9-py3-none-any.whl"
    other.write_bytes(b"something")
    for named in (tmp_path / "missing.whl", other, wheel.parent):
        assert new.main(tmp_path / "app", named, None) == 2
        assert str(named) in capsys.readouterr().err
    assert not (tmp_path / "app").exists()
