"""The file itself: readable, and every problem that a function would end with at its start."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from doctor.finding import Checked, FindingId, fail, ok
from shared.config import file as config
from shared.config.settings import Settings
from shared.config.table import Problem

_PASSED: Mapping[FindingId, str] = {
    "config_unreadable": "The file can be read.",
    "setting_unknown": "Every key is a setting.",
    "setting_invalid": "Every setting has a value that it may have.",
    "secret_literal": "Secrets are named by reference only.",
    "public_url_invalid": "public_url is scheme and host.",
    "http_not_local": "http is used on localhost only.",
    "iss_invalid": "Every iss can be compared with what an EHR sends.",
    "iss_duplicate": "No iss stands in two registrations.",
    "launch_scope_configured": "No launch scope is written in scopes.",
    "standalone_without_iss": "Every standalone registration has an iss without /*.",
}
_PLACE = re.compile(r"ehr\[([0-9]+)\]")


def read(path: str) -> tuple[Settings | None, list[Checked]]:
    """The settings of a file, None where it has a problem, and what was found about it."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        title = f"{path} cannot be read: {config.reason(error)}."
        fix = "Name the file by --config, as UTF-8 text that you may read."
        return None, [fail("config_unreadable", title, fix)]
    settings, problems = config.parse(text, _names_of_calculators)
    if settings is None:
        keys = _keys(text)
        return None, [
            ok("config_unreadable", _PASSED["config_unreadable"]),
            *(_finding(problem, keys) for problem in problems),
        ]
    return settings, [ok(id_, title) for id_, title in _PASSED.items()]


def _names_of_calculators(settings: Settings) -> list[Problem]:
    """What smart_calc would end with; nothing where the calculators are not installed."""
    if not settings.calculators_off:
        return []
    try:
        from clinical import turned_off
    except ModuleNotFoundError:
        return []
    return turned_off.problems(settings)


def _finding(problem: Problem, keys: Mapping[str, str]) -> Checked:
    place = _PLACE.match(problem.place)
    ehr = keys.get(place[1]) if place else None
    return fail(cast(FindingId, problem.id), problem.title, problem.fix, ehr)


def _keys(text: str) -> Mapping[str, str]:
    """The key of each [[ehr]] table, by its index, as far as the file gives them."""
    try:
        entries: Any = tomllib.loads(text).get("ehr")
    except (ValueError, RecursionError):
        return {}
    return {
        str(index): entry["key"]
        for index, entry in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("key"), str)
    }
