"""Recalculation of one calculator for the page: `POST /smart_calc/SESSION/NAME`. Pure.

It reads nothing from the chart and keeps nothing: the response depends only on the request.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from typing import Any

from clinical.calculators import REGISTRY, Evaluation, evaluate, with_computed_inputs
from clinical.calculators.inputs import checked, label
from clinical.calculators.model import Calculator, Raw, Refused
from clinical.calculators.registry import DERIVED
from shared.frozen import dataclass
from shared.inbound import json_body

from ..page import note, result_views, wording
from . import entered

_FORM = 'The body must be {"inputs": {NAME: {"value": …, "unit": …}}}.'
_MEMBERS = frozenset({"inputs", "details"})
_ENTRY = frozenset({"value", "unit", "undated"})
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class RecalculationRequest:
    """A request for one calculation. With `details`, it also requests results for the page.

    `undated` are the inputs with a chart value that has no date.
    """

    inputs: Mapping[str, tuple[object, str | None]]
    details: bool
    undated: tuple[str, ...] = ()


def parse(body: bytes) -> RecalculationRequest:
    """Read the body of a request. Raises ParameterInvalid, naming what is wrong."""
    document = json_body.parse(body, _FORM)
    if not isinstance(document, dict) or not isinstance(document.get("inputs"), dict):
        raise json_body.unusable("The body doesn't have an object `inputs`", _FORM)
    if unknown := document.keys() - _MEMBERS:
        raise json_body.unusable(
            f"The body has an unknown property, `{min(unknown)[:_LONGEST_NAME]}`", _FORM
        )
    details = document.get("details", False)
    if not isinstance(details, bool):
        raise json_body.unusable("`details` must be true or false", _FORM)
    inputs = {name: _entry(name, entry) for name, entry in document["inputs"].items()}
    undated = (name for name, entry in document["inputs"].items() if entry.get("undated"))
    return RecalculationRequest(inputs, details, tuple(undated))


def answer(
    name: str, requested: RecalculationRequest, off: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    """Return the outputs of a calculator, or why there are none.

    Calculators in `off` are turned off, so they don't compute inputs either.
    """
    calculator = REGISTRY[name]
    raw, faults = _read(calculator, requested.inputs)
    computed = with_computed_inputs(raw, off)
    evaluation = evaluate(name, computed)
    outputs, refused = evaluation.outputs, evaluation.refused
    if faults:
        # One invalid value puts the others in doubt too.
        outputs, refused = {}, "; ".join(dict.fromkeys(faults.values()))
    answered = {"calculator": name, "outputs": outputs, "refused": refused}
    if requested.details:
        faults |= _refused_by(calculator.inputs, raw)
        undated = [label(one) for one in calculator.inputs if one in requested.undated]
        answered |= _details(evaluation, outputs != {}, faults, undated)
    return answered


def _read(
    calculator: Calculator, entry: Mapping[str, tuple[object, str | None]]
) -> tuple[dict[str, tuple[object, str | None]], dict[str, str]]:
    """Return the inputs to calculate with, and why others are invalid, by name.

    This also checks the inputs that one of the calculator's own inputs is calculated from.
    Otherwise the calculator would only report its input as missing.
    """
    raw: dict[str, tuple[object, str | None]] = {}
    faults: dict[str, str] = {}
    sources = _sources(calculator)
    for name, (value, unit) in entry.items():
        if name not in calculator.inputs and name not in sources:
            faults[name] = f"{calculator.title} has no input with this name"
            continue
        try:
            raw[name] = (entered.read(name, value), unit)
        except Refused as fault:
            faults[name] = str(fault)
    return raw, faults | _refused_by(sources, raw)


def _sources(calculator: Calculator) -> tuple[str, ...]:
    """Return inputs of other calculators that can compute one of this calculator's inputs."""
    names = (
        name
        for one, source in DERIVED.items()
        if one in calculator.inputs
        for name in source.calculator.inputs
    )
    return tuple(name for name in names if name not in calculator.inputs)


def _refused_by(names: tuple[str, ...], raw: Raw) -> dict[str, str]:
    """Return why a value is invalid or implausible, by input."""
    refusals = {}
    for name in names:
        value, unit = raw.get(name, (None, None))
        if value is not None:
            try:
                checked(name, value, unit)
            except Refused as fault:
                refusals[name] = str(fault)
    return refusals


def _details(
    evaluation: Evaluation, computed: bool, faults: Mapping[str, str], undated: list[str]
) -> dict[str, Any]:
    """Return the results for the page, and why inputs are invalid, by name."""
    views = result_views.views(evaluation, undated=undated) if computed or not faults else ()
    return {
        "results": [asdict(view) for view in views],
        "faults": faults,
        "notes": list(evaluation.notes),
        "points": {name: wording.points(one) for name, one in evaluation.points.items()},
        # The page fills in the patient, the values with their dates, and the cautions.
        "note": note.of_results(evaluation.calculator.title, views, note.OPEN),
    }


def _entry(name: str, entry: object) -> tuple[object, str | None]:
    shown = name[:_LONGEST_NAME]
    if not isinstance(entry, dict) or "value" not in entry or entry.keys() - _ENTRY:
        raise json_body.unusable(
            f"The input `{shown}` isn't an object with `value` and `unit`", _FORM
        )
    value, unit = entry["value"], entry.get("unit")
    if value is not None and not isinstance(value, bool | int | float | str):
        raise json_body.unusable(
            f"The value of the input `{shown}` isn't a number, a string, true or false", _FORM
        )
    if unit is not None and not isinstance(unit, str):
        raise json_body.unusable(f"The unit of the input `{shown}` isn't a string", _FORM)
    if not isinstance(entry.get("undated", False), bool):
        raise json_body.unusable(f"`undated` of the input `{shown}` must be true or false", _FORM)
    return value, unit
