"""The same-draw rule: a formula combines only laboratory values that were taken together.

Tuesday's sodium with today's bicarbonate gives a wrong anion gap. Each calculator declares its
rule.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from clinical.calculators.in_chart import SAME_DRAW, DrawRule
from clinical.chart.codes.observations import SECOND_CHOICE_LOINC
from clinical.chart.evidence import Evidence
from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Draw:
    """Values drawn together, by input; `spread` is the time between the first and last."""

    values: Mapping[str, Evidence]
    spread: timedelta
    warning: str = ""


_Timed = tuple[datetime, Evidence]
_READING = "systolic_bp", "diastolic_bp"


@dataclass(frozen=True, slots=True)
class _Dated:
    """The dated values of one input, newest first, and their times, oldest first for bisect."""

    values: Sequence[_Timed]
    times: Sequence[datetime]

    def ending(self, newest: datetime, window: timedelta) -> range:
        """Return the places of the values in the window that ends at `newest`, newest first."""
        number, first = len(self.times), bisect_left(self.times, newest - window)
        return range(number - bisect_right(self.times, newest), number - first)


def drawn_together(
    rule: DrawRule, usable: Mapping[str, Sequence[Evidence]], now: datetime
) -> Draw | None:
    """Return the newest set that satisfies a rule, or None.

    `usable` has the dated values of each input inside its look-back, newest first.
    """
    dated = {
        name: _dated(entries)
        for name, entries in usable.items()
        if name in rule.inputs + rule.optional
    }
    if not all(name in dated for name in rule.inputs):
        return None
    anchors = sorted({time for name in rule.inputs for time in dated[name].times})
    if rule.max_age:
        anchors = [time for time in anchors if now - time <= rule.max_age]
    for newest in reversed(anchors):
        chosen = _ending(newest, rule.within, rule, dated)
        if chosen is None:
            continue
        near = [time for time in anchors if newest - rule.within <= time <= newest]
        tight = (_ending(time, rule.warn_beyond, rule, dated) for time in reversed(near))
        preferred = next(filter(None, tight), None) if rule.tight_first else None
        return _draw(rule, preferred or chosen, _near(rule, usable, preferred or chosen))
    return None


def _near(
    rule: DrawRule, usable: Mapping[str, Sequence[Evidence]], chosen: Mapping[str, _Timed]
) -> Mapping[str, Evidence]:
    """Return the newest value of each input that isn't too far from any value of the set."""
    times = [time for time, _ in chosen.values()]
    near = {}
    for name, most in rule.near.items():
        for evidence in usable.get(name, ()):
            when = evidence.moment.instant if evidence.moment else None
            if when and all(abs(when - time) <= most for time in times):
                near[name] = evidence
                break
    return near


def _dated(entries: Sequence[Evidence]) -> _Dated:
    values = [(evidence.moment.instant, evidence) for evidence in entries if evidence.moment]
    return _Dated(values, [time for time, _ in reversed(values)])


def _ending(
    newest: datetime, window: timedelta, rule: DrawRule, dated: Mapping[str, _Dated]
) -> Mapping[str, _Timed] | None:
    """Return the set in the window that ends at `newest`, or None if an input has no value."""
    fitting = {name: values.ending(newest, window) for name, values in dated.items()}
    if not all(fitting[name] for name in rule.inputs):
        return None
    chosen = {name: _best(name, dated[name].values, some) for name, some in fitting.items() if some}
    if not {*_READING} <= chosen.keys():
        return chosen
    # From one reading, or none: two cuff readings within an hour can be far apart.
    upper, lower = _READING
    same = chosen[upper][1].measurement
    of_it = (dated[lower].values[at] for at in fitting[lower])
    reading = next((one for one in of_it if one[1].measurement == same), None)
    chosen |= {lower: reading} if reading else {}
    return chosen if reading else None if lower in rule.inputs else _without(lower, chosen)


def _without(name: str, chosen: Mapping[str, _Timed]) -> Mapping[str, _Timed]:
    return {one: value for one, value in chosen.items() if one != name}


def _best(name: str, values: Sequence[_Timed], fitting: range) -> _Timed:
    """Return the newest of the fitting values, or a more reliable one from the hour before it."""
    lesser = SECOND_CHOICE_LOINC.get(name, frozenset())
    newest = values[fitting[0]]
    same_draw = takewhile(lambda e: newest[0] - e[0] <= SAME_DRAW, (values[at] for at in fitting))
    better = (e for e in same_draw if e[1].code and e[1].code.code not in lesser)
    return next(better, newest)


def _draw(rule: DrawRule, chosen: Mapping[str, _Timed], near: Mapping[str, Evidence]) -> Draw:
    times = [time for time, _ in chosen.values()]
    spread = max(times) - min(times)
    warning = ""
    if spread > rule.warn_beyond:
        warning = f"taken up to {_hours(spread)} hours apart"
    values = {name: evidence for name, (_, evidence) in chosen.items()}
    return Draw({**values, **near}, spread, warning)


def _hours(spread: timedelta) -> int:
    """Return the hours, rounded up."""
    return math.ceil(spread / timedelta(hours=1))
