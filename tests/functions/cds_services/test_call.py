"""A good call, as an EHR makes it."""

from tests.support.ehr.cds import KEYS, OUTCOME, Cds, chart, named, patient


def test_a_chart_with_a_known_result_is_answered_with_its_card(cds: Cds) -> None:
    answer = cds.main.call()
    assert answer.status == 200, answer.text
    assert answer.header("Content-Type") == "application/json"
    (card,) = answer.json()["cards"]
    assert named(card) == "egfr_ckd_epi_2021"
    assert card["summary"] == "eGFR 16 mL/min/1.73 m2: KDIGO 2024: G4, 15 to below 30"
    assert card["indicator"] == "warning"


def test_the_line_of_an_answer_tells_what_the_cards_stand_on(cds: Cds) -> None:
    answer = cds.main.call(chart(social=OUTCOME))
    told = cds.last("cds_answered")
    assert (told["client"], told["ehr"]) == ("main", "main")
    assert told["calculators"] == ["egfr_ckd_epi_2021 warning"]
    assert told["cards"] == [card["uuid"] for card in answer.json()["cards"]]
    assert told["prefetched"] == [key for key in KEYS if key != "social"]
    assert (told["read"], told["missing"]) == ([], ["social"])
    assert isinstance(told["duration_ms"], float)
    # It has the same fields if the cards are for no user.
    cds.main.call(context={"userId": "Patient/p1", "patientId": "p1"})
    unread = cds.last("cds_answered")
    assert unread.keys() == told.keys()
    assert (unread["calculators"], unread["cards"]) == ([], [])


def test_the_line_of_every_refusal_names_its_client(cds: Cds) -> None:
    """Where the token says who called, and whatever was wrong then."""
    answers = [
        cds.main.post(cds.main.body(), token=cds.main.token(aud="x")),
        cds.main.post(b"no"),
        cds.main.post(b"{}", Content_Type="text/plain"),
        cds.main.call(fhirServer="https://stranger.example.org"),
        cds.main.call(chart(patient=patient("p2"))),
        cds.main.call({}),
    ]
    told = cds.log("cds_refused")[-len(answers) :]
    assert [(line["code"], line["client"]) for line in told] == [
        (answer.code, "main") for answer in answers
    ]
