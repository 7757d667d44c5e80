"""Coded answers: smoking status (US Core, LOINC 72166-2), and what is asked and never prefilled."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from clinical.chart.choice import OLDER_SHOWN, USABLE_STATUS, Question, choose
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
from clinical.chart.evidence import Candidate, Evidence, Finding, Flag, Outcome
from clinical.chart.observations import heading_of
from clinical.chart.quantity import read_text
from clinical.chart.resources.json_access import Coding, codes_of, codings, label, text
from clinical.chart.resources.scope import Resource, updated
from clinical.chart.resources.times import moment

_SMOKING = (
    *(Coding(LOINC, code, "") for code in SMOKING_LOINC + SMOKING_FALLBACK_LOINC),
    *(Coding(SNOMED, code, "") for code in SMOKING_FALLBACK_SNOMED),
)


def current_smoker(observations: Iterable[Resource], now: datetime) -> Finding:
    """Whether the patient smokes, by the newest coded smoking status; unknown stays empty."""
    question = Question("current_smoker", "", SMOKING_FRESH_DAYS, SMOKING_MAX_DAYS, now)
    return choose(question, _smoking_statuses(observations, now))


def _smoking_statuses(observations: Iterable[Resource], now: datetime) -> Iterator[Candidate]:
    for observation in observations:
        matched = [
            coding
            for coding in codings(observation.get("code"))
            if Coding(coding.system, coding.code, "") in _SMOKING
        ]
        if matched:
            yield _smoking_status(observation, matched, now)


def _smoking_status(observation: Resource, matched: list[Coding], now: datetime) -> Candidate:
    heading = heading_of(observation, now.tzinfo)
    primary = next((coding for coding in matched if coding.code in SMOKING_LOINC), None)
    answer = observation.get("valueCodeableConcept")
    known = {SMOKING_ANSWERS[code] for code in codes_of(answer, SNOMED) if code in SMOKING_ANSWERS}
    flag, why = _unusable(observation, known)
    issued = moment(observation.get("issued"), now.tzinfo)
    evidence = Evidence(
        source=heading.source,
        charted=read_text(observation),
        value=None if flag else True in known,
        code=primary or matched[0],
        moment=heading.moment,
        status=heading.status,
        category=heading.category,
        reading=heading.source,
        notes=heading.notes,
    )
    return Candidate(
        evidence,
        flag,
        why,
        issued.instant if issued else None,
        updated(observation),
        second_choice=primary is None or not codings(answer),
    )


def _unusable(observation: Resource, known: set[bool | None]) -> tuple[Flag | None, str]:
    if observation.get("dataAbsentReason") is not None:
        return Flag.DATA_ABSENT, f"no value: {label(observation['dataAbsentReason'])}"
    if len(known) > 1:
        return Flag.CONFLICT, "the answer is coded in two ways that differ"
    if None in known:
        return Flag.UNKNOWN_ANSWER, "charted as unknown"
    if known:
        return None, ""
    if charted := read_text(observation):
        return Flag.TEXT_VALUE, f"not one of the coded answers: {charted}"
    return Flag.NO_VALUE, "no value is charted"


def asked(observations: Iterable[Resource], now: datetime) -> Iterator[Finding]:
    """Inputs that a person answers; the newest entry that bears on one is shown beside it."""
    usable = [o for o in observations if text(o.get("status")) in USABLE_STATUS]
    for name, codes in ASKED_LOINC.items():
        bearing = [
            _bearing(observation, coding, charted, now)
            for observation in usable
            for coding in codings(observation.get("code"))
            if coding.system == LOINC and coding.code in codes
            if (charted := read_text(observation))
        ]
        bearing.sort(key=_newest_last)
        if bearing:
            why = "charted entries bear on it, but do not answer it"
            newest, *older = bearing[::-1]
            yield Finding(
                name, Outcome.OFFERED, why, chosen=newest, further=tuple(older[:OLDER_SHOWN])
            )
        else:
            yield Finding(name, Outcome.ASKED, "a person answers this")


def _bearing(observation: Resource, code: Coding, charted: str, now: datetime) -> Evidence:
    heading = heading_of(observation, now.tzinfo)
    return Evidence(
        source=heading.source,
        charted=charted,
        code=code,
        moment=heading.moment,
        status=heading.status,
        category=heading.category,
        reading=heading.source,
        notes=heading.notes,
    )


def _newest_last(evidence: Evidence) -> tuple[float, str, str]:
    when = evidence.moment.instant.timestamp() if evidence.moment else float("-inf")
    return when, evidence.source, str(evidence)
