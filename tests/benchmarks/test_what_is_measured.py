"""That the benchmark counts what it says it counts. Nothing here measures time."""

import pytest

from benchmarks.support import wire
from benchmarks.support.ehr import Call, at_once, in_series
from tests.support.ehr.raw_server import always, plain, raw_server
from tests.support.tables import each


@each(
    ("times", "series", "together"),
    [
        ([], 0, 0),
        ([(0, 1), (0.1, 1.1), (0.2, 1.2)], 1, 3),
        ([(0, 1), (1, 2), (2, 3)], 3, 1),
        ([(0, 1), (1.1, 2.1), (1.2, 2.2), (3, 4)], 3, 2),
        ([(0, 10), (1, 2), (3, 4)], 2, 2),
    ],
)
def test_calls_in_series_are_those_that_waited_for_one_another(
    times: list[tuple[float, float]], series: int, together: int
) -> None:
    calls = [Call("/x", began, ended) for began, ended in times]
    assert in_series(calls) == series
    assert at_once(calls) == together


def test_an_answer_other_than_the_expected_one_stops_the_measurement() -> None:
    with raw_server(always(plain(b"x" * 10, status="403 Forbidden"))) as server:
        asked = wire.get("/", {"Host": "localhost"})
        for question in (
            wire.Question(server.port, asked, 200),
            wire.Question(server.port, asked, 403, 11),
        ):
            with pytest.raises(ValueError, match="403"):
                wire.in_turn([question], 1.0, 1)
            with pytest.raises(ValueError, match="403"):
                wire.at_once(question, 2, 0.01)


def test_an_operation_that_no_budget_names_is_over_it() -> None:
    # To load the Firestore client takes longer than all these tests.
    from benchmarks.store_operations import _row
    from tests.support.cloud.firestore_stand_in import StandIn

    store = StandIn()
    try:
        store.counts.update({"read": 1})
        assert _row("launch", "launch", store, {"create": 1}).verdict == "over"
        store.counts.update({"create": 1})
        assert _row("launch", "launch", store, {"create": 1}).verdict == "within"
        assert _row("launch", "launch", store, {"create": 1}).value == 0
    finally:
        store.close()
