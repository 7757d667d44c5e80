"""The charted values of one input over time, as a small line chart and as rows. Pure.

A drawing has the width and height below, in its own units, with the newest value on the right. Its
scale comes from clinical/scales.py. The line is interrupted where the chart has no value for much
longer than usual.
"""

import json
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import islice, pairwise
from statistics import median_low

from clinical import earlier, queries, scales
from clinical.calculators.inputs import INPUTS
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding
from clinical.chart.resources.times import Moment
from clinical.clock import Clock
from clinical.units_in_words import amount, unit

from . import entries, wording
from .view_models import Point, Trend

WIDTH, HEIGHT = 240, 52
# The values are drawn between these. The scale is on the left and above.
LEFT, RIGHT, TOP, BOTTOM = 42, 234, 16, 46
# Maximum number of values drawn and listed. The page repeats them for every calculator.
MOST = 12
_FEWEST = 2
# The line is interrupted between values that are this many times the usual interval apart.
_GAP = 3


def of_input(
    finding: ChartFinding, chart: Chart, clock: Clock, cut: AbstractSet[str] = frozenset()
) -> Trend | None:
    """Return the usable values of a measured input, or None if there aren't two.

    `cut` are the inputs of which the chart has more values than were read.
    """
    points = []
    for one in chart.usable.get(finding.input, ())[:MOST]:
        if one.moment is not None and isinstance(one.value, float):
            point = Point(
                text=amount(one.charted),
                when=clock.time(one.moment),
                value=wording.number(finding.input, one.value, one),
                exact=json.dumps(one.value),
                note=entries.note_text(finding, one, clock),
                origin=entries.origin(one),
                is_used=finding.value is not None and one == finding.chosen,
            )
            points.append((one.value, one.moment, point))
    summary = _span(chart, finding.input, len(points), cut) if points else ""
    return _trend(finding.input, points, clock, summary, wording.short(finding.input))


def of_output(
    calculator: Calculator, chart: Chart, clock: Clock, cut: AbstractSet[str] = frozenset()
) -> Trend | None:
    """Return a calculator's output over time, or None if there aren't two values.

    The output is the one that other calculators use. It's computed for each value of the only
    measured input, with the patient's age on that day. `cut` is as in `of_input`.
    """
    output = next((one for one in calculator.outputs if one.provides), None)
    measured = [name for name in calculator.inputs if name in chart.usable]
    if output is None or len(measured) != 1:
        return None
    points = []
    over_time = earlier.results(calculator, output, measured[0], chart, clock.now.tzinfo)
    for one, result in islice(over_time, MOST):
        if one.moment is not None:
            used = one == chart.findings[measured[0]].chosen
            text = f"{result.printed} {unit(output.unit)}".rstrip()
            points.append(
                (result.value, one.moment, Point(text, clock.time(one.moment), is_used=used))
            )
    return _trend(output.provides, points, clock, _span(chart, measured[0], len(points), cut))


def _span(chart: Chart, name: str, shown: int, cut: AbstractSet[str]) -> str:
    """Return how many values are shown, of how many, and how far back: `5 values, last 12 months`.

    Older values are neither read nor used, and a search can end before it has read all of them.
    """
    known = len(chart.usable.get(name, ()))
    days = min(INPUTS[name].max_days, 365 * queries.years_back(name))
    last = "12 months" if days == 365 else wording.span(days)
    if name in cut:
        return f"newest {shown} values, last {last}; the chart has more"
    count = f"newest {shown} of {known}" if known > shown else f"{shown}"
    return f"{count} values, last {last}"


def _trend(
    name: str,
    points: Iterable[tuple[float, Moment, Point]],
    clock: Clock,
    summary: str,
    short: str = "",
) -> Trend | None:
    """Return the points of an input, oldest first, each with its place in the drawing."""
    ordered = sorted(points, key=lambda one: one[1].instant)
    if len(ordered) < _FEWEST:
        return None
    scale = scales.scale(name, [value for value, _, _ in ordered])
    times = [moment.instant.timestamp() for _, moment, _ in ordered]
    whole = times[-1] - times[0]
    shares = [(time - times[0]) / whole if whole else 0.5 for time in times]
    ends = (ordered[0][1], ordered[-1][1])
    days = [clock.day(moment) for moment in ends]
    if days[0] == days[1]:
        # The list has the charted time too, if that has another offset.
        days = [clock.time(moment).partition(" (")[0] for moment in ends]
    shown = unit(wording.number_input(name).unit)
    return Trend(
        tuple(
            replace(
                point,
                x=round(LEFT + share * (RIGHT - LEFT), 1),
                y=round(BOTTOM - scale.share(value) * (BOTTOM - TOP), 1),
            )
            for (value, _, point), share in zip(ordered, shares, strict=True)
        ),
        summary,
        short,
        low=f"{scale.low:g}",
        high=f"{scale.high:g} {shown}".rstrip(),
        first=days[0],
        last=days[1],
        gaps=_gaps(times),
    )


def _gaps(times: Sequence[float]) -> frozenset[int]:
    """Return the indexes of the points that follow a gap."""
    apart = [later - earlier for earlier, later in pairwise(times)]
    usual = median_low(apart)
    return frozenset(number for number, one in enumerate(apart, 1) if one > _GAP * usual)
