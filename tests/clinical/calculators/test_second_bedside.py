"""NEWS2 computed a second time, by the lowest value of each band."""

import bisect

from clinical.calculators import calculate
from tests.support.tables import each

# Chart 1 of the RCP report by the lowest value of each band and the points of the bands.
NEWS2_BANDS = {
    "respiratory_rate": ([9, 12, 21, 25], [3, 1, 0, 2, 3]),
    "scale 1": ([92, 94, 96], [3, 2, 1, 0]),
    "scale 2 air": ([84, 86, 88], [3, 2, 1, 0]),
    "scale 2 oxygen": ([84, 86, 88, 93, 95, 97], [3, 2, 1, 0, 1, 2, 3]),
    "systolic_bp": ([91, 101, 111, 220], [3, 2, 1, 0, 3]),
    "heart_rate": ([41, 51, 91, 111, 131], [3, 1, 0, 1, 2, 3]),
    "tenths of a degree": ([351, 361, 381, 391], [3, 1, 0, 1, 2]),
}


def news2_points(band: str, value: int) -> int:
    lowest, points = NEWS2_BANDS[band]
    return points[bisect.bisect_right(lowest, value)]


NORMAL = {
    "respiratory_rate": 16,
    "spo2": 98,
    "supplemental_oxygen": False,
    "systolic_bp": 120,
    "heart_rate": 70,
    "temperature": 37,
    "consciousness": "alert",
    "spo2_scale": 1,
}
UNITS = {
    "respiratory_rate": "/min",
    "spo2": "%",
    "systolic_bp": "mm[Hg]",
    "heart_rate": "/min",
    "temperature": "Cel",
}


@each(
    ("moved", "values", "band", "others"),
    [
        ("respiratory_rate", range(3, 81), "respiratory_rate", {}),
        ("systolic_bp", range(40, 301), "systolic_bp", {}),
        ("heart_rate", range(20, 251), "heart_rate", {}),
        ("temperature", range(250, 451), "tenths of a degree", {}),
        ("spo2", range(50, 101), "scale 1", {}),
        ("spo2", range(50, 101), "scale 2 air", {"spo2_scale": 2}),
        (
            "spo2",
            range(50, 101),
            "scale 2 oxygen",
            {"spo2_scale": 2, "supplemental_oxygen": True},
        ),
    ],
)
def test_news2_scores_every_value_of_a_parameter_as_the_chart_does(
    moved: str, values: range, band: str, others: dict[str, object]
) -> None:
    for value in values:
        changed = {moved: value / 10 if moved == "temperature" else value}
        inputs = {
            name: (answer, UNITS.get(name)) for name, answer in (NORMAL | others | changed).items()
        }
        oxygen = 2 if "supplemental_oxygen" in others else 0

        assert calculate("news2", inputs)["score"] == news2_points(band, value) + oxygen
