"""Shows times in the page's time zone (`zone_of` in clinical/chart/resources/times.py). Pure.

An EHR can write some times in UTC and others with the ward's offset. Shown together as charted,
they look out of order. So a time with a different offset is converted, and followed by the
original.
"""

from datetime import datetime, timedelta

from clinical.chart.resources.times import Moment
from clinical.dates import of_time, shown
from shared.frozen import dataclass

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of reading, `now`, in the page's time zone."""

    now: datetime

    @property
    def zone(self) -> str:
        """`UTC`, or `UTC−06:00`."""
        return _named(self.now)

    def day(self, moment: Moment | None) -> str:
        """Return `20 Nov 2026`, or less if the chart has less."""
        return self._shown(moment, timed=False) if moment else "no date"

    def time(self, moment: Moment | None) -> str:
        """Return `20 Nov 2026 09:00`, followed by the charted time if its offset is different."""
        if moment is None:
            return "no date"
        charted = self.as_charted(moment)
        return self._shown(moment) + (f" ({charted})" if charted else "")

    @property
    def today(self) -> str:
        """The day of reading: `20 Nov 2026`."""
        return of_time(self.now, timed=False)

    @property
    def minute(self) -> str:
        """The time of reading: `20 Nov 2026 09:00`."""
        return of_time(self.now)

    @property
    def read_at(self) -> str:
        """The time of reading, with the zone: `20 Nov 2026 09:00 UTC`."""
        return f"{self.minute} {self.zone}"

    def as_charted(self, moment: Moment) -> str:
        """Return `charted 19 Nov 2026 05:10 UTC`, or "" if chart and page show the same."""
        here = self._here(moment)
        same = here is None or here.utcoffset() == moment.instant.utcoffset()
        if same and (moment.has_offset or not moment.timed):
            return ""
        offset = _named(moment.instant) if moment.has_offset else "without a time zone"
        return f"charted {shown(moment.text)} {offset}"

    def _shown(self, moment: Moment, *, timed: bool = True) -> str:
        here = self._here(moment)
        return shown(moment.text, timed=timed) if here is None else of_time(here, timed=timed)

    def _here(self, moment: Moment) -> datetime | None:
        """Return a time of day in the page's zone, or None for a day, month or year."""
        if not moment.timed:
            return None
        try:
            return moment.instant.astimezone(self.now.tzinfo)
        except OverflowError:
            return None


def _named(at: datetime) -> str:
    minutes = round((at.utcoffset() or timedelta()) / timedelta(minutes=1))
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{_MINUS if minutes < 0 else '+'}{hours:02}:{rest:02}"
