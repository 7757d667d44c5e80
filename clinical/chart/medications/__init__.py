"""Drug classes from MedicationRequests (FHIR R4). An order doesn't prove that a drug is taken.

An order whose drug can't be classified leaves every class open.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from operator import attrgetter

from clinical.chart.classified import (
    Candidates,
    Claim,
    Classification,
    Classified,
    by_item,
    classify_each,
)
from clinical.chart.codes.drugs import DRUG_CLASSES, DrugClass
from clinical.chart.evidence import Candidate, ChartFinding, Evidence, Flag, Unclassified
from clinical.chart.items import item
from clinical.chart.medications.drug import Drug, Medications, classify, drug_of
from clinical.chart.medications.names import classes_named
from clinical.chart.medications.state import State, of_order, of_use
from clinical.chart.resources.json_access import source_of, text
from clinical.chart.resources.scope import Resource
from clinical.chart.resources.times import Moment, moment
from shared.frozen import dataclass

__all__ = ["Drugs", "classes_named", "drug_classes"]


@dataclass(frozen=True, slots=True)
class Drugs:
    """A finding for every drug class, and the classified orders that could count."""

    findings: tuple[ChartFinding, ...]
    classified: Classified


def drug_classes(
    requests: Iterable[Resource],
    uses: Iterable[Resource],
    medications: Medications,
    diagnosed: Mapping[str, ChartFinding],
    named: Candidates,
    zone: tzinfo | None,
) -> Drugs:
    """Return the finding for every drug class; never raises.

    `uses` are statements, dispenses and administrations, which only suggest. `diagnosed` are the
    findings that a class may need, and `named` the problems that name a drug.
    """
    ordered = [(one, drug_of(one, medications)) for one in requests]
    used = [(one, drug_of(one, medications)) for one in uses]
    drugs = (drug for _, drug in (*ordered, *used))
    what = classify_each(drugs, attrgetter("names"), classify)
    entries = [_entry(one, drug, what[drug], of_order(one, drug), zone) for one, drug in ordered]
    entries += [_entry(one, drug, what[drug], of_use(one, drug), zone) for one, drug in used]
    unclassified = tuple(one.unclassified for one in entries if one.unclassified)
    candidates = by_item(claimed for one in entries for claimed in one.claimed)
    findings = tuple(
        item(
            drugs.name,
            _indicated(drugs, diagnosed, (*candidates[drugs.name], *named[drugs.name])),
            unclassified,
        )
        for drugs in DRUG_CLASSES
    )
    return Drugs(findings, Classified(sum(one.counts for one in entries), unclassified))


@dataclass(frozen=True, slots=True)
class _Entry:
    """Whether an entry could count, its candidates by class, and itself if it's unclassified."""

    counts: bool
    claimed: tuple[tuple[str, Candidate], ...]
    unclassified: Unclassified | None


def _entry(
    resource: Resource, drug: Drug, what: Classification, state: State, zone: tzinfo | None
) -> _Entry:
    source = source_of(resource)
    authored = _when(resource, zone)
    claimed = tuple(
        (
            claim.item,
            Candidate(
                Evidence(
                    source=source,
                    charted=claim.charted,
                    code=claim.code,
                    moment=authored,
                    status=text(resource.get("status")),
                    category=text(resource.get("intent")),
                    notes=(state.note,),
                    coded=_coded(claim),
                ),
                state.flag or claim.flag,
                state.why or claim.why,
            ),
        )
        for claim in what.claims
    )
    unclassified = None
    if state.could_count and not what.known:
        unclassified = Unclassified(source, drug.charted, drug.system, authored)
    return _Entry(state.could_count, claimed, unclassified)


def _coded(claim: Claim) -> str:
    """Return the matched coding's name for the drug if it differs from the charted one."""
    code = claim.code
    if code is None or not code.display or code.display.casefold() == claim.charted.casefold():
        return ""
    return f"{code.display} ({code.code})"


def _when(resource: Resource, zone: tzinfo | None) -> Moment | None:
    """Return when the drug was ordered, dispensed, given or reported."""
    names = ("authoredOn", "whenHandedOver", "whenPrepared", "effectiveDateTime", "dateAsserted")
    return next(filter(None, (moment(resource.get(name), zone) for name in names)), None)


def _indicated(
    drugs: DrugClass, diagnosed: Mapping[str, ChartFinding], candidates: Iterable[Candidate]
) -> Iterator[Candidate]:
    """Yield the candidates of a class, as suggestions if its required diagnosis isn't found."""
    needs = drugs.needs and diagnosed[drugs.needs].value is not True
    for one in candidates:
        if needs and one.flag is None:
            why = f"ordered, but no {drugs.needs} was found in the chart"
            yield one._replace(flag=Flag.NO_DIAGNOSIS, why=why)
        else:
            yield one
