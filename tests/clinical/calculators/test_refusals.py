"""Refusal outside every range: those of the specification by name, then all of the registry."""

from typing import Any

import pytest

from clinical.calculators import REGISTRY, evaluate
from clinical.calculators.inputs import INPUTS, OTHER_NUMBERS, checked
from clinical.calculators.model import Calculator, Limit, NotApplicable, Output, Refused
from tests.support.charts.calculators import CASES, ROWS, in_canonical_units, unit_of
from tests.support.tables import each


def typical(calculator: str, **changed: Any) -> dict[str, Any]:
    """A row of the vectors that is computed, completed, with some values changed."""
    computed = [r for r in ROWS if r["calculator"] == calculator and r["output"] != "*"]
    assert computed, f"calc_vectors.json has no row of {calculator} with an output"
    inputs = {given["name"]: (given["value"], given["unit"]) for given in computed[0]["inputs"]}
    return in_canonical_units(CASES[calculator].get("also", {})) | inputs | changed


@each("calculator", REGISTRY)
def test_the_typical_inputs_give_every_output(calculator: str) -> None:
    refusals = evaluate(calculator, typical(calculator)).refusals
    assert refusals == {}, "the first row of a calculator must have the inputs of every output"


@each(
    ("calculator", "changed"),
    [
        ("egfr_ckd_epi_2021", {"age": (17, "a")}),
        ("egfr_ckd_epi_2021", {"creatinine": (98, "mg/dL")}),
        ("egfr_ckd_epi_2021", {"sex": ("other", None)}),
        ("creatinine_clearance_cg", {"age": (17, "a")}),
        ("bmi", {"height": (0, "cm")}),
        ("bmi", {"height": (70, "cm"), "weight": (80, "kg")}),
        ("bmi", {"height": (100, "cm"), "weight": (120.1, "kg")}),
        ("bmi", {"height": (100, "cm"), "weight": (7.9, "kg")}),
        ("prevent_2023_base", {"age": (29, "a")}),
        ("prevent_2023_base", {"age": (80, "a")}),
        ("prevent_2023_base", {"cholesterol_total": (129, "mg/dL")}),
        ("prevent_2023_base", {"cholesterol_total": (321, "mg/dL")}),
        ("prevent_2023_base", {"hdl": (19, "mg/dL")}),
        ("prevent_2023_base", {"hdl": (101, "mg/dL")}),
        ("prevent_2023_base", {"systolic_bp": (89, "mm[Hg]")}),
        ("prevent_2023_base", {"systolic_bp": (201, "mm[Hg]")}),
        ("prevent_2023_base", {"bmi": (18.4, "kg/m2")}),
        ("prevent_2023_base", {"bmi": (40, "kg/m2")}),
        ("prevent_2023_base", {"egfr": (14.9, "mL/min/{1.73_m2}")}),
        ("prevent_2023_base", {"egfr": (141, "mL/min/{1.73_m2}")}),
        ("prevent_2023_base", {"known_cvd_excludes_risk_score": (True, None)}),
        ("ascvd_pce_2013", {"age": (39, "a")}),
        ("ascvd_pce_2013", {"age": (80, "a")}),
        ("ascvd_pce_2013", {"cholesterol_total": (321, "mg/dL")}),
        ("ascvd_pce_2013", {"hdl": (101, "mg/dL")}),
        ("ascvd_pce_2013", {"systolic_bp": (201, "mm[Hg]")}),
        ("ascvd_pce_2013", {"ldl_reported": (190, "mg/dL")}),
        ("ascvd_pce_2013", {"known_cvd_excludes_risk_score": (True, None)}),
        ("ascvd_pce_2013", {"race": (None, None)}),
        ("cha2ds2_vasc", {"age": (17, "a")}),
        ("has_bled", {"age": (17, "a")}),
        ("meld", {"age": (11, "a")}),
        ("fib4", {"age": (17, "a")}),
        ("fib4", {"alt": (0, "U/L")}),
        ("fib4", {"platelets": (0, "10*9/L")}),
        ("corrected_calcium", {"age": (17, "a")}),
        ("anion_gap", {"age": (17, "a")}),
        ("serum_osmolality", {"age": (17, "a")}),
        ("ldl", {"age": (17, "a")}),
        ("ldl", {"hdl": (167, "mg/dL"), "cholesterol_total": (167, "mg/dL")}),
        ("news2", {"age": (15, "a")}),
        ("news2", {"consciousness": (None, None)}),
        ("news2", {"supplemental_oxygen": (None, None)}),
        ("news2", {"spo2_scale": (None, None)}),
        ("qtc", {"age": (17, "a")}),
        ("qtc", {"heart_rate": (19, "/min")}),
        ("qtc", {"qt_interval": (801, "ms")}),
        (
            "mean_arterial_pressure",
            {"diastolic_bp": (120, "mm[Hg]"), "systolic_bp": (120, "mm[Hg]")},
        ),
        ("ideal_body_weight", {"height": (90, "cm")}),
        ("corrected_sodium", {"glucose": (99.9, "mg/dL")}),
        ("free_water_deficit", {"sodium": (145, "mmol/L")}),
        ("fractional_excretion", {"creatinine": (None, "mg/dL")}),
        ("kdigo_aki", {"creatinine_48h": (None, "mg/dL"), "creatinine_baseline": (9, "mg/dL")}),
        ("curb65", {"confusion": (None, None)}),
        ("rcri", {"high_risk_surgery": (None, None)}),
        ("wells_pe", {"previous_vte": (None, None)}),
        ("child_pugh", {"ascites": (None, None)}),
        ("sofa", {"fio2": (None, "%")}),
        ("sofa", {"gcs": (14.5, "{score}")}),
    ],
)
def test_a_case_outside_the_specification_gives_no_number(
    calculator: str, changed: dict[str, Any]
) -> None:
    evaluation = evaluate(calculator, typical(calculator, **changed))

    assert evaluation.outputs == {}
    assert evaluation.refused


# As much of each in urine as in plasma, for the same creatinine: 100% is excreted.
_EXCRETED = {
    "creatinine": (5, "mg/dL"),
    "urine_creatinine": (5, "mg/dL"),
    "sodium": (140, "mmol/L"),
    "bun": (50, "mg/dL"),
    "urine_urea_nitrogen": (50, "mg/dL"),
}


@each(
    ("calculator", "changed", "left_out"),
    [
        ("prevent_2023_base", {"age": (60, "a")}, {"30y"}),
        ("prevent_2023_base", {"bmi": (None, None)}, {"heart_failure"}),
        ("ldl", {"triglycerides": (401, "mg/dL")}, {"friedewald"}),
        ("ldl", {"triglycerides": (801, "mg/dL")}, {"friedewald", "sampson"}),
        (
            "ldl",
            {
                "cholesterol_total": (100, "mg/dL"),
                "hdl": (60, "mg/dL"),
                "triglycerides": (400, "mg/dL"),
            },
            {"friedewald", "sampson"},
        ),
        (
            "ldl",
            {
                "cholesterol_total": (100, "mg/dL"),
                "hdl": (40, "mg/dL"),
                "triglycerides": (302, "mg/dL"),
            },
            {"friedewald"},
        ),
        ("creatinine_clearance_cg", {"height": (None, "cm")}, {"selected", "ideal", "adjusted"}),
        (
            "creatinine_clearance_cg",
            {"height": (90, "cm"), "weight": (25, "kg")},
            {"selected", "ideal", "adjusted"},
        ),
        ("ideal_body_weight", {"weight": (40, "kg")}, {"adjusted"}),
        ("fractional_excretion", {"urine_sodium": (None, "mmol/L")}, {"fena"}),
        ("fractional_excretion", {**_EXCRETED, "urine_sodium": (141, "mmol/L")}, {"fena"}),
        ("fractional_excretion", {**_EXCRETED, "urine_sodium": (139, "mmol/L")}, set()),
        ("curb65", {"bun": (None, "mg/dL")}, {"score"}),
    ],
)
def test_only_the_outputs_that_do_not_apply_are_left_out(
    calculator: str, changed: dict[str, Any], left_out: set[str]
) -> None:
    evaluation = evaluate(calculator, typical(calculator, **changed))

    assert evaluation.outputs
    assert {word for word in left_out for name in evaluation.refusals if word in name} == left_out
    assert all(any(word in name for word in left_out) for name in evaluation.refusals)


@each(
    ("calculator", "name", "silent", "told"),
    [
        ("prevent_2023_base", "systolic_bp", (90, 180), (181, 200)),
        ("ldl", "triglycerides", (400,), (401,)),
        ("qtc", "heart_rate", (60, 100), (59, 101)),
    ],
)
def test_a_note_stands_beyond_its_limits(
    calculator: str, name: str, silent: tuple[float, ...], told: tuple[float, ...]
) -> None:
    noted = [
        len(evaluate(calculator, typical(calculator, **{name: (value, unit_of(name))})).notes)
        for value in (*silent, *told)
    ]
    assert noted == [0] * len(silent) + [1] * len(told)


@each(
    ("name", "ends"),
    [
        ("age", (30, 79)),
        ("cholesterol_total", (130, 320)),
        ("hdl", (20, 100)),
        ("systolic_bp", (90, 200)),
        ("egfr", (15, 140)),
    ],
)
def test_prevent_is_computed_at_the_ends_of_its_ranges(name: str, ends: tuple[int, int]) -> None:
    for end in ends:
        given = typical("prevent_2023_base", **{name: (end, unit_of(name))})
        assert "risk_10y_total_cvd_percent" in evaluate("prevent_2023_base", given).outputs


def test_prevent_counts_a_bmi_just_below_40() -> None:
    just_below = typical("prevent_2023_base", bmi=(39.95, "kg/m2"))
    assert evaluate("prevent_2023_base", just_below).refusals == {}


LIMITS = [
    pytest.param(calculator, output, limit, id=f"{calculator.name}-{output.name}-{limit.input}")
    for calculator in REGISTRY.values()
    for output in calculator.outputs
    for limit in output.limits
]


@each(("calculator", "output", "limit"), LIMITS)
def test_every_limit_refuses_beyond_its_ends_and_accepts_them(
    calculator: Calculator, output: Output, limit: Limit
) -> None:
    known = INPUTS[limit.input] if limit.input in INPUTS else OTHER_NUMBERS[limit.input]
    # Ages are whole years; elsewhere a millionth is enough to be outside.
    step = 1 if limit.input == "age" else 1e-6
    for end, outside in ((limit.low, -step), (limit.high, step)):
        if end is None:
            continue
        at_end = evaluate(
            calculator.name, typical(calculator.name, **{limit.input: (end, known.unit)})
        ).refusals.get(output.name)
        beyond = evaluate(
            calculator.name, typical(calculator.name, **{limit.input: (end + outside, known.unit)})
        ).refusals[output.name]

        assert at_end is None or str(at_end) != limit.reason
        assert isinstance(beyond, NotApplicable)
        assert str(beyond) == limit.reason


@each("name", [*INPUTS, *OTHER_NUMBERS])
def test_every_hard_range_refuses_beyond_its_ends_and_accepts_them(name: str) -> None:
    known = INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]

    assert checked(name, known.low, known.unit) == known.low
    assert checked(name, known.high, known.unit) == known.high
    for value in (known.low - 1e-3 * (abs(known.low) + 1), known.high * 1.001):
        with pytest.raises(Refused):
            checked(name, value, known.unit)
