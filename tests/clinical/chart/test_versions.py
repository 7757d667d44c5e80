from itertools import permutations
from typing import Any

from clinical.chart import prefill, read_chart
from clinical.chart.evidence import Outcome
from clinical.chart.resources.times import parse_now
from tests.support.charts.chart_resources import (
    NOW,
    condition,
    find,
    observation,
    order,
    patient,
    read,
)
from tests.support.tables import each


def version(
    value: float, number: str | None = None, updated: str | None = None, **more: Any
) -> Any:
    meta = {"versionId": number, "lastUpdated": updated}
    meta = {key: text for key, text in meta.items() if text}
    return observation("2951-2", value, "mmol/L", meta=meta or None, **more)


@each(
    ("earlier", "later"),
    [
        (("1", None), ("2", None)),
        (("9", None), ("10", None)),
        ((None, "2026-11-20T10:00:00Z"), (None, "2026-11-20T10:00:00.001Z")),
        ((None, "2026-11-20T10:00:00+01:00"), (None, "2026-11-20T09:30:00Z")),
        (("2", "2026-11-20T10:00:00Z"), ("1", "2026-11-20T11:00:00Z")),
        (("1", "2026-11-20T10:00:00Z"), ("2", None)),
    ],
)
def test_of_two_versions_of_one_id_the_latest_is_kept(earlier: Any, later: Any) -> None:
    for pages in permutations([version(130, *earlier), version(140, *later)]):
        finding = find("sodium", *pages)
        assert finding.value == 140
        assert (finding.passed_over, finding.further) == ((), ())


def test_a_later_version_and_a_correction_replace_the_value_whatever_its_time() -> None:
    for copies in (
        [
            version(130, "1", effectiveDateTime="2026-11-23T09:00:00Z"),
            version(140, "2", effectiveDateTime="2026-11-01T09:00:00Z"),
        ],
        [version(130), version(140, status="corrected")],
    ):
        for pages in permutations(copies):
            assert find("sodium", *pages).value == 140


@each("number", ["2", None])
def test_a_later_version_entered_in_error_withdraws_the_id(number: str | None) -> None:
    first = version(130, "1" if number else None)
    withdrawn = version(130, number, status="entered-in-error")
    for pages in permutations([first, withdrawn]):
        finding = find("sodium", *pages)
        assert finding.outcome is Outcome.ABSENT


def test_a_withdrawn_id_leaves_other_ids_alone() -> None:
    other = observation("2951-2", 140, "mmol/L", id="o2", effectiveDateTime="2026-11-01")
    withdrawn = version(130, "2", status="entered-in-error")
    assert find("sodium", version(130, "1"), withdrawn, other).value == 140


def test_a_later_version_moved_to_another_patient_withdraws_the_value() -> None:
    moved = version(130, "2", subject={"reference": "Patient/p2"})
    chart = read(version(130, "1"), moved)
    assert chart.findings["sodium"].outcome is Outcome.ABSENT
    assert chart.foreign == ("Observation/o1",)


def test_copies_that_nothing_puts_in_order_and_that_differ_are_in_conflict() -> None:
    for pages in permutations([version(130), version(140)]):
        assert find("sodium", *pages).outcome is Outcome.CONFLICTING


def test_without_a_patient_in_context_nothing_is_read() -> None:
    nobody = [observation("2951-2", 140, "mmol/L", subject=None), patient(id=None)]
    chart = read_chart(nobody, parse_now(NOW), "", None)
    assert chart.findings["sodium"].outcome is Outcome.ABSENT
    assert chart.findings["age"].outcome is Outcome.ABSENT
    assert prefill(nobody, NOW)["sodium"] is None


def test_resources_of_two_types_may_share_an_id() -> None:
    chart = read(
        version(140, "1", id="x"),
        condition("I10", id="x", meta={"versionId": "2"}),
        order("simvastatin 20 MG Oral Tablet", id="x", meta={"versionId": "3"}),
    )
    values = {name: chart.findings[name].value for name in ("sodium", "hypertension", "statin")}
    assert values == {"sodium": 140, "hypertension": True, "statin": True}


def test_resources_without_an_id_are_all_kept() -> None:
    older = version(130, id=None, effectiveDateTime="2026-11-01")
    finding = find("sodium", older, version(140, id=None))
    assert finding.value == 140
    assert [evidence.value for evidence in finding.further] == [130]


@each(
    ("name", "copies"),
    [
        (
            "atrial_fibrillation",
            [condition("I48.91"), condition("I48.91", verification="entered-in-error")],
        ),
        (
            "atrial_fibrillation",
            [
                condition("I48.91", meta={"versionId": "1"}),
                condition("I48.91", verification="refuted", meta={"versionId": "2"}),
            ],
        ),
        (
            "statin",
            [
                order("simvastatin 20 MG", status=status, meta={"lastUpdated": f"2026-11-{day}"})
                for status, day in (("active", "01T00:00:00Z"), ("stopped", "02T00:00:00Z"))
            ],
        ),
    ],
)
def test_what_a_later_version_takes_back_does_not_count(name: str, copies: list[Any]) -> None:
    for pages in permutations(copies):
        assert find(name, *pages).value is False
