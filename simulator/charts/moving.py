"""Moves charts to another day: every date moves by the same number of days, and ages stay the same.

The charts are written for the day in parts.py. Without this, a demo that starts a year later would
show values that are too old to use.
"""

import re
from datetime import date, datetime, timedelta
from functools import cache

from simulator.charts.parts import TODAY

WRITTEN_FOR = TODAY.date()
# The results of the newest visit are issued by this time of day.
_COMPLETE = timedelta(hours=TODAY.hour + 2)
_CHARTED = re.compile(
    r'("(?:effectiveDateTime|effectiveInstant|issued|start|end|lastUpdated|onsetDateTime|'
    r'abatementDateTime|recordedDate|authoredOn)": ")(\d{4}(?:-\d\d(?:-\d\d)?)?)'
)
_BORN = re.compile(r'("birthDate": ")(\d{4}-\d\d-\d\d)')


def day_at(now: datetime) -> date:
    """Return the latest day for which all chart entries are in the past."""
    return (now.astimezone(TODAY.tzinfo) - _COMPLETE).date()


def moved(text: str, day: date) -> str:
    """Return the text of a chart with its dates moved to a day."""
    if day == WRITTEN_FOR:
        return text
    text = _CHARTED.sub(lambda match: match[1] + _moved(match[2], day), text)
    return _BORN.sub(lambda match: match[1] + _born(match[2], day), text)


@cache
def _moved(written: str, day: date) -> str:
    """Return a day, month or year at the same distance from `day` as from the original day."""
    # Use the middle of a month or year.
    whole = {4: f"{written}-07-01", 7: f"{written}-15"}.get(len(written), written)
    return (date.fromisoformat(whole) + (day - WRITTEN_FOR)).isoformat()[: len(written)]


def _born(written: str, day: date) -> str:
    """Return the birth date in the year that keeps the age the same."""
    born = date.fromisoformat(written)
    age = WRITTEN_FOR.year - born.year - _is_before_birthday(WRITTEN_FOR, born)
    return born.replace(year=day.year - age - _is_before_birthday(day, born)).isoformat()


def _is_before_birthday(day: date, born: date) -> bool:
    return (day.month, day.day) < (born.month, born.day)
