from typing import Any

from clinical.calculators import REGISTRY
from clinical.chart.draws import Draw, drawn_together
from clinical.chart.resources.times import parse_now
from tests.support.charts.chart_resources import NOW, observation, read
from tests.support.tables import each

UNITS = {
    "2951-2": "mmol/L",
    "2075-0": "mmol/L",
    "1963-8": "mmol/L",
    "1751-7": "g/dL",
    "2160-0": "mg/dL",
    "1975-2": "mg/dL",
    "6301-6": "{INR}",
    "1920-8": "U/L",
    "1742-6": "U/L",
    "777-3": "10*9/L",
    "9279-1": "/min",
    "59408-5": "%",
    "8480-6": "mm[Hg]",
    "8867-4": "/min",
    "8310-5": "Cel",
}
SODIUM, CHLORIDE, BICARBONATE, ALBUMIN = "2951-2", "2075-0", "1963-8", "1751-7"


def at(time: str, **values: float) -> list[dict[str, Any]]:
    """Values of one time, by LOINC code with underscores for hyphens."""
    codes = {name.lstrip("_").replace("_", "-"): value for name, value in values.items()}
    return [
        observation(code, value, UNITS[code], id=f"{code}.{time}", effectiveDateTime=time)
        for code, value in codes.items()
    ]


RULES = {
    name: calculator.in_chart.draw
    for name, calculator in REGISTRY.items()
    if calculator.in_chart.draw
}


def draw_of(calculator: str, *resources: dict[str, Any]) -> Draw | None:
    return drawn_together(RULES[calculator], read(*resources).usable, parse_now(NOW))


def drawn(calculator: str, *resources: dict[str, Any]) -> dict[str, Any] | None:
    draw = draw_of(calculator, *resources)
    return {name: e.value for name, e in draw.values.items()} if draw else None


GAP = {"_2951_2": 140.0, "_2075_0": 104.0, "_1963_8": 24.0}


def test_the_newest_set_of_one_draw_is_taken_not_the_newest_of_each() -> None:
    tuesday, today = at("2026-11-17T09:00:00Z", **GAP), at("2026-11-24T09:00:00Z", _1963_8=12)
    assert drawn("anion_gap", *tuesday, *today) == {
        "sodium": 140,
        "chloride": 104,
        "bicarbonate": 24,
    }
    assert read(*tuesday, *today).findings["bicarbonate"].value == 12


def test_of_two_sets_the_newer_is_taken() -> None:
    sets = at("2026-11-17T09:00:00Z", **GAP) + at(
        "2026-11-20T09:00:00Z", _2951_2=130, _2075_0=90, _1963_8=30
    )
    assert drawn("anion_gap", *sets) == {"sodium": 130, "chloride": 90, "bicarbonate": 30}


@each(
    ("later", "warned"),
    [
        ("2026-11-17T09:00:00Z", False),
        ("2026-11-17T10:00:00Z", False),
        ("2026-11-17T10:01:00Z", True),
        ("2026-11-18T09:00:00Z", True),
        ("2026-11-18T09:00:01Z", None),
    ],
)
def test_a_gap_of_more_than_an_hour_is_warned_of(later: str, warned: bool | None) -> None:
    """None: values more than a day apart are not combined."""
    resources = at("2026-11-17T09:00:00Z", _2951_2=140, _2075_0=104) + at(later, _1963_8=24)
    draw = draw_of("anion_gap", *resources)
    assert (draw and bool(draw.warning)) is warned


@each(
    ("tight_at", "tight_taken"),
    [
        ("2026-11-24T06:00:00Z", True),
        ("2026-11-23T10:00:00Z", True),
        ("2026-11-23T09:59:00Z", False),
        ("2026-01-17T09:00:00Z", False),
    ],
)
def test_a_set_of_one_hour_is_preferred_to_a_wider_one_of_the_same_day(
    tight_at: str, tight_taken: bool
) -> None:
    resources = [
        *at(tight_at, **GAP),
        *at("2026-11-24T08:00:00Z", _2951_2=130, _2075_0=90),
        *at("2026-11-24T10:00:00Z", _1963_8=30),
    ]
    tight = {"sodium": 140, "chloride": 104, "bicarbonate": 24}
    wide = {"sodium": 130, "chloride": 90, "bicarbonate": 30}
    assert drawn("anion_gap", *resources) == (tight if tight_taken else wide)
    draw = draw_of("anion_gap", *resources)
    assert draw
    assert bool(draw.warning) is not tight_taken


@each(
    ("serum_at", "expected"),
    [("2026-11-24T08:00:00Z", 24), ("2026-11-24T07:29:00Z", 12), ("2026-11-23T20:00:00Z", 12)],
)
def test_a_set_takes_serum_bicarbonate_before_a_blood_gas_of_the_same_draw(
    serum_at: str, expected: float
) -> None:
    resources = [
        *at("2026-11-24T08:00:00Z", _2951_2=140, _2075_0=104),
        *at(serum_at, _1963_8=24),
        observation("1960-4", 12, "mmol/L", id="gas", effectiveDateTime="2026-11-24T08:30:00Z"),
    ]
    assert (drawn("anion_gap", *resources) or {})["bicarbonate"] == expected


def test_an_optional_value_joins_only_where_it_fits() -> None:
    gap = at("2026-11-17T09:00:00Z", **GAP)
    beside = at("2026-11-17T08:30:00Z", _1751_7=2.5)
    far = at("2026-11-01T09:00:00Z", _1751_7=2.5)
    assert (drawn("anion_gap", *gap, *beside) or {}).get("albumin") == 2.5
    assert "albumin" not in (drawn("anion_gap", *gap, *far) or {})


MELD = {"_2160_0": 1.1, "_1975_2": 2.0, "_6301_6": 1.4, "_2951_2": 135.0}


@each(
    ("albumin_at", "drawn", "warned"),
    [
        ("2026-11-20T09:00:00Z", True, False),
        ("2026-11-18T09:00:00Z", True, False),
        ("2026-11-18T08:00:00Z", True, True),
        ("2026-11-13T09:00:00Z", True, True),
        ("2026-11-13T08:00:00Z", False, False),
    ],
)
def test_meld_takes_a_week_and_warns_beyond_two_days(
    albumin_at: str, drawn: bool, warned: bool
) -> None:
    resources = at("2026-11-20T09:00:00Z", **MELD) + at(albumin_at, _1751_7=3.0)
    draw = draw_of("meld", *resources)
    assert (draw is not None, bool(draw and draw.warning)) == (drawn, warned)


@each(
    ("platelets_at", "drawn", "warned"),
    [
        ("2026-11-14", True, False),
        ("2026-11-12", True, True),
        ("2026-10-21", True, True),
        ("2026-10-20", False, False),
    ],
)
def test_fib_4_takes_a_month_and_warns_beyond_a_week(
    platelets_at: str, drawn: bool, warned: bool
) -> None:
    resources = at("2026-11-20", _1920_8=30, _1742_6=30) + at(platelets_at, _777_3=200)
    draw = draw_of("fib4", *resources)
    assert (draw is not None, bool(draw and draw.warning)) == (drawn, warned)


NEWS = {"_9279_1": 16.0, "_59408_5": 96.0, "_8480_6": 120.0, "_8867_4": 80.0}


@each(
    ("rest_at", "temperature_at", "drawn"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:50:00Z", True),
        ("2026-11-24T10:00:00Z", "2026-11-24T11:30:00Z", False),
        ("2026-11-23T11:00:00Z", "2026-11-23T11:00:00Z", False),
        ("2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z", True),
    ],
)
def test_news2_takes_one_set_of_the_last_day(
    rest_at: str, temperature_at: str, drawn: bool
) -> None:
    resources = at(rest_at, **NEWS) + at(temperature_at, _8310_5=37.0)
    assert (draw_of("news2", *resources) is not None) is drawn


def test_unusable_values_take_no_part() -> None:
    gap = at("2026-11-17T09:00:00Z", **GAP)
    broken = at("2026-11-20T09:00:00Z", _2951_2=1400, _2075_0=104, _1963_8=24)
    assert (drawn("anion_gap", *gap, *broken) or {})["sodium"] == 140
