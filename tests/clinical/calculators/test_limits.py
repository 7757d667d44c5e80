"""Limits hold to the last digit: one function compares, no number is printed as binary noise."""

import ast
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from clinical.calculators import REGISTRY, calculate, evaluate
from clinical.calculators.cockcroft_gault import selection
from clinical.calculators.limits import compare
from clinical.calculators.meld import meld_na
from clinical.calculators.model import Raw

ROOT = Path(__file__).parents[3]
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_CLINICAL = ROOT / "clinical"
# ranges.py counts trials; limits.py is the one place.
_COMPARED_THERE = {"limits.py", "ranges.py"}
CLASSES = (Fraction("18.5"), Fraction(25), Fraction(30), Fraction(35), Fraction(40))


def test_every_comparison_of_a_computed_number_goes_through_limits() -> None:
    sources = [
        *(p for p in (_CLINICAL / "calculators").glob("*.py") if p.name not in _COMPARED_THERE),
        _CLINICAL / "chart" / "derived.py",
    ]
    own = [
        f"{path.name}:{node.lineno} {ast.unparse(node)}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(op, _ORDER) for op in node.ops)
        # The length of a text is no computed number.
        and not ast.unparse(node.left).startswith("len(")
    ]
    assert own == []


def test_no_number_is_printed_with_repr() -> None:
    folders = ("clinical", "functions/smart_calc", "functions/cds_services", "docs/generators")
    calls = [
        f"{path.name}:{node.lineno}"
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Name) and node.id == "repr")
        or (isinstance(node, ast.FormattedValue) and node.conversion == ord("r"))
    ]
    assert calls == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    tenths=st.integers(400, 2500),
    height=st.integers(145, 220),
    sex=st.sampled_from(("female", "male")),
)
@example(tenths=640, height=160, sex="male")
@example(tenths=1000, height=200, sex="female")
def test_classes_of_weight_are_those_of_exact_arithmetic(
    tenths: int, height: int, sex: str
) -> None:
    exact = Fraction(tenths, 10) / Fraction(height, 100) ** 2
    body: Raw = {
        "age": (50, "a"),
        "sex": (sex, None),
        "creatinine": (1.0, "mg/dL"),
        "weight": (tenths / 10, "kg"),
        "height": (height, "cm"),
    }

    bmi = evaluate("bmi", body).results["bmi"]
    chosen = evaluate("creatinine_clearance_cg", body).results["crcl_selected_weight"].meaning

    if exact in CLASSES:
        assert calculate("bmi", body)["bmi"] == float(exact)
    places = [edge for edge in CLASSES if exact >= edge]
    starts = ("below 18.5", "18.5 to", "25 to", "30 to", "35 to", "40 or more")
    assert str(bmi.band).startswith(starts[len(places)])
    ideal = (Fraction("45.5") if sex == "female" else 50) + Fraction("2.3") * (
        height / Fraction("2.54") - 60
    )
    by_class = "ideal" if ideal < Fraction(tenths, 10) else "actual"
    which = "actual" if exact < CLASSES[0] else by_class if exact < CLASSES[1] else "adjusted"
    assert f"kg, the {which} weight" in chosen


@settings(max_examples=50, deadline=None, derandomize=True)
@given(off=st.floats(-1e-6, 1e-6))
def test_a_number_at_a_limit_is_printed_plainly_and_in_its_band(off: float) -> None:
    checked = {"age": 50, "sex": "female"}
    for calculator in REGISTRY.values():
        for output in (
            one for one in calculator.outputs if one.edges and calculator.name != "news2"
        ):
            for edge, _ in pairwise(output.edges):
                value = edge + off
                printed = output.printed(value, checked)
                assert re.fullmatch(r"-?\d+(\.\d{1,12})?", printed)
                assert output.band(float(printed), checked) == output.band(value, checked)
                if compare(value, edge) == 0:
                    assert float(printed) == edge


def test_the_first_limits_of_two_choices_are_the_published_ones() -> None:
    """The actual weight below a BMI of 18.5; sodium counts in MELD-Na above 11, not at it."""
    assert selection("male", 200, 73.9)[2].endswith("because the BMI is below 18.5")
    assert selection("male", 200, 74.1)[2].endswith("(BMI 18.5 to below 25)")
    assert meld_na(1, 3.35, 1, 125, dialysis=False) == 11
    assert meld_na(1, 4.5, 1, 125, dialysis=False) > 12
