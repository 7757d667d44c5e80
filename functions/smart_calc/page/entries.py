"""Charted entries shown with an input: those that answer it, and others that weren't used."""

import json

from clinical import units_in_words
from clinical.calculators.inputs import FLAGS, label
from clinical.chart.codes.diagnoses import IS_OF_NOW
from clinical.chart.codes.observations import LOINC
from clinical.chart.evidence import NOT_IN_CHART, ChartFinding, Evidence, Flag, Outcome, PassedOver
from clinical.chart.observations import LOCAL
from clinical.clock import Clock

from . import wording
from .view_models import EntryView

_MOST_REMARKS = 4
# Unused entries that a reader of the value must know about. The others don't matter.
_ANNOUNCED = frozenset({Flag.PRELIMINARY, Flag.FUTURE, Flag.CONFLICT})


def remarks_on(finding: ChartFinding, clock: Clock) -> tuple[str, ...]:
    """Return why a value is empty, or what a reader of the value must know."""
    chosen = finding.chosen
    remarks: list[str] = []
    if _says_more(finding):
        remarks.append(sentence(finding.why))
    if finding.outcome is Outcome.ABSENT and finding.input in FLAGS:
        remarks += [_ruled_out(one, clock) for one in finding.passed_over]
    if Flag.DECEASED in finding.flags:
        remarks.append("The chart lists the patient as deceased.")
    remarks += [
        _announcement(one, clock)
        for one in finding.passed_over
        # A preliminary number is listed with the other values.
        if _is_news(one, chosen)
        and not (one.flag is Flag.PRELIMINARY and isinstance(one.evidence.value, float))
    ]
    if chosen:
        remarks += [sentence(note) for note in chosen.notes]
    return tuple(dict.fromkeys(remarks))[:_MOST_REMARKS]


def _says_more(finding: ChartFinding) -> bool:
    """Return whether the reason adds anything to the displayed state, source and entry."""
    if finding.why in ("", NOT_IN_CHART, "always entered by hand"):
        return False
    if finding.outcome is Outcome.ABSENT and finding.input in FLAGS:
        # Each entry is listed with its own reason. A question that doesn't apply has no entries.
        return finding.why.startswith("no ")
    if finding.outcome is Outcome.OPEN:
        # The displayed state already says this, and the entries are listed once for all items.
        return False
    if finding.outcome is Outcome.STALE:
        # The age is shown with its limit.
        return False
    if finding.outcome in (Outcome.FOUND, Outcome.CALCULATED):
        return finding.why.startswith("collected with")
    chosen = finding.chosen
    if chosen is not None and chosen.moment is None and not chosen.status:
        return False
    if any(one.evidence == chosen and one.why == finding.why for one in finding.passed_over):
        return finding.input not in FLAGS
    return chosen is None or chosen.charted == "" or chosen.charted not in finding.why


def _is_news(passed: PassedOver, chosen: Evidence | None) -> bool:
    """Return whether an unused entry is newer than the chosen one, or contradicts it."""
    if passed.flag not in _ANNOUNCED or passed.evidence == chosen:
        return False
    if passed.flag is not Flag.PRELIMINARY or chosen is None or chosen.moment is None:
        return True
    when = passed.evidence.moment
    return when is not None and when.instant > chosen.moment.instant


def _announcement(passed: PassedOver, clock: Clock) -> str:
    what = "A newer preliminary value" if passed.flag is Flag.PRELIMINARY else "Another value"
    charted = units_in_words.amount(passed.evidence.charted)
    when = clock.time(passed.evidence.moment)
    why = ", which is in the future" if passed.flag is Flag.FUTURE else ""
    return f"{what} is in the chart and was not used automatically: {charted}, {when}{why}."


def _ruled_out(passed: PassedOver, clock: Clock) -> str:
    entry = _entry(passed.evidence, passed.why, clock)
    return sentence(f"not counted: {entry.text}, {entry.when}, {entry.remark}")


def sentence(text: str) -> str:
    """Return a text with a capital letter and a period."""
    # A name such as eGFR keeps its lowercase letter.
    first = text[:1] if text[1:2].isupper() else text[:1].upper()
    return f"{first}{text[1:]}{'' if text.endswith('.') else '.'}"


def answering(finding: ChartFinding, clock: Clock) -> tuple[EntryView, ...]:
    """Return the entries that answer or suggest a yes-or-no item: diagnoses, orders, values."""
    if finding.chosen is None:
        return ()
    shown = (finding.chosen, *finding.further)[:3]
    first = finding.earliest
    if finding.input in IS_OF_NOW and first and first not in shown:
        # A card shows its date.
        shown = (*shown[:2], first)
    reasons = {passed.evidence: passed.why for passed in finding.passed_over}
    return tuple(_entry(evidence, reasons.get(evidence, ""), clock) for evidence in shown)


def _entry(evidence: Evidence, why: str, clock: Clock) -> EntryView:
    if evidence.code and evidence.code.code == evidence.charted:
        evidence = evidence._replace(charted="charted only as a code")
    # A LOINC code identifies the question, not the charted answer.
    named = evidence.code and evidence.code.code != evidence.charted
    named = named and evidence.code and evidence.code.system != LOINC
    code = f" ({evidence.code.code})" if evidence.code and named else ""
    # The coding's text already includes the code.
    code = "" if code and code in evidence.coded else code
    coded = f"; coded as {evidence.coded}" if evidence.coded else ""
    # The status already includes the verification.
    why = "" if why.startswith("verification status") else why
    status = evidence.status.replace("entered-in-error", "entered in error")
    remark = ", ".join(filter(None, (status, why)))
    # The time of a measured value decides whether it counts. For a diagnosis, the date is enough.
    when = clock.time if evidence.charted_value is not None else clock.day
    return EntryView(f"{evidence.charted}{code}{coded}", when(evidence.moment), remark)


def others(finding: ChartFinding, clock: Clock) -> tuple[EntryView, ...]:
    """Return values that a person can use instead: newer preliminary ones, and older ones."""
    preliminary = [
        one.evidence
        for one in finding.passed_over
        if one.flag is Flag.PRELIMINARY and _is_news(one, finding.chosen)
    ]
    if finding.outcome is Outcome.PRELIMINARY and finding.chosen:
        preliminary.insert(0, finding.chosen)
    rows = []
    for evidence in (*dict.fromkeys(preliminary), *finding.further):
        if isinstance(evidence.value, float):
            charted = units_in_words.amount(evidence.charted)
            value = wording.number(finding.input, evidence.value, evidence)
            rows.append(
                EntryView(
                    f"preliminary: {charted}" if evidence in preliminary else charted,
                    clock.time(evidence.moment),
                    value=value,
                    exact=json.dumps(evidence.value),
                    note=note_text(finding, evidence, clock),
                    origin=origin(evidence),
                    is_undated=evidence.moment is None,
                )
            )
    return tuple(rows)


def origin(evidence: Evidence, when: str = "") -> str:
    """Return a value's source: `Laboratory, final, 20 Nov 2026 09:00, LOINC 2160-0`."""
    code = evidence.code
    system = "local code " if LOCAL in evidence.notes else ""
    system = "LOINC " if code and code.system == LOINC else system
    category = evidence.category.replace("-", " ")
    parts = (
        f"{category[:1].upper()}{category[1:]}",
        evidence.status,
        when,
        f"{system}{code.code}" if code else "",
    )
    return ", ".join(filter(None, parts))


def note_text(finding: ChartFinding, evidence: Evidence, clock: Clock) -> str:
    """Return a note's text for another charted value that replaces the prefilled one."""
    amount = f"{wording.short(finding.input)} {units_in_words.amount(evidence.charted)}"
    kind = "preliminary, " if evidence.status == "preliminary" else ""
    return units_in_words.plain(f"{amount} ({clock.day(evidence.moment)}, {kind}from the chart)")


def chosen(finding: ChartFinding, clock: Clock) -> EntryView | None:
    """Return the charted value of a finding, to show next to a result, or None."""
    if finding.chosen is None or finding.value is None:
        return None
    when = clock.time(finding.chosen.moment)
    found = units_in_words.amount(finding.chosen.charted)
    return EntryView(f"{label(finding.input)}: {found}", when)
