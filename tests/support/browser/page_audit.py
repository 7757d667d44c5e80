"""Compare the rendered page with the chart: every number and date against its resource.

It interprets the chart independently: it determines the newest usable value of each test and the
current time itself, so that it doesn't repeat an error of the product.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from html import unescape
from typing import Any

from clinical import units_in_words
from clinical.calculators import REGISTRY, evaluate
from clinical.calculators.inputs import INPUTS, to_canonical

Json = Mapping[str, Any]

_USABLE = {"final", "amended", "corrected"}
_HIDDEN = {"entered-in-error", "cancelled", "registered", "unknown"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(r"\b(?:(\d{1,2}) )?(?:(" + "|".join(_MONTHS) + r") )(\d{4})(?: (\d\d:\d\d))?")
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_EXCLUDED = {"8460-8", "8454-1", "76215-3", "76213-8", "76214-6"}


@dataclass(frozen=True)
class Row:
    """A row of a table, as printed."""

    source: str
    name: str
    value: str
    unit: str
    when: str
    status: str


@dataclass(frozen=True)
class Input:
    """An input of a calculator, as on the page."""

    name: str
    kind: str
    value: Any
    shown: str
    unit: str
    source: str
    text: str


def text(markup: str) -> str:
    """Return markup as a reader sees it."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup))).strip()


def rows(page: str) -> list[Row]:
    """Return the rows of both tables."""
    rows = []
    for source, cells in re.findall(r'<tr data-source="([^"]*)">(.*?)</tr>', page, re.DOTALL):
        cell = map(text, re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", cells))
        name, when, value, unit, _, *flags = cell
        rows.append(Row(unescape(source), name, value, unit, when, " ".join(flags)))
    return rows


def inputs(page: str) -> dict[str, list[Input]]:
    """Return the inputs of each calculator that has any."""
    inputs: dict[str, list[Input]] = {}
    for name, body in re.findall(
        r'<details class="calculator" id="(\w+)"(.*?)<details class="formula">', page, re.DOTALL
    ):
        parts = body.split('<div class="input" ')[1:]
        inputs[name] = [_input(part) for part in parts]
    return inputs


def _input(part: str) -> Input:
    head = dict(re.findall(r'data-([a-z]+)="([^"]*)"', part.partition(">")[0]))
    shown = re.search(r'type="text"[^>]* value="([^"]*)"', part)
    return Input(
        head["name"],
        head.get("kind", "number"),
        json.loads(unescape(head["value"])),
        unescape(shown[1]) if shown else "",
        unescape(head.get("unit", "")),
        unescape(head.get("source", "")),
        text(part.partition('class="about"')[2]),
    )


def complaints(page: str, resources: Iterable[Json], now: datetime) -> list[str]:
    """Return every difference between a page and the chart it was made from."""
    latest = _latest(resources)
    zone = _zone(page)
    by_source = {f"{one['resourceType']}/{one['id']}": one for one in latest if one.get("id")}
    return [
        *_of_tables(page, by_source, zone, now),
        *_of_inputs(page, by_source, zone),
        *_of_results(page),
        *_of_dates(page, latest, zone, now),
    ]


def _zone(page: str) -> timezone:
    minutes = re.search(r'id="stamp"[^>]* data-offset="(-?\d+)"', page)
    return timezone(timedelta(minutes=int(minutes[1]))) if minutes else UTC


def _latest(resources: Iterable[Json]) -> list[Json]:
    kept: dict[tuple[str, str], Json] = {}
    for number, one in enumerate(resources):
        key = (str(one.get("resourceType")), str(one.get("id", number)))
        if key not in kept or _updated(one) >= _updated(kept[key]):
            kept[key] = one
    return list(kept.values())


def _updated(one: Json) -> datetime:
    return _instant((one.get("meta") or {}).get("lastUpdated"))


def _instant(date: object) -> datetime:
    """Return a FHIR time as an instant, or the earliest possible one if it's invalid."""
    whole = re.fullmatch(r"(\d{4})(-\d\d)?(-\d\d)?(T.*)?", date if isinstance(date, str) else "")
    if whole is None:
        return _BEGINNING
    year, month, day, time = whole.groups()
    try:
        made = datetime.fromisoformat(f"{year}{month or '-01'}{day or '-01'}{time or ''}")
        return made if made.tzinfo else made.replace(tzinfo=UTC)
    except ValueError:
        return _BEGINNING


def _taken(observation: Json) -> str:
    """Return the time of an Observation as charted."""
    period = observation.get("effectivePeriod") or {}
    told = (
        observation.get("effectiveDateTime"),
        observation.get("effectiveInstant"),
        period.get("end"),
        period.get("start"),
        observation.get("issued"),
    )
    return next((one for one in told if isinstance(one, str) and _instant(one) > _BEGINNING), "")


def _written(date: str, zone: timezone) -> str:
    """Return a charted time as the page should write it."""
    if "T" in date:
        here = _instant(date).astimezone(zone)
        return f"{here.day} {_MONTHS[here.month - 1]} {here.year} {here:%H:%M}"
    year, *rest = date.split("-")
    names = [_MONTHS[int(rest[0]) - 1]] if rest else []
    days = [str(int(rest[1]))] if len(rest) > 1 else []
    return " ".join([*days, *names, year])


def _amount(element: Json) -> tuple[str, str] | None:
    """Return value and unit as charted."""
    quantity = element.get("valueQuantity") or {}
    value = quantity.get("value")
    if isinstance(value, int | float | Decimal):
        unit = quantity.get("unit") or quantity.get("code") or ""
        unit = (
            "fraction of 1" if unit == "1" else units_in_words.charted(unit) if unit else "no unit"
        )
        return f"{quantity.get('comparator') or ''} {value}".strip(), unit
    concept = element.get("valueCodeableConcept") or {}
    codings = concept.get("coding") or [{}]
    words = concept.get("text") or codings[0].get("display") or codings[0].get("code")
    words = words or element.get("valueString")
    return (words.strip(), "") if words else None


def _amounts(observation: Json) -> tuple[str, str] | None:
    own = _amount(observation)
    if own and own[1] == "fraction of 1":
        codes = {one.get("code") for one in (observation.get("code") or {}).get("coding") or []}
        shares = {*INPUTS["spo2"].loinc, *INPUTS["fio2"].loinc}
        return own[0], own[1] if codes & shares else ""
    if own:
        return own
    parts = [_amount(part) for part in observation.get("component") or []]
    units = {part[1] for part in parts if part}
    if len(units) != 1:
        return None
    return " / ".join(part[0] if part else "–" for part in parts), units.pop()


def _key(observation: Json) -> str:
    code = observation.get("code") or {}
    named = (one for one in code.get("coding") or [] if one.get("system") and one.get("code"))
    first = next(named, None)
    return f"{first['system']}|{first['code']}" if first else str(code.get("text"))


def newest_usable(observations: Iterable[Json], now: datetime) -> dict[str, set[str]]:
    """Return the ids of the newest usable values of each test, several if their times are equal."""
    best: dict[str, list[tuple[tuple[datetime, ...], str]]] = defaultdict(list)
    for one in observations:
        if one.get("status") not in _USABLE or _amounts(one) is None or _is_excluded(one):
            continue
        if _instant(_taken(one)) - now > timedelta(days=1):
            continue
        order = (_instant(_taken(one)), _instant(one.get("issued")), _updated(one))
        best[_key(one)].append((order, f"Observation/{one.get('id')}"))
    return {
        key: {source for order, source in dated if order == max(dated)[0]}
        for key, dated in best.items()
    }


def _is_excluded(observation: Json) -> bool:
    codes = {one.get("code") for one in (observation.get("code") or {}).get("coding") or []}
    standing = "10904000" in json.dumps(observation.get("extension") or [], default=str)
    return bool(codes & _EXCLUDED) or (standing and _key(observation).endswith("85354-9"))


def _of_tables(
    page: str, by_source: Mapping[str, Json], zone: timezone, now: datetime
) -> Iterator[str]:
    observations = [one for one in by_source.values() if one["resourceType"] == "Observation"]
    usable = newest_usable(observations, now)
    for row in rows(page):
        one = by_source.get(row.source)
        if one is None:
            yield f"{row.name}: its resource {row.source} is not in the chart"
            continue
        wanted = usable.get(_key(one))
        if wanted is not None and row.source not in wanted:
            yield f"{row.name}: {row.source} is shown, {sorted(wanted)} is the newest usable"
        if wanted is None and "not used" not in row.status:
            yield f"{row.name}: nothing usable is charted, and {row.source} is shown plain"
        value, unit = _amounts(one) or ("", "")
        if (row.value, row.unit) != (" ".join(value.split()), unit):
            yield f"{row.name}: {row.value} {row.unit} is shown for {value} {unit}"
        when = _written(_taken(one), zone) if _taken(one) else "no date"
        if row.when.partition(" (")[0] != when and "readable" not in row.when:
            yield f"{row.name}: dated {row.when} for {when}"
        if (one.get("status") == "final") == (str(one.get("status")) in row.status.split()):
            yield f"{row.name}: status {row.status} for {one.get('status')}"


def of_list(
    listed: Iterable[Mapping[str, Any]], resources: Iterable[Json], zone: timezone, now: datetime
) -> Iterator[str]:
    """Yield the differences between the list of all results and the chart."""
    latest = [one for one in _latest(resources) if one["resourceType"] == "Observation"]
    shown = [one for one in latest if _amounts(one) and one.get("status") not in _HIDDEN]
    by_source = {f"Observation/{one['id']}": one for one in shown}
    by_shown = {row["source"]: row for row in listed}
    for source in by_source.keys() ^ by_shown.keys():
        yield f"{source} is in the chart or in the list, not in both"
    times = [_instant(_taken(by_source[source])) for source in by_shown if source in by_source]
    if times != sorted(times, reverse=True):
        yield "the list is not in the order of time"
    for source, row in by_shown.items():
        if one := by_source.get(source):
            yield from (f"{source}: {said}" for said in _of_row(row, one, zone, now))


def _of_row(row: Mapping[str, Any], one: Json, zone: timezone, now: datetime) -> Iterator[str]:
    if (row["value"], row["unit"]) != (_amounts(one) or ("", "")):
        yield f"{row['value']} {row['unit']} is shown for {_amounts(one)}"
    when = _written(_taken(one), zone) if _taken(one) else "no date"
    if row["when"].partition(" (")[0] != when and "readable" not in row["when"]:
        yield f"dated {row['when']} for {when}"
    if row["status"] != one.get("status"):
        yield f"status {row['status']} for {one.get('status')}"
    if not row["mark"] and (why := _unusable(one, now)):
        yield f"shown plain, and {why}"


def _unusable(one: Json, now: datetime) -> str:
    """Return why no calculator can use a value, determined independently, or an empty text."""
    if one.get("status") not in _USABLE or _is_excluded(one):
        return "its status or another code rules it out"
    if _instant(_taken(one)) - now > timedelta(days=1):
        return "it is dated in the future"
    holders = [one, *(one.get("component") or [])]
    systems = [c.get("system") for h in holders for c in (h.get("code") or {}).get("coding") or []]
    if "http://loinc.org" not in systems:
        return "it has no LOINC code"
    for name in INPUTS:
        for quantity, unit in _quantities(one, name):
            if quantity.get("comparator"):
                return "it is a bound"
            try:
                to_canonical(name, float(quantity["value"]), unit)
            except ValueError:
                return "its value or unit cannot be taken"
            if _taken(one) and (now - _instant(_taken(one))).days > INPUTS[name].max_days + 1:
                return "it is too old"
    return ""


def _of_inputs(page: str, by_source: Mapping[str, Json], zone: timezone) -> Iterator[str]:
    for calculator, filled in inputs(page).items():
        for one in filled:
            if one.kind != "number" or one.value is None or one.name not in INPUTS:
                continue
            where = f"{calculator}, {one.name}"
            resource = by_source.get(one.source)
            if resource is None:
                yield f"{where}: its resource {one.source} is not in the chart"
                continue
            values = [
                to_canonical(one.name, float(quantity["value"]), unit)
                for quantity, unit in _quantities(resource, one.name)
            ]
            floor = REGISTRY[calculator].in_chart.floors.get(one.name)
            below = [
                quantity["comparator"].startswith("<") and value <= one.value == floor
                for (quantity, _), value in zip(
                    _quantities(resource, one.name), values, strict=True
                )
                if quantity.get("comparator")
            ]
            equal = [abs(value - one.value) <= 1e-9 * abs(value) for value in values]
            if not any(below or equal):
                yield f"{where}: {one.value} is used, {values} is charted"
            # All decimals shown must be right. The value itself is used unrounded.
            half = 0.5 * 10.0 ** -len(one.shown.partition(".")[2])
            if abs(float(one.shown) - one.value) > half * (1 + 1e-9):
                yield f"{where}: {one.shown} is shown, {one.value} is used"
            if _written(_taken(resource), zone) not in one.text:
                yield f"{where}: {one.text!r} lacks {_written(_taken(resource), zone)}"


def _quantities(observation: Json, name: str) -> Iterator[tuple[Json, str]]:
    for holder in (observation, *(observation.get("component") or [])):
        codes = {one.get("code") for one in (holder.get("code") or {}).get("coding") or []}
        quantity = holder.get("valueQuantity") or {}
        if quantity.get("value") is not None and codes & _codes(name):
            ucum = quantity.get("system") == "http://unitsofmeasure.org"
            yield quantity, (quantity.get("code") if ucum else "") or quantity.get("unit") or ""


def _codes(name: str) -> set[str]:
    bedside = {"41653-7", "2340-8", "2341-6", "14743-9"} if name == "glucose" else set()
    return {*INPUTS[name].loinc, *bedside}


def _of_results(page: str) -> Iterator[str]:
    """Compare each result in a table of results with one recalculated from the page's values."""
    for name, filled in inputs(page).items():
        if REGISTRY[name].mark:
            continue
        raw = {one.name: (one.value, one.unit or None) for one in filled}
        made = evaluate(name, raw)
        body = page.partition(f'id="{name}"')[2].partition("<details")[0]
        for output in REGISTRY[name].outputs:
            cell = re.search(
                rf'<th scope="row">{re.escape(output.label)}</th><td class="number">(.*?)</td>',
                body,
            )
            shown = re.search(r"<strong>(.*?)</strong>", cell[1]) if cell else None
            result, between = made.results.get(output.name), made.ranges.get(output.name)
            wanted = result.printed if result else None
            if between:
                same = between.low == between.high
                wanted = between.low if same else f"{between.low} to {between.high}"
            if (shown[1] if shown else None) != wanted:
                yield f"{name}, {output.name}: {shown and shown[1]} is shown, {wanted} is computed"


def _of_dates(page: str, resources: Iterable[Json], zone: timezone, now: datetime) -> Iterator[str]:
    """Check that every date on the page is in the chart, or is the time when the page was made."""
    here = now.astimezone(zone)
    known = {f"{here.day} {_MONTHS[here.month - 1]} {here.year}"}
    known |= {_written((here - timedelta(minutes=ago)).isoformat(), zone) for ago in range(10)}
    for date in _dates_in(resources):
        known |= {_written(date, zone), _written(date.partition("T")[0], zone)}
        # A time with another offset is also shown as charted, and its date may be shown on its own.
        known.add(f"{_written(date.partition('T')[0], zone)} {date[11:16]}".strip())
        known.add(_written(date, zone).rpartition(" ")[0] if "T" in date else "")
    body = re.sub(r'<details class="formula">.*?</details>', "", page, flags=re.DOTALL)
    body = re.sub(r"<(style|script|footer).*?</\1>", "", body, flags=re.DOTALL)
    for match in _TIME.finditer(text(body)):
        if match[0] not in known:
            yield f"the date {match[0]} isn't in the chart"


def _dates_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _dates_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _dates_in(one)
    elif isinstance(value, str) and _instant(value) > _BEGINNING:
        yield value
