"""The input dictionary: what counts as a value, an answer, a plausible number."""

import re

import pytest

from clinical.calculators import Refused
from clinical.calculators.inputs import (
    CHOICES,
    FLAGS,
    INPUTS,
    OTHER_NUMBERS,
    checked,
    label,
    to_canonical,
)
from clinical.calculators.model import Implausible, NotUnderstood
from tests.support.tables import each


@each("value", [float("nan"), "1.2", "", None, True, [1.2], {"value": 1.2}, 1 + 2j])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(NotUnderstood):
        to_canonical("creatinine", value, "mg/dL")


@each("value", [float("inf"), float("-inf"), 10**400, -(10**400), 0, -1.2, 98])
def test_a_number_outside_the_hard_range_is_refused(value: float) -> None:
    with pytest.raises(Implausible):
        to_canonical("creatinine", value, "mg/dL")


def test_a_refusal_names_limits_and_never_the_value() -> None:
    for value, unit in ((98.7, "mg/dL"), (98.7, "furlong"), ("98.7", "mg/dL")):
        with pytest.raises(Refused) as refusal:
            to_canonical("creatinine", value, unit)
        assert "98.7" not in str(refusal.value)
        assert "furlong" not in str(refusal.value)


@each(("age", "years"), [(64.99, 64), (65, 65), (65.5, 65)])
def test_age_is_counted_in_completed_years(age: float, years: int) -> None:
    assert checked("age", age, "a") == years


@each("answer", ["yes", 1, 0, "true", 1.0])
def test_a_question_takes_only_true_or_false(answer: object) -> None:
    with pytest.raises(NotUnderstood):
        checked("diabetes", answer, None)


@each(
    ("name", "answer"),
    [
        ("sex", "other"),
        ("sex", "Female"),
        ("sex", True),
        ("race", "unknown"),
        ("consciousness", "drowsy"),
        ("spo2_scale", 3),
        ("spo2_scale", True),
        ("spo2_scale", "1"),
        ("sex", ["female"]),
        ("sex", float("nan")),
    ],
)
def test_an_answer_outside_the_list_is_refused(name: str, answer: object) -> None:
    with pytest.raises(NotUnderstood):
        checked(name, answer, None)


def test_an_unknown_input_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        to_canonical("shoe_size", 42, "1")


def test_every_name_is_of_one_kind_and_has_a_label() -> None:
    names = [*INPUTS, *OTHER_NUMBERS, *FLAGS, *CHOICES]

    assert len(names) == len(set(names))
    assert all(label(name) for name in names)


def test_every_loinc_code_has_a_right_check_digit_and_one_meaning() -> None:
    codes = [code for known in INPUTS.values() for code in known.loinc]

    assert len(codes) == len(set(codes))
    for code in codes:
        assert re.fullmatch(r"\d{3,5}-\d", code)
        digits, check = code.split("-")
        # Mod 10 as in the LOINC users' guide: every second digit from the right is doubled.
        doubled = str(int(digits[::-1][::2][::-1]) * 2)
        others = digits[::-1][1::2]
        total = sum(map(int, doubled)) + sum(map(int, others))
        assert (10 - total % 10) % 10 == int(check)


def test_hard_ranges_and_ages_of_values_are_in_order() -> None:
    for known in (*INPUTS.values(), *OTHER_NUMBERS.values()):
        assert known.low < known.high
        assert known.fresh_days <= known.max_days
        assert 0 <= known.span[1] < 1
