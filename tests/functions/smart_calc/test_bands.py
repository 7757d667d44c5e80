"""The bands of a result as a drawing, for this patient, and in words for a screen reader."""

from typing import Any

import pytest

from clinical.calculators import evaluate
from functions.smart_calc.page import result_views
from functions.smart_calc.page.bands import BandBar
from tests.support.tables import each


def drawn(calculator: str, **inputs: Any) -> BandBar | None:
    raw = {
        one: value if isinstance(value, tuple) else (value, None) for one, value in inputs.items()
    }
    return result_views.views(evaluate(calculator, raw))[0].bar


def egfr(creatinine: float) -> BandBar:
    bar = drawn("egfr_ckd_epi_2021", age=(60, "a"), sex="male", creatinine=(creatinine, "mg/dL"))
    assert bar
    return bar


def test_each_class_has_its_name_and_limit_and_the_result_its_place_in_its_own() -> None:
    bar = egfr(1.5)
    assert [(one.limit, one.name) for one in bar.segments] == [
        *(("0", "G5"), ("15", "G4"), ("30", "G3b"), ("45", "G3a"), ("60", "G2"), ("90", "G1"))
    ]
    assert bar.end == "120"
    (own,) = (one for one in bar.segments if one.is_own)
    assert own.text.startswith("G3a")
    # 53 of 45 to 60.
    assert own.mark == pytest.approx(53, abs=4)
    assert [one.mark for one in bar.segments if one is not own] == [None] * 5
    assert bar.label.startswith("eGFR 53. Category: G3a: 45 to below 60")
    assert "G5: below 15, kidney failure; G4" in bar.label


def test_a_result_beyond_the_end_of_the_bar_has_no_mark_there() -> None:
    highest = egfr(0.4).segments[-1]
    assert (highest.is_own, highest.mark) == (True, None)


@each(("sex", "limits"), [("female", ["350", "460", "500"]), ("male", ["350", "450", "500"])])
def test_the_limits_are_those_of_this_patient(sex: str, limits: list[str]) -> None:
    bar = drawn("qtc", qt_interval=(400, "ms"), heart_rate=(60, "/min"), sex=sex)
    assert bar
    assert [one.limit for one in bar.segments] == limits


def test_a_result_without_a_band_has_no_drawing() -> None:
    assert drawn("qtc", qt_interval=(400, "ms"), heart_rate=(60, "/min")) is None
    assert drawn("bsa_mosteller", weight=(70, "kg"), height=(170, "cm")) is None


def test_a_score_stands_in_the_middle_of_its_cell() -> None:
    items = (
        *("uncontrolled_hypertension", "abnormal_renal_function", "abnormal_liver_function"),
        *("stroke", "bleeding_history", "labile_inr", "antiplatelet_or_nsaid"),
    )
    answers = dict.fromkeys(items, False)
    bar = drawn("has_bled", age=(50, "a"), alcohol_drinks_per_week=(0, "{drinks}/wk"), **answers)
    assert bar
    # 0 of 0, 1 and 2; 9 is the highest of all.
    assert [(one.limit, one.mark) for one in bar.segments] == [("0", 16.7), ("3", None)]
    assert bar.end == "9"
