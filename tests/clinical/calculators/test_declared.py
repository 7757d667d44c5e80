"""The declarations of a calculator, other than its formula. No other code names a calculator."""

import re
from dataclasses import replace
from pathlib import Path

from clinical.calculators import REGISTRY, evaluate
from clinical.calculators.in_chart import FINDINGS, ChartCaution, DrawRule, InChart
from clinical.calculators.model import Output
from clinical.calculators.registry import CARDS, DERIVED, unknown_names
from clinical.chart import read_chart
from clinical.chart.resources.times import parse_now
from tests.support.tables import each

ROOT = Path(__file__).parents[4]
PRODUCT = [
    path
    for folder in ("functions", "shared", "doctor")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent.name != "calculators"
]


def test_no_other_module_names_a_calculator() -> None:
    # A name that is also that of an input, or an example for a person to write, is no such table.
    names = "|".join(sorted(set(REGISTRY) - set(DERIVED)))
    known = re.compile(rf'"({names})"')
    assert [str(path) for path in PRODUCT if known.search(path.read_text("utf-8"))] == []


@each("name", REGISTRY)
def test_what_is_declared_is_known(name: str) -> None:
    assert unknown_names(REGISTRY[name]) == set()


@each("name", REGISTRY)
def test_a_calculator_says_how_it_is_searched_and_was_validated(name: str) -> None:
    assert REGISTRY[name].words == REGISTRY[name].words.lower() != ""
    assert REGISTRY[name].validation.endswith(".")
    assert bool(REGISTRY[name].mark) is bool(REGISTRY[name].why_marked)


@each("name", REGISTRY)
def test_a_calculator_fits_into_a_row(name: str) -> None:
    calculator = REGISTRY[name]
    assert 0 < len(calculator.short) <= 16
    assert 0 < len(calculator.subject) <= 9
    assert all(len(word) <= 9 for word in calculator.in_chart.relevant_with.values())
    bands = [band for output in calculator.outputs for band in output.bands]
    assert [band.text for band in bands if not 0 < len(band.short) <= 17] == []


@each("name", REGISTRY)
def test_a_calculator_with_a_band_for_cards_says_which_output_makes_the_card(name: str) -> None:
    def has_card(output: Output) -> bool:
        return any(band.on_card for band in output.bands)

    outputs = REGISTRY[name].outputs
    assert any(map(has_card, outputs)) is any(output.card for output in outputs)
    assert all(has_card(output) for output in outputs if output.card)
    # The number on a card is the headline that its link opens.
    assert not any(output.card for output in outputs[1:])


def test_no_two_outputs_have_one_place_among_cards() -> None:
    places = [output.card.place for output in CARDS.values() if output.card]
    assert places == sorted(set(places))


@each(
    "wrong",
    [
        InChart(draw=DrawRule(("sodium", "sodiun"))),
        InChart(draw=DrawRule(("sodium", "age"))),
        InChart(relevant_with={"atrial_fibrilation": "AF"}),
        InChart(steady=("creatinin",)),
        InChart(cautions=(ChartCaution("kidney", "text"),)),
    ],
)
def test_a_name_that_nothing_has_is_found(wrong: InChart) -> None:
    assert unknown_names(replace(REGISTRY["bmi"], in_chart=wrong)) != set()


def test_every_finding_that_calculators_may_name_is_answered_by_a_chart() -> None:
    findings = read_chart([], parse_now("2026-11-24"), "p1", None).findings
    assert set(FINDINGS) <= set(findings)


def test_an_input_that_another_calculator_gives_is_one_output_of_it() -> None:
    assert set(DERIVED) == {"egfr", "bmi", "mean_arterial_pressure"}
    for source in DERIVED.values():
        assert REGISTRY[source.calculator.name] is source.calculator
        assert source.output in source.calculator.outputs


def test_a_drawing_has_room_for_every_band_and_score() -> None:
    """`edges` end one above the highest score, and no end is a limit between two bands."""
    highest = {"has_bled": [9], "news2": [20], "rcri": [6], "curb65": [5, 4]} | {
        "cha2ds2_vasc": [9, 8]
    }
    for name, scores in highest.items():
        outputs = [one for one in REGISTRY[name].outputs if one.unit == "{score}"]
        assert [one.edges for one in outputs] == [tuple(range(most + 2)) for most in scores]
    given: dict[str, float | bool | str] = {"age": 50, "sex": "female"}
    for output in (one for known in REGISTRY.values() for one in known.outputs if one.edges):
        low, high = output.edges[0], output.edges[-1]
        assert output.band(low - 1e-6, given) in {None, output.band(low, given)}, output.name
        assert output.band(high + 1e-6, given) == output.band(high, given), output.name


ADULT = {"age": (71, "a"), "sex": ("female", None)}
BLEEDING = dict.fromkeys(
    (
        "uncontrolled_hypertension",
        "abnormal_renal_function",
        "abnormal_liver_function",
        "stroke",
        "bleeding_history",
        "antiplatelet_or_nsaid",
    ),
    (False, None),
)


def test_a_score_with_missing_answers_has_a_range_and_names_them() -> None:
    evaluation = evaluate("has_bled", {**ADULT, **BLEEDING})
    assert evaluation.results == {}
    told = evaluation.ranges["score"]
    assert (told.low, told.high, told.band) == ("1", "3", None)
    assert told.missing == ("labile_inr", "alcohol_drinks_per_week")
    one = evaluate("has_bled", {**ADULT, **BLEEDING, "labile_inr": (False, None)}).ranges["score"]
    assert (one.low, one.high, one.band) == ("1", "2", "0 to 2: not high")


def test_a_number_that_is_missing_gives_no_range() -> None:
    no_age = {name: value for name, value in BLEEDING.items() if name != "age"}
    assert evaluate("has_bled", no_age).ranges == {}
    assert evaluate("egfr_ckd_epi_2021", ADULT).ranges == {}


def test_too_many_missing_answers_give_no_range() -> None:
    assert evaluate("has_bled", ADULT).ranges == {}


def test_the_whole_score_is_the_rounding_of_the_one_printed_beside_it() -> None:
    given = {
        **ADULT,
        "creatinine": (1.0, "mg/dL"),
        "inr": (1.0, "{INR}"),
        "sodium": (137, "mmol/L"),
        "albumin": (3.5, "g/dL"),
        "dialysis": (False, None),
    }
    for tenth in range(10, 400):
        results = evaluate("meld", {**given, "bilirubin_total": (tenth / 10, "mg/dL")}).results
        whole, exact = results["meld_3_0"].printed, results["meld_3_0_uncapped"].printed
        assert whole == str(max(6, min(40, int(float(exact) + 0.5))))
