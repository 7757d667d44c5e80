"""Runs a calculator: checks the inputs, then computes and interprets, or refuses with a reason."""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from clinical.calculators.card_rule import OnCard
from clinical.calculators.inputs import CHOICES, checked, label
from clinical.calculators.limits import without_noise
from clinical.calculators.model import (
    Action,
    Band,
    Calculator,
    CheckedInputs,
    MissingInput,
    NotApplicable,
    Output,
    Raw,
    Refused,
    UnknownCalculator,
)
from clinical.calculators.ranges import Range, action_of, range_of
from clinical.calculators.registry import DERIVED, REGISTRY


@dataclass(frozen=True, slots=True)
class Result:
    """One computed output: the unrounded value, its printed form and its interpretation.

    `meaning` explains the number for this patient, and may be empty. `on_card` is the band's form
    on a card, and `short` the band in a word or two for a row of a list. `action` is what the
    band's document asks for, unless the inputs show that it was done. `rate` is the event rate of
    a score.
    """

    output: Output
    value: float
    printed: str
    band: str | None
    meaning: str = ""
    on_card: OnCard | None = None
    short: str = ""
    action: Action | None = None
    rate: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A calculator's outputs, each either in `results` or in `refusals`.

    `ranges` has the possible range of each refused score, over all missing answers. `points` has
    the points that each input adds to a score, and `inputs` the checked inputs.
    """

    calculator: Calculator
    results: Mapping[str, Result]
    refusals: Mapping[str, Refused]
    notes: tuple[str, ...]
    ranges: Mapping[str, Range]
    points: Mapping[str, float]
    inputs: CheckedInputs

    @property
    def outputs(self) -> dict[str, float]:
        """The unrounded numbers by output name."""
        return {name: result.value for name, result in self.results.items()}

    @property
    def refused(self) -> str | None:
        """The reason if there is no number at all, otherwise None."""
        if self.results:
            return None
        return "; ".join(dict.fromkeys(str(refusal) for refusal in self.refusals.values()))

    @property
    def missing(self) -> tuple[str, ...]:
        """Inputs whose absence is the only reason that an output can't be computed."""
        refusals = self.refusals.values()
        names = [
            n for refusal in refusals if isinstance(refusal, MissingInput) for n in refusal.inputs
        ]
        return tuple(dict.fromkeys(names))


def evaluate(name: str, inputs: Raw) -> Evaluation:
    """Compute all outputs of a calculator for which the inputs suffice.

    `inputs` maps input names to (value, unit). A value of None counts as missing, and unknown
    names are ignored. Raises only UnknownCalculator: outputs that can't be computed are in
    `refusals`.
    """
    calculator = REGISTRY.get(name)
    if calculator is None:
        raise UnknownCalculator("no calculator has this name")
    values: dict[str, float | bool | str] = {}
    faults: dict[str, Refused] = {}
    for input_name in calculator.inputs:
        value, unit = inputs.get(input_name, (None, None))
        if value is None:
            continue
        try:
            values[input_name] = checked(input_name, value, unit)
        except Refused as fault:
            faults[input_name] = fault.with_traceback(None)
    results: dict[str, Result] = {}
    refusals: dict[str, Refused] = {}
    ranges: dict[str, Range] = {}
    for output in calculator.outputs:
        try:
            value = _compute(output, values, faults)
        except Refused as refusal:
            # A traceback would keep its callers, and so their charts, in memory.
            refusals[output.name] = refusal.with_traceback(None)
            if isinstance(refusal, MissingInput) and (
                possible := range_of(output, values, refusal.inputs)
            ):
                ranges[output.name] = possible
        else:
            band = output.band_of(value, values)
            results[output.name] = Result(
                output,
                value,
                output.printed(value, values),
                band.text if band else None,
                output.meaning(values) if output.meaning else "",
                band.on_card if band else None,
                _short(output, band, values),
                action_of(band, values),
                output.rates.text(value, values) if output.rates else "",
            )
    notes = tuple(note.text for note in calculator.notes if note.holds(values))
    points = calculator.points(values) if calculator.points else {}
    return Evaluation(calculator, results, refusals, notes, ranges, points, values)


def _short(output: Output, band: Band | None, values: CheckedInputs) -> str:
    if band:
        return band.short
    return output.meaning_short(values) if output.meaning_short else ""


def _compute(output: Output, values: CheckedInputs, faults: Mapping[str, Refused]) -> float:
    # Report what makes an output impossible before what is missing. Otherwise a clinician would
    # look up a potassium, only to learn that the patient is too young.
    for limit in output.limits:
        if limit.input in values and not limit.admits(values[limit.input]):
            raise NotApplicable(limit.reason)
    for exclusion in output.exclusions:
        if exclusion.holds(values):
            raise NotApplicable(exclusion.text)
    for name, fault in faults.items():
        # A wrong number puts the others in doubt too. A choice (sex "other") isn't a mistake and
        # blocks only the outputs that need it.
        if name in output.inputs or name not in CHOICES:
            raise fault
    missing = tuple(name for name in output.needs if name not in values)
    if missing:
        raise MissingInput("Missing: " + "; ".join(label(name) for name in missing), missing)
    arguments = {name: values[name] for name in output.needs + output.optional if name in values}
    # A formula of binary numbers often misses its exact result, even a sum: 140.1 - 105.3 - 27.8.
    value = without_noise(float(output.formula(**arguments)))
    if not math.isfinite(value):
        raise NotApplicable("These values do not give a finite result")
    return value


def with_computed_inputs(inputs: Raw, off: AbstractSet[str] = frozenset()) -> Raw:
    """Return the inputs, with `egfr` and `bmi` (used by PREVENT) computed if they aren't given.

    They are computed from creatinine, age and sex, and from weight and height, if possible.
    Calculators in `off` aren't used.
    """
    computed = dict(inputs)
    for name, source in DERIVED.items():
        if source.calculator.name in off:
            continue
        result = evaluate(source.calculator.name, inputs).results.get(source.output.name)
        if result is not None and inputs.get(name, (None, None))[0] is None:
            computed[name] = (result.value, result.output.unit)
    return computed


def calculate(name: str, inputs: Raw) -> dict[str, float]:
    """Return the unrounded outputs of a calculator by name, leaving out refused ones.

    Raises UnknownCalculator, and Refused (a ValueError) if no output can be computed.
    """
    evaluation = evaluate(name, inputs)
    if evaluation.refused is not None:
        raise Refused(evaluation.refused)
    return evaluation.outputs
