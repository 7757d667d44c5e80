"""What a calculator made of its inputs, as the page and an answer to an edit show it."""

from datetime import date

from clinical.calculators import Evaluation
from clinical.calculators.model import Missing
from shared.release import VERSION

from . import wording
from .view_models import ResultView


def views(evaluation: Evaluation) -> tuple[ResultView, ...]:
    """Every output in the calculator's order: its number, or why there is none."""
    return tuple(_view(evaluation, output.name) for output in evaluation.calculator.outputs)


def _view(evaluation: Evaluation, name: str) -> ResultView:
    output = next(one for one in evaluation.calculator.outputs if one.name == name)
    unit = wording.unit(output.unit)
    result = evaluation.results.get(name)
    if result is None:
        why = str(evaluation.refusals[name])
        return ResultView(name, output.label, "", unit, "", why)
    return ResultView(name, output.label, result.printed, unit, result.band or "", "")


def lacking(evaluation: Evaluation) -> tuple[str, ...]:
    """The inputs whose absence keeps the output that needs the fewest from being computed."""
    missing = [one.inputs for one in evaluation.refusals.values() if isinstance(one, Missing)]
    return min(missing, key=len, default=())


def note(results: tuple[ResultView, ...], title: str, on: date, inputs: tuple[str, ...]) -> str:
    """A result as plain text for a note, with its date, inputs and the version of the app.

    Empty where there is no result.
    """
    computed = [result for result in results if result.printed]
    if not computed:
        return ""
    found = "; ".join(
        " ".join(filter(None, (result.label, result.printed, result.unit))) for result in computed
    )
    named = ", ".join(filter(None, inputs))
    return wording.plain(f"{title}, {on.isoformat()}: {found}. {named}. smart-calc {VERSION}")
