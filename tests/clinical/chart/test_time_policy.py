from typing import Any

import pytest

from clinical.calculators.inputs import INPUTS
from clinical.chart import prefill
from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import find, flags_passed_over, observation, sources
from tests.support.tables import each


def sodium(value: float, at: str | None = None, **more: Any) -> dict[str, Any]:
    return observation("2951-2", value, "mmol/L", effectiveDateTime=at, id=f"na{value}", **more)


@each(
    ("earlier", "later"),
    [
        ("2026-11-18T09:00:00Z", "2026-11-20T09:00:00Z"),
        ("2026-11-20T09:00:00+08:00", "2026-11-20T02:00:00Z"),
        ("2026-11-20T01:00:00+08:00", "2026-11-19T23:30:00-06:00"),
        ("2026-11-20T09:00:00.100Z", "2026-11-20T09:00:00.200Z"),
        ("2026-11-20", "2026-11-20T09:00:00Z"),
        ("2026-10", "2026-10-02"),
        ("2026", "2026-02"),
        ("not a date", "2026-02"),
        ("2026-13-45", "2026-02"),
    ],
)
def test_the_newest_by_instant_wins_not_by_text(earlier: str, later: str) -> None:
    assert find("sodium", sodium(130, earlier), sodium(140, later)).value == 140
    assert find("sodium", sodium(140, later), sodium(130, earlier)).value == 140


@each(
    ("times", "charted"),
    [
        ({"effectiveDateTime": "2026-11-20T09:00:00-06:00"}, "2026-11-20T09:00:00-06:00"),
        ({"effectiveInstant": "2026-11-20T09:00:00.123Z"}, "2026-11-20T09:00:00.123Z"),
        (
            {"effectivePeriod": {"start": "2026-11-19", "end": "2026-11-20T10:00:00Z"}},
            "2026-11-20T10:00:00Z",
        ),
        ({"effectivePeriod": {"start": "2026-11-19"}}, "2026-11-19"),
        (
            {"effectiveDateTime": "2026-11-18", "issued": "2026-11-20T09:00:00Z"},
            "2026-11-18",
        ),
    ],
)
def test_the_effective_time_is_kept_in_the_offset_of_the_chart(times: Any, charted: str) -> None:
    finding = find(
        "sodium", observation("2951-2", 140, "mmol/L", **{"effectiveDateTime": None, **times})
    )
    assert finding.chosen is not None
    assert finding.chosen.moment is not None
    assert finding.chosen.moment.text == charted
    assert finding.chosen.notes == ()


def test_the_time_of_issue_stands_in_for_a_missing_effective_time_with_a_note() -> None:
    finding = find("sodium", sodium(140, issued="2026-11-20T09:00:00Z"))
    assert finding.value == 140
    assert finding.chosen is not None
    assert "time of issue" in finding.chosen.notes[0]


def test_a_time_without_an_offset_is_read_in_the_zone_of_the_site_with_a_note() -> None:
    utc, local = sodium(130, "2026-11-20T10:00:00Z"), sodium(140, "2026-11-20T09:00:00")
    at_the_site = find("sodium", utc, local, now="2026-11-24T06:00:00-06:00")
    assert at_the_site.value == 140
    assert at_the_site.chosen is not None
    assert "time zone" in at_the_site.chosen.notes[0]
    assert find("sodium", utc, local, now="2026-11-24T12:00:00Z").value == 130


def test_an_undated_value_comes_after_every_dated_one_and_alone_is_flagged() -> None:
    assert find("sodium", sodium(130), sodium(140, "2026-01-01")).value == 140
    finding = find("sodium", sodium(130))
    assert (finding.value, finding.flags) == (130, ("undated",))


@each(
    ("first", "second"),
    [
        ({"issued": "2026-11-20T10:00:00Z"}, {"issued": "2026-11-20T12:00:00+01:00"}),
        ({}, {"issued": "2026-11-20T10:00:00Z"}),
        (
            {"meta": {"lastUpdated": "2026-11-20T10:00:00Z"}},
            {"meta": {"lastUpdated": "2026-11-20T10:00:01Z"}},
        ),
        (
            {"issued": "2026-11-20T10:00:00Z", "meta": {"lastUpdated": "2026-11-23T10:00:00Z"}},
            {"issued": "2026-11-20T11:00:00Z", "meta": {"lastUpdated": "2026-11-21T10:00:00Z"}},
        ),
    ],
)
def test_of_values_of_one_time_the_last_issued_then_the_last_updated_wins(
    first: Any, second: Any
) -> None:
    at = "2026-11-20T09:00:00Z"
    assert find("sodium", sodium(140, at, **second), sodium(130, at, **first)).value == 140


@each(
    ("code", "one", "other", "agree"),
    [
        ("2160-0", (1.4, "mg/dL"), (1.42, "mg/dL"), True),
        ("2160-0", (1.4, "mg/dL"), (124, "umol/L"), True),
        ("2345-7", (7.8, "mmol/L"), (140.5, "mg/dL"), True),
        ("8310-5", (37, "Cel"), (98.6, "[degF]"), True),
        ("2160-0", (1, "mg/dL"), (1.4, "mg/dL"), False),
        ("2951-2", (140, "mmol/L"), (142, "mmol/L"), False),
        ("59408-5", (92, "%"), (93, "%"), False),
        ("8310-5", (37.7, "Cel"), (38.4, "Cel"), False),
        ("17861-6", (10.4, "mg/dL"), (10.6, "mg/dL"), False),
        ("8634-8", (495, "ms"), (504, "ms"), False),
        ("8302-2", (172, "cm"), (175, "cm"), False),
        ("8480-6", (159, "mm[Hg]"), (162, "mm[Hg]"), False),
        ("6301-6", (1.9, "{INR}"), (2.1, "{INR}"), False),
    ],
)
def test_values_of_one_time_agree_only_where_one_is_the_other_rounded(
    code: str, one: tuple[float, str], other: tuple[float, str], agree: bool
) -> None:
    at = {"effectiveDateTime": "2026-11-24T09:00:00Z"}
    name = next(name for name, known in INPUTS.items() if code in known.loinc)
    finding = find(
        name, observation(code, *one, id="a", **at), observation(code, *other, id="b", **at)
    )
    assert finding.outcome is (Outcome.FOUND if agree else Outcome.CONFLICTING)
    assert agree or (finding.value, flags_passed_over(finding)) == (None, ["conflict"])


def test_an_unusable_and_a_usable_value_of_one_time_are_in_conflict() -> None:
    at = "2026-11-20T09:00:00Z"
    finding = find("sodium", sodium(140, at), sodium(1400, at))
    assert finding.outcome is Outcome.CONFLICTING


@each(
    ("name", "code", "unit", "value", "at", "outcome", "flags"),
    [
        ("sodium", "2951-2", "mmol/L", 140, "2026-10-25T12:00:00Z", Outcome.FOUND, ()),
        ("sodium", "2951-2", "mmol/L", 140, "2026-10-24T12:00:00Z", Outcome.FOUND, ("old",)),
        ("sodium", "2951-2", "mmol/L", 140, "2025-11-24T12:00:00Z", Outcome.FOUND, ("old",)),
        ("sodium", "2951-2", "mmol/L", 140, "2025-11-24", Outcome.FOUND, ("old",)),
        ("sodium", "2951-2", "mmol/L", 140, "2025-11-24T11:59:00Z", Outcome.STALE, ("stale",)),
        ("sodium", "2951-2", "mmol/L", 140, "2025-11-23", Outcome.STALE, ("stale",)),
        ("hdl", "2085-9", "mg/dL", 50, "2022-01-01", Outcome.FOUND, ("old",)),
        ("hdl", "2085-9", "mg/dL", 50, "2021-01-01", Outcome.STALE, ("stale",)),
        ("height", "8302-2", "cm", 175, "2010-01-01", Outcome.FOUND, ("old",)),
        ("height", "8302-2", "cm", 175, "2017-01-01", Outcome.FOUND, ()),
        ("respiratory_rate", "9279-1", "/min", 16, "2026-11-24T01:00:00Z", Outcome.FOUND, ()),
        (
            *("respiratory_rate", "9279-1", "/min", 16, "2026-11-22T11:00:00Z"),
            *(Outcome.STALE, ("stale",)),
        ),
    ],
)
def test_a_value_is_fresh_then_old_then_only_the_last_known_one(
    name: str,
    code: str,
    unit: str,
    value: float,
    at: str,
    outcome: Outcome,
    flags: tuple[str, ...],
) -> None:
    finding = find(name, observation(code, value, unit, effectiveDateTime=at))
    assert (finding.outcome, finding.flags) == (outcome, flags)
    assert finding.value == (value if outcome is Outcome.FOUND else None)
    assert finding.chosen is not None
    assert finding.chosen.value == value


def test_a_value_dated_in_the_future_is_passed_over_but_not_within_hours() -> None:
    finding = find("sodium", sodium(130, "2062-11-20"), sodium(140, "2026-11-20"))
    assert finding.value == 140
    assert sources(finding) == {"Observation/na130": "future"}
    assert find("sodium", sodium(140, "2026-11-24T20:00:00Z")).value == 140


def test_three_older_values_are_handed_on_newest_first() -> None:
    entries = [sodium(130 + day, f"2026-11-{day:02}") for day in range(1, 8)]
    finding = find("sodium", *entries)
    assert finding.value == 137
    assert [evidence.value for evidence in finding.further] == [136, 135, 134]


@each("now", ["", "yesterday", "2026-11-31"])
def test_a_time_of_reading_that_is_none_is_refused(now: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)iso|day"):
        prefill([], now)


@each("now", ["2026-11-24", "2026-11-24T12:00:00", "2026-11-24T12:00:00Z"])
def test_a_time_of_reading_may_lack_time_or_offset(now: str) -> None:
    assert prefill([sodium(140, "2026-11-20T09:00:00Z")], now)["sodium_mmol_l"] == 140
