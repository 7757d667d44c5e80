"""Points next to each item, definitions at the input, search words, and limits of the bands."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.calculators import REGISTRY, evaluate
from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS
from clinical.calculators.model import Calculator, Output
from tests.support.charts.calculators import CASES, in_canonical_units
from tests.support.tables import each

SCORED = [name for name, calculator in REGISTRY.items() if calculator.points]
DRAWN = [
    pytest.param(output, id=f"{name} {output.name}")
    for name, calculator in REGISTRY.items()
    for output in calculator.outputs
    if output.edges
]


def _answers(name: str) -> st.SearchStrategy[Any]:
    if name in FLAGS:
        return st.booleans()
    if name in CHOICES:
        return st.sampled_from(CHOICES[name].answers)
    known = INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]
    if known.unit == "{score}":
        return st.integers(int(known.low), int(known.high))
    return st.floats(max(known.low, 18 if name == "age" else known.low), known.high)


def test_the_scores_with_a_published_table_of_points_have_it_at_their_items() -> None:
    assert [name for name in REGISTRY if CASES[name].get("points")] == SCORED


@each("name", SCORED)
@given(data=st.data())
def test_the_points_of_all_items_are_the_score(name: str, data: st.DataObject) -> None:
    values = {one: data.draw(_answers(one), one) for one in REGISTRY[name].inputs}
    made = evaluate(name, in_canonical_units(values))
    assert sum(made.points.values()) == made.outputs["score"]
    # An item tells its points also while others are open; of oxygen it depends on the scale.
    for one, value in values.items():
        alone = evaluate(name, in_canonical_units({one: value})).points
        assert alone in ({one: made.points[one]} if one in made.points else {}, {})


def test_what_was_not_given_has_no_points() -> None:
    assert evaluate("cha2ds2_vasc", {"age": (76, "a")}).points == {"age": 2}
    assert evaluate("news2", {"spo2": (94, "%")}).points == {}
    scale_1: dict[str, tuple[object, str | None]] = {"spo2": (94, "%"), "spo2_scale": (1, None)}
    assert evaluate("news2", scale_1).points == {"spo2": 1}


def words_of(calculator: Calculator) -> set[str]:
    """Return the search words of a calculator, other than those of its inputs."""
    names = (calculator.title, calculator.subject, calculator.aliases, calculator.words)
    return set(re.findall("[a-z0-9]+", " ".join(names).lower()))


def test_what_counts_as_vascular_disease_stands_at_the_input() -> None:
    definitions = REGISTRY["cha2ds2_vasc"].definitions
    assert definitions["vascular_disease"] == (
        "prior myocardial infarction, peripheral artery disease, aortic plaque (ESC 2024 also "
        "counts significant coronary disease)"
    )


@each(
    ("word", "names"),
    [
        ("kidney", {"egfr_ckd_epi_2021", "creatinine_clearance_cg"}),
        ("stroke", {"cha2ds2_vasc"}),
        ("af", {"cha2ds2_vasc", "has_bled"}),
        ("liver", {"meld", "fib4"}),
        ("bleeding", {"has_bled"}),
        ("crcl", {"creatinine_clearance_cg"}),
        ("cardiology", {"cha2ds2_vasc", "has_bled", "qtc", "prevent_2023_base"}),
        ("haemorrhage", {"has_bled"}),
        ("hemorrage", {"has_bled"}),
        ("cirhosis", {"meld"}),
        ("cockroft", {"creatinine_clearance_cg"}),
        ("friedwald", {"ldl"}),
        ("ekg", {"qtc"}),
        ("sepsis", {"news2"}),
        ("chadsvasc", {"cha2ds2_vasc"}),
    ],
)
def test_a_calculator_has_the_words_by_which_it_is_looked_for(word: str, names: set[str]) -> None:
    listed = {name for name, one in REGISTRY.items() if word in words_of(one)}
    assert names <= listed


@each("name", REGISTRY)
def test_each_word_of_a_calculator_stands_there_once(name: str) -> None:
    words = f"{REGISTRY[name].aliases} {REGISTRY[name].words}".split()
    assert len(words) >= 8, "needs at least eight search words"
    assert len(words) == len(set(words))
    assert all(word == word.lower() for word in words)


@each("output", DRAWN)
@each("sex", ["female", "male"])
@each("age", [40, 70])
def test_no_band_begins_or_ends_between_two_limits_of_its_drawing(
    output: Output, sex: str, age: int
) -> None:
    whole = output.unit == "{score}"
    known: dict[str, Any] = {"sex": sex, "age": age}
    if output.name == "score" and "respiratory_rate" in output.needs:
        # One of NEWS2's bands depends on a single item, not on the score.
        known |= {"respiratory_rate": 16, "consciousness": "alert"}
    for low, high in pairwise(output.edges):
        inside = [low] if whole else [low + (high - low) * part for part in (0.01, 0.5, 0.99)]
        assert len({output.band(value, known) for value in inside}) == 1
    bands = {
        output.band(low if whole else (low + high) / 2, known)
        for low, high in pairwise(output.edges)
    }
    assert None not in bands
    assert len(bands) > 1


@each(
    ("yes", "said"),
    [
        (2, "1.88 major bleeds per 100 patient-years at this score (Pisters 2010)"),
        (5, "12.50 major bleeds per 100 patient-years at this score (few patients, Pisters 2010)"),
        (6, ""),
    ],
)
def test_the_rate_of_bleeding_is_that_of_the_score_and_names_its_source(
    yes: int, said: str
) -> None:
    flags = [name for name in REGISTRY["has_bled"].inputs if name in FLAGS]
    answers: dict[str, tuple[object, str | None]] = {
        name: (place < yes, None) for place, name in enumerate(flags)
    }
    drinks = {"age": (50, "a"), "alcohol_drinks_per_week": (0, "{drinks}/wk")}
    made = evaluate("has_bled", {**answers, **drinks})
    assert (made.outputs["score"], made.results["score"].rate) == (yes, said)
