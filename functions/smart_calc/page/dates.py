"""Dates as a chart states them: in its own offset, to the precision that it has. Pure."""

import re
from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<time>\d\d:\d\d)\S*)?)?)?"
)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def instant(text: str) -> datetime:
    """For comparing only; a date without time counts as its beginning, none as the oldest."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return _BEGINNING
    try:
        if match["time"]:
            at = datetime.fromisoformat(text)
        else:
            at = datetime(  # noqa: DTZ001 - given its zone below
                int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
            )
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return _BEGINNING


def shown(text: str, *, timed: bool = True) -> str:
    """`20 Nov 2026 09:00`, or less where less is charted; what is no date stays as it is."""
    if not text:
        return "no date"
    match = _DATE_TIME.fullmatch(text)
    month = int(match["month"] or 0) if match else 0
    if match is None or month > len(_MONTHS):
        return text
    name = _MONTHS[month - 1] if month else None
    day = match["day"].lstrip("0") if match["day"] else None
    return " ".join(filter(None, (day, name, match["year"], match["time"] if timed else None)))
