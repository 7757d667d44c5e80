"""Properties of all calculators: units do not matter, no NaN or infinity."""

import functools
import math
import os
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clinical.calculators import REGISTRY, Refused, calculate, evaluate
from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS, Input
from clinical.calculators.model import Output
from tests.support.tables import each

NUMBERS: dict[str, Input] = {**INPUTS, **OTHER_NUMBERS}
MODEST = settings(
    max_examples=200 if os.environ.get("SOAK") else 15, deadline=None, derandomize=True
)


def allowed(name: str, outputs: tuple[Output, ...]) -> tuple[float, float]:
    """The hard range of an input, narrowed by the limits of all the outputs."""
    low, high = NUMBERS[name].low, NUMBERS[name].high
    for limit in (limit for output in outputs for limit in output.limits if limit.input == name):
        low = low if limit.low is None else max(low, limit.low)
        high = high if limit.high is None else min(high, limit.high)
    return low, high


@functools.cache
def plausible(calculator: str) -> st.SearchStrategy[dict[str, Any]]:
    """Checked inputs in their canonical units, within all limits of a calculator."""
    outputs = REGISTRY[calculator].outputs
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for name in REGISTRY[calculator].inputs:
        if name in FLAGS:
            fields[name] = st.booleans()
        elif name in CHOICES:
            fields[name] = st.sampled_from(CHOICES[name].answers)
        elif name == "age":
            low, high = allowed(name, outputs)
            fields[name] = st.integers(int(low), int(high))
        else:
            fields[name] = st.floats(*allowed(name, outputs))
    return st.fixed_dictionaries(fields)


def as_inputs(values: dict[str, Any]) -> dict[str, tuple[object, str | None]]:
    return {
        name: (value, NUMBERS[name].unit if name in NUMBERS else None)
        for name, value in values.items()
    }


def outputs_or_nothing(
    calculator: str, inputs: dict[str, tuple[object, str | None]]
) -> dict[str, float]:
    try:
        return calculate(calculator, inputs)
    except Refused:
        return {}


@each("calculator", REGISTRY)
@MODEST
@given(data=st.data())
def test_the_result_does_not_depend_on_the_units(calculator: str, data: st.DataObject) -> None:
    # Charted values have few digits. A rule with a threshold may differ in the sixteenth digit.
    values = {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in data.draw(plausible(calculator)).items()
    }
    converted = as_inputs(values)
    for name, value in values.items():
        if name in NUMBERS:
            unit = data.draw(st.sampled_from(sorted(NUMBERS[name].units)), label=name)
            factor, offset = NUMBERS[name].units[unit]
            converted[name] = ((value - offset) / factor, unit)

    expected = outputs_or_nothing(calculator, as_inputs(values))

    assert outputs_or_nothing(calculator, converted) == {
        name: pytest.approx(value, rel=1e-6, abs=1e-6) for name, value in expected.items()
    }


HOSTILE = st.one_of(
    st.floats(),
    st.integers(-(10**400), 10**400),
    st.sampled_from([0, -1, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf, 10**309]),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.sampled_from(["female", "male", "alert", "cvpu", "black", "white_or_other"]),
)


@each("calculator", REGISTRY)
@MODEST
@given(data=st.data())
def test_no_input_whatever_gives_nan_infinity_or_a_crash(
    calculator: str, data: st.DataObject
) -> None:
    # Plausible inputs, with a few made invalid. Otherwise the first check would hide the others.
    inputs = as_inputs(data.draw(plausible(calculator)))
    for name in data.draw(st.sets(st.sampled_from(sorted(inputs)), max_size=3)):
        unit = data.draw(st.one_of(st.none(), st.just(inputs[name][1]), st.text(max_size=4)))
        inputs[name] = (data.draw(HOSTILE), unit)

    evaluation = evaluate(calculator, inputs)

    assert all(math.isfinite(value) for value in evaluation.outputs.values())
    assert set(evaluation.outputs) | set(evaluation.refusals) == {
        output.name for output in REGISTRY[calculator].outputs
    }
    assert all(result.printed for result in evaluation.results.values())


@each("calculator", REGISTRY)
@MODEST
@given(data=st.data())
def test_a_printed_number_is_in_the_band_that_is_shown_beside_it(
    calculator: str, data: st.DataObject
) -> None:
    values = data.draw(plausible(calculator))

    evaluation = evaluate(calculator, as_inputs(values))

    for result in evaluation.results.values():
        assert result.output.band(float(result.printed), values) == result.band


@MODEST
@given(age=st.floats(0, 125))
@example(age=64.999)
def test_a_fraction_of_a_year_never_counts(age: float) -> None:
    inputs = {"ast": (40, "U/L"), "alt": (36, "U/L"), "platelets": (200, "10*9/L")}

    assert outputs_or_nothing("fib4", {**inputs, "age": (age, "a")}) == outputs_or_nothing(
        "fib4", {**inputs, "age": (math.floor(age), "a")}
    )
