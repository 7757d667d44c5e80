"""`smart-calc` turns its arguments into a process of the product, in the current folder."""

import os
import sys
from pathlib import Path

import pytest

import doctor.__main__
import smart_calc.__main__
from shared.release import version
from smart_calc import command, place
from tests.support.app.servers import ROOT

Started = tuple[list[str], dict[str, str]]


class Became(BaseException):
    """In place of the process that this one would become."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "EHR_PORT", "PAGE", "HOST", "WORKERS", "SMART_CONFIG", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> "type[Run]":
    def become(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        Run.last = arguments, environment
        assert program == sys.executable
        raise Became

    monkeypatch.setattr(os, "execve", become)
    return Run


class Run:
    """What a line of arguments started."""

    last: Started

    @classmethod
    def of(cls, line: str) -> tuple[str, dict[str, str]]:
        with pytest.raises(Became):
            command.main(line.split())
        arguments, environment = cls.last
        assert arguments[:3] == [sys.executable, "-P", "-m"]
        assert environment["PYTHONPATH"] == str(ROOT)
        assert environment["PYTHONSAFEPATH"] == "1"
        names = ("PORT", "EHR_PORT", "PAGE", "HOST", "WORKERS", "SMART_CONFIG")
        given = {name: environment[name] for name in names if name in environment}
        return " ".join(arguments[3:]), given


def test_each_command_starts_what_make_starts(started: type[Run], folder: Path) -> None:
    assert started.of("run") == ("simulator run", {})
    assert started.of("run --port 1 --ehr-port 2") == (
        "simulator run",
        {"PORT": "1", "EHR_PORT": "2"},
    )
    assert started.of("run --open --json") == ("simulator run --json --open", {})
    assert started.of("ehr --ehr-port 2") == ("simulator ehr", {"EHR_PORT": "2"})
    assert started.of("doctor") == ("doctor check --config smart.toml", {})
    assert started.of("doctor --offline --config=a") == ("doctor check --offline --config=a", {})
    assert started.of("doctor --help") == ("doctor --help", {})
    assert started.of("doctor jwks key.pem=k") == ("doctor jwks key.pem=k", {})
    assert started.of("explain --json") == ("doctor explain --json", {})
    assert started.of("job nightly") == (
        "gateway.job nightly",
        {"SMART_CONFIG": "smart.toml"},
    )
    assert started.of("job nightly --config a") == ("gateway.job nightly", {"SMART_CONFIG": "a"})
    assert started.of("new --job nightly") == ("infra.new_job nightly", {})
    assert started.of("stage") == ("infra.stage", {})
    assert started.of("deployment check") == ("infra.deployment check", {})
    assert started.of("release rollback") == ("infra.release rollback", {})
    assert started.of("release smoke") == ("infra.smoke smart.toml", {})
    assert started.of("release smoke --candidates f") == ("infra.smoke --candidates f", {})


def test_what_a_project_has_is_taken(started: type[Run], folder: Path) -> None:
    (folder / "smart.toml").touch()
    (folder / "page").mkdir()
    assert started.of("run") == ("simulator run", {})
    (folder / "page/index.html").touch()
    assert started.of("run") == ("simulator run", {"PAGE": "page"})
    assert started.of("run --page other") == ("simulator run", {"PAGE": "other"})
    config = {"SMART_CONFIG": "smart.toml", "PAGE": "page"}
    assert started.of("serve") == ("gateway", config)
    more = {"PORT": "1", "HOST": "::1", "WORKERS": "2"}
    assert started.of("serve --port 1 --host ::1 --workers 2") == ("gateway", {**config, **more})
    assert started.of("explain x") == ("doctor explain --config smart.toml x", {})


def test_arguments_that_cannot_be_used_end_with_2_and_a_missing_file_with_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_jobs = ("new a --job b", "job", "job a b")
    for line in ("fly", "run --fly", "new", "new a --example b", "serve --ehr-port 1", *of_jobs):
        with pytest.raises(SystemExit) as ended:
            command.main(line.split())
        assert ended.value.code == 2, line
    assert command.main([]) == 2
    assert "smart-calc new my-app" in capsys.readouterr().err
    assert command.main(["serve"]) == 1
    said = "There is no file smart.toml. Specify your configuration with CONFIG=FILE, or run `make "
    assert capsys.readouterr().err.startswith(said)
    monkeypatch.setattr(place, "IS_CLONE", False)
    assert command.main(["serve"]) == 1
    assert "with --config FILE, or run `smart-calc run`, which" in capsys.readouterr().err


def test_every_usage_line_is_a_line_that_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, usage in (
        (["--help"], "usage: smart-calc doctor [--config FILE]"),
        (["check", "--help"], "usage: smart-calc doctor [-h] --config FILE"),
        (["jwks", "--help"], "usage: smart-calc doctor jwks"),
        (["explain", "--help"], "usage: smart-calc explain"),
    ):
        with pytest.raises(SystemExit) as ended:
            doctor.__main__.main(arguments)
        said = capsys.readouterr().out
        assert (ended.value.code, said.startswith(usage)) == (0, True), said
        if arguments == ["--help"]:
            assert {"check", "explain", "jwks", "sealing-key"} <= set(said.split())


def test_a_python_that_is_too_old_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    code = smart_calc.__main__.main()  # type: ignore[no-untyped-call]
    said = f"smart-calc needs Python 3.11 or newer. {sys.executable} is Python 3.10.\n"
    assert (code, capsys.readouterr().err) == (1, said)


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"smart-calc {version()}\n")
