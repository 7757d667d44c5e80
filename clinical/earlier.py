"""Recalculates an output at each charted value of one input, with the age on that day. Pure."""

from collections.abc import Iterator
from datetime import tzinfo

from clinical.calculators import evaluate
from clinical.calculators.evaluate import Result
from clinical.calculators.model import Calculator, Output
from clinical.chart import Chart
from clinical.chart.evidence import Evidence
from clinical.chart.resources.times import completed_years, full_date


def results(
    calculator: Calculator, output: Output, measured: str, chart: Chart, zone: tzinfo | None
) -> Iterator[tuple[Evidence, Result]]:
    """Yield each usable value of `measured` with its result, newest first.

    The age is the age on that day, in `zone`. Yields nothing without a full birth date.
    """
    birth = chart.findings["age"].chosen
    born = full_date(birth.charted) if birth else None
    if born is None:
        return
    findings = {name: chart.findings[name] for name in calculator.inputs}
    inputs: dict[str, tuple[object, str | None]] = {
        name: (finding.value, finding.unit or None) for name, finding in findings.items()
    }
    for one in chart.usable.get(measured, ()):
        if one.moment is None:
            continue
        day = one.moment.instant.astimezone(zone).date()
        inputs["age"] = (float(completed_years(born, day)), "a")
        inputs[measured] = (one.value, findings[measured].unit)
        result = evaluate(calculator.name, inputs).results.get(output.name)
        if result is not None:
            yield one, result
