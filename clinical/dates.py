"""Shows dates with the offset and precision that the chart has. Pure."""

import re
from datetime import datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<time>\d\d:\d\d)\S*)?)?)?"
)


def shown(text: str, *, timed: bool = True) -> str:
    """Return `20 Nov 2026 09:00`, or less if the chart has less; return other text unchanged."""
    if not text:
        return "no date"
    match = _DATE_TIME.fullmatch(text)
    month = int(match["month"] or 0) if match else 0
    if match is None or month > len(_MONTHS):
        return text
    name = _MONTHS[month - 1] if month else None
    day = match["day"].lstrip("0") if match["day"] else None
    return " ".join(filter(None, (day, name, match["year"], match["time"] if timed else None)))


def of_time(at: datetime, *, timed: bool = True) -> str:
    """Return `20 Nov 2026 09:00`, or `20 Nov 2026`, as `shown` does for the time as a text."""
    day = f"{at.day} {_MONTHS[at.month - 1]} {at.year:04}"
    return f"{day} {at.hour:02}:{at.minute:02}" if timed else day
