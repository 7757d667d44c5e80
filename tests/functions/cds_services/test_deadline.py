"""An EHR that does not answer reads is not waited for: a clinician waits for the cards."""

import threading
from collections.abc import Iterator

import pytest

from tests.support.ehr.cds import Cds, CdsEhr, bundle, chart, without_results
from tests.support.ehr.scripted_ehr import Received, Scripted, as_fhir

EGFR = {"egfr_ckd_epi_2021": "warning"}


@pytest.fixture
def ehr(in_time: Cds) -> Iterator[CdsEhr]:
    with without_results(in_time.other) as one:
        yield one


def test_what_came_makes_cards_while_an_ehr_hangs(in_time: Cds, ehr: CdsEhr) -> None:
    free = threading.Event()

    def hang(_: Received) -> Scripted:
        free.wait(60)
        return as_fhir(bundle())

    ehr.tenant.on("/MedicationRequest", hang)
    try:
        sent = ehr.calculators(chart(drugs=...), fhirAuthorization=ehr.access())
        # Answered while the EHR still hangs.
        assert not free.is_set()
    finally:
        free.set()
    assert sent == EGFR
    assert in_time.last("cds_answered")["missing"] == ["drugs"]


def test_an_answer_that_comes_drop_by_drop_is_left(in_time: Cds, ehr: CdsEhr) -> None:
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        while not over.wait(0.05):
            yield b" "

    ehr.tenant.on("/MedicationRequest", lambda _: Scripted(200, {}, drops()))
    try:
        sent = ehr.calculators(chart(drugs=...), fhirAuthorization=ehr.access())
    finally:
        over.set()
    assert sent == EGFR
    assert in_time.last("cds_answered")["missing"] == ["drugs"]
