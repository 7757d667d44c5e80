"""Files with the FHIR bases of an [[ehr]] entry, for an app at more EHRs than smart.toml can hold.

Each line has a base and, after tabs, the name and place of the hospital, if known. A line that
starts with `#` is a comment. The file is part of the deployed source, because its bases decide who
receives codes and client secrets: a new hospital is a release, reviewed like one.
docs/configuration.md describes the format.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from shared import release, urls
from shared.config.ehrs import ONE_ENTRY, USE_HTTPS
from shared.config.settings import Ehr, Settings
from shared.config.settings_file import reason, stop
from shared.config.table import Problem
from shared.frozen import dataclass

MAX_BYTES = 20_000_000
LONGEST_LABEL = 200
# Marks that change the direction of text (Unicode's Bidi_Control), and control characters.
UNSHOWN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_LABELS = rf"(?:\t[^{UNSHOWN}]{{0,{LONGEST_LABEL}}}){{0,2}}"
# A base that's already in the form in which bases are compared. Judging each line with
# `normalise_base` would take 0.2 s for 30,000 lines.
_NORMAL = (
    r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
    r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
)
_LINE = re.compile(rf"^(?:#.*|({_NORMAL}){_LABELS})?$", re.MULTILINE)
_LABELED = re.compile(rf"([^\t]*){_LABELS}")
_HTTP = "uses http"
_MOST_TOLD = 20
_EACH = "Correct the line, or remove it. `smart-calc doctor endpoints FILE` checks the file."


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that can't be used: its number, and why as the end of a sentence."""

    line: int
    why: str
    id: str = "iss_invalid"


def judge(base: str, *, local: bool = False) -> str:
    """Return the normalized form of a base, or raise ValueError with the reason. With `local`, http
    is accepted.
    """
    normal = urls.normalise_base(base)
    if normal.startswith("http:") and not local:
        raise ValueError(_HTTP)
    return normal


def bases_in(text: str, *, local: bool) -> tuple[frozenset[str], list[RefusedLine]]:
    """Return the normalized bases in a file's text, and the lines that can't be used."""
    found = _LINE.findall(text)
    bases = frozenset(filter(None, found))
    if len(found) == text.count("\n") + 1:
        return bases, []
    slow: list[str] = []
    refused = []
    for number, line in enumerate(text.split("\n"), start=1):
        if _LINE.fullmatch(line):
            continue
        try:
            slow.append(_judged(line, local=local))
        except ValueError as error:
            id_ = "http_not_local" if str(error) == _HTTP else "iss_invalid"
            refused.append(RefusedLine(number, f"{line[:200]!r}: {error}", id_))
    return bases | frozenset(slow), refused


def _judged(line: str, *, local: bool) -> str:
    labeled = _LABELED.fullmatch(line)
    if labeled is None:
        raise ValueError("has more than a base, a name and a place of 200 characters each")
    return judge(labeled[1], local=local)


def folder() -> Path:
    """Return the folder that holds `issuers/`: the staged source, or else the configuration's."""
    return release.staged_source() or Path(os.environ.get("SMART_CONFIG", "")).parent


def resolve(settings: Settings) -> Settings:
    """Return the settings with the bases of all files. Exit and report all problems if one can't be
    used.
    """
    resolved, problems = read(settings, folder())
    if problems:
        stop(problems)
    return resolved


def read(settings: Settings, place: Path) -> tuple[Settings, list[Problem]]:
    """Return the settings with the bases of the usable files below a folder, and all problems."""
    files: dict[str, frozenset[str]] = {}
    problems: list[Problem] = []
    local = urls.is_local(settings.public_url)
    for index, ehr in enumerate(settings.ehrs):
        if ehr.issuers is None or ehr.issuers in files:
            continue
        files[ehr.issuers], found = _read(place / ehr.issuers, f"ehr[{index}].issuers", local)
        problems += found
    problems += _duplicates(settings.ehrs, files)
    return replace(settings, issuers=files), problems


def _read(file: Path, place: str, local: bool) -> tuple[frozenset[str], list[Problem]]:
    try:
        text = text_of(file)
    except ValueError as error:
        remedy = "Write the file with `smart-calc issuers convert`. See docs/configuration.md."
        return frozenset(), [Problem.at("setting_invalid", place, str(error), remedy)]
    bases, refused = bases_in(text, local=local)
    problems = []
    for one in refused[:_MOST_TOLD]:
        what = f"{file.name}, line {one.line}, {one.why}"
        step = USE_HTTPS if one.id == "http_not_local" else _EACH
        problems.append(Problem.at(one.id, place, what, step))
    if len(refused) > _MOST_TOLD:
        what = f"{file.name} has {len(refused) - _MOST_TOLD} more such lines"
        problems.append(Problem.at("iss_invalid", place, what, _EACH))
    if not bases and not refused:
        what = f"{file.name} has no FHIR base"
        problems.append(Problem.at("iss_invalid", place, what, "Add one, or remove the setting."))
    return bases, problems


def text_of(file: Path) -> str:
    """Return the text of such a file, or raise ValueError with the reason."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"{file.name} has more than {MAX_BYTES:,} bytes")
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} cannot be read: {reason(error)}") from None


def _duplicates(ehrs: Iterable[Ehr], files: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    for one, other in combinations(ehrs, 2):
        if one.launch_path != other.launch_path or one.issuers is other.issuers is None:
            continue
        mine, theirs = (
            files.get(ehr.issuers or "", frozenset()) | set(ehr.iss) for ehr in (one, other)
        )
        if both := sorted(mine & theirs):
            what = f"{len(both)} FHIR base(s), such as {both[0]}, are in {one.key} and {other.key}"
            yield Problem.at("iss_duplicate", "ehr", what, ONE_ENTRY)
