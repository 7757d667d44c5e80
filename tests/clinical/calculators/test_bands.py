"""Interpretation: every published cut-off, on both sides, and what the bands depend on."""

from typing import Any

from clinical.calculators import REGISTRY, evaluate
from clinical.calculators.model import Raw
from tests.support.charts.calculators import CASES
from tests.support.tables import each

# A result on each side of every cut-off, and how its band begins.
SIDES = [(name, *row) for name, case in CASES.items() for row in case["sides"]]


@each(("calculator", "output", "given", "sides"), SIDES)
def test_a_result_on_either_side_of_a_cut_off_gets_its_band(
    calculator: str, output: str, given: dict[str, object], sides: str
) -> None:
    known = {known.name: known for known in REGISTRY[calculator].outputs}[output]

    for value, _, start in (side.partition(" ") for side in sides.split(" | ")):
        assert str(known.band(float(value), given)).startswith(start)


def test_every_output_with_bands_is_among_them() -> None:
    with_bands = {
        (name, output.name)
        for name, calculator in REGISTRY.items()
        for output in calculator.outputs
        if output.bands
    }

    # The bands of NEWS2 depend on its parameters: a separate test below covers them.
    assert with_bands == {row[:2] for row in SIDES} | {("news2", "score")}


def band_of(calculator: str, output: str, inputs: Raw) -> str | None:
    return evaluate(calculator, inputs).results[output].band


@each(
    ("sex", "qt", "band"),
    [
        ("male", 455, "450 ms or more (limit for men): prolonged"),
        ("female", 455, "below 460 ms (limit for women): not prolonged"),
        (None, 455, None),
        (None, 501, "above 500 ms: high torsade risk"),
        ("female", 500, "460 ms or more (limit for women): prolonged"),
    ],
)
def test_the_qtc_band_depends_on_sex_and_is_silent_without(
    sex: str | None, qt: float, band: str | None
) -> None:
    inputs: Raw = {"qt_interval": (qt, "ms"), "heart_rate": (60, "/min"), "sex": (sex, None)}

    assert band_of("qtc", "fridericia", inputs) == band


@each(("age", "shown"), [(None, False), (19, False), (20, True)])
def test_bmi_classes_are_shown_for_known_adults_only(age: int | None, shown: bool) -> None:
    inputs: Raw = {"age": (age, "a"), "weight": (60, "kg"), "height": (170, "cm")}

    result = evaluate("bmi", inputs).results["bmi"]
    assert (result.band, result.short) == (
        ("18.5 to below 25: normal range", "normal range") if shown else (None, "")
    )


@each(
    ("rate", "pulse", "consciousness", "band"),
    [
        (16, 72, "alert", "0 to 4: low"),
        (25, 72, "alert", "0 to 4 with 3 in a single parameter: low-medium, urgent ward review"),
        (25, 100, "alert", "0 to 4 with 3 in a single parameter: low-medium, urgent ward review"),
        (22, 115, "alert", "0 to 4: low"),
        (22, 72, "cvpu", "5 to 6: medium"),
        (25, 72, "cvpu", "5 to 6: medium"),
        (25, 100, "cvpu", "7 or more: high"),
    ],
)
def test_a_single_three_lifts_a_low_news2(
    rate: int, pulse: int, consciousness: str, band: str
) -> None:
    inputs: Raw = {
        "respiratory_rate": (rate, "/min"),
        "spo2": (98, "%"),
        "supplemental_oxygen": (False, None),
        "systolic_bp": (124, "mm[Hg]"),
        "heart_rate": (pulse, "/min"),
        "temperature": (36.8, "Cel"),
        "consciousness": (consciousness, None),
        "spo2_scale": (1, None),
    }

    assert band_of("news2", "score", inputs) == band


@each(
    ("name", "output", "given", "said", "short"),
    [
        (
            "creatinine_clearance_cg",
            "crcl_selected_weight",
            {"sex": "male", "height": 180, "weight": 120},
            "computed with 93.0 kg, the adjusted weight, because the BMI is 25 or more",
            "adj. weight",
        ),
        ("bmi", "bmi", {}, "enter the age to see the class", ""),
        ("bmi", "bmi", {"age": 50}, "", ""),
        (
            "corrected_calcium",
            "corrected_calcium_mg_dl",
            {"calcium_low": 8.6172, "calcium_high": 10.2204, "calcium_ionized": 1.2275},
            "laboratory's range from 8.62 to 10.22 mg/dL; ionized calcium 1.23 mmol/L",
            "",
        ),
    ],
)
def test_a_result_names_what_it_rests_on(
    name: str, output: str, given: dict[str, Any], said: str, short: str
) -> None:
    (known,) = (one for one in REGISTRY[name].outputs if one.name == output)
    assert known.meaning is not None
    assert known.meaning(given) == said
    assert (known.meaning_short(given) if known.meaning_short else "") == short


_QT: Raw = {"qt_interval": (460, "ms"), "heart_rate": (82, "/min")}
_PANEL: Raw = {
    "sex": ("male", None),
    "cholesterol_total": (230, "mg/dL"),
    "hdl": (40, "mg/dL"),
    "systolic_bp": (150, "mm[Hg]"),
    "egfr": (80, "mL/min/{1.73_m2}"),
    "statin": (False, None),
    **dict.fromkeys(("diabetes", "antihypertensive_treatment"), (False, None)),
    "current_smoker": (True, None),
}


@each(
    ("name", "inputs", "action"),
    [
        ("qtc", _QT, "AHA/ACCF 2010: review QT-prolonging drugs"),
        ("qtc", {**_QT, "qt_interval": (440, "ms")}, ""),
        (
            "prevent_2023_base",
            {**_PANEL, "age": (70, "a")},
            "ACC/AHA 2026: a high-intensity statin",
        ),
        ("prevent_2023_base", {**_PANEL, "age": (70, "a"), "statin": (True, None)}, ""),
        ("prevent_2023_base", {**_PANEL, "age": (40, "a"), "current_smoker": (False, None)}, ""),
    ],
)
def test_a_band_asks_for_action_unless_the_inputs_show_that_it_was_taken(
    name: str, inputs: Raw, action: str
) -> None:
    first = next(iter(evaluate(name, inputs).results.values()))
    assert (first.action.text if first.action else "").startswith(action)
    assert (first.action is None) is (action == "")


@each(
    ("name", "rates"),
    [
        ("has_bled", "1.13 1.02 1.88 3.74 8.70 12.50"),
        ("cha2ds2_vasc", "0.2 0.6 2.2 3.2 4.8 7.2 9.7 11.2 10.8 12.2"),
    ],
)
def test_each_score_has_the_event_rate_that_its_paper_prints(name: str, rates: str) -> None:
    published, known = rates.split(), REGISTRY[name].outputs[0].rates
    assert known is not None
    shown = [known.text(score, {}) for score in range(len(published) + 1)]
    assert [text.partition(" ")[0].partition("%")[0] for text in shown] == [*published, ""]
    # Friberg 2012 is about atrial fibrillation.
    assert (known.text(1, {"atrial_fibrillation": False}) == "") is (name == "cha2ds2_vasc")
