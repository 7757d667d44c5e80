"""Coded answers: smoking status (US Core, LOINC 72166-2), and inputs that are never prefilled."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from clinical.chart.choice import OLDER_SHOWN, Question, choose, does_not_count, in_order
from clinical.chart.codes.observations import (
    ASKED_LOINC,
    LOINC,
    SMOKING_ANSWERS,
    SMOKING_FALLBACK_LOINC,
    SMOKING_FALLBACK_SNOMED,
    SMOKING_FRESH_DAYS,
    SMOKING_LOINC,
    SMOKING_MAX_DAYS,
    SNOMED,
)
from clinical.chart.evidence import (
    Candidate,
    ChartFinding,
    Evidence,
    Flag,
    Outcome,
    PassedOver,
    Value,
)
from clinical.chart.observations import Entry
from clinical.chart.quantity import read_text
from clinical.chart.resources.heading import Heading
from clinical.chart.resources.json_access import Coding, Concept, codes_of, codings, label
from clinical.chart.resources.scope import Resource

_SMOKING = frozenset(
    {
        *((LOINC, code) for code in SMOKING_LOINC + SMOKING_FALLBACK_LOINC),
        *((SNOMED, code) for code in SMOKING_FALLBACK_SNOMED),
    }
)
_RELATED = "the chart has related entries, but none of them answers this question"
_ASKED = frozenset(code for codes in ASKED_LOINC.values() for code in codes)


def current_smoker(entries: Iterable[Entry], now: datetime) -> ChartFinding:
    """Return whether the patient smokes, by the newest coded status; unknown stays empty."""
    question = Question("current_smoker", "", SMOKING_FRESH_DAYS, SMOKING_MAX_DAYS, now)
    return choose(question, in_order(_smoking_statuses(entries)))


def unless_a_problem_differs(smoker: ChartFinding, listed: ChartFinding) -> ChartFinding:
    """Return the smoking status; if it's no, and a current problem says otherwise, leave it empty.

    `listed` is the finding `smoker_in_problems`.
    """
    if smoker.value is not False or listed.chosen is None:
        return smoker
    why = "the problem list shows that the patient smokes"
    return replace(
        smoker,
        outcome=Outcome.CONFLICTING,
        why=why,
        value=None,
        flags=(Flag.CONFLICT,),
        passed_over=(PassedOver(listed.chosen, Flag.CONFLICT, why), *smoker.passed_over),
    )


def _smoking_statuses(entries: Iterable[Entry]) -> Iterator[Candidate]:
    # A chart has thousands of entries with few different codes.
    known: dict[Concept, list[Coding]] = {}
    for entry in entries:
        code = entry.heading.code
        if code not in known:
            known[code] = [one for one in code.codings if (one.system, one.code) in _SMOKING]
        if matched := known[code]:
            yield _smoking_status(entry, matched)


def _smoking_status(entry: Entry, matched: list[Coding]) -> Candidate:
    observation, heading = entry.resource, entry.heading
    primary = next((coding for coding in matched if coding.code in SMOKING_LOINC), None)
    answer = observation.get("valueCodeableConcept")
    known = {SMOKING_ANSWERS[code] for code in codes_of(answer, SNOMED) if code in SMOKING_ANSWERS}
    flag, why = _unusable(observation, known)
    charted, value = read_text(observation), None if flag else True in known
    evidence = _evidence(heading, primary or matched[0], charted, value)
    return Candidate(
        evidence, flag, why, entry.recency, second_choice=primary is None or not codings(answer)
    )


def _unusable(observation: Resource, known: set[bool | None]) -> tuple[Flag | None, str]:
    if observation.get("dataAbsentReason") is not None:
        return Flag.DATA_ABSENT, f"no value: {label(observation['dataAbsentReason'])}"
    if len(known) > 1:
        return Flag.CONFLICT, "the coded answers differ"
    if None in known:
        return Flag.UNKNOWN_ANSWER, "charted as unknown"
    if known:
        return None, ""
    if charted := read_text(observation):
        return Flag.TEXT_VALUE, f"not a recognized coded answer: {charted}"
    return Flag.NO_VALUE, "the entry has no value"


def always_asked(entries: Iterable[Entry], now: datetime) -> Iterator[ChartFinding]:
    """Yield the inputs that only a person answers, each with the newest related entry."""
    coded = [
        (coding, entry)
        for entry in entries
        for coding in entry.heading.codings
        if coding.code in _ASKED and coding.system == LOINC
    ]
    for name, codes in ASKED_LOINC.items():
        related = [
            _evidence(entry.heading, coding, charted)
            for coding, entry in coded
            if coding.code in codes
            if does_not_count(entry.heading.status, entry.heading.moment, now) is None
            if (charted := read_text(entry.resource))
        ]
        related.sort(key=_newest_last)
        if related:
            newest, *older = related[::-1]
            yield ChartFinding(
                name, Outcome.OFFERED, _RELATED, chosen=newest, further=tuple(older[:OLDER_SHOWN])
            )
        else:
            yield ChartFinding(name, Outcome.ASKED, "always entered by hand")


def with_problem(asked: ChartFinding, listed: ChartFinding) -> ChartFinding:
    """Return the finding for a question that a person answers, with the newest related entry.

    `listed` has the related problems.
    """
    related = [one for finding in (asked, listed) for one in _entries(finding)]
    if not _entries(listed):
        return asked
    newest, *older = sorted(related, key=_newest_last, reverse=True)
    return ChartFinding(
        asked.input, Outcome.OFFERED, _RELATED, chosen=newest, further=tuple(older[:OLDER_SHOWN])
    )


def _entries(finding: ChartFinding) -> tuple[Evidence, ...]:
    offered = finding.outcome is Outcome.OFFERED and finding.chosen
    return (finding.chosen, *finding.further) if offered and finding.chosen else ()


def _evidence(heading: Heading, code: Coding, charted: str, value: Value = None) -> Evidence:
    return Evidence(
        source=heading.source,
        charted=charted,
        value=value,
        code=code,
        moment=heading.moment,
        status=heading.status,
        category=heading.category.label,
        measurement=heading.source,
        notes=heading.notes,
    )


def _newest_last(evidence: Evidence) -> tuple[float, str, str]:
    when = evidence.moment.instant.timestamp() if evidence.moment else float("-inf")
    return when, evidence.source, str(evidence)
