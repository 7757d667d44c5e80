"""The charted values of one input over time: a small line to draw, and the same as rows. Pure.

A drawing has the width and the height below, in its own units; the newest value is at the right.
"""

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from clinical import queries
from clinical.calculators import evaluate
from clinical.calculators.inputs import INPUTS
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding
from clinical.chart.resources.times import Moment, completed_years, full_date
from clinical.clock import Clock
from clinical.units_in_words import unit

from . import entries, wording
from .view_models import Point, Trend

WIDTH, HEIGHT = 200, 36
_EDGE = 6
# So many are drawn and listed: each stands in the page of every calculator that takes it.
MOST = 12
_FEWEST = 2


def of_input(
    finding: ChartFinding, chart: Chart, clock: Clock, cut: AbstractSet[str] = frozenset()
) -> Trend | None:
    """Return the usable values of a measured input, or None if there aren't two.

    `cut` are the inputs of which the chart has more values than were read.
    """
    found = []
    for one in chart.usable.get(finding.input, ())[:MOST]:
        if one.moment is not None and isinstance(one.value, float):
            point = Point(
                text=one.charted,
                when=clock.time(one.moment),
                value=wording.number(finding.input, one.value, one),
                exact=json.dumps(one.value),
                note=entries.taken(finding, one, clock),
                is_used=finding.value is not None and one == finding.chosen,
            )
            found.append((one.value, one.moment, point))
    said = _span(chart, finding.input, len(found), cut) if found else ""
    return _trend(found, said, wording.short(finding.input))


def of_output(
    calculator: Calculator, chart: Chart, clock: Clock, cut: AbstractSet[str] = frozenset()
) -> Trend | None:
    """What the calculator gives other calculators, as it was at each value of its one measured
    input, with the age of that day; None where there are not two. `cut` is that of `of_input`.
    """
    output = next((one for one in calculator.outputs if one.gives), None)
    measured = [name for name in calculator.inputs if name in chart.usable]
    born = full_date(_charted(chart, "age"))
    if output is None or len(measured) != 1 or born is None:
        return None
    found = []
    for one in chart.usable[measured[0]][:MOST]:
        if one.moment is None:
            continue
        given = {name: _given(chart.findings[name]) for name in calculator.inputs}
        day = one.moment.instant.astimezone(clock.now.tzinfo).date()
        given["age"] = (float(completed_years(born, day)), "a")
        given[measured[0]] = (one.value, chart.findings[measured[0]].unit)
        result = evaluate(calculator.name, given).results.get(output.name)
        if result is not None:
            used = one == chart.findings[measured[0]].chosen
            text = f"{result.printed} {unit(output.unit)}".rstrip()
            found.append(
                (result.value, one.moment, Point(text, clock.time(one.moment), is_used=used))
            )
    return _trend(found, _span(chart, measured[0], len(found), cut))


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


def _charted(chart: Chart, name: str) -> str:
    chosen = chart.findings[name].chosen
    return chosen.charted if chosen else ""


def _given(finding: ChartFinding) -> tuple[object, str | None]:
    return finding.value, finding.unit or None


def _trend(
    found: Iterable[tuple[float, Moment, Point]], said: str, short: str = ""
) -> Trend | None:
    """The points, oldest first, each with its place in the drawing."""
    ordered = sorted(found, key=lambda one: one[1].instant)
    if len(ordered) < _FEWEST:
        return None
    across = _scaled([moment.instant.timestamp() for _, moment, _ in ordered], WIDTH)
    up = _scaled([value for value, _, _ in ordered], HEIGHT)
    return Trend(
        tuple(
            replace(point, x=x, y=round(HEIGHT - y, 1))
            for (_, _, point), x, y in zip(ordered, across, up, strict=True)
        ),
        said,
        short,
    )


def _scaled(values: Iterable[float], length: int) -> list[float]:
    """Places between the edges, in proportion; in the middle where all are the same."""
    known = list(values)
    low, high = min(known), max(known)
    room = length - 2 * _EDGE
    if high == low:
        return [length / 2] * len(known)
    return [round(_EDGE + (one - low) / (high - low) * room, 1) for one in known]
