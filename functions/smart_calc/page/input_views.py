"""One input as the page shows it: value, unit, date, source, and unused entries with the reason."""

import json
from collections.abc import Callable
from dataclasses import replace

from clinical import units_in_words
from clinical.calculators.inputs import CHOICES, FLAGS, label
from clinical.calculators.limits import round_half_away
from clinical.calculators.registry import DERIVED
from clinical.chart.evidence import ChartFinding, Flag, Outcome
from clinical.chart.resources.times import Moment
from clinical.clock import Clock

from . import entries, wording
from .view_models import InputView, Kind, Look, Standing, Trend

_LOOKS: dict[Outcome, Look] = {
    Outcome.FOUND: "good",
    Outcome.CALCULATED: "good",
    Outcome.ABSENT: "",
    Outcome.ASKED: "",
    Outcome.OPEN: "warn",
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
_ANSWERS = {answer: text for one in CHOICES.values() for answer, text in one.texts.items()}


def view(
    finding: ChartFinding,
    clock: Clock,
    *,
    optional: bool,
    definition: str = "",
    points: float | None = None,
    worth: float | None = None,
    limit: int | None = None,
    charted: InputView | None = None,
) -> InputView:
    """Return the view of one input of a calculator at the time of reading.

    `definition`, `points` and `worth` come from its score. `limit` is its calculator's maximum age
    of a value, in days. `charted` is what `of_finding` returned for the finding.
    """
    chosen = finding.chosen
    days = chosen.moment.days_before(clock.now) if chosen and chosen.moment else None
    age, age_look = wording.age(finding, days, limit)
    return replace(
        charted or of_finding(finding, clock),
        optional=optional,
        age=age,
        age_look=age_look,
        definition=definition,
        points=wording.points(points),
        worth=wording.points(worth),
    )


def of_finding(finding: ChartFinding, clock: Clock, trend: Trend | None = None) -> InputView:
    """Return the part of the view that is the same for every calculator."""
    name, kind = finding.input, _kind(finding.input)
    chosen = finding.chosen
    value = _value(finding, kind)
    ucum = wording.number_input(name).unit if kind == "number" else ""
    unit = units_in_words.unit(ucum)
    return InputView(
        name=name,
        label=label(name),
        short=wording.short(name),
        kind=kind,
        optional=False,
        value=value,
        data=json.dumps(finding.value),
        ucum=ucum,
        unit=unit,
        choices=_choices(name, kind),
        state=_state(finding, kind),
        look=_look(finding, kind),
        age="",
        age_look="",
        source=_source(finding, kind, clock),
        original=_original(finding, kind),
        remarks=entries.remarks_on(finding, clock),
        entries=entries.answering(finding, clock) if kind == "flag" else (),
        older=entries.others(finding, clock) if kind == "number" else (),
        note=_note(finding, value, unit, clock),
        standing=_standing(finding, kind),
        resource=chosen.source if chosen else "",
        when=clock.time(chosen.moment) if _is_dated(finding, kind) and chosen else "",
        trend=trend,
        is_undated=Flag.UNDATED in finding.flags,
    )


def _look(finding: ChartFinding, kind: Kind) -> Look:
    """Return the look of an input. Color marks inputs to decide on, but not an assumed absence."""
    if kind == "flag" and finding.outcome is Outcome.ABSENT:
        return "assumed"
    return _LOOKS[finding.outcome]


def _is_dated(finding: ChartFinding, kind: Kind) -> bool:
    """Return whether the time of one charted value is shown with the input."""
    is_single = finding.outcome not in (Outcome.CALCULATED, Outcome.UNREAD) and kind != "flag"
    return is_single and finding.chosen is not None and finding.chosen.moment is not None


def _kind(name: str) -> Kind:
    if name in FLAGS:
        return "flag"
    return "choice" if name in CHOICES else "number"


def _choices(name: str, kind: Kind) -> tuple[tuple[str, str], ...]:
    """Return the answers to choose from, as sent and as shown."""
    answers = CHOICES[name].answers if kind == "choice" else ()
    return tuple((str(answer), answer_text(str(answer))) for answer in answers)


def answer_text(answer: str) -> str:
    """Return an answer in words."""
    return _ANSWERS.get(answer, answer)


def _value(finding: ChartFinding, kind: Kind) -> str:
    if finding.value is None:
        return ""
    if kind == "number" and not isinstance(finding.value, str):
        own = finding.chosen if finding.outcome is Outcome.FOUND else None
        return wording.number(finding.input, float(finding.value), own)
    return str(finding.value).lower() if kind == "flag" else str(finding.value)


def _state(finding: ChartFinding, kind: Kind) -> str:
    if kind == "flag" and finding.outcome is Outcome.ABSENT:
        return "not found in chart: assumed absent"
    if finding.outcome is Outcome.OPEN:
        return f"{finding.outcome.value}: {finding.why}"
    if finding.outcome is Outcome.FOUND and kind == "flag" and finding.value is False:
        return "no, from the chart"
    if finding.outcome is Outcome.ASKED and finding.chosen:
        return "not clear from the chart: please enter it"
    return str(finding.outcome.value)


def _source(finding: ChartFinding, kind: Kind, clock: Clock) -> str:
    """Return a value's source, or what it was calculated from."""
    chosen = finding.chosen
    if finding.outcome is Outcome.CALCULATED:
        made_of = "; ".join(filter(None, (finding.why, _dates_behind(finding, clock.day))))
        return entries.sentence(made_of)
    if chosen is None or kind == "flag" or finding.outcome is Outcome.UNREAD:
        return ""
    if chosen.moment is None and not chosen.status:
        return entries.sentence(finding.why)
    return entries.origin(chosen, clock.time(chosen.moment))


def _original(finding: ChartFinding, kind: Kind) -> str:
    """Return the value as charted if it was converted or couldn't be used, otherwise ""."""
    chosen = finding.chosen
    if chosen is None or kind == "flag":
        return ""
    if finding.outcome in (Outcome.CALCULATED, Outcome.UNREAD):
        return ""
    converted = chosen.charted_unit and chosen.charted_value != chosen.value
    return units_in_words.amount(chosen.charted) if finding.value is None or converted else ""


def _note(finding: ChartFinding, value: str, unit: str, clock: Clock) -> str:
    """Return a note's text for the value and its date, or why there's none."""
    name = wording.short(finding.input)
    if finding.outcome is Outcome.UNREAD or _standing(finding, "flag") == "assumed":
        # The heading of the note's line already says this.
        return name
    if finding.value is None:
        asked = finding.outcome is Outcome.ASKED
        why = Outcome.OPEN.value if asked else finding.outcome.value.partition(":")[0]
        return units_in_words.plain(f"{name} ({why})")
    if isinstance(finding.value, bool):
        return units_in_words.plain(f"{name}: {'yes' if finding.value else 'no'}")
    dated = finding.chosen.moment if finding.chosen else None
    shown_unit = "" if finding.input == "age" else unit
    amount = " ".join(filter(None, (answer_text(value), shown_unit)))
    when = clock.day(dated) if dated else "no date" if Flag.UNDATED in finding.flags else ""
    if finding.outcome is Outcome.CALCULATED and isinstance(finding.value, float):
        digits = DERIVED[finding.input].output.digits
        amount = f"{round_half_away(finding.value, digits):.{digits}f} {unit}"
        when = _dates_behind(finding, clock.day)
    elif isinstance(finding.value, float):
        # A converted value has more digits than were measured, so a note has it as charted.
        amount = _original(finding, "number") or amount
    return units_in_words.plain(f"{name} {amount} ({when})" if when else f"{name} {amount}")


def _standing(finding: ChartFinding, kind: Kind) -> Standing:
    """Return which line of a note lists an unchanged input."""
    if finding.outcome is Outcome.UNREAD:
        return "failed"
    if finding.value is None:
        return "open"
    return "assumed" if kind == "flag" and finding.outcome is Outcome.ABSENT else "found"


def _dates_behind(finding: ChartFinding, day: Callable[[Moment | None], str]) -> str:
    """Return the dates of the values behind a calculated one: one date, or each with its name.

    `body weight 20 Nov 2026, body height 11 Nov 2020`.
    """
    named = [
        (wording.short(one.input), day(one.chosen.moment)) for one in finding.behind if one.chosen
    ]
    days = dict.fromkeys(when for _, when in named)
    if len(days) < 2:
        return ", ".join(days)
    return ", ".join(f"{name[:1].lower()}{name[1:]} {when}" for name, when in named)
