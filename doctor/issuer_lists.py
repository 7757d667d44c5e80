"""Reads lists of FHIR bases as vendors publish them, and judges each address as an `iss` is judged.

A list is a FHIR Bundle with Endpoints (FHIR R4), also one of User-access Brands (SMART App Launch
2.2, "User-access Brands and Endpoints"), CSV with a column `url` or `base_url`, or one address per
line, with a name and place after tabs. Pure: shared/config/issuers.py describes the result's file.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.checks.obvious import DOCUMENTS
from shared import urls
from shared.config.issuers import LONGEST_LABEL, UNSHOWN, judge
from shared.json_members import items, objects

_UNSHOWN = re.compile(f"[{UNSHOWN}]")
_COLUMNS = ("url", "base_url")
# Statuses of an Endpoint that mean that it can't be used (FHIR R4, endpoint-status).
_UNUSED = frozenset({"suspended", "error", "off", "entered-in-error"})
# In the lists of older versions, often only the address shows the version.
_OLDER = re.compile(r"/(dstu2|stu3)(?:/|$)", re.IGNORECASE)
_FHIR_VERSION = "http://hl7.org/fhir/StructureDefinition/endpoint-fhir-version"


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list: its place, such as `line 3`, its address and labels as published, and
    why it can't be a base, if the list itself shows that.
    """

    place: str
    address: str
    name: str = ""
    town: str = ""
    unusable: str = ""


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that can't be used, and why."""

    place: str
    address: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.address[:200]!r}: {self.why}"


@dataclass(slots=True)
class Judged:
    """A judged list: name and town by base, entries that can't be used, names that were left out
    because their base already has one, and the number of entries with a base that came earlier.
    """

    bases: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: list[RefusedEntry] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    repeated: int = 0

    def add(self, listed: Listed) -> None:
        """Judge one entry."""
        address = listed.address.strip()
        try:
            base = _base(listed, address)
        except ValueError as error:
            self.refused.append(RefusedEntry(listed.place, address, str(error)))
            return
        name, town = _label(listed.name), _label(listed.town)
        if base not in self.bases:
            self.bases[base] = (name, town)
            return
        self.repeated += 1
        first, first_town = self.bases[base]
        if not first:
            self.bases[base] = (name, town or first_town)
        elif name and name != first:
            self.renamed.append(f"{listed.place}: {base} is {first!r}, and also {name!r}")


def _base(listed: Listed, address: str) -> str:
    if listed.unusable:
        raise ValueError(listed.unusable)
    base = judge(address, local=urls.is_local(address))
    if ending := next((one for one in DOCUMENTS if base.endswith(one)), None):
        raise ValueError(f"ends in {ending}, which isn't part of a FHIR base")
    if older := _OLDER.search(base):
        raise ValueError(f"is a base of FHIR {older[1].upper()}, and this app reads R4")
    return base


def judged(text: str) -> Judged:
    """Return a list's entries, judged. Raise ValueError if the text isn't such a list."""
    result = Judged()
    for listed in read(text):
        result.add(listed)
    return result


def read(text: str) -> Iterator[Listed]:
    """Yield the entries of a list. Raise ValueError if the text isn't such a list."""
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in {"{", "["}:
        return _bundle(text)
    first = next((line for line in text.splitlines() if line.strip() and line[0] != "#"), "")
    separator = ";" if first.count(";") > first.count(",") else ","
    header = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=separator), [])]
    column = next((name for name in _COLUMNS if name in header), None)
    if column is not None:
        return _table(text, separator, header, header.index(column))
    if separator in first and "://" not in first:
        raise ValueError("the first line is a table's, but has no column `url` or `base_url`")
    return _lines(text)


def _lines(text: str) -> Iterator[Listed]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            address, _, labels = line.partition("\t")
            name, _, town = labels.partition("\t")
            yield Listed(f"line {number}", address, name, town)


def _table(text: str, separator: str, header: list[str], column: int) -> Iterator[Listed]:
    rows = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    named = {name: at for at, name in enumerate(header) if name in {"name", "place"}}
    started = False
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if started:
            cells += [""] * (len(header) - len(cells))
            labels = (cells[named[one]] if one in named else "" for one in ("name", "place"))
            yield Listed(f"line {rows.line_num}", cells[column], *labels)
        started = True


def _bundle(text: str) -> Iterator[Listed]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it isn't valid JSON: {error}") from None
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        raise ValueError("it's JSON, but not a FHIR Bundle")
    entries = [
        (number, str(entry.get("fullUrl")), entry.get("resource"))
        for number, entry in enumerate(items(document.get("entry")), start=1)
        if isinstance(entry, dict)
    ]
    resources = [(number, url, one) for number, url, one in entries if isinstance(one, dict)]
    organizations: dict[str, list[Mapping[str, Any]]] = {}
    for _, _, one in resources:
        if one.get("resourceType") == "Organization":
            for reference in objects(items(one.get("endpoint"))):
                organizations.setdefault(str(reference.get("reference")), []).append(one)
    return _endpoints(resources, organizations)


def _endpoints(
    resources: list[tuple[int, str, dict[str, Any]]],
    organizations: Mapping[str, list[Mapping[str, Any]]],
) -> Iterator[Listed]:
    for number, url, one in resources:
        if one.get("resourceType") != "Endpoint":
            continue
        place, address = f"entry {number}", str(one.get("address") or "")
        if why := _unusable(one):
            yield Listed(place, address, unusable=why)
            continue
        references = dict.fromkeys((f"Endpoint/{one.get('id')}", url))
        owners = [owner for name in references for owner in organizations.get(name, ())]
        owners = owners or _contained(one)
        for owner in owners:
            yield Listed(place, address, str(owner.get("name") or ""), _town(owner))
        if not owners:
            yield Listed(place, address, str(one.get("name") or ""))


def _unusable(endpoint: Mapping[str, Any]) -> str:
    if (status := endpoint.get("status")) in _UNUSED:
        return f"its status is {status}"
    kind = endpoint.get("connectionType")
    code = kind.get("code") if isinstance(kind, dict) else None
    if code not in {None, "hl7-fhir-rest"}:
        return f"its connection type is {str(code)[:40]}, not hl7-fhir-rest"
    versions = [
        str(one.get("valueCode"))
        for one in objects(items(endpoint.get("extension")))
        if one.get("url") == _FHIR_VERSION
    ]
    if versions and not any(one.startswith("4.") for one in versions):
        return f"it has FHIR {', '.join(versions)[:40]}, and this app reads R4"
    return ""


def _contained(endpoint: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the Organizations in an Endpoint itself, where Oracle's and Epic's lists had them."""
    return [
        one
        for one in objects(items(endpoint.get("contained")))
        if one.get("resourceType") == "Organization"
    ]


def _town(organization: Mapping[str, Any]) -> str:
    for address in objects(items(organization.get("address"))):
        parts = (str(address.get(name) or "") for name in ("city", "state"))
        return ", ".join(filter(None, parts))
    return ""


def _label(text: str) -> str:
    """Return a label without line breaks, control characters and marks that change direction."""
    plain = _UNSHOWN.sub("", " ".join(text.split()))
    return plain[:LONGEST_LABEL].strip()
