"""What the prefetch lacks is read with the EHR's own token, there and nowhere else (CDS Hooks 2.0,
"FHIR Resource Access").
"""

import json
import threading
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.support.ehr import foreign
from tests.support.ehr.cds import (
    KEYS,
    OUTCOME,
    Cds,
    CdsEhr,
    bundle,
    chart,
    creatinine,
    patient,
    value,
)
from tests.support.ehr.scripted_ehr import HANG_UP, Received, Scripted, as_fhir

EGFR = {"egfr_ckd_epi_2021": "warning"}


def searches(ehr: CdsEhr) -> list[tuple[str, dict[str, str]]]:
    return [(one.path, dict(parse_qsl(one.query))) for one in ehr.tenant.received]


def labs_of(labs: object) -> Any:
    """Answers the search for laboratory values; others find nothing."""

    def answer(request: Received) -> Scripted:
        asked = "2160-0" in request.query
        return as_fhir(labs if asked else bundle())

    return answer


def test_a_missing_key_is_read_with_the_token_of_the_call(cds: Cds, ehr: CdsEhr) -> None:
    ehr.tenant.on("/Observation", labs_of(bundle(creatinine())))
    access = ehr.access()
    assert ehr.calculators(chart(labs=...), fhirAuthorization=access) == EGFR
    (asked,) = ehr.tenant.hits("/Observation")
    assert asked.headers["Authorization"] == f"Bearer {ehr.tenant.access_token}"
    assert dict(parse_qsl(asked.query))["patient"] == "p1"
    # The app's own search: unlike a template it says since when.
    assert dict(parse_qsl(asked.query))["date"].startswith("ge")
    told = cds.last("cds_answered")
    assert told["read"] == ["labs"]
    assert told["missing"] == []


def test_all_keys_are_read_side_by_side(cds: Cds, ehr: CdsEhr) -> None:
    together = threading.Barrier(7, timeout=20)

    def wait(document: object) -> Any:
        def answer(request: Received) -> Scripted:
            # The fallbacks of a search that finds nothing come later.
            if len(ehr.tenant.received) <= 7:
                together.wait()
            return as_fhir(document)

        return answer

    ehr.tenant.on("/Patient/p1", wait(patient()))
    ehr.tenant.on("/Observation", wait(bundle(creatinine(), creatinine(days=120))))
    ehr.tenant.on("/Condition", wait(bundle()))
    ehr.tenant.on("/MedicationRequest", wait(bundle()))
    assert ehr.calculators({}, fhirAuthorization=ehr.access()) == EGFR
    assert set(cds.last("cds_answered")["read"]) == set(KEYS)  # type: ignore[call-overload]


def test_a_whole_prefetch_is_never_read(cds: Cds, ehr: CdsEhr) -> None:
    assert ehr.calculators(chart(), fhirAuthorization=ehr.access()) == EGFR
    assert ehr.tenant.received == []


def test_without_a_token_nothing_is_read(cds: Cds, ehr: CdsEhr) -> None:
    assert ehr.cards(chart(labs=...)) == []
    assert ehr.tenant.received == []


def test_a_search_that_finds_nothing_or_is_refused_is_followed_by_its_fallbacks(
    cds: Cds, ehr: CdsEhr
) -> None:
    def by_category(request: Received) -> Scripted:
        category = dict(parse_qsl(request.query)).get("category")
        if category == "laboratory":
            return as_fhir(bundle(creatinine()))
        return as_fhir(OUTCOME, 400)

    ehr.tenant.on("/Observation", by_category)
    assert ehr.calculators(chart(labs=...), fhirAuthorization=ehr.access()) == EGFR
    assert [asked.get("category") for _, asked in searches(ehr)] == [None, "laboratory"]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503, 302])
def test_a_refused_read_leaves_the_key_open(cds: Cds, ehr: CdsEhr, status: int) -> None:
    ehr.tenant.on("/Observation", as_fhir(OUTCOME, status))
    assert ehr.cards(chart(labs=...), fhirAuthorization=ehr.access()) == []
    assert cds.last("cds_answered")["missing"] == ["labs"]
    assert len(ehr.tenant.hits("/Observation")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(200, {"Content-Type": "text/html"}, b"<html></html>"),
        Scripted(200, {}, b'{"resourceType":"Bundle","resourceType":"Bundle"}'),
        Scripted(200, {}, b"[" * 100_000),
        as_fhir(OUTCOME),
        as_fhir(patient("p1")),
        HANG_UP,
    ],
    ids=["html", "a member twice", "nested", "an outcome", "another type", "hung up"],
)
def test_an_answer_that_cannot_be_used_leaves_the_key_open(
    cds: Cds, ehr: CdsEhr, answer: Scripted
) -> None:
    ehr.tenant.on("/Observation", answer)
    assert ehr.cards(chart(labs=...), fhirAuthorization=ehr.access()) == []
    assert cds.last("cds_answered")["missing"] == ["labs"]


def test_another_patient_in_an_answer_is_set_aside_and_logged(cds: Cds, ehr: CdsEhr) -> None:
    labs = bundle(creatinine(9.0, of="p2", days=1), creatinine())
    ehr.tenant.on("/Observation", labs_of(labs))
    lines = len(cds.log("fhir_denied"))
    cards = ehr.cards(chart(labs=...), fhirAuthorization=ehr.access())
    assert [card["summary"].partition(":")[0] for card in cards] == ["eGFR 16 mL/min/1.73 m2"]
    assert len(cds.log("fhir_denied")) == lines + 1
    assert cds.last("fhir_denied")["set_aside"] == 1


@pytest.mark.parametrize("place", foreign.pages({}, {}, "", ""))
def test_another_patients_data_reaches_neither_cards_nor_log_in_any_place(
    cds: Cds, ehr: CdsEhr, place: str
) -> None:
    here = f"{ehr.tenant.base}/Observation?page=2"
    there = here.replace("127.0.0.1", "localhost")
    others = creatinine(3.0371, of="p2", days=1)
    first, last = foreign.pages(creatinine(), others, here, there)[place]
    ehr.tenant.on("/Observation", lambda r: as_fhir(last if "page=2" in r.query else first))
    cards = ehr.cards(chart(labs=...), fhirAuthorization=ehr.access())
    # A line's own time may well read "…:03.037…".
    logged = [line | {"time": ""} for line in cds.log("fhir_denied") + cds.log("fhir_request")]
    assert "3.037" not in json.dumps([cards, logged])


def test_another_patient_as_the_answer_to_the_patients_read_is_no_patient(
    cds: Cds, ehr: CdsEhr
) -> None:
    ehr.tenant.on("/Patient/p1", as_fhir(patient("p2")))
    answer = ehr.call(chart(patient=...), fhirAuthorization=ehr.access())
    assert (answer.status, answer.code) == (412, "cds_data_missing")


def test_next_pages_are_read_to_the_last(cds: Cds, ehr: CdsEhr) -> None:
    base = ehr.tenant.base
    links = {
        "absolute": f"{base}/Observation?page=2",
        "of HAPI": f"{base}?_getpages=abc&_getpagesoffset=2",
        "relative": "Observation?page=2",
        "below another path": f"{base}/pages/2",
    }
    ehr.tenant.on("/Observation", as_fhir(bundle(creatinine())))
    ehr.tenant.on("", as_fhir(bundle(creatinine())))
    ehr.tenant.on("/pages/2", as_fhir(bundle(creatinine())))
    for name, link in links.items():
        ehr.tenant.received.clear()
        prefetch = chart(labs=bundle(following=link))
        assert ehr.calculators(prefetch, fhirAuthorization=ehr.access()) == EGFR, name
        (asked,) = ehr.tenant.received
        assert asked.headers["Authorization"] == f"Bearer {ehr.tenant.access_token}"
        assert cds.last("cds_answered")["read"] == ["labs"]


def test_a_link_is_followed_on_the_fhir_base_alone(cds: Cds, ehr: CdsEhr) -> None:
    base, main = ehr.tenant.base, cds.main.tenant
    main.received.clear()
    origin = base.partition("/cds/")[0]
    for link in (
        f"{main.base}/Observation?page=2",
        "https://stranger.example.org/Observation",
        f"{origin}/cds",
        f"{base}x/Observation",
        f"{base}/../{main.base.rpartition('/')[2]}/Observation",
        f"{base}/%2e%2e/{main.base.rpartition('/')[2]}/Observation",
        f"{base}/..;/x",
        f"{base}/%252e%252e/x",
        f"{base}\\..\\x",
        f"http://user@{base.partition('://')[2]}/Observation",
        "//stranger.example.org/Observation",
        "/Observation",
        "javascript:x",
        f"{base}/Observation?page=2\r\nX: y",
        "x" * 20_000,
    ):
        prefetch = chart(labs=bundle(creatinine(), following=link))
        assert ehr.cards(prefetch, fhirAuthorization=ehr.access()) == [], link[:60]
        assert cds.last("cds_answered")["missing"] == ["labs"]
    assert ehr.tenant.received == []
    assert main.received == []


def test_pages_without_end_are_left(cds: Cds, ehr: CdsEhr) -> None:
    endless = bundle(creatinine(), following=f"{ehr.tenant.base}/Observation?page=2")
    ehr.tenant.on("/Observation", as_fhir(endless))
    prefetch = chart(labs=endless)
    assert ehr.cards(prefetch, fhirAuthorization=ehr.access()) == []
    # The cap of the app's own searches, the page that came included.
    assert len(ehr.tenant.received) == 4
    assert cds.last("cds_answered")["missing"] == ["labs"]


def test_a_page_that_fails_leaves_nothing_of_its_key(cds: Cds, ehr: CdsEhr) -> None:
    ehr.tenant.on("/Observation", as_fhir(OUTCOME, 500))
    prefetch = chart(labs=bundle(creatinine(), following="Observation?page=2"))
    assert ehr.cards(prefetch, fhirAuthorization=ehr.access()) == []


def test_too_large_an_answer_is_left(cds: Cds, ehr: CdsEhr) -> None:
    large = as_fhir({**bundle(creatinine()), "x": "y" * 9_000_000})
    ehr.tenant.on("/Observation", large)
    assert ehr.cards(chart(labs=...), fhirAuthorization=ehr.access()) == []
    assert cds.last("cds_answered")["missing"] == ["labs"]


def test_drugs_read_with_a_next_page_name_every_drug(cds: Cds, ehr: CdsEhr) -> None:
    far = f"{ehr.tenant.base}/MedicationRequest?page=2"

    def pages(request: Received) -> Scripted:
        return as_fhir(bundle() if "page=2" in request.query else bundle(following=far))

    ehr.tenant.on("/MedicationRequest", pages)
    ehr.cards(chart(drugs=...), fhirAuthorization=ehr.access())
    assert cds.last("cds_answered")["read"] == ["drugs"]
    assert len(ehr.tenant.hits("/MedicationRequest")) == 2


def test_reads_are_logged_without_what_they_held(cds: Cds, ehr: CdsEhr) -> None:
    ehr.tenant.on("/Observation", labs_of(bundle(creatinine(), value("8867-4", 66, "/min"))))
    ehr.cards(chart(labs=...), fhirAuthorization=ehr.access())
    line = cds.last("fhir_request")
    assert (line["type"], line["status"], line["ehr"]) == ("Observation", 200, "other")
    assert "p1" not in str(line)
