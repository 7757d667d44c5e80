"""One input as the page shows it: value, unit, date, source, and what was passed over and why."""

import json
from dataclasses import replace

from clinical.calculators.inputs import CHOICES, FLAGS, label
from clinical.chart.codes.observations import LOINC
from clinical.chart.evidence import Evidence, Finding, Flag, Outcome, PassedOver

from . import wording
from .clock import Clock
from .view_models import EntryView, InputView, Kind, Look

_MOST_REMARKS = 4
# What a reader of the value has to know; the rest of what was passed over is of no use to one.
_ANNOUNCED = frozenset({Flag.PRELIMINARY, Flag.FUTURE, Flag.CONFLICT})
_LOOKS: dict[Outcome, Look] = {
    Outcome.FOUND: "good",
    Outcome.CALCULATED: "good",
    Outcome.ABSENT: "",
    Outcome.ASKED: "",
    Outcome.OFFERED: "warn",
    Outcome.PRELIMINARY: "warn",
    Outcome.APART: "warn",
    Outcome.STALE: "warn",
    Outcome.BOUND: "warn",
    Outcome.UNREADABLE: "bad",
    Outcome.IMPLAUSIBLE: "bad",
    Outcome.CONFLICTING: "bad",
    Outcome.UNREAD: "bad",
}
_SHORT = {"age": "Age", "sex": "Sex"}
_ANSWERS = {
    "white_or_other": "White or other",
    "black": "Black",
    "cvpu": "Confusion (new), voice, pain or unresponsive",
}


def view(finding: Finding, clock: Clock, *, optional: bool) -> InputView:
    """The view of one input at the time of reading."""
    name, kind = finding.input, _kind(finding.input)
    chosen = finding.chosen
    days = chosen.moment.days_before(clock.now) if chosen and chosen.moment else None
    age, age_look = wording.age(finding, days)
    value = _value(finding, kind)
    ucum = wording.number_input(name).unit if kind == "number" else ""
    unit = wording.unit(ucum)
    return InputView(
        name=name,
        label=label(name),
        short=_short(name),
        kind=kind,
        optional=optional,
        value=value,
        data=json.dumps(finding.value),
        ucum=ucum,
        unit=unit,
        choices=_choices(name, kind),
        conversions=wording.number_input(name).units if kind == "number" else {},
        state=_state(finding, kind),
        look=_LOOKS[finding.outcome],
        age=age,
        age_look=age_look,
        source=_source(finding, kind, clock),
        original=_original(finding, kind),
        remarks=_remarks(finding, clock),
        entries=_entries(finding, clock) if kind == "flag" else (),
        older=_others(finding, clock) if kind == "number" else (),
        note=_note(finding, value, unit, clock),
        resource=chosen.source if chosen else "",
    )


def _kind(name: str) -> Kind:
    if name in FLAGS:
        return "flag"
    return "choice" if name in CHOICES else "number"


def _choices(name: str, kind: Kind) -> tuple[tuple[str, str], ...]:
    """What can be chosen: units of a number, answers of a question."""
    if kind == "number":
        return wording.unit_options(name)
    if kind == "choice":
        answers = (str(answer) for answer in CHOICES[name].answers)
        return tuple((answer, answer_text(answer)) for answer in answers)
    return ()


def answer_text(answer: str) -> str:
    """An answer as people say it."""
    return _ANSWERS.get(answer, answer)


def _value(finding: Finding, kind: Kind) -> str:
    if finding.value is None:
        return ""
    if kind == "number" and not isinstance(finding.value, str):
        own = finding.chosen if finding.outcome is Outcome.FOUND else None
        return wording.number(float(finding.value), own)
    return str(finding.value).lower() if kind == "flag" else str(finding.value)


def _state(finding: Finding, kind: Kind) -> str:
    if kind == "flag" and finding.outcome is Outcome.ABSENT:
        return "not found in chart: counted as no"
    if finding.outcome is Outcome.FOUND and kind == "flag" and finding.value is False:
        return "no, from the chart"
    return finding.outcome.value


def _source(finding: Finding, kind: Kind, clock: Clock) -> str:
    """`Laboratory, final, 20 Nov 2026 09:00, LOINC 2160-0`."""
    chosen = finding.chosen
    if finding.outcome is Outcome.CALCULATED:
        oldest = f", oldest value {clock.day(chosen.moment)}" if chosen else ""
        return _sentence(f"{finding.why}{oldest}")
    if chosen is None or kind == "flag" or finding.outcome is Outcome.UNREAD:
        return ""
    if chosen.moment is None and not chosen.status:
        return _sentence(finding.why)
    return _of(chosen, clock)


def _of(evidence: Evidence, clock: Clock) -> str:
    code = evidence.code
    system = "LOINC " if code and code.system == LOINC else ""
    category = evidence.category.replace("-", " ")
    parts = (
        f"{category[:1].upper()}{category[1:]}",
        evidence.status,
        clock.time(evidence.moment),
        f"{system}{code.code}" if code else "",
    )
    return ", ".join(filter(None, parts))


def _original(finding: Finding, kind: Kind) -> str:
    """The value as charted, where it was converted or could not be used."""
    chosen = finding.chosen
    if chosen is None or kind == "flag":
        return ""
    if finding.outcome in (Outcome.CALCULATED, Outcome.UNREAD):
        return ""
    if finding.value is None:
        return chosen.charted
    converted = chosen.charted_unit and chosen.charted_value != chosen.value
    return chosen.charted if converted else ""


def _remarks(finding: Finding, clock: Clock) -> tuple[str, ...]:
    """Why a value is empty, and what a reader of one that is not has to know."""
    chosen = finding.chosen
    remarks: list[str] = []
    if _says_more(finding):
        remarks.append(_sentence(finding.why))
    if finding.outcome is Outcome.ABSENT and finding.input in FLAGS:
        remarks += [_ruled_out(one, clock) for one in finding.passed_over]
    if Flag.DECEASED in finding.flags:
        remarks.append("The patient is charted as deceased.")
    remarks += [_announcement(one, clock) for one in finding.passed_over if _is_news(one, chosen)]
    if chosen:
        remarks += [_sentence(note) for note in chosen.notes]
    return tuple(dict.fromkeys(remarks))[:_MOST_REMARKS]


def _says_more(finding: Finding) -> bool:
    """Whether the reason tells what state, source and entry do not."""
    if finding.why in ("", "nothing is charted", "a person answers this"):
        return False
    if finding.outcome is Outcome.ABSENT and finding.input in FLAGS:
        # Each entry is told with its own reason.
        return False
    if finding.outcome in (Outcome.FOUND, Outcome.CALCULATED):
        return finding.why.startswith("taken together")
    chosen = finding.chosen
    if chosen is not None and chosen.moment is None and not chosen.status:
        return False
    if any(one.evidence == chosen and one.why == finding.why for one in finding.passed_over):
        return finding.input not in FLAGS
    return chosen is None or chosen.charted == "" or chosen.charted not in finding.why


def _is_news(passed: PassedOver, chosen: Evidence | None) -> bool:
    """Whether what was passed over is newer than what was chosen, or contradicts it."""
    if passed.flag not in _ANNOUNCED or passed.evidence == chosen:
        return False
    if passed.flag is not Flag.PRELIMINARY or chosen is None or chosen.moment is None:
        return True
    when = passed.evidence.moment
    return when is not None and when.instant > chosen.moment.instant


def _announcement(passed: PassedOver, clock: Clock) -> str:
    what = "A newer preliminary value" if passed.flag is Flag.PRELIMINARY else "Another value"
    charted, when = passed.evidence.charted, clock.time(passed.evidence.moment)
    why = ", which lies in the future" if passed.flag is Flag.FUTURE else ""
    return f"{what} is charted and not used: {charted}, {when}{why}."


def _ruled_out(passed: PassedOver, clock: Clock) -> str:
    entry = _entry(passed.evidence, passed.why, clock)
    return _sentence(f"not counted: {entry.text}, {entry.when}, {entry.remark}")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _entries(finding: Finding, clock: Clock) -> tuple[EntryView, ...]:
    """What answers a yes-or-no item, or only suggests it: diagnoses, orders, values."""
    if finding.chosen is None:
        return ()
    counting = (finding.chosen, *finding.further)
    remarks = {passed.evidence: passed.why for passed in finding.passed_over}
    return tuple(_entry(evidence, remarks.get(evidence, ""), clock) for evidence in counting[:3])


def _entry(evidence: Evidence, why: str, clock: Clock) -> EntryView:
    if evidence.code and evidence.code.code == evidence.charted:
        evidence = replace(evidence, charted="charted as a code alone")
    named = evidence.code and evidence.code.code != evidence.charted
    code = f" ({evidence.code.code})" if evidence.code and named else ""
    coded = f"; coded as {evidence.coded}" if evidence.coded else ""
    said = ", ".join(filter(None, (evidence.status, why)))
    # The hour of a measured value decides whether it counts; of a diagnosis the day is enough.
    when = clock.time if evidence.charted_value is not None else clock.day
    return EntryView(f"{evidence.charted}{code}{coded}", when(evidence.moment), said)


def _others(finding: Finding, clock: Clock) -> tuple[EntryView, ...]:
    """Other values that a person may take instead: a newer preliminary one, and older ones."""
    preliminary = [
        one.evidence
        for one in finding.passed_over
        if one.flag is Flag.PRELIMINARY and _is_news(one, finding.chosen)
    ]
    if finding.outcome is Outcome.PRELIMINARY and finding.chosen:
        preliminary.insert(0, finding.chosen)
    found = []
    for evidence in (*dict.fromkeys(preliminary), *finding.further):
        if isinstance(evidence.value, float):
            said = f"preliminary: {evidence.charted}" if evidence in preliminary else ""
            value, when = wording.number(evidence.value, evidence), clock.time(evidence.moment)
            exact = json.dumps(evidence.value)
            found.append(EntryView(said or evidence.charted, when, value=value, exact=exact))
    return tuple(found)


def _short(name: str) -> str:
    return wording.plain(_SHORT.get(name, label(name).partition(",")[0]))


def _note(finding: Finding, value: str, unit: str, clock: Clock) -> str:
    """How a note names the value and its date."""
    name = _short(finding.input)
    if finding.value is None:
        return ""
    if isinstance(finding.value, bool):
        found = "yes" if finding.value else "no"
        if finding.outcome is Outcome.ABSENT:
            found = "not found in chart"
        return wording.plain(f"{name}: {found}")
    dated = finding.chosen.moment if finding.chosen else None
    shown_unit = "" if finding.input == "age" else unit
    text = " ".join(filter(None, (name, answer_text(value), shown_unit)))
    return wording.plain(f"{text} ({clock.iso_day(dated)})" if dated else text)


def charted(finding: Finding, clock: Clock) -> EntryView | None:
    """A charted value of its own, for reading beside a result."""
    if finding.chosen is None or finding.value is None:
        return None
    when = clock.time(finding.chosen.moment)
    return EntryView(f"{label(finding.input)}: {finding.chosen.charted}", when)
