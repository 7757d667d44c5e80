from datetime import UTC, datetime, timedelta, timezone

from clinical.chart.resources.times import full_date, moment, parse_now, zone_of
from tests.support.tables import each

CHICAGO = timezone(timedelta(hours=-6))


@each(
    ("text", "instant", "timed"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=CHICAGO), False),
        ("2026-11", datetime(2026, 11, 1, tzinfo=CHICAGO), False),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=CHICAGO), False),
        ("2026-11-20T09:00Z", datetime(2026, 11, 20, 9, tzinfo=UTC), True),
        ("2026-11-20T09:00:30Z", datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC), True),
        (
            "2026-11-20T09:00:30.1234567Z",
            datetime(2026, 11, 20, 9, 0, 30, 123456, tzinfo=UTC),
            True,
        ),
        ("2026-11-20T09:00:00+05:30", datetime(2026, 11, 20, 3, 30, tzinfo=UTC), True),
        ("2026-11-20T09:00:00", datetime(2026, 11, 20, 15, tzinfo=UTC), True),
        (" 2026-11-20 ", datetime(2026, 11, 20, tzinfo=CHICAGO), False),
    ],
)
def test_a_fhir_time_is_read_in_its_own_offset(text: str, instant: datetime, timed: bool) -> None:
    read = moment(text, CHICAGO)
    assert read is not None
    assert (read.text, read.instant, read.timed) == (text.strip(), instant, timed)
    assert read.has_offset is text.endswith(("Z", "+05:30"))


def test_an_offset_of_the_future_is_not_the_zone() -> None:
    later = moment("2026-11-25T09:00:00+05:30", UTC)
    assert zone_of([later], parse_now("2026-11-24T12:00:00Z")) is UTC


@each(
    "value",
    [
        *("", "2026-1", "2026-13", "2026-02-30", "20261120", "2026-11-20 09:00", "2026-11-20T09Z"),
        *("2026-11-20T25:00:00Z", "2026-11-20T09:00:00+24:00", "0000", "٢٠٢٦", "tomorrow"),
        *(None, 2026, True, ["2026"], {"value": "2026"}),
    ],
)
def test_what_is_no_fhir_time_is_none(value: object) -> None:
    assert moment(value, UTC) is None


@each("value", ["1960", "1960-11", "1960-02-30", "1960-11-24T00:00:00Z", None])
def test_a_date_without_year_month_and_day_is_none(value: object) -> None:
    assert full_date(value) is None


@each(
    ("text", "days"),
    [
        ("2026-11-24", 0),
        ("2026-11-22", 2),
        ("2026-11-22T12:00:00Z", 2),
        ("2026-11-22T00:00:00Z", 2.5),
    ],
)
def test_age_is_counted_in_calendar_days_unless_a_time_is_charted(text: str, days: float) -> None:
    born = moment(text, UTC)
    assert born is not None
    assert born.days_before(parse_now("2026-11-24T12:00:00Z")) == days
