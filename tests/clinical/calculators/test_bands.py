"""Interpretation: every published cut-off, on both sides, and what the bands depend on."""

from clinical.calculators import REGISTRY, evaluate
from clinical.calculators.model import Raw
from tests.support.tables import each

WOMAN: dict[str, object] = {"sex": "female", "age": 50}
MAN: dict[str, object] = {"sex": "male", "age": 50}
UNTIL_64: dict[str, object] = {"age": 64}
FROM_65: dict[str, object] = {"age": 65}

# A result on each side of every cut-off, and how its band begins.
SIDES: list[tuple[str, str, dict[str, object], str]] = [
    (
        *("egfr_ckd_epi_2021", "egfr", MAN),
        (
            "14.999 G5 | 15 G4 | 29.999 G4 | 30 G3b | 44.999 G3b | 45 G3a | 59.999 G3a | 60 G2 | "
            "89.999 G2 | 90 G1"
        ),
    ),
    (
        *("bmi", "bmi", MAN),
        (
            "18.499 below 18.5 | 18.5 18.5 to below 25 | 24.999 18.5 to below 25 | "
            "25 25 to below 30 | 29.999 25 to below 30 | 30 30 to below 35 | "
            "34.999 30 to below 35 | 35 35 to below 40 | 39.999 35 to below 40 | 40 40 or more"
        ),
    ),
    (
        *("prevent_2023_base", "risk_10y_total_cvd_percent", MAN),
        "7.499 below 7.5%: without | 7.5 7.5% or more",
    ),
    (
        *("prevent_2023_base", "risk_10y_total_cvd_percent", {**MAN, "diabetes": True}),
        "7.499 below 7.5%, with diabetes | 7.5 7.5% or more",
    ),
    (
        *("prevent_2023_base", "risk_10y_total_cvd_percent", {**MAN, "egfr": 59.9}),
        "7.499 below 7.5%, with an eGFR below 60 | 7.5 7.5% or more",
    ),
    (
        *("prevent_2023_base", "risk_10y_total_cvd_percent", {**MAN, "egfr": 60}),
        "7.499 below 7.5%: without",
    ),
    (
        *("prevent_2023_base", "risk_10y_ascvd_percent", MAN),
        (
            "2.999 below 3%: low | 3 3 to below 5%: borderline | 4.999 3 to below 5% | "
            "5 5 to below 10%: intermediate | 9.999 5 to below 10% | 10 10% or more: high"
        ),
    ),
    (
        *("ascvd_pce_2013", "risk_10y_ascvd_percent", MAN),
        (
            "4.999 below 5%: low | 5 5 to below 7.5%: borderline | 7.499 5 to below 7.5% | "
            "7.5 7.5 to below 20%: intermediate | 19.999 7.5 to below 20% | 20 20% or more: high"
        ),
    ),
    ("cha2ds2_vasc", "score", MAN, "0 0 in a man | 1 1 in a man | 2 2 or more in a man"),
    (
        *("cha2ds2_vasc", "score", WOMAN),
        "0 0 or 1 in a woman | 1 0 or 1 in a woman | 2 2 in a woman | 3 3 or more in a woman",
    ),
    ("cha2ds2_vasc", "score_va", WOMAN, "0 0: | 1 1: | 2 2 or more"),
    ("has_bled", "score", MAN, "0 0 to 2 | 2 0 to 2 | 3 3 or more"),
    (
        *("fib4", "fib4", UNTIL_64),
        "1.299 below 1.3, | 1.3 1.3 (under | 2.67 1.3 (under | 2.671 above 2.67",
    ),
    ("fib4", "fib4", FROM_65, "1.999 below 2.0, | 2.0 2.0 (age | 2.671 above 2.67"),
    (
        *("fib4", "fib4", {**UNTIL_64, "known_cirrhosis": True}),
        "1.299 below the cutoff | 1.3 1.3 (under | 2.671 above 2.67",
    ),
    (
        *("fib4", "fib4", {**FROM_65, "known_cirrhosis": True}),
        "1.999 below the cutoff | 2.0 2.0 (age",
    ),
    (
        *("corrected_calcium", "corrected_calcium_mg_dl", MAN),
        "8.499 below 8.5 | 8.5 8.5 to 10.5 | 10.5 8.5 to 10.5 | 10.501 above 10.5",
    ),
    (
        *("corrected_calcium", "corrected_calcium_mg_dl"),
        {**MAN, "calcium_low": 8.8, "calcium_high": 10.2},
        "8.799 below the lab | 8.8 within the lab | 10.2 within the lab | 10.201 above the lab",
    ),
    (
        *("corrected_calcium", "corrected_calcium_mg_dl", {**MAN, "calcium_high": 10.2}),
        "8.499 below 8.5 | 8.5 within the lab | 10.201 above the lab",
    ),
    (
        *("corrected_calcium", "corrected_calcium_mg_dl"),
        {**MAN, "ionized_calcium_abnormal": True},
        "8.499 below 8.5 | 8.5 neither | 10.5 neither | 10.501 above 10.5",
    ),
    (
        *("serum_osmolality", "calculated_osmolality", MAN),
        "274.9 below 275 | 275 275 to 295 | 295 275 to 295 | 295.1 above 295",
    ),
    ("serum_osmolality", "osmolal_gap", MAN, "10 10 or below | 10.1 above 10"),
    *(
        ("qtc", formula, given, sides)
        for formula in ("fridericia", "bazett", "framingham", "hodges")
        for given, sides in (
            (MAN, "449.9 below 450 | 450 450 ms or more | 500 450"),
            (WOMAN, "459.9 below 460 | 460 460 ms or more | 500 460"),
        )
    ),
    # Only the formula of the headline.
    ("qtc", "fridericia", MAN, "500 450 | 500.1 above 500"),
    ("qtc", "fridericia", WOMAN, "500 460 | 500.1 above 500"),
    *(("qtc", formula, MAN, "500.1 450") for formula in ("bazett", "framingham", "hodges")),
]


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

    assert (band_of("bmi", "bmi", inputs) is not None) is shown


@each(
    ("rate", "pulse", "consciousness", "band"),
    [
        (16, 72, "alert", "0 to 4: low"),
        (25, 72, "alert", "0 to 4 with 3 in a single parameter: low-medium, urgent ward review"),
        (25, 115, "alert", "5 to 6: medium"),
        (25, 115, "cvpu", "7 or more: high"),
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
