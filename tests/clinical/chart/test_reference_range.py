from typing import Any

from tests.support.charts.chart_resources import find, observation
from tests.support.tables import each

NO_ENDS = None, None


def ends(*ranges: object, unit: str = "mg/dL") -> tuple[float | None, float | None]:
    """Return the ends of a calcium's range in mg/dL, to two decimals."""
    value = {"mg/dL": 9.0, "mmol/L": 2.2}[unit]
    chosen = find(
        "calcium_total", observation("17861-6", value, unit, referenceRange=[*ranges])
    ).chosen
    assert chosen is not None
    low, high = chosen.normal_low, chosen.normal_high
    return low and round(low, 2), high and round(high, 2)


@each(
    ("text", "expected"),
    [
        ("8.6-10.2", (8.6, 10.2)),
        ("8.6 – 10.2 mg/dL", (8.6, 10.2)),
        ("8.6 to 10.2", (8.6, 10.2)),
        ("8.6 mg/dL - 10.2 mg/dL", (8.6, 10.2)),
        ("(8.6 - 10.2)", (8.6, 10.2)),
        ("[8,6-10,2] mg/dl", (8.6, 10.2)),
        ("Normal range: 8.6-10.2 mg/dL", (8.6, 10.2)),
        ("8.6~10.2", (8.6, 10.2)),
        ("2.15-2.55 mmol/L", (8.62, 10.22)),
        ("0 - 10.2", (None, 10.2)),
        ("<10.2 mg/dL", (None, 10.2)),
        ("<= 10.2", (None, 10.2)),
        ("≥ 8.6 mg/dL", (8.6, None)),
        # What could mean something else isn't read.
        ("8.6-10.2 U/L", NO_ENDS),
        ("2.15 mmol/L - 10.2 mg/dL", NO_ENDS),
        ("8.6-10.2 H", NO_ENDS),
        ("10.2-8.6", NO_ENDS),
        ("8.6-10.2-12", NO_ENDS),
        ("860-1020", NO_ENDS),
        ("8,600-10,200", NO_ENDS),
        ("8.6", NO_ENDS),
        ("M 8.6-10.2, F 8.4-10.0", NO_ENDS),
        ("Critical: 6-13", NO_ENDS),
        ("see report", NO_ENDS),
    ],
)
def test_a_range_in_words_is_read_only_in_its_common_forms(text: str, expected: object) -> None:
    assert ends({"text": text}) == expected


def test_a_range_in_words_without_a_unit_has_the_unit_of_the_value() -> None:
    assert ends({"text": "2.15-2.55"}, unit="mmol/L") == (8.62, 10.22)
    assert ends({"text": "8.6-10.2"}, unit="mmol/L") == NO_ENDS


def of(low: float, high: float, **further: Any) -> dict[str, Any]:
    return {"low": {"value": low}, "high": {"value": high}, **further}


def test_the_ends_as_numbers_are_used_before_the_words() -> None:
    assert ends(of(8.6, 10.2, text="8.4-10.6")) == (8.6, 10.2)


@each(
    ("kind", "is_read"),
    [
        ({"coding": [{"code": "normal"}]}, True),
        ({"coding": [{"code": "normal"}], "text": "Plage habituelle"}, True),
        ({"text": "Normal Range"}, True),
        ({"text": "Reference interval"}, True),
        ({"coding": [{"code": "treatment"}]}, False),
        ({"text": "Critical"}, False),
    ],
)
def test_only_a_normal_range_is_read(kind: object, is_read: bool) -> None:
    assert ends(of(8.6, 10.2, type=kind)) == ((8.6, 10.2) if is_read else NO_ENDS)


def test_of_several_ranges_a_value_must_be_in_all() -> None:
    assert ends(of(8.6, 10.2), {"text": "8.8-10.6"}, {"text": "children: 9-11"}) == (8.8, 10.2)
