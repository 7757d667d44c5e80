"""Diagnoses from Conditions (FHIR R4 Condition): each is classified once, for all items.

Problems, encounter diagnoses and health concerns count equally.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import tzinfo
from operator import itemgetter

from clinical.chart.classified import (
    Candidates,
    Claim,
    Classification,
    Classified,
    by_item,
    classify_each,
)
from clinical.chart.codes.diagnoses import (
    ASKED_IF_ABSENT,
    IS_OF_NOW,
    JUDGED,
    OF_NOW_TOO,
    PAST_OF,
)
from clinical.chart.diagnoses import state
from clinical.chart.diagnoses.classification import classify
from clinical.chart.diagnoses.kidney_stage import listed_stage
from clinical.chart.evidence import (
    Candidate,
    ChartFinding,
    Evidence,
    Flag,
    Outcome,
    Unclassified,
)
from clinical.chart.items import item
from clinical.chart.resources.json_access import Coding, codings, label, names, source_of
from clinical.chart.resources.scope import Resource
from clinical.chart.resources.times import Moment, moment
from shared.frozen import dataclass
from shared.json_members import fields, items

_STAGED = "chronic_kidney_disease"


@dataclass(frozen=True, slots=True)
class Problems:
    """A finding for every diagnosis, the classified entries, and the drugs that they name.

    `judged` are findings for questions that a person answers, with the related problems.
    """

    findings: tuple[ChartFinding, ...]
    judged: tuple[ChartFinding, ...]
    classified: Classified
    drugs_named: Candidates


def diagnoses(conditions: Iterable[Resource], zone: tzinfo | None) -> Problems:
    """Return the finding for every diagnosis of the dictionary; never raises."""
    classified = list(_classified(conditions))
    candidates = by_item(
        (claim.item, _candidate(condition, claim, zone))
        for condition, what in classified
        for claim in _of_past(_of_now_too(what.claims), condition)
    )
    possible = [one for one in classified if not state.is_refuted(one[0])]
    unclassified = tuple(
        _unclassified(condition, zone) for condition, what in possible if not what.known
    )
    current = tuple(one for one in unclassified if not one.is_past)
    findings = tuple(
        _or_asked(item(name, candidates[name], current if of_now else unclassified))
        for name, of_now in IS_OF_NOW.items()
    )
    judged = tuple(item(name, candidates[name]) for name in JUDGED)
    return Problems(findings, judged, Classified(len(possible), unclassified), candidates)


def _or_asked(finding: ChartFinding) -> ChartFinding:
    """Return the finding; if its absence proves nothing, a person answers it."""
    if finding.outcome is not Outcome.ABSENT or finding.input not in ASKED_IF_ABSENT:
        return finding
    why = f"{finding.why}, which does not rule it out"
    return replace(finding, outcome=Outcome.ASKED, why=why, value=None)


def _classified(conditions: Iterable[Resource]) -> Iterator[tuple[Resource, Classification]]:
    """Yield each Condition with its class."""
    contents = [(one, (codings(one.get("code")), names(one.get("code")))) for one in conditions]
    concepts = {content: condition.get("code") for condition, content in contents}
    known = classify_each(concepts, itemgetter(1), lambda content: classify(concepts[content]))
    for condition, content in contents:
        yield condition, known[content]


def _of_now_too(claims: Iterable[Claim]) -> Iterator[Claim]:
    """Yield the claims, and for an "ever" diagnosis also the matching "now" diagnosis."""
    for claim in claims:
        yield claim
        if claim.item in OF_NOW_TOO:
            yield replace(claim, item=OF_NOW_TOO[claim.item])


def _of_past(claims: Iterable[Claim], condition: Resource) -> Iterator[Claim]:
    """Yield the claims. An episode claims that there was one, if it has ended."""
    for claim in claims:
        if claim.item not in PAST_OF:
            yield claim
        elif claim.flag or state.is_past(condition):
            yield replace(claim, item=PAST_OF[claim.item])
        else:
            why = "it may be the present episode; please confirm"
            yield replace(claim, item=PAST_OF[claim.item], flag=Flag.SUGGESTION, why=why)


def _candidate(condition: Resource, claim: Claim, zone: tzinfo | None) -> Candidate:
    evidence = Evidence(
        source=source_of(condition),
        charted=label(condition.get("code")),
        code=claim.code,
        moment=_when(condition, zone),
        status=" ".join(filter(None, (state.clinical(condition), state.verification(condition)))),
        category=", ".join(filter(None, map(label, items(condition.get("category"))))),
        coded=_coded(condition, claim.code),
        stage=listed_stage(condition.get("code")) if claim.item == _STAGED else "",
    )
    # A drug named in a problem counts only while the problem is current.
    ruled_out = state.ruled_out(condition, of_now=IS_OF_NOW.get(claim.item, True))
    if ruled_out and not (claim.flag and ruled_out[0] is Flag.UNCONFIRMED):
        return Candidate(evidence, *ruled_out)
    return Candidate(evidence, claim.flag, claim.why)


def _unclassified(condition: Resource, zone: tzinfo | None) -> Unclassified:
    concept = condition.get("code")
    coding = next((one for one in codings(concept) if one.code), None)
    return Unclassified(
        source=source_of(condition),
        charted=label(concept),
        system=coding.system if coding else "",
        moment=_when(condition, zone),
        is_past=state.is_past(condition),
    )


def _coded(condition: Resource, matched: Coding | None) -> str:
    """Return the codings that differ from `code.text`, to show with suggestions from text."""
    shown = label(condition.get("code")).casefold()
    other = [
        " ".join(filter(None, (coding.display, f"({coding.code})" if coding.code else "")))
        for coding in codings(condition.get("code"))
        if coding.display.casefold() != shown and coding.code.casefold() != shown
        if coding.display or coding != matched
    ]
    return "; ".join(filter(None, other))


def _when(condition: Resource, zone: tzinfo | None) -> Moment | None:
    """Return the onset, otherwise the date recorded."""
    onset = fields(condition.get("onsetPeriod")).get("start")
    dates = (condition.get("onsetDateTime"), onset, condition.get("recordedDate"))
    return next(filter(None, (moment(value, zone) for value in dates)), None)
