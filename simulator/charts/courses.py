"""Values over the visits of a chart: the newest value, a slow trend and a small fixed wobble."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from simulator.charts.analytes import Analyte
from simulator.charts.builder import Chart
from simulator.charts.parts import TODAY, Json

_DAYS_BETWEEN_VISITS = 91
_WOBBLE = (0, 2, -1, 1, -2, 1, 0, -1, 2)


@dataclass(frozen=True, slots=True)
class Course:
    """An analyte's values over the visits: one at every `every`-th visit, including the newest.

    `normal_high`: upper end of the reference range; empty if there is no range.
    """

    analyte: Analyte
    newest: str
    per_visit: str = "0"
    wobble: str = "0"
    every: int = 1
    normal_high: str = ""

    def value(self, visit: int) -> str:
        """Return the value `visit` visits before the newest."""
        wobble = Decimal(_WOBBLE[visit % len(_WOBBLE)]) * Decimal(self.wobble)
        return str(Decimal(self.newest) - visit * Decimal(self.per_visit) + wobble)


def visits(
    chart: Chart,
    number: int,
    courses: Iterable[Course],
    pressure: Callable[[int], tuple[int, int]],
    now: Json | None = None,
) -> None:
    """Add visits, oldest first. The values of the newest visit, which is today, get the fields
    `now`.

    `pressure` returns the blood pressure of a visit, counted back from the newest.
    """
    for visit in reversed(range(number)):
        when = TODAY - timedelta(days=_DAYS_BETWEEN_VISITS * visit)
        chart.blood_pressure(when, *pressure(visit))
        for course in courses:
            if visit % course.every == 0:
                members = {} if visit or now is None else dict(now)
                if course.normal_high:
                    members["referenceRange"] = [chart.up_to(course.analyte, course.normal_high)]
                chart.measure(when, course.analyte, course.value(visit), **members)
