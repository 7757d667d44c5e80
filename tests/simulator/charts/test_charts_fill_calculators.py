"""The charts against the product's own reading of them: nothing has to be typed to calculate."""

import json
from functools import cache
from typing import Any

from clinical.calculators import REGISTRY, Evaluation, evaluate, with_computed_inputs
from clinical.calculators.inputs import INPUTS
from clinical.chart import prefill
from simulator.charts.generated import load_resources
from tests.support.tables import each

NOW = "2026-11-20T11:00:00-06:00"

# What no chart holds, and a person has to judge or ask.
ASKED: dict[str, tuple[object, str | None]] = {
    "race": ("white_or_other", None),
    "alcohol_drinks_per_week": (0, "{drinks}/wk"),
    "labile_inr": (False, None),
    "consciousness": ("alert", None),
    "spo2_scale": (1, None),
}


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
def inputs(name: str) -> dict[str, tuple[object, str | None]]:
    known: dict[str, tuple[object, str | None]] = {"age": (None, "a")}
    for given, value in prefill(resources(name), NOW).items():
        unit = INPUTS[given].unit if given in INPUTS else "a" if given == "age" else None
        known[given] = (value, unit)
    return dict(with_computed_inputs({**known, **ASKED}))


def evaluated(calculator: str, name: str) -> Evaluation:
    return evaluate(calculator, inputs(name))


# No output lacks an input, except inputs that don't apply and the optional ethanol.
COMPLETE = [
    ("egfr_ckd_epi_2021", "alma"),
    ("creatinine_clearance_cg", "alma"),
    ("bmi", "alma"),
    ("bsa_mosteller", "alma"),
    ("prevent_2023_base", "alma"),
    ("ascvd_pce_2013", "alma"),
    ("cha2ds2_vasc", "cora"),
    ("has_bled", "cora"),
    ("meld", "elsa"),
    ("fib4", "elsa"),
    ("corrected_calcium", "dario"),
    ("anion_gap", "dario"),
    ("serum_osmolality", "dario"),
    ("ldl", "dario"),
    ("news2", "hugo"),
    ("qtc", "cora"),
]


@each(("calculator", "name"), COMPLETE)
def test_a_calculator_is_complete_without_typing(calculator: str, name: str) -> None:
    done = evaluated(calculator, name)
    assert set(done.results) == {output.name for output in REGISTRY[calculator].outputs}
    needed = {one for output in done.calculator.outputs for one in output.needs}
    assert all(inputs(name)[one][0] is not None for one in needed & INPUTS.keys())


def test_every_calculator_is_among_those() -> None:
    assert {calculator for calculator, _ in COMPLETE} == set(REGISTRY)
