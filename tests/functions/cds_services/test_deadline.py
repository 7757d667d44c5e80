"""An EHR that does not answer reads is not waited for: a clinician waits for the cards."""

import threading
from collections.abc import Iterator

from tests.support.cds import Cds, CdsEhr, bundle, chart
from tests.support.scripted_ehr import Received, Scripted, as_fhir

TARGET = "gateway.app:application"
EGFR = {"egfr_ckd_epi_2021": "warning"}


def test_what_came_makes_cards_while_an_ehr_hangs(cds: Cds, ehr: CdsEhr) -> None:
    free = threading.Event()

    def hang(_: Received) -> Scripted:
        free.wait(60)
        return as_fhir(bundle())

    ehr.tenant.on("/Condition", hang)
    try:
        found = ehr.calculators(chart(conditions=...), fhirAuthorization=ehr.access())
        # Answered while the EHR still hangs.
        assert not free.is_set()
    finally:
        free.set()
    assert found == EGFR
    assert cds.last("cds_answered")["missing"] == ["conditions"]


def test_an_answer_that_comes_drop_by_drop_is_left(cds: Cds, ehr: CdsEhr) -> None:
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        while not over.wait(0.05):
            yield b" "

    ehr.tenant.on("/Condition", lambda _: Scripted(200, {}, drops()))
    try:
        found = ehr.calculators(chart(conditions=...), fhirAuthorization=ehr.access())
    finally:
        over.set()
    assert found == EGFR
    assert cds.last("cds_answered")["missing"] == ["conditions"]
