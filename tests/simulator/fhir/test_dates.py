from datetime import UTC, datetime, timedelta

import pytest

from simulator.fhir import dates
from tests.support.tables import each


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@each(
    ("text", "start", "length"),
    [
        ("2026", utc(2026, 1, 1, 6), timedelta(days=365)),
        ("2024", utc(2024, 1, 1, 6), timedelta(days=366)),
        ("2026-02", utc(2026, 2, 1, 6), timedelta(days=28)),
        ("2026-12", utc(2026, 12, 1, 6), timedelta(days=31)),
        ("2026-11-20", utc(2026, 11, 20, 6), timedelta(days=1)),
        ("2026-11-20T09:00Z", utc(2026, 11, 20, 9), timedelta(minutes=1)),
        ("2026-11-20T09:00:00-06:00", utc(2026, 11, 20, 15), timedelta(seconds=1)),
        (
            "2026-11-20T09:00:00.5Z",
            utc(2026, 11, 20, 9, 0, 0, 500_000),
            timedelta(microseconds=100_000),
        ),
    ],
)
def test_a_date_covers_all_that_its_precision_leaves_open(
    text: str, start: datetime, length: timedelta
) -> None:
    interval = dates.parse(text)
    assert (interval.start, interval.end - interval.start) == (start, length)


@each("text", ["", "26", "2026-1", "2026-00", "20261120", "2026-11-20T09", "2026-11-20T25:00Z"])
def test_what_is_no_fhir_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|month|hour"):
        dates.parse(text)


@each(
    ("value", "wanted", "holding"),
    [
        ("2026-11-20", "2026-11-20", {"eq", "ge", "le"}),
        ("2026-11-20T09:00:00-06:00", "2026-11-20", {"eq", "ge", "le"}),
        ("2026-11-21", "2026-11-20", {"gt", "ge"}),
        ("2026-11-19", "2026-11-20", {"lt", "le"}),
        ("2026-11", "2026-11-20", {"gt", "ge", "lt", "le"}),
    ],
)
def test_prefixes_compare_whole_intervals(value: str, wanted: str, holding: set[str]) -> None:
    matching = {
        prefix
        for prefix in ("eq", "gt", "ge", "lt", "le")
        if dates.compares(prefix, dates.parse(value), dates.parse(wanted))
    }
    assert matching == holding


def test_an_open_period_never_ends() -> None:
    period = dates.parse_period({"start": "2026-11-20"})
    assert dates.compares("gt", period, dates.parse("9998"))
