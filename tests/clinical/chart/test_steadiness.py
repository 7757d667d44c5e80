"""When creatinine is unsteady (KDIGO 2012, NHS England 2014), and that one value proves nothing."""

from datetime import timedelta

from clinical.chart.resources.times import parse_now
from clinical.chart.steadiness import single_value, unsteady
from tests.support.charts.chart_resources import observation, read
from tests.support.tables import each

NEWEST = parse_now("2026-11-20T09:00:00Z")
WITHIN_7, WITHIN_48, YEAR = "within 7 days", "within 48 hours", "within a year"


# The earlier values as (hours before, mg/dL), the newest, and what is said.
@each(
    ("earlier", "newest", "said"),
    [
        ([(168, 1.0)], 1.5, WITHIN_7),
        ([(168, 1.5)], 1.0, WITHIN_7),
        ([(168, 0.9)], 1.35, WITHIN_7),
        ([(168, 1.0)], 1.49, ""),
        ([(168.1, 1.5)], 1.0, ""),
        ([(48, 1.0)], 1.3, WITHIN_48),
        ([(48, 1.0)], 1.29, ""),
        ([(48.1, 1.0)], 1.3, ""),
        ([(192, 0.8), (2400, 1.0), (4800, 1.4)], 1.5, YEAR),
        ([(192, 0.8), (2400, 1.0), (4800, 1.4)], 1.49, ""),
        ([(192, 0.8), (2400, 1.2)], 1.5, YEAR),
        ([(192, 0.8), (2400, 1.2)], 1.49, ""),
        ([(24, 1.4), (8760, 0.9)], 1.4, YEAR),
        ([(8761, 0.5)], 1.4, ""),
        # A decrease long ago isn't a current change.
        ([(192, 3.0)], 1.0, ""),
    ],
)
def test_creatinine_is_unsteady_from_exactly_one_and_a_half_times(
    earlier: list[tuple[float, float]], newest: float, said: str
) -> None:
    entries = [
        observation(
            "2160-0",
            value,
            "mg/dL",
            id=f"o{number}",
            effectiveDateTime=(NEWEST - timedelta(hours=hours)).isoformat(),
        )
        for number, (hours, value) in enumerate([(0.0, newest), *earlier])
    ]
    series = read(*entries, now="2026-11-20T09:00:00Z").usable["creatinine"]
    assert unsteady(series).endswith(said)
    assert bool(unsteady(series)) is bool(said)
    assert bool(single_value(series)) is (len(series) == 1)
    assert "cannot tell" in single_value(series[:1])
