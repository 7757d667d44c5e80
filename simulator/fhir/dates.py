"""FHIR dates as intervals, and their comparison by a search prefix (FHIR R4, Search, date)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

# A date without an offset is a day at the site (FHIR R4 search: "the server's local timezone should
# be assumed"). The simulated site has the same offset all year.
SITE_ZONE = timezone(timedelta(hours=-6))

_FHIR_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):\d\d(?::(\d\d)(?:\.(\d{1,6}))?)?(?:Z|[+-]\d\d:\d\d))?)?)?"
)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """The instants that a date covers: from `start` up to, but not including, `end`."""

    start: datetime
    end: datetime


def parse(text: str) -> Interval:
    """Read a FHIR date or dateTime of any precision.

    Raises ValueError if it's malformed or not a calendar date.
    """
    match = _FHIR_DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a FHIR date")
    year, month, day, hour, second, fraction = match.groups()
    if hour is None:
        start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=SITE_ZONE)
        if day is not None:
            return Interval(start, start + timedelta(days=1))
        later = start.replace(day=1) + (timedelta(days=31) if month else timedelta(days=366))
        return Interval(start, later.replace(day=1) if month else later.replace(month=1, day=1))
    start = datetime.fromisoformat(text)
    if fraction is not None:
        length = timedelta(microseconds=10 ** (6 - len(fraction)))
    else:
        length = timedelta(seconds=1) if second is not None else timedelta(minutes=1)
    return Interval(start, start + length)


def parse_period(period: dict[str, Any]) -> Interval:
    """Read a FHIR Period; an open end is unlimited."""
    start, end = period.get("start"), period.get("end")
    return Interval(parse(start).start if start else _BEGINNING, parse(end).end if end else _END)


def compares(prefix: str, value: Interval, wanted: Interval) -> bool:
    """Return whether a resource's date matches the prefix `eq`, `ge`, `gt`, `le` or `lt`.

    Raises ValueError for any other prefix.
    """
    within = wanted.start <= value.start and value.end <= wanted.end
    match prefix:
        case "eq":
            return within
        case "gt":
            return value.end > wanted.end
        case "ge":
            return within or value.end > wanted.end
        case "lt":
            return value.start < wanted.start
        case "le":
            return within or value.start < wanted.start
    raise ValueError("the prefix must be eq, ge, gt, le or lt")
