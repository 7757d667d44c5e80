"""The one time zone of a page: that in which most of the chart's times are written. Pure.

An EHR may write some times in UTC and others with the offset of the ward. Shown side by side as
charted they look out of order; a time of another offset is converted, and told as charted beside.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from clinical.chart.resources.times import Moment
from clinical.dates import shown

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of reading, `now`, in the zone of the page."""

    now: datetime

    @property
    def zone(self) -> str:
        """`UTC`, or `UTC−06:00`."""
        return _named(self.now)

    def day(self, moment: Moment | None) -> str:
        """`20 Nov 2026`, or less where less is charted."""
        return shown(self._text(moment), timed=False) if moment else "no date"

    def time(self, moment: Moment | None) -> str:
        """`20 Nov 2026 09:00`, with the time as charted where that has another offset."""
        if moment is None:
            return "no date"
        own = self.as_charted(moment)
        return shown(self._text(moment)) + (f" ({own})" if own else "")

    def iso_day(self, moment: Moment | None) -> str:
        """`2026-11-20`, for a note."""
        return self._text(moment)[:10] if moment else "no date"

    def as_charted(self, moment: Moment) -> str:
        """`charted 19 Nov 2026 05:10 UTC`; empty where the chart and the page say the same."""
        here = self._here(moment)
        same = here is None or here.utcoffset() == moment.instant.utcoffset()
        if same and (_has_offset(moment) or not moment.timed):
            return ""
        offset = _named(moment.instant) if _has_offset(moment) else "without an offset"
        return f"charted {shown(moment.text)} {offset}"

    def _text(self, moment: Moment) -> str:
        here = self._here(moment)
        return moment.text if here is None else here.isoformat()

    def _here(self, moment: Moment) -> datetime | None:
        """A time of day in the zone of the page; a day, month or year has no zone."""
        if not moment.timed:
            return None
        try:
            return moment.instant.astimezone(self.now.tzinfo)
        except OverflowError:
            return None


def clock_of(moments: Iterable[Moment | None], now: datetime) -> Clock:
    """The clock in the offset that most of the times have, the newest of them where they are even.

    UTC where no time has an offset.
    """
    known = [moment for moment in moments if moment and moment.timed and _has_offset(moment)]
    times = Counter(moment.instant.utcoffset() for moment in known)
    newest: dict[timedelta | None, datetime] = {}
    for moment in known:
        if moment.instant <= now:
            offset = moment.instant.utcoffset()
            newest[offset] = max(newest.get(offset, moment.instant), moment.instant)
    if not newest:
        return Clock(now.astimezone(UTC))
    chosen = max(newest, key=lambda offset: (times[offset], newest[offset]))
    return Clock(now.astimezone(timezone(chosen) if chosen else UTC))


def _has_offset(moment: Moment) -> bool:
    return moment.text.endswith("Z") or moment.text[-6:-5] in ("+", "-")


def _named(at: datetime) -> str:
    minutes = round((at.utcoffset() or timedelta()) / timedelta(minutes=1))
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{_MINUS if minutes < 0 else '+'}{hours:02}:{rest:02}"
