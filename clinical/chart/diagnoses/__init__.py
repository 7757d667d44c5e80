"""Diagnoses from Conditions (FHIR R4 Condition, clinicalStatus and verificationStatus).

Problems, encounter diagnoses and health concerns count alike. An ICD-10-CM prefix or a SNOMED CT
concept counts; a text is only ever a suggestion, and not even that beside an ICD-10-CM code.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from clinical.chart.classified import Candidates, Classified, by_item
from clinical.chart.codes.diagnoses import (
    DIAGNOSES,
    FAMILY_HISTORY,
    ICD10,
    NEGATIONS,
    NOT_THIS,
    Diagnosis,
)
from clinical.chart.codes.observations import SNOMED
from clinical.chart.evidence import Candidate, ChartFinding, Evidence, Flag
from clinical.chart.items import item
from clinical.chart.resources.json_access import Coding, codings, label, names, source_of, text
from clinical.chart.resources.scope import Resource
from clinical.chart.resources.times import Moment, moment
from shared.json_members import fields, items

_REFUTED = frozenset({"refuted", "entered-in-error"})
_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "remission", "resolved"})


def _any_of(words: str) -> re.Pattern[str]:
    """Matches one of the words, which may be phrases; nothing where there are none."""
    return re.compile(rf"\b({words or '(?!)'})\b", re.IGNORECASE)


_WORDS = {diagnosis.name: _any_of(diagnosis.words) for diagnosis in DIAGNOSES}
_OTHER_WORDS = {
    diagnosis.name: _any_of("|".join(filter(None, (NOT_THIS, diagnosis.other_words))))
    for diagnosis in DIAGNOSES
}
# A negation in the last clause of a text.
_NEGATED = re.compile(rf"\b({NEGATIONS})\b[^,;.]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problems:
    """A finding for every diagnosis, what the entries that count are, and the drugs they name."""

    findings: tuple[ChartFinding, ...]
    classified: Classified
    drugs_named: Candidates


def diagnoses(conditions: Iterable[Resource], zone: tzinfo | None) -> Problems:
    """What the Conditions say of every diagnosis of the dictionary; never raises."""
    known = tuple(conditions)
    findings = []
    for diagnosis in DIAGNOSES:
        entries = (_entry(condition, diagnosis, zone) for condition in known)
        findings.append(item(diagnosis.name, (entry for entry in entries if entry)))
    return Problems(tuple(findings), Classified(len(known)), by_item(()))


def _entry(condition: Resource, diagnosis: Diagnosis, zone: tzinfo | None) -> Candidate | None:
    """The condition as an entry for the diagnosis, None where it does not match at all."""
    match = _match(condition, diagnosis)
    if match is None:
        return None
    code, flag, why = match
    evidence = Evidence(
        source=source_of(condition),
        charted=label(condition.get("code")),
        code=code,
        moment=_when(condition, zone),
        status=" ".join(filter(None, (_status(condition), _verification(condition)))),
        category=", ".join(filter(None, map(label, items(condition.get("category"))))),
        notes=_notes(condition),
        coded=_coded(condition, code),
    )
    ruled_out = _ruled_out(condition, diagnosis)
    if ruled_out and (ruled_out[0] is not Flag.UNCONFIRMED or flag is None):
        flag, why = ruled_out
    elif diagnosis.offer_only and flag is None:
        flag, why = Flag.SUGGESTION, "the chart cannot answer this; please confirm"
    return Candidate(evidence, flag, why)


_Match = tuple[Coding | None, Flag | None, str]


def _match(condition: Resource, diagnosis: Diagnosis) -> _Match | None:
    listed = codings(condition.get("code"))
    icd = [coding for coding in listed if _is_icd10(coding.system)]
    if any(_begins(coding, FAMILY_HISTORY + diagnosis.exclude) for coding in icd):
        return None
    for coding in listed:
        if coding in icd and _begins(coding, diagnosis.icd10cm):
            return coding, None, ""
        if coding.system == SNOMED and coding.code in diagnosis.snomed:
            return coding, None, ""
    for coding in icd:
        if _begins(coding, diagnosis.suggest):
            return coding, Flag.SUGGESTION, f"{coding.code} may count; please confirm"
    return None if icd else _text_match(names(condition.get("code")), diagnosis)


def _text_match(called: tuple[str, ...], diagnosis: Diagnosis) -> _Match | None:
    """A suggestion where a name has the words; one name that says otherwise is enough for none."""
    if any(_OTHER_WORDS[diagnosis.name].search(name) for name in called):
        return None
    naming = [name for name in called if _WORDS[diagnosis.name].search(name)]
    if not naming or not all(_affirms(name, diagnosis) for name in naming):
        return None
    return None, Flag.TEXT_MATCH, f"only the text matches: {naming[0]}"


def _affirms(name: str, diagnosis: Diagnosis) -> bool:
    """Whether the words stand anywhere in a name without a negation before them."""
    found = _WORDS[diagnosis.name].finditer(name)
    return any(not _NEGATED.search(name, 0, match.start()) for match in found)


def _is_icd10(system: str) -> bool:
    """ICD-10 or any national edition of ICD-10-CM."""
    return system == ICD10 or "icd-10-cm" in system.lower()


def _begins(coding: Coding, prefixes: tuple[str, ...]) -> bool:
    code = coding.code.replace(".", "").upper()
    return code.startswith(tuple(prefix.replace(".", "") for prefix in prefixes))


def _ruled_out(condition: Resource, diagnosis: Diagnosis) -> tuple[Flag, str] | None:
    """Why the state of the condition keeps it from counting, None where it does not."""
    verification = _verification(condition)
    if verification in _REFUTED:
        return Flag.REFUTED, f"verification status {verification}"
    if diagnosis.now and _status(condition) in _PAST:
        return Flag.NOT_CURRENT, f"clinical status {_status(condition)}"
    if verification not in ("", "confirmed"):
        return Flag.UNCONFIRMED, f"verification status {verification}"
    if diagnosis.now and _status(condition) not in {"", *_CURRENT}:
        return Flag.UNCONFIRMED, f"clinical status {_status(condition)}"
    return None


def _coded(condition: Resource, matched: Coding | None) -> str:
    """What the codings say that `code.text` does not, so that no suggestion rests on text alone."""
    shown = label(condition.get("code")).casefold()
    other = [
        " ".join(filter(None, (coding.display, f"({coding.code})" if coding.code else "")))
        for coding in codings(condition.get("code"))
        if coding.display.casefold() != shown and coding.code.casefold() != shown
        if coding.display or coding != matched
    ]
    return "; ".join(filter(None, other))


def _notes(condition: Resource) -> tuple[str, ...]:
    """An absent clinical status counts as a current one, so an end charted beside it is told."""
    ended = any(key.startswith("abatement") for key, value in condition.items() if value)
    if _status(condition) or not ended:
        return ()
    return ("an end is charted, but no clinical status",)


def _verification(condition: Resource) -> str:
    codes = _status_codes(condition, "verificationStatus")
    return next((code for code in codes if code in _REFUTED), next(iter(codes), ""))


def _status(condition: Resource) -> str:
    codes = _status_codes(condition, "clinicalStatus")
    return next((code for code in codes if code in _PAST), next(iter(codes), ""))


def _status_codes(condition: Resource, element: str) -> list[str]:
    """The codes of a status; a status that is charted in some other way is not taken as absent."""
    concept = condition.get(element)
    codes = [coding.code for coding in codings(concept) if coding.code]
    return codes if codes or concept is None else [label(concept) or text(concept) or "unreadable"]


def _when(condition: Resource, zone: tzinfo | None) -> Moment | None:
    """The onset, else the day it was recorded."""
    onset = fields(condition.get("onsetPeriod")).get("start")
    charted = (condition.get("onsetDateTime"), onset, condition.get("recordedDate"))
    return next(filter(None, (moment(value, zone) for value in charted)), None)
