"""Scores computed a second time, by the lowest value of each step and by exact ratios."""

from bisect import bisect_right
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.calculators import REGISTRY, calculate, evaluate
from clinical.calculators.inputs import CHOICES, FLAGS
from tests.clinical.calculators.test_refusals import typical
from tests.support.charts.calculators import in_canonical_units
from tests.support.tables import each

MODEST = settings(max_examples=100, deadline=None, derandomize=True)
# The lowest value of each step, in the unit that the paper prints, and the points from there on.
# A step that ends with its limit begins just above it.
STEPS: dict[tuple[str, str], tuple[str, list[float], list[int]]] = {
    ("curb65", "age"): ("a", [65], [0, 1]),
    ("curb65", "bun"): ("mmol/L", [7.001], [0, 1]),
    ("curb65", "respiratory_rate"): ("/min", [30], [0, 1]),
    ("curb65", "systolic_bp"): ("mm[Hg]", [90], [1, 0]),
    ("curb65", "diastolic_bp"): ("mm[Hg]", [60.001], [1, 0]),
    ("rcri", "creatinine"): ("mg/dL", [2.001], [0, 1]),
    ("child_pugh", "bilirubin_total"): ("mg/dL", [2, 3.001], [1, 2, 3]),
    ("child_pugh", "albumin"): ("g/L", [28, 35.001], [3, 2, 1]),
    ("child_pugh", "inr"): ("{INR}", [1.7, 2.301], [1, 2, 3]),
    ("sofa", "platelets"): ("10*9/L", [20, 50, 100, 150], [4, 3, 2, 1, 0]),
    ("sofa", "bilirubin_total"): ("mg/dL", [1.2, 2, 6, 12], [0, 1, 2, 3, 4]),
    ("sofa", "gcs"): ("{score}", [6, 10, 13, 15], [4, 3, 2, 1, 0]),
    ("sofa", "creatinine"): ("mg/dL", [1.2, 2, 3.5, 5], [0, 1, 2, 3, 4]),
    ("sofa", "mean_arterial_pressure"): ("mm[Hg]", [70], [1, 0]),
}
YES: dict[str, dict[str, float]] = {
    "curb65": {"confusion": 1},
    "rcri": dict.fromkeys(
        (
            "high_risk_surgery",
            "ischemic_heart_disease",
            "congestive_heart_failure",
            "stroke_or_tia",
            "insulin_treatment",
        ),
        1,
    ),
    "wells_pe": {
        "clinical_signs_of_dvt": 3,
        "pe_most_likely_diagnosis": 3,
        "immobilization_or_surgery_4_weeks": 1.5,
        "previous_vte": 1.5,
        "hemoptysis": 1,
        "active_cancer": 1,
    },
}
GRADES = {
    ("child_pugh", "ascites"): [1, 2, 3],
    ("child_pugh", "encephalopathy"): [1, 2, 3],
    ("sofa", "cardiovascular_support"): [0, 2, 3, 4],
}


def points(calculator: str, name: str, value: object, unit: str | None = None) -> float:
    given = {name: (value, unit)}
    return evaluate(calculator, given).points[name]


@each(("calculator", "name"), STEPS)
def test_every_step_of_a_table_begins_where_it_does_in_the_paper(
    calculator: str, name: str
) -> None:
    unit, lowest, worth = STEPS[calculator, name]
    if name == "mean_arterial_pressure":
        none = {"cardiovascular_support": ("none", None)}
        scored = [
            evaluate("sofa", {**none, name: (value, unit)}).points[name] for value in (69.9, 70)
        ]
        assert scored == worth
        return
    nearly = [one - (1 if unit in ("a", "{score}") else 0.001) for one in lowest]
    for value in (*lowest, *nearly):
        if name == "diastolic_bp":
            systolic: Any = {"systolic_bp": (120, unit)}
            made = evaluate(calculator, {**systolic, name: (value, unit)}).points[name]
        else:
            made = points(calculator, name, value, unit)
        assert made == worth[bisect_right(lowest, value)]


@each("calculator", YES)
def test_every_yes_is_worth_its_points(calculator: str) -> None:
    assert {n for n in REGISTRY[calculator].inputs if n in FLAGS} == {*YES[calculator]}
    for name, worth in YES[calculator].items():
        assert (points(calculator, name, True), points(calculator, name, False)) == (worth, 0)


@each(("calculator", "name"), GRADES)
def test_every_grade_is_worth_its_points(calculator: str, name: str) -> None:
    made = [points(calculator, name, answer) for answer in CHOICES[name].answers]
    assert made == GRADES[calculator, name]


@each(
    ("pao2", "fio2", "supported", "worth"),
    [
        *((84, 21, True, 0), (83.9, 21, True, 1), (63, 21, False, 1), (62.9, 21, False, 2)),
        *((80, 40, True, 2), (79.9, 40, True, 3), (79.9, 40, False, 2)),
        *((100, 100, True, 3), (99.9, 100, True, 4), (50, 100, False, 2)),
    ],
)
def test_the_lungs_have_the_points_of_the_ratio(
    pao2: float, fio2: float, supported: bool, worth: int
) -> None:
    given = {"pao2": pao2, "fio2": fio2, "ventilatory_support": supported}
    assert evaluate("sofa", in_canonical_units(given)).points["pao2"] == worth


@each(
    ("creatinine", "urine", "worth"),
    [
        *((1, 500, 0), (1, 499.9, 3), (1, 200, 3), (1, 199.9, 4)),
        *((4, 499.9, 3), (5, 499.9, 4), (6, 100, 4), (2, 150, 4)),
    ],
)
def test_the_kidneys_have_the_points_of_the_worse_of_two(
    creatinine: float, urine: float, worth: int
) -> None:
    given = {"creatinine": creatinine, "urine_output_24h": urine}
    assert sum(evaluate("sofa", in_canonical_units(given)).points.values()) == worth


def test_with_a_vasopressor_the_mean_pressure_does_not_count() -> None:
    answers = CHOICES["cardiovascular_support"].answers
    low = {"mean_arterial_pressure": 50}
    made = [
        evaluate("sofa", in_canonical_units({**low, "cardiovascular_support": one})).points
        for one in answers
    ]
    assert [sum(one.values()) for one in made] == [1, 2, 3, 4]


@each("name", ["curb65", "child_pugh", "sofa", "rcri", "wells_pe"])
def test_the_least_and_the_most_of_a_score_are_the_published_ones(name: str) -> None:
    ends = {"curb65": (0, 5), "child_pugh": (5, 15), "sofa": (0, 24), "rcri": (0, 6)}
    least, most = ends.get(name, (0, 12.5))
    best = {
        "age": 40, "confusion": False, "bun": 10, "respiratory_rate": 15, "systolic_bp": 120,
        "diastolic_bp": 80, "bilirubin_total": 1, "albumin": 4, "inr": 1, "ascites": "none",
        "encephalopathy": "none", "pao2": 90, "fio2": 21, "ventilatory_support": False,
        "platelets": 200, "mean_arterial_pressure": 80, "cardiovascular_support": "none",
        "gcs": 15, "creatinine": 1, "heart_rate": 100,
    }  # fmt: skip
    worst = {
        "age": 80, "confusion": True, "bun": 60, "respiratory_rate": 40, "systolic_bp": 80,
        "diastolic_bp": 50, "bilirubin_total": 20, "albumin": 2, "inr": 3,
        "ascites": "moderate_or_severe", "encephalopathy": "grade_3_4", "pao2": 50, "fio2": 100,
        "ventilatory_support": True, "platelets": 10, "mean_arterial_pressure": 50,
        "cardiovascular_support": CHOICES["cardiovascular_support"].answers[-1], "gcs": 3,
        "creatinine": 6, "heart_rate": 101,
    }  # fmt: skip
    for values, yes, score in ((best, False, least), (worst, True, most)):
        flags = dict.fromkeys(YES.get(name, ()), yes)
        given = {n: v for n, v in {**values, **flags}.items() if n in REGISTRY[name].inputs}
        assert calculate(name, in_canonical_units(given))["score"] == score


@each(("rate", "worth"), [(100, 0), (100.1, 1.5)])
def test_a_fast_pulse_counts_above_its_limit(rate: float, worth: float) -> None:
    assert points("wells_pe", "heart_rate", rate, "/min") == worth


@each(("yes", "tier"), [(1.5, "low"), (2, "moderate"), (6, "moderate"), (7, "high")])
def test_the_older_tiers_of_wells_stand_beside_the_two(yes: float, tier: str) -> None:
    worth = YES["wells_pe"]
    chosen = {
        1.5: ["previous_vte"],
        2: ["hemoptysis", "active_cancer"],
        6: ["clinical_signs_of_dvt", "pe_most_likely_diagnosis"],
        7: ["clinical_signs_of_dvt", "pe_most_likely_diagnosis", "hemoptysis"],
    }[yes]
    assert sum(worth[name] for name in chosen) == yes
    given = {**dict.fromkeys(worth, False), **dict.fromkeys(chosen, True), "heart_rate": 80}
    result = evaluate("wells_pe", in_canonical_units(given)).results["score"]
    assert result.meaning.startswith(f"in three tiers: {tier}")


def exact_stage(creatinine: int, baseline: int, before: int | None, replaced: bool) -> int | None:
    """The stage from hundredths of mg/dL, or None if it depends on an earlier value."""
    ratio = Fraction(creatinine, baseline)
    risen = before is not None and creatinine - before >= 30
    if replaced:
        return 3
    if ratio < Fraction(3, 2) and before is None:
        return None
    by_ratio = bisect_right([Fraction(3, 2), Fraction(2), Fraction(3)], ratio)
    stage = max(by_ratio, int(risen))
    return 3 if stage and creatinine >= 400 else stage


@MODEST
@given(
    creatinine=st.integers(30, 900),
    baseline=st.integers(30, 400),
    before=st.none() | st.integers(30, 900),
    replaced=st.sampled_from([False, False, False, True]),
)
def test_the_stage_of_kidney_injury_is_that_of_exact_ratios(
    creatinine: int, baseline: int, before: int | None, replaced: bool
) -> None:
    _staged(creatinine, baseline, before, replaced)


@each(
    ("creatinine", "baseline", "before"),
    [
        *((150, 100, None), (149, 100, None), (200, 100, None), (199, 100, 199)),
        *((300, 100, None), (299, 100, None), (130, 110, 100), (129, 110, 100)),
        *((400, 380, 370), (399, 380, 369), (400, 380, 371), (400, 250, None), (399, 250, None)),
    ],
)
def test_a_stage_begins_at_its_limit(creatinine: int, baseline: int, before: int | None) -> None:
    _staged(creatinine, baseline, before, replaced=False)


def _staged(creatinine: int, baseline: int, before: int | None, replaced: bool) -> None:
    values: dict[str, Any] = {
        "creatinine": creatinine / 100,
        "creatinine_baseline": baseline / 100,
        "renal_replacement_therapy": replaced,
    }
    values |= {} if before is None else {"creatinine_48h": before / 100}
    made = evaluate("kdigo_aki", in_canonical_units(values)).outputs.get("stage")
    assert made == exact_stage(creatinine, baseline, before, replaced)


def test_below_fifty_the_cardiac_index_says_so() -> None:
    said = [evaluate("rcri", typical("rcri", age=(age, "a"))).notes for age in (50, 49)]
    assert said == [(), ("Age below 50: the index was derived in people aged 50 or older",)]


@each(
    ("calculator", "rates"),
    [
        ("curb65", ["0.7%", "2.1%", "9.2%", "14.5%", "40%", "57%"]),
        ("rcri", ["0.4%", "0.9%", "7%", "11%", "11%"]),
    ],
)
def test_the_rates_are_those_of_the_paper(calculator: str, rates: list[str]) -> None:
    (shown,) = (one.rates for one in REGISTRY[calculator].outputs if one.rates)
    assert shown
    assert [shown.text(score, {}).partition(" ")[0] for score in range(len(rates))] == rates
