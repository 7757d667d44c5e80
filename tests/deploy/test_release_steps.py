"""The steps of a release on the command line, before anything is called."""

from pathlib import Path

import pytest

from infra import release
from tests.support.app.servers import ROOT


def test_a_step_whose_files_are_missing_names_what_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployment.toml").write_bytes((ROOT / "deployment.toml").read_bytes())
    notes = tmp_path / "build/deployment"
    for step, name, wrote in (
        ("pin", "ingress", "deployment write"),
        ("move", "before", "release pin"),
        ("move", "candidates-verdict", "check of the new revisions"),
        ("settle", "verdict", "last check"),
    ):
        assert release.main([step]) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"There is no build/deployment/{name}, which"), said
        assert wrote in said
        notes.mkdir(parents=True, exist_ok=True)
        (notes / name).touch()
