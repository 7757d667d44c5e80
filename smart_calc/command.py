"""The commands of `smart-calc`: each starts a process of the product in the current folder.

Standard library only, because `stage` and `deployment` run before anything is installed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from smart_calc import new, place, update, wheels

_CONFIG = "smart.toml"
_ABOUT = """\
A SMART on FHIR backend for your own app: launch, callback, and a proxy to the EHR's FHIR API.

To try it, in an empty folder:   smart-calc run
To start your own app:           smart-calc new my-app
"""
_MORE = """\
Each command works on the project in the current folder: its smart.toml, deployment.toml, functions/
and page/, if they exist. `smart-calc COMMAND --help` lists a command's options.
"""
# These would otherwise run, check or stage another version than the project's.
_OF_PROJECT = (["run"], ["job"], ["stage"], ["deployment", "check"], ["deployment", "write"])
_DOCTORS = frozenset(
    {"check", "codes", "endpoints", "explain", "jwks", "sealing-key", "-h", "--help"}
)


def main(arguments: Sequence[str]) -> int:
    """Run a command; return 0, or 1 for a finding or failure, or 2 for invalid arguments."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", arguments)
    if _mixes_versions(arguments):
        return 1
    if name in _PASSED_ON:
        _become(*_PASSED_ON[name](rest))
    parser = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    parsed = parser.parse_args(arguments)
    return int(parsed.run(parsed))


def _mixes_versions(arguments: Sequence[str]) -> bool:
    """Return whether a command is refused because the project isn't in one version; say why."""
    if not any(list(arguments[: len(one)]) == one for one in _OF_PROJECT):
        return False
    if problem := wheels.problem(Path()):
        sys.stderr.write(f"{problem}\n")
    return problem is not None


def _become(
    module: str, arguments: Sequence[str], settings: Mapping[str, str] | None = None
) -> NoReturn:
    """Replace this process with one that runs a product module."""
    command = place.command(module, arguments)
    os.execve(command[0], command, place.variables(settings or {}))  # noqa: S606 - fixed arguments


# The modules behind these commands parse the arguments themselves.


def _doctor(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    if arguments and arguments[0] in _DOCTORS:
        return "doctor", arguments
    config = () if _names_config(arguments) else ("--config", _CONFIG)
    return "doctor", ("check", *config, *arguments)


def _explain(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    compared = not _names_config(arguments) and Path(_CONFIG).is_file()
    return "doctor", ("explain", *(("--config", _CONFIG) if compared else ()), *arguments)


def _release(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    if arguments and arguments[0] == "smoke":
        return "infra.smoke", arguments[1:] or (_CONFIG,)
    return "infra.release", arguments


def _names_config(arguments: Sequence[str]) -> bool:
    return any(one.partition("=")[0] == "--config" for one in arguments)


_PASSED_ON: Mapping[str, Callable[[Sequence[str]], tuple[str, Sequence[str]]]] = {
    "doctor": _doctor,
    "explain": _explain,
    "deployment": lambda arguments: ("infra.deployment", arguments),
    "release": _release,
    "issuers": lambda arguments: ("doctor.issuers", arguments),
}


def _run(arguments: argparse.Namespace) -> NoReturn:
    options = [f"--{name}" for name in ("json", "open") if getattr(arguments, name)]
    _become("simulator", ["run", *options], _settings(arguments))


def _ehr(arguments: argparse.Namespace) -> NoReturn:
    _become("simulator", ["ehr"], _settings(arguments))


def _serve(arguments: argparse.Namespace) -> int:
    if not Path(arguments.config).is_file():
        option, run = (
            ("CONFIG=FILE", "make run") if place.IS_CLONE else ("--config FILE", "smart-calc run")
        )
        sys.stderr.write(
            f"There is no file {arguments.config}. Specify your configuration with {option}, "
            f"or run `{run}`, which doesn't need one.\n"
        )
        return 1
    _become("gateway", [], {**_settings(arguments), "SMART_CONFIG": arguments.config})


def _job(arguments: argparse.Namespace) -> NoReturn:
    _become("gateway.job", [arguments.name], {"SMART_CONFIG": arguments.config})


def _stage(_: argparse.Namespace) -> NoReturn:
    _become("infra.stage", [])


def _settings(arguments: argparse.Namespace) -> Mapping[str, str]:
    """Return the options as the servers' environment variables; --page defaults to page/."""
    names = ("port", "ehr_port", "page", "host", "workers")
    options = {name.upper(): value for name in names if (value := getattr(arguments, name, None))}
    return {**place.page_variable(Path()), **options} if hasattr(arguments, "page") else options


def _new(arguments: argparse.Namespace) -> int:
    if arguments.job:
        _become("infra.new_job", [arguments.job])
    return new.main(
        Path(arguments.folder), arguments.wheel and Path(arguments.wheel), arguments.example
    )


def _update(arguments: argparse.Namespace) -> int:
    return update.main(Path(arguments.file))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smart-calc",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"smart-calc {place.version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int] | None, words: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        added.set_defaults(run=run)
        return added

    new_one = command("new", _new, "create a project in a new folder")
    what = new_one.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", metavar="FOLDER", nargs="?", help="an empty or new folder")
    what.add_argument("--job", metavar="NAME", help="add a job to the project in this folder")
    new_one.add_argument("--wheel", metavar="FILE", help="the package that the project uses")
    new_one.add_argument(
        "--example", metavar="NAME", choices=new.EXAMPLES, help=f"a page: {', '.join(new.EXAMPLES)}"
    )
    updated = command("update", _update, "make the project use a new smart-calc file")
    updated.add_argument(
        "file", metavar="FILE", help="the file, after `python -m pip install FILE`"
    )
    run = command("run", _run, "run the app with a simulated EHR at http://localhost:8080")
    serve = command("serve", _serve, "run the app with the registrations in smart.toml")
    ehr = command("ehr", _ehr, "run only the simulated EHR, for any app")
    job = command("job", _job, "run a job of the project once, as Cloud Scheduler does")
    job.add_argument("name", metavar="NAME", help="the job, in functions/NAME")
    command("doctor", None, "check smart.toml, the EHRs and the store before a launch fails")
    command("explain", None, "explain a failed launch: smart-calc explain < FILE")
    command("issuers", None, "add a published list of FHIR bases to issuers/KEY.txt")
    command("stage", _stage, "write the deployable folders to build/")
    command("deployment", None, "check deployment.toml, or print its values for a deployment")
    command("release", None, "run a step of a release or a rollback on Google Cloud")
    for one in (run, serve):
        one.add_argument("--port", metavar="N", help="port of the app (8080)")
        one.add_argument("--page", metavar="FOLDER", help="your page, served at /app/ (page/)")
    for one in (run, ehr):
        one.add_argument("--ehr-port", metavar="N", help="port of the simulated EHR (8090)")
    run.add_argument("--json", action="store_true", help="print the log as JSON on a terminal too")
    run.add_argument("--open", action="store_true", help="open the start page in the browser")
    for one in (serve, job):
        one.add_argument("--config", metavar="FILE", default=_CONFIG, help=f"({_CONFIG})")
    serve.add_argument("--host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    serve.add_argument("--workers", metavar="N", help="number of worker processes (1)")
    return parser
