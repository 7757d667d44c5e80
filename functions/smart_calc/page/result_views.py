"""A calculator's results as the page shows them, at first and after an edit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clinical import units_in_words
from clinical.calculators import Evaluation
from clinical.calculators.inputs import label
from clinical.calculators.model import NO_BANDS, Action, MissingInput, Refused
from clinical.calculators.ranges import Range

from . import bands
from .view_models import ResultView

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def views(
    evaluation: Evaluation,
    unused: Mapping[str, str] | None = None,
    charted: Mapping[str, object] | None = None,
    undated: Sequence[str] = (),
) -> tuple[ResultView, ...]:
    """Return every output in the calculator's order: its number, its range, or why it has none.

    `unused` tells why charted values weren't used, by input. `charted` are the values of findings
    that can show that a result's action was taken. `undated` names values without a date, which is
    said with each result.
    """
    outputs = evaluation.calculator.outputs
    views = [_view(evaluation, output.name, unused or {}, charted or {}) for output in outputs]
    said: set[str] = set()
    for number, one in enumerate(views):
        if not said.isdisjoint(one.annotations):
            rest = "; ".join(text for text in one.annotations if text not in said)
            views[number] = replace(
                one, remark=rest or (one.short if one.band else "") or "as above"
            )
        said.update(one.annotations)
    no_date = f"no date: {', '.join(undated)}" if undated else ""
    return tuple(_with(one, no_date) if one.printed and no_date else one for one in views)


def _with(view: ResultView, text: str) -> ResultView:
    remark = f"{view.remark}; {text}" if view.remark else ""
    return replace(view, band="; ".join(filter(None, (view.band, text))), remark=remark)


def _view(
    evaluation: Evaluation, name: str, unused: Mapping[str, str], charted: Mapping[str, object]
) -> ResultView:
    output = next(one for one in evaluation.calculator.outputs if one.name == name)
    unit = units_in_words.unit(output.unit)
    result = evaluation.results.get(name)
    if result is not None:
        is_without = result.meaning == NO_BANDS
        meaning = "; ".join(filter(None, (result.band, "" if is_without else result.meaning)))
        drawn = bands.bar(output, result.value, result.printed, evaluation.inputs)
        return ResultView(
            name,
            output.label,
            result.printed,
            unit,
            meaning,
            "",
            drawn,
            result.short,
            is_without,
            rate=result.rate,
            **_action(result.action, charted),
        )
    if possible := evaluation.ranges.get(name):
        short = f"{_count(possible)} missing"
        refused = _open(possible)
        return ResultView(
            name,
            output.label,
            _printed(possible),
            unit,
            possible.band or "",
            refused,
            short=short,
            **_action(possible.action, charted),
        )
    return ResultView(name, output.label, "", unit, "", _why(evaluation.refusals[name], unused))


def _action(action: Action | None, charted: Mapping[str, object]) -> dict[str, Any]:
    if action is None or any(charted.get(name) is True for name in action.unless):
        return {}
    return {"action": action.text, "is_urgent": action.urgent}


def _why(refusal: Refused, unused: Mapping[str, str]) -> str:
    if not isinstance(refusal, MissingInput):
        return str(refusal)
    absent = [label(name) for name in refusal.inputs if name not in unused]
    unused_ones = [
        f"{label(name)}: not used, {unused[name]}" for name in refusal.inputs if name in unused
    ]
    return "; ".join([f"Missing: {'; '.join(absent)}"] * bool(absent) + unused_ones)


def _printed(possible: Range) -> str:
    return possible.low if possible.low == possible.high else f"{possible.low} to {possible.high}"


def _open(possible: Range) -> str:
    answers = "answer is" if len(possible.missing) == 1 else "answers are"
    each = " (no: {}, yes: {})".format(*possible.no_and_yes) if possible.no_and_yes else ""
    return f"{_count(possible)} {answers} missing: {'; '.join(map(label, possible.missing))}{each}"


def _count(possible: Range) -> str:
    number = len(possible.missing)
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def lacking(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the inputs that are missing for the first output that lacks only inputs."""
    missing = (one.inputs for one in evaluation.refusals.values() if isinstance(one, MissingInput))
    return next(missing, ())


def as_text(result: ResultView) -> str:
    """Return the number with its name and unit, for a line of text."""
    return " ".join(filter(None, (result.label, result.printed, result.unit)))
