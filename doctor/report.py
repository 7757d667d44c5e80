"""Findings for people, grouped by what they are about, and for programs."""

import json
import textwrap
from collections.abc import Iterable

from doctor.finding import Checked

_WIDTH = 100
_CONFIGURATION, _ADDRESS, _STORE = "Configuration", "Public address", "Store"
_ADDRESS_IDS = frozenset({"public_url_unreachable", "public_url_frame_options", "hosts_not_shared"})
_STORE_IDS = frozenset({"store_unreachable", "store_write_failed", "ttl_policy_missing"})


def as_json(findings: list[Checked]) -> str:
    """A list of objects with the members id, level, ehr, title, fix."""
    return json.dumps([_members(finding) for finding in findings], indent=2)


def _members(finding: Checked) -> dict[str, str | None]:
    return {
        "id": finding.id,
        "level": finding.level,
        "ehr": finding.ehr,
        "title": finding.title,
        "fix": finding.fix,
    }


def as_text(findings: list[Checked]) -> str:
    """Each group: what fails, what is weak, and in one line the ids that are well."""
    groups: dict[str, list[Checked]] = {}
    for name in (_CONFIGURATION, _ADDRESS):
        groups[name] = []
    for finding in findings:
        groups.setdefault(_group(finding), []).append(finding)
    groups[_STORE] = groups.pop(_STORE, [])
    parts = [_text(name, group) for name, group in groups.items() if group]
    return "\n\n".join([*parts, _sum(findings)])


def _group(finding: Checked) -> str:
    if finding.ehr is not None:
        return f"EHR {finding.ehr}"
    if finding.id in _ADDRESS_IDS:
        return _ADDRESS
    return _STORE if finding.id in _STORE_IDS else _CONFIGURATION


def _text(name: str, group: list[Checked]) -> str:
    lines = [name]
    for level in ("fail", "warn"):
        for finding in (one for one in group if one.level == level):
            lines += _wrapped(f"  {level}  ", f"{finding.title} [{finding.id}]")
            lines += _wrapped("        ", finding.fix)
    passed = [one.id for one in group if one.level == "ok"]
    if passed:
        lines += _wrapped("  ok    ", ", ".join(dict.fromkeys(passed)))
    return "\n".join(lines)


def _wrapped(start: str, text: str) -> Iterable[str]:
    # Parts come from files and servers: nothing in them may steer the terminal.
    plain = "".join(sign if sign.isprintable() else "�" for sign in text)
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
    return f"{count['fail']} fail, {count['warn']} warn, {count['ok']} ok. docs/doctor.md: each id."
