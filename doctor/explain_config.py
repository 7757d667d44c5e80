"""Reads a configuration for an explanation, and reports its problems as findings.

Even a problem that would stop a function at startup doesn't prevent the explanation.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from doctor.checks import scope_advice
from shared import urls
from shared.config import settings_file
from shared.config.ehrs import read_ehrs
from shared.config.settings import AppSettings, Ehr
from shared.config.table import Problem, TomlTable
from shared.explain import Cause, Diagnosis, Registered, registered
from shared.findings import Finding
from shared.json_members import items

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Configuration:
    """The registrations in a file, and the findings about the file and about each registration.

    `public_url` is None if the file has no usable one.
    """

    public_url: str | None = None
    registrations: tuple[Registered, ...] = ()
    of_file: tuple[Finding, ...] = ()
    of_each: tuple[tuple[Registered, tuple[Finding, ...]], ...] = ()

    def findings(self, chosen: Registered | None) -> tuple[Finding, ...]:
        """Return findings about the file and the chosen registration, or about all if None."""
        mine = [
            finding
            for one, findings in self.of_each
            if chosen is None or one is chosen
            for finding in findings
        ]
        return tuple(dict.fromkeys([*self.of_file, *mine]))


def where_right_already(diagnosis: Diagnosis, mine: Registered | None) -> Diagnosis:
    """If the configuration can't have sent the request, return the diagnosis with a step to find
    the deployment that did. Then the setting to change isn't in this file.
    """
    if mine is None or diagnosis.change is None or diagnosis.change.setting is None:
        return diagnosis
    first = diagnosis.causes[0]
    difference = _right_in(first, diagnosis.change.setting, mine)
    if difference is None:
        return diagnosis
    step = (
        f"Find out what sent this request: it was another deployment or configuration, because the "
        f"registration {mine.key} {difference}."
    )
    steps = (step, *first.steps)
    return replace(
        diagnosis,
        causes=(replace(first, steps=steps), *diagnosis.causes[1:]),
        change=replace(diagnosis.change, setting=None),
    )


def _right_in(cause: Cause, setting: str, mine: Registered) -> str | None:
    """Return how the registration differs from the error in the request, or None if it doesn't."""
    if cause.id in _LAUNCH_SCOPES:
        has_one = any(scope.startswith("launch") for scope in mine.scopes)
        return None if has_one else "has no launch scope (this app adds `launch` itself)"
    if cause.id == "scope_syntax":
        return "already has these scopes" if _scopes_of(setting) == set(mine.scopes) else None
    if cause.id == "client_id_mismatch":
        return f"has {mine.client_id}" if mine.client_id else None
    return None


_LAUNCH_SCOPES = frozenset({"launch_patient_scope_on_provider", "launch_scope_missing"})


def _scopes_of(setting: str) -> set[str]:
    return set(setting.partition('"')[2].rstrip('"').split())


def read(path: str) -> Configuration:
    """Read the configuration in a file. Never raises: an unreadable file is a finding."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = settings_file.reason(error)
        fix = "Set --config to a readable file with UTF-8 text."
        return Configuration(
            of_file=(Finding("config_unreadable", f"{path} can't be read: {why}.", (fix,)),)
        )
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        title = f"{path} isn't valid TOML: {str(error)[:_LONGEST]}."
        return Configuration(
            of_file=(Finding("config_unreadable", title, ("Correct the TOML syntax.",)),)
        )
    public_url = _public_url(table.get("public_url"))
    each = []
    for entry in items(table.get("ehr")):
        problems: list[Problem] = []
        # Read one at a time, to assign the problems to their registration.
        local = public_url is None or urls.is_local(public_url)
        for ehr in read_ehrs(TomlTable({"ehr": [entry]}, "", problems), AppSettings(), local):
            one = registered(ehr, public_url)
            each.append((one, (*map(_finding, problems), *_weak(ehr))))
    return Configuration(public_url, tuple(one for one, _ in each), (), tuple(each))


def _public_url(value: object) -> str | None:
    try:
        return urls.normalise_base(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _finding(problem: Problem) -> Finding:
    title = problem.title.replace("ehr[0].", "").replace(": ", " ", 1)
    return Finding(problem.id, title[:_LONGEST], problem.steps)


def _weak(ehr: Ehr) -> Sequence[Finding]:
    """Return the findings about scopes that can cause a refused launch or request."""
    checks = (scope_advice.wildcard(ehr), scope_advice.syntax(ehr))
    return [Finding(one.id, one.title, one.steps) for one in checks if one.level != "ok"]
