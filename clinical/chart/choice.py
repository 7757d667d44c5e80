"""Choice among charted entries for an input: the newest valid one inside its look-back.

Entries without a value are skipped for the next older one. An entry whose value can't be used (a
bound, a text, an unknown unit, an implausible number) leaves the input empty, because an older
value would hide it. Older values are passed on for a person to choose.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, islice, takewhile
from operator import attrgetter

from clinical.calculators.in_chart import SAME_DRAW
from clinical.calculators.limits import at_most
from clinical.chart.codes.observations import (
    OF_ONE_SAMPLE,
    PREFERRED_LOINC,
    SECOND_CHOICE_LOINC,
)
from clinical.chart.evidence import (
    NOT_IN_CHART,
    Candidate,
    ChartFinding,
    Evidence,
    Flag,
    Outcome,
    PassedOver,
)
from clinical.chart.resources.times import Moment
from shared.frozen import dataclass

USABLE_STATUS = frozenset({"final", "amended", "corrected"})
OLDER_SHOWN = 3

# Clocks and time zones in charts can be off by hours. A date further ahead is a typo.
_AHEAD = timedelta(days=1)
# A larger difference between values of the same time doesn't come from rounding: 1 and 1.4.
_ROUNDING = 0.02
# How much older a more reliable value can be than a newer, less reliable one.
_STILL_BETTER = timedelta(hours=24)
# For these, the more reliable value wins as long as it's fresh.
_SLOW = frozenset({"weight", "height"})
_NO_VALUE = frozenset({Flag.DATA_ABSENT, Flag.NO_VALUE, Flag.EXCLUDED_CODE})
_RECENCY = attrgetter("recency")
_OUTCOME_OF = {
    Flag.COMPARATOR: Outcome.BOUND,
    Flag.OUT_OF_RANGE: Outcome.IMPLAUSIBLE,
    Flag.CONFLICT: Outcome.CONFLICTING,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What to choose a value for: input, canonical unit, maximum ages in days, and time."""

    name: str
    unit: str
    fresh_days: int
    max_days: int
    now: datetime

    def in_time(self, moment: Moment | None) -> bool:
        """Return whether a moment is inside the look-back."""
        return moment is not None and moment.days_before(self.now) <= self.max_days


def set_aside(candidate: Candidate, now: datetime) -> PassedOver | None:
    """Return why an entry can't be used at all, or None if it can."""
    evidence = candidate.evidence
    if evidence.status in USABLE_STATUS and candidate.flag in _NO_VALUE:
        return PassedOver(evidence, candidate.flag, candidate.why)
    if reason := does_not_count(evidence.status, evidence.moment, now):
        return PassedOver(evidence, *reason)
    return None


def does_not_count(status: str, moment: Moment | None, now: datetime) -> tuple[Flag, str] | None:
    """Return why a value with this status and time never counts, or None if it may."""
    if status not in USABLE_STATUS:
        flag = Flag.PRELIMINARY if status == "preliminary" else Flag.STATUS
        return flag, f"status {status or 'not given'}"
    if moment and moment.instant - now > _AHEAD:
        return Flag.FUTURE, "dated in the future"
    return None


def choose(
    question: Question, ordered: Iterable[Candidate], among: AbstractSet[str] | None = None
) -> ChartFinding:
    """Return the finding for a question, chosen only from the measurements in `among` if it's set.

    `ordered` are the candidates as `in_order` returns them.
    """
    aside: list[PassedOver] = []
    valid: list[Candidate] = []
    for one in ordered:
        if passed := set_aside(one, question.now):
            aside.append(passed)
        else:
            valid.append(one)
    pool = [c for c in valid if among is None or c.evidence.measurement in among]
    first_choice = [c for c in pool if not c.second_choice]
    if first_choice and _is_still_better(question, first_choice[0], pool[0]):
        pool = first_choice
    if not pool:
        return _no_answer(question, tuple(aside), valid)
    top = _preferred(question.name, pool)
    latest = top.recency
    # Each entry occurs once, so it can be identified by `id`.
    in_pool = {id(c) for c in pool}
    newer = [c for c in takewhile(lambda c: c.recency >= latest, valid) if c is not top]
    equals = [c for c in newer if id(c) in in_pool and c.recency == latest]
    others = (c for c in newer if id(c) not in in_pool or c.recency != latest)
    passed_over = (*aside, *(_why_not(c, top, is_in_pool=id(c) in in_pool) for c in others))
    older = valid[len(newer) + 1 :]
    finding = _answer(question, top, equals)
    return replace(
        finding,
        flags=finding.flags + _newer_preliminary(aside, top),
        passed_over=passed_over + finding.passed_over,
        further=_further(older),
    )


def _is_still_better(question: Question, better: Candidate, newest: Candidate) -> bool:
    """Return whether the newest entry of the better kind wins over the newest of any kind."""
    better_time, newest_time = better.evidence.moment, newest.evidence.moment
    if better_time is None or not question.in_time(better_time):
        return False
    if question.name in _SLOW:
        return better_time.days_before(question.now) <= question.fresh_days
    if question.name in SECOND_CHOICE_LOINC and newest_time is not None:
        most = SAME_DRAW if question.name in OF_ONE_SAMPLE else _STILL_BETTER
        return newest_time.instant - better_time.instant <= most
    return True


def _further(older: Iterable[Candidate]) -> tuple[Evidence, ...]:
    return tuple(islice((c.evidence for c in older if c.flag is None), OLDER_SHOWN))


def usable(question: Question, ordered: Iterable[Candidate]) -> tuple[Evidence, ...]:
    """Return every dated entry inside the look-back with a usable value, newest first.

    `ordered` are the candidates as `in_order` returns them.
    """
    return tuple(one.evidence for one in ordered if is_usable(question, one))


def is_usable(question: Question, entry: Candidate) -> bool:
    """Return whether an entry is dated inside the look-back and has a usable value."""
    return (
        entry.flag is None
        and question.in_time(entry.evidence.moment)
        and does_not_count(entry.evidence.status, entry.evidence.moment, question.now) is None
    )


def charted(question: Question, ordered: Iterable[Candidate]) -> tuple[Evidence, ...]:
    """Return every entry that has a usable value or is above a limit, and isn't too old.

    Entries without a date are among them. `ordered` are the candidates as `in_order` returns them.
    """
    return tuple(
        one.evidence
        for one in ordered
        if (one.flag is None or _is_above_a_limit(one))
        and (one.evidence.moment is None or question.in_time(one.evidence.moment))
        and set_aside(one, question.now) is None
    )


def _is_above_a_limit(entry: Candidate) -> bool:
    return entry.flag is Flag.COMPARATOR and entry.evidence.charted.startswith(">")


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return each candidate once, newest first, regardless of the order of the pages.

    Undated entries are last, and entries of the same time ordered by issue, then update.
    """
    ordered: list[Candidate] = []
    # Only entries of the same time can be duplicates or need to be ordered by their text.
    for _, group in groupby(sorted(candidates, key=_RECENCY, reverse=True), _RECENCY):
        of_one_time = list(group)
        if len(of_one_time) > 1:
            of_one_time = sorted(dict.fromkeys(of_one_time), key=_tie_break)
        ordered += of_one_time
    return ordered


def _tie_break(candidate: Candidate) -> tuple[str, str, str]:
    """Return the text that orders entries of the same time."""
    evidence = candidate.evidence
    return evidence.source, evidence.charted, str(evidence)


def _preferred(name: str, pool: Sequence[Candidate]) -> Candidate:
    """Return the newest entry, or a usable one with a preferred code from the hour before."""
    top, preferred = pool[0], PREFERRED_LOINC.get(name, frozenset())
    if top.evidence.moment is None or _is_coded(top, preferred):
        return top
    for candidate in pool:
        when = candidate.evidence.moment
        if candidate.flag is None and when and _is_coded(candidate, preferred):
            near = top.evidence.moment.instant - when.instant <= SAME_DRAW
            return candidate if near else top
    return top


def _is_coded(candidate: Candidate, codes: AbstractSet[str]) -> bool:
    return candidate.evidence.code is not None and candidate.evidence.code.code in codes


def _why_not(candidate: Candidate, top: Candidate, *, is_in_pool: bool) -> PassedOver:
    if candidate.second_choice and not top.second_choice:
        why = "a preferred type of entry is used instead"
        return PassedOver(candidate.evidence, Flag.SECOND_CHOICE, why)
    if not is_in_pool:
        why = "from another reading"
        return PassedOver(candidate.evidence, Flag.INCOMPLETE_READING, why)
    why = "a value from a preferred method was taken within an hour of this one"
    return PassedOver(candidate.evidence, Flag.SECOND_CHOICE, why)


def _newer_preliminary(aside: Iterable[PassedOver], top: Candidate) -> tuple[Flag, ...]:
    """Return the flag for a preliminary value that's newer than the chosen one."""
    when = top.evidence.moment
    for passed in aside:
        newer = passed.evidence.moment
        if passed.flag is not Flag.PRELIMINARY or newer is None:
            continue
        if when is None or newer.instant > when.instant:
            return (Flag.PRELIMINARY,)
    return ()


def _no_answer(
    question: Question, aside: tuple[PassedOver, ...], elsewhere: Sequence[Candidate]
) -> ChartFinding:
    """Return the finding if no entry can be used, with the values of other measurements."""
    for passed in aside:
        when = passed.evidence.moment
        if passed.flag is Flag.PRELIMINARY and (when is None or question.in_time(when)):
            why = "a preliminary value is in the chart but is not used"
            return _finding(
                question, Outcome.PRELIMINARY, why, passed.evidence, (passed.flag,), aside
            )
    why = "entries were found, but none has a value" if aside else NOT_IN_CHART
    if elsewhere:
        why = "this reading doesn't include the value, but other readings do"
    return ChartFinding(
        question.name,
        Outcome.ABSENT,
        why,
        unit=question.unit,
        passed_over=aside,
        further=_further(elsewhere),
    )


def _answer(question: Question, top: Candidate, equals: Sequence[Candidate]) -> ChartFinding:
    evidence = top.evidence
    if evidence.moment and not question.in_time(evidence.moment):
        why = f"the last known value is older than {question.max_days} days"
        return _finding(question, Outcome.STALE, why, evidence, (Flag.STALE,))
    if any(not agree(top, other) for other in equals):
        passed = tuple(
            PassedOver(other.evidence, Flag.CONFLICT, "another value from the same time")
            for other in equals
        )
        why = "values from the same time differ"
        return _finding(question, Outcome.CONFLICTING, why, evidence, (Flag.CONFLICT,), passed)
    if top.flag:
        outcome = _OUTCOME_OF.get(top.flag, Outcome.UNREADABLE)
        return _finding(question, outcome, top.why, evidence, (top.flag,))
    if evidence.moment is None:
        why = "this value has no date, and no dated one was found"
        return _finding(question, Outcome.FOUND, why, evidence, (Flag.UNDATED,))
    if evidence.moment.days_before(question.now) > question.fresh_days:
        why = f"newest valid value, older than {question.fresh_days} days"
        return _finding(question, Outcome.FOUND, why, evidence, (Flag.OLD,))
    return _finding(question, Outcome.FOUND, "newest valid value", evidence, ())


def _finding(
    question: Question,
    outcome: Outcome,
    why: str,
    evidence: Evidence,
    flags: tuple[Flag, ...],
    passed_over: tuple[PassedOver, ...] = (),
) -> ChartFinding:
    value = evidence.value if outcome is Outcome.FOUND else None
    return ChartFinding(
        question.name, outcome, why, value, question.unit, evidence, flags, passed_over
    )


def agree(one: Candidate, other: Candidate) -> bool:
    """Return whether two entries of the same time agree: one is the other, rounded as printed."""
    a, b = one.evidence.value, other.evidence.value
    if isinstance(a, float) and isinstance(b, float):
        rounding = max(one.evidence.half_digit, other.evidence.half_digit)
        return at_most(abs(a - b), min(rounding, _ROUNDING * max(abs(a), abs(b))))
    return a == b and one.flag == other.flag
