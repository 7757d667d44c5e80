"""Findings as text, grouped by subject, and as JSON."""

import json
import textwrap
from collections.abc import Iterable

from doctor.check import Preflight
from doctor.finding import Checked
from doctor.output import Marks

_WIDTH = 100
_CONFIGURATION, _ADDRESS, _STORE = "Configuration", "Public URL", "Store"
_ADDRESS_IDS = frozenset({"public_url_unreachable", "public_url_frame_options", "hosts_not_shared"})
_STORE_IDS = frozenset(
    {"store_unreachable", "store_write_failed", "ttl_policy_missing", "index_exemption_missing"}
)


def as_json(preflight: Preflight) -> str:
    """Return a list of objects with the fields id, level, ehr, title, fix."""
    return json.dumps([_members(finding) for finding in preflight.findings], indent=2)


def _members(finding: Checked) -> dict[str, str | None]:
    return {
        "id": finding.id,
        "level": finding.level,
        "ehr": finding.ehr,
        "title": finding.title,
        "fix": finding.fix,
    }


def as_text(preflight: Preflight, marks: Marks) -> str:
    """Return the checks by group: failures and warnings with their fixes, then passed checks.

    The parts that weren't checked, and those that can't be checked from here, come last.
    """
    return in_groups(preflight.findings, marks, _unseen(preflight))


def in_groups(findings: list[Checked], marks: Marks, unseen: str = "") -> str:
    """Return findings grouped by subject, and their counts."""
    groups: dict[str, list[Checked]] = {}
    for name in (_CONFIGURATION, _ADDRESS):
        groups[name] = []
    for finding in findings:
        groups.setdefault(_group(finding), []).append(finding)
    groups[_STORE] = groups.pop(_STORE, [])
    parts = [_text(name, group, marks) for name, group in groups.items() if group]
    return "\n\n".join([*parts, *filter(None, [unseen]), _sum(findings)])


def _unseen(preflight: Preflight) -> str:
    lines: list[str] = []
    if preflight.left:
        # If a group has findings above, part of it was checked.
        started = {_group(one) for one in preflight.findings}
        left = [f"the rest of {one}" if one in started else one for one in preflight.left]
        lines += _wrapped("  note  ", f"Not checked: {', '.join(left)}.")
    lines += _wrapped("  note  ", _ONLY_THE_EHR_KNOWS)
    return "\n".join(lines)


_ONLY_THE_EHR_KNOWS = (
    "Only a launch can show whether an EHR has this client_id, redirect URI and scopes "
    "registered, and whether a site has enabled the app. To explain a launch error, "
    "run `smart-calc explain < FILE` (in a clone: `make explain < FILE`)."
)


def _group(finding: Checked) -> str:
    if finding.ehr is not None:
        return f"EHR {finding.ehr}"
    if finding.id in _ADDRESS_IDS:
        return _ADDRESS
    return _STORE if finding.id in _STORE_IDS else _CONFIGURATION


def _text(name: str, group: list[Checked], marks: Marks) -> str:
    lines = [marks.strong(name)]
    for level in ("fail", "warn"):
        for finding in (one for one in group if one.level == level):
            first, *rest = _wrapped(f"  {level}  ", f"{finding.title} [{finding.id}]")
            lines += [first.replace(level, marks.color(level, _COLORS[level]), 1), *rest]
            lines += _wrapped("        ", finding.fix)
    # For a passed check, show only the title, because its id names a problem that it doesn't have.
    titles = dict.fromkeys(one.title for one in group if one.level == "ok")
    for title in _url_once(list(titles)):
        first, *rest = _wrapped("  ok    ", title)
        lines += [first.replace("ok", marks.color("ok", _COLORS["ok"]), 1), *rest]
    return "\n".join(lines)


def _url_once(titles: list[str]) -> list[str]:
    """Return the titles, with a URL only in the first of consecutive titles that start with it."""
    shortened = []
    before = ""
    for title in titles:
        about, _, rest = title.partition(" ")
        address = about if about.startswith(("http://", "https://")) else ""
        shortened.append(f"It {rest}" if address and address == before else title)
        before = address
    return shortened


_COLORS = {"fail": 31, "warn": 33, "ok": 32}


def _wrapped(start: str, text: str) -> Iterable[str]:
    # Parts are untrusted, so replace characters that could control the terminal.
    plain = "".join(character if character.isprintable() else "�" for character in text)
    return textwrap.wrap(
        plain,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sum(findings: list[Checked]) -> str:
    count = {level: sum(one.level == level for one in findings) for level in ("fail", "warn", "ok")}
    counts = ", ".join(f"{number} {level}" for level, number in count.items())
    return f"{counts}. For each id, see docs/doctor.md."
