"""The same-draw rule: a formula combines only laboratory values that were taken together.

Tuesday's sodium with today's bicarbonate gives a wrong anion gap. Each calculator declares its
rule.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinical.calculators import REGISTRY
from clinical.calculators.in_chart import SAME_DRAW, DrawRule
from clinical.chart.codes.observations import SECOND_CHOICE_LOINC
from clinical.chart.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Draw:
    """Values drawn together, by input; `spread` is the time between the first and last."""

    values: Mapping[str, Evidence]
    spread: timedelta
    warning: str = ""


DRAW_RULES: Mapping[str, DrawRule] = {
    name: calculator.in_chart.draw
    for name, calculator in REGISTRY.items()
    if calculator.in_chart.draw
}


def drawn_together(
    rule: DrawRule, usable: Mapping[str, Sequence[Evidence]], now: datetime
) -> Draw | None:
    """Return the newest set that satisfies a rule, or None.

    `usable` holds the dated values of each input inside its look-back, newest first.
    """
    timed = {
        name: [(evidence.moment.instant, evidence) for evidence in entries if evidence.moment]
        for name, entries in usable.items()
        if name in rule.inputs + rule.optional
    }
    anchors = sorted({time for name in rule.inputs for time, _ in timed.get(name, ())})
    if rule.max_age:
        anchors = [time for time in anchors if now - time <= rule.max_age]
    for newest in reversed(anchors):
        chosen = _ending(newest, rule.within, rule, timed)
        if chosen is None:
            continue
        near = [time for time in anchors if newest - rule.within <= time <= newest]
        tight = (_ending(time, rule.warn_beyond, rule, timed) for time in reversed(near))
        preferred = next(filter(None, tight), None) if rule.tight_first else None
        return _draw(rule, preferred or chosen)
    return None


_Timed = tuple[datetime, Evidence]


def _ending(
    newest: datetime,
    window: timedelta,
    rule: DrawRule,
    timed: Mapping[str, Sequence[_Timed]],
) -> Mapping[str, _Timed] | None:
    """Return the set in the window that ends at `newest`, or None if an input has no value."""
    chosen = {
        name: _best(name, fitting)
        for name, entries in timed.items()
        if (fitting := [e for e in entries if newest - window <= e[0] <= newest])
    }
    return chosen if all(name in chosen for name in rule.inputs) else None


def _best(name: str, fitting: Sequence[_Timed]) -> _Timed:
    """Return the newest value, or a more reliable one from the hour before it."""
    lesser = SECOND_CHOICE_LOINC.get(name, frozenset())
    same_draw = [e for e in fitting if fitting[0][0] - e[0] <= SAME_DRAW]
    better = (e for e in same_draw if e[1].code and e[1].code.code not in lesser)
    return next(better, fitting[0])


def _draw(rule: DrawRule, chosen: Mapping[str, _Timed]) -> Draw:
    times = [time for time, _ in chosen.values()]
    spread = max(times) - min(times)
    warning = ""
    if spread > rule.warn_beyond:
        warning = f"taken up to {_hours(spread)} hours apart"
    return Draw({name: evidence for name, (_, evidence) in chosen.items()}, spread, warning)


def _hours(spread: timedelta) -> int:
    """Return the hours, rounded up."""
    return math.ceil(spread / timedelta(hours=1))
