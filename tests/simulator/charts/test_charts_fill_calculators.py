"""The charts against the product's own reading of them: nothing has to be typed to calculate."""

import json
from functools import cache
from typing import Any

from clinical.calculators import REGISTRY, evaluate, with_computed_inputs
from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS
from clinical.chart import prefill
from simulator.charts.generated import load_resources
from tests.support.charts.calculators import CASES, in_canonical_units
from tests.support.tables import each

NOW = "2026-11-20T11:00:00-06:00"
NAMES = {*INPUTS, *OTHER_NUMBERS, *FLAGS, *CHOICES}


@cache
def resources(name: str) -> list[dict[str, Any]]:
    """A chart as the product's entry point wants it: its patient is always called p1."""
    patient = f"synthetic-{name}"
    return [
        json.loads(one.text.replace(patient, "p1"))
        for one in load_resources()
        if one.patient == patient
    ]


@cache
def inputs(calculator: str) -> dict[str, tuple[object, str | None]]:
    case = CASES[calculator]
    charted = prefill(resources(case["chart"]), NOW)
    given = {name: charted[name] for name in charted if name in NAMES}
    return dict(with_computed_inputs(in_canonical_units(given | case.get("asked", {}))))


@each("calculator", REGISTRY)
def test_a_calculator_is_complete_without_typing(calculator: str) -> None:
    """No output lacks an input, except inputs that don't apply and optional ones."""
    done = evaluate(calculator, inputs(calculator))
    assert set(done.results) == {output.name for output in REGISTRY[calculator].outputs}
    needed = {one for output in done.calculator.outputs for one in output.needs}
    assert all(inputs(calculator)[one][0] is not None for one in needed & INPUTS.keys())
