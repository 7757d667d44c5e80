"""The possible range of a score while some of its answers are missing.

Every possible value of a missing answer is tried, so nothing is assumed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from clinical.calculators.inputs import CHOICES, FLAGS
from clinical.calculators.model import Action, Band, CheckedInputs, Output

# With more combinations than this, the range is no more informative than the score's full range.
_MOST_TRIALS = 64
_NO_YES = (False, True)


@dataclass(frozen=True, slots=True)
class Range:
    """The lowest and highest possible score, as printed, and the band if it's the same for all.

    `no_and_yes` are the scores for no and for yes if the only missing answer is one of these.
    `action` is what the documents of all possible bands ask for, if it's the same.
    """

    low: str
    high: str
    band: str | None
    missing: tuple[str, ...]
    no_and_yes: tuple[str, str] | None = None
    action: Action | None = None


def range_of(output: Output, values: CheckedInputs, missing: tuple[str, ...]) -> Range | None:
    """Return the range of an output that lacks only its `missing` inputs.

    Return None if it isn't a score, or if a missing input isn't an answer that can be tried.
    """
    answers = [_answers(output, name) for name in missing]
    if output.open_answers is None or not all(answers) or prod(map(len, answers)) > _MOST_TRIALS:
        return None
    tried = list(_tried(output, values, missing, answers))
    outcomes = sorted(tried, key=lambda one: one[0])
    bands = {band.text if band else None for _, _, band in outcomes}
    actions = {action_of(band, values) for _, _, band in outcomes}
    return Range(
        outcomes[0][1],
        outcomes[-1][1],
        bands.pop() if len(bands) == 1 else None,
        missing,
        (tried[0][1], tried[1][1]) if answers == [_NO_YES] else None,
        actions.pop() if len(actions) == 1 else None,
    )


def action_of(band: Band | None, values: CheckedInputs) -> Action | None:
    """Return what a band's document asks for, unless the inputs show that it was done."""
    return band.action if band and band.action and band.action.is_asked(values) else None


def _answers(output: Output, name: str) -> tuple[object, ...]:
    if name in FLAGS:
        return _NO_YES
    if name in CHOICES:
        return CHOICES[name].answers
    return (output.open_answers or {}).get(name, ())


def _tried(
    output: Output,
    values: CheckedInputs,
    missing: tuple[str, ...],
    answers: list[tuple[object, ...]],
) -> Iterator[tuple[float, str, Band | None]]:
    for trial in product(*answers):
        complete = {**values, **dict(zip(missing, trial, strict=True))}
        arguments = {
            name: complete[name] for name in output.needs + output.optional if name in complete
        }
        value = float(output.formula(**arguments))
        yield value, output.printed(value, complete), output.band_of(value, complete)
