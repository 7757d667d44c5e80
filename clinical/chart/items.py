"""Yes-or-no items: True where an entry counts, None where one only suggests, else not found.

False means "not found in chart", never "no": a chart need not know.
"""

from collections.abc import Iterable

from clinical.chart.evidence import Candidate, ChartFinding, Flag, Outcome, PassedOver

# Flags of entries that suggest the item and leave it to a person; any other flag rules one out.
_SUGGESTS = frozenset(
    {
        Flag.UNCONFIRMED,
        Flag.SUGGESTION,
        Flag.TEXT_MATCH,
        Flag.ON_HOLD,
        Flag.NO_DIAGNOSIS,
        Flag.OLD,
    }
)


def item(name: str, entries: Iterable[Candidate]) -> ChartFinding:
    """The finding for one item from the entries that match it."""
    ordered = sorted(dict.fromkeys(entries), key=_newest_first)
    counting = [entry.evidence for entry in ordered if entry.flag is None]
    suggesting = [entry for entry in ordered if entry.flag in _SUGGESTS]
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
    why = (
        "entries are charted, but none of them counts as this"
        if passed_over
        else "nothing is charted"
    )
    return ChartFinding(name, Outcome.ABSENT, why, value=False, passed_over=passed_over)


def _newest_first(entry: Candidate) -> tuple[float, str, str]:
    evidence = entry.evidence
    age = -evidence.moment.instant.timestamp() if evidence.moment else float("inf")
    return age, evidence.source, str(evidence)
