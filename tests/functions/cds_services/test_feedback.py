"""What became of cards is logged, and nothing else of it (CDS Hooks 2.0, "Feedback")."""

import uuid
from typing import Any

from tests.support.ehr.cds import FEEDBACK, SERVICE, Cds, chart
from tests.support.tables import each

CARD = str(uuid.uuid4())


def send(cds: Cds, *outcomes: Any, **more: Any) -> Any:
    return cds.main.post({"feedback": list(outcomes), **more}, path=FEEDBACK)


def told(cds: Cds, count: int = 1) -> list[dict[str, object]]:
    kept = ("card", "outcome", "reason", "client")
    lines = cds.log("cds_feedback")[-count:]
    return [{name: line[name] for name in kept if name in line} for line in lines]


@each(
    ("outcome", "line"),
    [
        ({"outcome": "accepted"}, {"outcome": "accepted"}),
        ({"outcome": "overridden"}, {"outcome": "overridden"}),
        (
            {"outcome": "overridden", "overrideReason": {"reason": {"code": "later"}}},
            {"outcome": "overridden", "reason": "later"},
        ),
        (
            {"outcome": "overridden", "overrideReasons": {"reason": {"code": "datawrong"}}},
            {"outcome": "overridden", "reason": "datawrong"},
        ),
        (
            {"outcome": "overridden", "overrideReason": {"reason": {"code": "sentinel-code"}}},
            {"outcome": "overridden", "reason": "other"},
        ),
        (
            {"outcome": "overridden", "overrideReason": {"reason": {"code": 7}}},
            {"outcome": "overridden", "reason": "other"},
        ),
        (
            {"outcome": "overridden", "overrideReason": "odd", "extension": {"x": 1}},
            {"outcome": "overridden"},
        ),
        (
            {"outcome": "accepted", "acceptedSuggestions": [{"id": "s"}], "outcomeTimestamp": "x"},
            {"outcome": "accepted"},
        ),
    ],
    ids=repr,
)
def test_an_outcome_is_a_line_of_the_log(
    cds: Cds, outcome: dict[str, Any], line: dict[str, str]
) -> None:
    answer = send(cds, {"card": CARD, **outcome})
    assert (answer.status, answer.json()) == (200, {})
    assert answer.header("Content-Type") == "application/json"
    assert told(cds) == [{"card": CARD, "client": "main", **line}]


def test_comments_and_displays_are_dropped(cds: Cds) -> None:
    reason = {"code": "known", "system": "x", "display": "SENTINEL display"}
    override = {"reason": reason, "userComment": "SENTINEL comment"}
    outcome = {"card": CARD, "outcome": "overridden", "overrideReason": override}
    assert send(cds, {**outcome, "more": "SENTINEL"}, extension="SENTINEL").status == 200
    assert told(cds)[0]["reason"] == "known"
    assert "SENTINEL" not in cds.server.log.read_text()


def test_a_batch_is_a_line_each_and_repeats_are_taken(cds: Cds) -> None:
    batch = [{"card": str(uuid.uuid4()), "outcome": "accepted"} for _ in range(100)]
    for _ in range(2):
        assert send(cds, *batch).status == 200
        assert [line["card"] for line in told(cds, 100)] == [one["card"] for one in batch]


def test_a_card_that_a_clinician_decided_against_returns_each_time(cds: Cds) -> None:
    first = cds.main.calculators(chart())
    assert first
    assert send(cds, {"card": CARD, "outcome": "overridden"}).status == 200
    assert cds.main.calculators(chart()) == first


def test_a_card_that_is_no_uuid_is_not_logged(cds: Cds) -> None:
    assert send(cds, {"card": "SENTINEL-card", "outcome": "accepted"}).status == 200
    assert "card" not in told(cds)[0]
    assert "SENTINEL-card" not in cds.server.log.read_text()


@each(
    "body",
    [
        {},
        {"feedback": []},
        {"feedback": {}},
        {"feedback": None},
        {"feedback": [7]},
        {"feedback": [{"outcome": "accepted"}]},
        {"feedback": [{"card": 7, "outcome": "accepted"}]},
        {"feedback": [{"card": CARD}]},
        {"feedback": [{"card": CARD, "outcome": "ignored"}]},
        {"feedback": [{"card": CARD, "outcome": ["accepted"]}]},
        {"feedback": [{"card": CARD, "outcome": "accepted"}] * 101},
        {"feedback": [{"card": CARD, "outcome": "accepted"}, {"card": CARD}]},
    ],
    ids=lambda body: repr(body).replace(CARD, "CARD")[:60],
)
def test_another_shape_is_refused_whole(cds: Cds, body: dict[str, Any]) -> None:
    lines = len(cds.log("cds_feedback"))
    answer = cds.main.post(body, path=FEEDBACK)
    assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert "The field feedback" in answer.text
    assert len(cds.log("cds_feedback")) == lines


def test_more_than_100_kb_are_refused(cds: Cds) -> None:
    answer = send(cds, {"card": CARD, "outcome": "accepted", "x": "y" * 100_000})
    assert (answer.status, answer.code) == (413, "too_large")


def test_the_same_token_rules_hold(cds: Cds) -> None:
    body = {"feedback": [{"card": CARD, "outcome": "accepted"}]}
    # Epic has one audience for a record: that of the service.
    of_service = cds.main.token(SERVICE)
    assert cds.main.post(body, path=FEEDBACK, token=of_service).status == 200
    assert cds.main.post(body, path=FEEDBACK, token=of_service).status == 401
    assert cds.last("cds_refused")["reason"] == "replayed"
    assert cds.main.post(cds.main.body(), token=cds.main.token(FEEDBACK)).status == 401
    assert cds.main.post(body, path=FEEDBACK, token=cds.main.token(aud=cds.origin)).status == 401
    assert cds.main.post(body, path=FEEDBACK, Content_Type="text/plain").status == 415
