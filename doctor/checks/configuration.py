"""Checks the file itself: that it's readable, and any problem that stops a function at startup."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from doctor.finding import Checked, FindingId, fail, ok
from shared.config import issuers, settings_file
from shared.config.settings import Ehr, Settings
from shared.config.table import Problem
from shared.json_members import items

_PASSED: Mapping[FindingId, str] = {
    "config_unreadable": "The file can be read.",
    "config_too_large": "The file fits in a secret.",
    "setting_unknown": "Every key is a known setting.",
    "setting_invalid": "Every setting has a valid value.",
    "secret_literal": "All secrets are references.",
    "public_url_invalid": "public_url has only a scheme and a host.",
    "http_not_local": "http is used only on localhost.",
    "iss_invalid": "Every iss can be compared with the iss that an EHR sends.",
    "iss_duplicate": "No iss is in two registrations.",
    "launch_scope_configured": "No launch scope is listed in scopes.",
    "standalone_without_iss": "Every standalone registration has an iss without /*.",
}
# Reported only if there is a [[cds_client]].
_PASSED_OF_CLIENTS: Mapping[FindingId, str] = {
    "cds_ehr_unknown": "Every [[cds_client]] entry names an [[ehr]] entry.",
    "cds_client_duplicate": "No two [[cds_client]] entries have the same key, or the same iss "
    "and tenant.",
    "cds_cors_origin_invalid": "Every cors_origins entry is an origin.",
}
# Secret Manager's limit for a version of a secret.
_LARGEST = 65_536
_PLACE = re.compile(r"ehr\[([0-9]+)\]")
_CLIENT_PLACE = re.compile(r"cds_client(?:\[([0-9]+)\])?")


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts of a configuration that can be checked. `left` lists the parts that can't.

    `faulty` has the invalid settings of each registration, which is checked without them.
    """

    settings: Settings
    public_url: bool = True
    sealing_keys: bool = True
    store: bool = True
    faulty: Mapping[str, frozenset[str]] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    def may_use(self, ehr: Ehr, *settings: str) -> bool:
        """Return whether all these settings of a registration are valid."""
        return self.faulty.get(ehr.key, frozenset()).isdisjoint(settings)


def read(path: str) -> tuple[Sound | None, list[Checked]]:
    """Return the checkable parts of a file (None if there are none) and the findings about it."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        title = f"{path} can't be read: {settings_file.reason(error)}."
        fix = (
            "Pass the path of your file, which must be readable UTF-8 text: `smart-calc doctor "
            "--config FILE` or `make doctor CONFIG=FILE`."
        )
        return None, [fail("config_unreadable", title, fix)]
    size = len(text.encode())
    too_large = [_too_large(size)] if size > _LARGEST else []
    settings, problems = settings_file.parse_as_far_as_it_goes(text, _names_of_calculators)
    if settings is None:
        return None, [*too_large, *(_finding(problem, {}) for problem in problems)]
    settings, of_files = issuers.read(settings, Path(path).parent)
    problems += of_files
    if not problems:
        passed = {**_PASSED, **(_PASSED_OF_CLIENTS if settings.cds_clients else {})}
        if too_large:
            del passed["config_too_large"]
        return Sound(settings), [*too_large, *(ok(id_, title) for id_, title in passed.items())]
    keys = _keys(text)
    return _sound(settings, problems, keys), [
        ok("config_unreadable", _PASSED["config_unreadable"]),
        *too_large,
        *(_finding(problem, keys) for problem in problems),
    ]


def _too_large(size: int) -> Checked:
    title = (
        f"The file has {size:,} bytes. Secret Manager accepts at most {_LARGEST:,}, so it can't be "
        "deployed."
    )
    fix = (
        'Move the FHIR bases of each large [[ehr]] entry to a file: `issuers = "file:issuers/'
        'KEY.txt"`, which `smart-calc issuers convert` writes. See docs/configuration.md, Issuers '
        "in a file."
    )
    return fail("config_too_large", title, fix)


def _sound(settings: Settings, problems: Sequence[Problem], keys: Mapping[str, str]) -> Sound:
    """Return the settings without the invalid ones."""
    # If a redirect path is shared, still check the rest of the entry.
    places = [problem.place for problem in problems if problem.finding != "redirect_shared"]
    faulty: dict[str, set[str]] = {}
    for place in places:
        if (match := _PLACE.match(place)) is not None:
            faulty.setdefault(match[1], set()).add(_setting(place[match.end() :]))
    of_clients = [match for place in places if (match := _CLIENT_PLACE.match(place))]
    of_all = [
        place for place in places if not _PLACE.match(place) and not _CLIENT_PLACE.match(place)
    ]
    names = {keys.get(index, "") for index in faulty}
    # Entries can't be told apart if one has no key or two have the same key.
    whole = "" in names or "ehr" in of_all
    # An entry with an invalid key has none now. Check the valid settings of the other entries.
    sound = [bool(one.key) and not whole for one in settings.ehrs]
    ehrs = tuple(one for one, good in zip(settings.ehrs, sound, strict=True) if good)
    written = [keys.get(str(index)) or one.key for index, one in enumerate(settings.ehrs)]
    left = [
        f"EHR {name or '(no key)'}"
        for name, good in zip(written, sound, strict=True)
        if not good or name in names
    ]
    store = not any(place.startswith("store") for place in of_all)
    sealing_keys = not any(place.startswith("sealing_keys") for place in of_all)
    left += ["the public URL"] * bool(of_all)
    left += ["the sealing keys"] * (not sealing_keys) + ["the store"] * (not store)
    left += ["the callers of the CDS service"] * bool(of_clients)
    clients = () if of_clients else settings.cds_clients
    rest = replace(settings, ehrs=ehrs, cds_clients=clients)
    without = {keys.get(index, ""): frozenset(settings) for index, settings in faulty.items()}
    return Sound(rest, not of_all, sealing_keys, store, without, tuple(left))


def _setting(place: str) -> str:
    """Return the setting's name from a place such as `.endpoint_hosts[0]`."""
    return place.removeprefix(".").partition("[")[0]


def _names_of_calculators(settings: Settings) -> list[Problem]:
    """Return the problems that stop smart_calc at startup, or none without the calculators."""
    apps = (settings.app, *(ehr.app for ehr in settings.ehrs))
    codes = any(ehr.codes for ehr in settings.ehrs)
    if not codes and all(not one.calculators_off and not one.cards for one in apps):
        return []
    try:
        from clinical import site_choice
    except ImportError:
        return []
    return list(site_choice.problems(settings))


def _finding(problem: Problem, keys: Mapping[str, str]) -> Checked:
    place = _PLACE.match(problem.place)
    ehr = keys.get(place[1]) if place else None
    return fail(cast(FindingId, problem.finding or problem.id), problem.title, problem.fix, ehr)


def _keys(text: str) -> Mapping[str, str]:
    """Return the key of each [[ehr]] table that has one, by its index."""
    try:
        entries: Any = tomllib.loads(text).get("ehr")
    except (ValueError, RecursionError):
        return {}
    return {
        str(index): entry["key"]
        for index, entry in enumerate(items(entries))
        if isinstance(entry, dict) and isinstance(entry.get("key"), str)
    }
