"""FHIR dates and times (R4 datatypes date, dateTime, instant) as comparable moments.

The text stays as charted, with the chart's offset. Only the instant is compared.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from clinical.chart.resources.json_access import text
from shared.frozen import dataclass
from shared.json_members import fields

_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# The longest text of a time that's kept: `2026-11-20T09:00:00.000000+00:00`.
_USUAL = 32
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as charted (`text`) and as an aware `instant`.

    Without a time of day (`timed` is false), the instant is the start of the day, month or year in
    the site's time zone. `note` tells what had to be assumed, or is empty.
    """

    text: str
    instant: datetime
    timed: bool
    note: str = ""

    @property
    def has_offset(self) -> bool:
        """Whether the charted time has an offset."""
        return self.timed and (self.text.endswith("Z") or self.text[-6:-5] in ("+", "-"))

    def days_before(self, now: datetime) -> float:
        """Return the age in days: elapsed time with a charted time of day, or calendar days."""
        if self.timed:
            return (now - self.instant) / _DAY
        return (now.date() - self.instant.date()).days


def zone_of(moments: Iterable[Moment | None], now: datetime) -> tzinfo:
    """Return the most frequent offset; in a tie, the newest time's.

    Return UTC if no time has an offset.
    """
    known = [moment.instant for moment in moments if moment and moment.has_offset]
    times = Counter(instant.tzinfo for instant in known)
    newest: dict[tzinfo | None, datetime] = {}
    for instant in known:
        zone = instant.tzinfo
        if instant <= now and (zone not in newest or instant > newest[zone]):
            newest[zone] = instant
    return max(newest, key=lambda zone: (times[zone], newest[zone]), default=None) or UTC


def parse_now(now_iso: str) -> datetime:
    """Return the time of reading, whose offset is the site's time zone (UTC without an offset).

    Raises ValueError unless it's an ISO 8601 date or time.
    """
    now = datetime.fromisoformat(now_iso)
    return now if now.tzinfo else now.replace(tzinfo=UTC)


def moment(value: object, zone: tzinfo | None) -> Moment | None:
    """Return a dateTime or instant, or None if the value is neither."""
    if not isinstance(value, str):
        return None
    return _moment(value, zone) if len(value) <= _USUAL else _parsed(value, zone)


def _parsed(value: str, zone: tzinfo | None) -> Moment | None:
    charted = text(value)
    match = _DATE_TIME.fullmatch(charted)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        instant = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_offset(offset) if offset else zone,
        )
    except ValueError:
        return None
    timed = hour is not None
    note = "no time zone in the chart (the site's is assumed)" if timed and not offset else ""
    return Moment(charted, instant, timed, note)


# An Observation often has the same time in three fields, as do the others from the same draw.
_moment = lru_cache(maxsize=4096)(_parsed)


@lru_cache(maxsize=256)
def _offset(offset: str) -> timezone:
    """Return a shared object for each offset, which makes comparisons faster.

    Raises ValueError for an offset of a day or more.
    """
    if offset == "Z":
        return UTC
    sign = -1 if offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6])))


def observed(observation: Mapping[str, object], zone: tzinfo | None) -> Moment | None:
    """Return an Observation's time: effective time, end before start, or the time of issue."""
    if at := moment(observation.get("effectiveDateTime"), zone):
        return at
    period = fields(observation.get("effectivePeriod"))
    for value in (observation.get("effectiveInstant"), period.get("end"), period.get("start")):
        if at := moment(value, zone):
            return at
    issued = moment(observation.get("issued"), zone)
    if issued is None:
        return None
    note = "no observation time in the chart (time of issue shown)"
    return Moment(issued.text, issued.instant, issued.timed, note)


def full_date(value: object) -> date | None:
    """Return a date with year, month and day, or None for anything less."""
    charted = text(value)
    if not _FULL_DATE.fullmatch(charted):
        return None
    try:
        return date.fromisoformat(charted)
    except ValueError:
        return None


def completed_years(birth: date, today: date) -> int:
    """Return the age in completed years; if born on 29 February, a year completes on 1 March."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
