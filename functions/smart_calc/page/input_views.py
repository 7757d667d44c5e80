"""One input as the page shows it: value, unit, date, source, and what was passed over and why."""

import json
from datetime import datetime

from clinical.calculators.inputs import CHOICES, FLAGS, label
from clinical.chart.codes.observations import LOINC
from clinical.chart.evidence import Evidence, Finding, Flag, Outcome, PassedOver

from . import wording
from .dates import shown
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


def view(finding: Finding, now: datetime, *, optional: bool) -> InputView:
    """The view of one input at the time of reading."""
    name, kind = finding.input, _kind(finding.input)
    chosen = finding.chosen
    days = chosen.moment.days_before(now) if chosen and chosen.moment else None
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
        state=_state(finding, kind),
        look=_LOOKS[finding.outcome],
        age=age,
        age_look=age_look,
        source=_source(finding, kind),
        original=_original(finding, kind),
        remarks=_remarks(finding),
        entries=_entries(finding) if kind == "flag" else (),
        older=_older(finding) if kind == "number" else (),
        note=_note(finding, value, unit),
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


def _source(finding: Finding, kind: Kind) -> str:
    """`Laboratory, final, 20 Nov 2026 09:00, LOINC 2160-0`."""
    chosen = finding.chosen
    if finding.outcome is Outcome.CALCULATED:
        oldest = f", oldest value {wording.day(chosen.moment)}" if chosen else ""
        return _sentence(f"{finding.why}{oldest}")
    if chosen is None or kind == "flag" or finding.outcome is Outcome.UNREAD:
        return ""
    if chosen.moment is None and not chosen.status:
        return _sentence(finding.why)
    return _of(chosen)


def _of(evidence: Evidence) -> str:
    code = evidence.code
    system = "LOINC " if code and code.system == LOINC else ""
    category = evidence.category.replace("-", " ")
    parts = (
        f"{category[:1].upper()}{category[1:]}",
        evidence.status,
        wording.time(evidence.moment),
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


def _remarks(finding: Finding) -> tuple[str, ...]:
    """Why a value is empty, and what a reader of one that is not has to know."""
    chosen = finding.chosen
    remarks: list[str] = []
    if _says_more(finding):
        remarks.append(_sentence(finding.why))
    if Flag.DECEASED in finding.flags:
        remarks.append("The patient is charted as deceased.")
    remarks += [_announcement(one) for one in finding.passed_over if _is_news(one, chosen)]
    if chosen:
        remarks += [_sentence(note) for note in chosen.notes]
    return tuple(dict.fromkeys(remarks))[:_MOST_REMARKS]


def _says_more(finding: Finding) -> bool:
    """Whether the reason tells what state, source and entry do not."""
    if finding.why in ("", "nothing is charted", "a person answers this"):
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


def _announcement(passed: PassedOver) -> str:
    what = "A newer preliminary value" if passed.flag is Flag.PRELIMINARY else "Another value"
    charted, when = passed.evidence.charted, wording.time(passed.evidence.moment)
    return f"{what} is charted and not used: {charted}, {when}."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _entries(finding: Finding) -> tuple[EntryView, ...]:
    """The diagnoses or orders that answer a yes-or-no item, or only suggest it."""
    if finding.chosen is None:
        return ()
    counting = (finding.chosen, *finding.further)
    remarks = {passed.evidence: passed.why for passed in finding.passed_over}
    return tuple(_entry(evidence, remarks.get(evidence, "")) for evidence in counting[:3])


def _entry(evidence: Evidence, why: str) -> EntryView:
    named = evidence.code and evidence.code.code != evidence.charted
    code = f" ({evidence.code.code})" if evidence.code and named else ""
    said = ", ".join(filter(None, (evidence.status, why)))
    return EntryView(f"{evidence.charted}{code}", wording.day(evidence.moment), said)


def _older(finding: Finding) -> tuple[EntryView, ...]:
    """Other values that a person may take instead."""
    found = []
    for evidence in finding.further:
        if isinstance(evidence.value, float):
            value = wording.number(evidence.value, evidence)
            when = wording.time(evidence.moment)
            found.append(EntryView(evidence.charted, when, value=value))
    return tuple(found)


def _short(name: str) -> str:
    return wording.plain(_SHORT.get(name, label(name).partition(",")[0]))


def _note(finding: Finding, value: str, unit: str) -> str:
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
    return wording.plain(f"{text} ({wording.iso_day(dated)})" if dated else text)


def charted(finding: Finding) -> EntryView | None:
    """A charted value of its own, for reading beside a result."""
    if finding.chosen is None or finding.value is None:
        return None
    when = shown(finding.chosen.moment.text) if finding.chosen.moment else "no date"
    return EntryView(f"{label(finding.input)}: {finding.chosen.charted}", when)
