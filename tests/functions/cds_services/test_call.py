"""A good call, as an EHR makes it."""

from tests.support.cds import Cds, named


def test_a_chart_with_a_known_result_is_answered_with_its_card(cds: Cds) -> None:
    answer = cds.main.call()
    assert answer.status == 200, answer.text
    assert answer.header("Content-Type") == "application/json"
    (card,) = answer.json()["cards"]
    assert named(card) == "egfr_ckd_epi_2021"
    assert card["summary"] == "eGFR 16 mL/min/1.73 m2: G4: 15 to below 30, severely decreased"
    assert card["indicator"] == "warning"
