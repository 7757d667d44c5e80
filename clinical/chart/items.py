"""Yes-or-no items: found, suggested, open or not found, whichever applies first.

False means "not found in chart", never "no", because a chart may be incomplete. It's used only if
no entry could be the item. An unclassified entry leaves the item open.
"""

from collections.abc import Iterable

from clinical.chart.evidence import (
    NOT_IN_CHART,
    Candidate,
    ChartFinding,
    Flag,
    Outcome,
    PassedOver,
    Unclassified,
)

# Flags of entries that suggest the item for a person to confirm. Any other flag rules an entry out.
SUGGESTS = frozenset(
    {Flag.UNCONFIRMED, Flag.SUGGESTION, Flag.TEXT_MATCH, Flag.ON_HOLD, Flag.NO_DIAGNOSIS, Flag.OLD}
)


def item(
    name: str, entries: Iterable[Candidate], could_be: tuple[Unclassified, ...] = ()
) -> ChartFinding:
    """Return the finding for one item from its entries; `could_be` are unclassified entries."""
    ordered = sorted(dict.fromkeys(entries), key=_newest_first)
    counting = [entry.evidence for entry in ordered if entry.flag is None]
    suggesting = [entry for entry in ordered if entry.flag in SUGGESTS]
    passed_over = tuple(
        PassedOver(entry.evidence, entry.flag, entry.why) for entry in ordered if entry.flag
    )
    if counting:
        chosen, *further = counting
        why = f"found: {chosen.charted}"
        return ChartFinding(
            name,
            Outcome.FOUND,
            why,
            value=True,
            chosen=chosen,
            passed_over=passed_over,
            further=tuple(further),
        )
    if suggesting:
        first = suggesting[0]
        flags = tuple(dict.fromkeys(entry.flag for entry in suggesting if entry.flag))
        return ChartFinding(
            name,
            Outcome.OFFERED,
            first.why,
            chosen=first.evidence,
            flags=flags,
            passed_over=passed_over,
        )
    if could_be:
        number = "1 entry" if len(could_be) == 1 else f"{len(could_be)} entries"
        why = f"{number} could match"
        return ChartFinding(name, Outcome.OPEN, why, passed_over=passed_over, could_be=could_be)
    why = "the chart has related entries, but none of them count" if passed_over else NOT_IN_CHART
    return ChartFinding(name, Outcome.ABSENT, why, value=False, passed_over=passed_over)


def _newest_first(entry: Candidate) -> tuple[float, str, str]:
    evidence = entry.evidence
    age = -evidence.moment.instant.timestamp() if evidence.moment else float("inf")
    return age, evidence.source, str(evidence)
