"""The file itself: readable, and every problem that a function would end with at its start."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from doctor.finding import Checked, FindingId, fail, ok
from shared.config import settings_file
from shared.config.settings import Ehr, Settings
from shared.config.table import Problem
from shared.json_members import items

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
# Said where there is a [[cds_client]].
_PASSED_OF_CLIENTS: Mapping[FindingId, str] = {
    "cds_ehr_unknown": "Every [[cds_client]] names an [[ehr]].",
    "cds_client_duplicate": "No two [[cds_client]] have one key, or one iss and tenant.",
    "cds_cors_origin_invalid": "Every cors_origins entry is an origin.",
}
_PLACE = re.compile(r"ehr\[([0-9]+)\]")
_CLIENT_PLACE = re.compile(r"cds_client(?:\[([0-9]+)\])?")


@dataclass(frozen=True, slots=True)
class Sound:
    """What of a configuration can be looked at. `left` names what cannot, with the reason.

    `faulty` holds the settings at fault of each registration that is checked without them.
    """

    settings: Settings
    public_url: bool = True
    sealing_keys: bool = True
    store: bool = True
    faulty: Mapping[str, frozenset[str]] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    def may_use(self, ehr: Ehr, *settings: str) -> bool:
        """Whether none of these settings of a registration is at fault."""
        return self.faulty.get(ehr.key, frozenset()).isdisjoint(settings)


def read(path: str) -> tuple[Sound | None, list[Checked]]:
    """What can be looked at of a file, None where that is nothing, and what was found about it."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        title = f"{path} cannot be read: {settings_file.reason(error)}."
        fix = (
            "Name your file, UTF-8 text that you may read: smart-calc doctor --config FILE, or "
            "make doctor CONFIG=FILE."
        )
        return None, [fail("config_unreadable", title, fix)]
    settings, problems = settings_file.parse_as_far_as_it_goes(text, _names_of_calculators)
    if settings is None:
        return None, [_finding(problem, {}) for problem in problems]
    if not problems:
        passed = {**_PASSED, **(_PASSED_OF_CLIENTS if settings.cds_clients else {})}
        return Sound(settings), [ok(id_, title) for id_, title in passed.items()]
    keys = _keys(text)
    return _sound(settings, problems, keys), [
        ok("config_unreadable", _PASSED["config_unreadable"]),
        *(_finding(problem, keys) for problem in problems),
    ]


def _sound(settings: Settings, problems: Sequence[Problem], keys: Mapping[str, str]) -> Sound:
    """What is left of the settings without those at fault."""
    # A shared redirect path doesn't keep the doctor from checking the rest of the entry.
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
    # Without its key an entry cannot be told from the others; nor can two of one key.
    whole = "" in names or "ehr" in of_all
    # A key that is at fault was read as none. Of the others what is not at fault is checked.
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
    left += ["the public address"] * bool(of_all)
    left += ["the sealing keys"] * (not sealing_keys) + ["the store"] * (not store)
    left += ["the callers of the CDS service"] * bool(of_clients)
    clients = () if of_clients else settings.cds_clients
    rest = replace(settings, ehrs=ehrs, cds_clients=clients)
    without = {keys.get(index, ""): frozenset(settings) for index, settings in faulty.items()}
    return Sound(rest, not of_all, sealing_keys, store, without, tuple(left))


def _setting(place: str) -> str:
    """The name of a setting in a place such as `.endpoint_hosts[0]`."""
    return place.removeprefix(".").partition("[")[0]


def _names_of_calculators(settings: Settings) -> list[Problem]:
    """What smart_calc would end with; nothing where the calculators are not installed."""
    if not settings.calculators_off and not settings.cards:
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
    """The key of each [[ehr]] table, by its index, as far as the file gives them."""
    try:
        entries: Any = tomllib.loads(text).get("ehr")
    except (ValueError, RecursionError):
        return {}
    return {
        str(index): entry["key"]
        for index, entry in enumerate(items(entries))
        if isinstance(entry, dict) and isinstance(entry.get("key"), str)
    }
