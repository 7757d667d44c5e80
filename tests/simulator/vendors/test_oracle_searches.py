from datetime import datetime
from functools import cache
from typing import Any

from simulator.common.addresses import path_of
from simulator.vendors.oracle import ORACLE
from tests.simulator.app_under_test import ALMA, json_of, links
from tests.simulator.token_client import registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

GRETA, HUGO = "synthetic-greta", "synthetic-hugo"
TYPES = ("Patient", "Observation", "Condition", "MedicationRequest", "Encounter", "Practitioner")


class Chart:
    """A patient's chart at Oracle Health."""

    def __init__(self, patient: str) -> None:
        scopes = ("launch", *(f"patient/{one}.rs" for one in TYPES))
        self.app = VendorApp(registration(scopes=scopes), profile=ORACLE)
        self.token = self.app.tokens(" ".join(scopes), patient=patient)["access_token"]
        self.patient = patient

    def get(self, address: str) -> tuple[int, dict[str, Any]]:
        if not address.startswith("http"):
            address = f"{path_of(self.app.at.fhir_base)}/{address}"
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        response = self.app.http.get(address, headers=headers)
        return response.status_code, json_of(response)

    def pages(self, search: str) -> list[list[dict[str, Any]]]:
        pages, address = [], f"{search}&patient={self.patient}"
        while address:
            status, page = self.get(address)
            assert status == 200, page
            pages.append([one["resource"] for one in page.get("entry", [])])
            address = links(page).get("next", "")
        return pages


@cache
def chart_of(patient: str) -> Chart:
    """A chart that no test writes to."""
    return Chart(patient)


@each(
    "search",
    [
        "Observation?patient={}&_sort=-date",
        "Observation?patient={}&status=final",
        "Observation?patient={}&_elements=code",
        "Observation?patient={}&_include=Observation:subject",
        "Observation?patient={}&code=85354-9",
        "Observation?patient={}&date=ge2024&date=ge2025",
        "Observation?patient={}&date=2026-11-20",
        "Observation?patient={}&_lastUpdated=2026-11-20",
        "Observation?patient={}&_lastUpdated=ge2024&_lastUpdated=ge2025",
        "Condition?patient={}&_lastUpdated=ge2024",
        "Condition?patient={}&code=http://hl7.org/fhir/sid/icd-10-cm|I10",
        "Condition?patient={}&_count=20",
        "MedicationRequest?patient={}&_include=MedicationRequest:medication",
        "MedicationRequest?patient={}&code=314077",
    ],
)
def test_a_parameter_that_is_not_its_own_is_refused(search: str) -> None:
    status, outcome = chart_of(ALMA).get(search.format(ALMA))
    assert (status, outcome["issue"][0]["code"]) == (400, "invalid")


@each(
    "search",
    [
        "Observation?code=http://loinc.org|2160-0",
        "Condition?category=problem-list-item",
        "MedicationRequest?status=active",
        "Encounter?date=ge2026",
        "Patient",
        "Practitioner",
    ],
)
def test_a_search_must_say_whose(search: str) -> None:
    status, outcome = chart_of(ALMA).get(search)
    assert (status, outcome["issue"][0]["code"]) == (400, "required")


@each(
    ("search", "count"),
    [
        ("Observation?code=http://loinc.org|2160-0&date=ge2026-01-01&date=lt2026-09-01", 3),
        ("Observation?category=social-history", 1),
        ("Condition?clinical-status=active", 4),
        ("Condition?category=problem-list-item,encounter-diagnosis", 6),
        ("MedicationRequest?status=active,stopped&intent=order", 4),
        ("Encounter?date=ge2026", 1),
    ],
)
def test_its_own_parameters_select(search: str, count: int) -> None:
    assert sum(map(len, chart_of(ALMA).pages(search))) == count


@each(
    ("codes", "count"),
    [
        ("http://loinc.org|8480-6", 0),
        ("http://loinc.org|8462-4,http://loinc.org|8480-6", 0),
        ("http://loinc.org|85354-9", 2),
        ("http://loinc.org|85354-9,http://loinc.org|8480-6", 2),
    ],
)
def test_a_blood_pressure_is_found_by_its_panel_alone(codes: str, count: int) -> None:
    chart = chart_of(GRETA)
    assert sum(map(len, chart.pages(f"Observation?code={codes}"))) == count
    everything = [one for page in chart.pages("Observation?category=vital-signs") for one in page]
    coded = [one["code"]["coding"][0]["code"] for one in everything]
    assert {"8480-6", "8462-4"} <= set(coded)


@each(("count", "shown"), [("", 50), ("&_count=7", 7), ("&_count=1000", 200)])
def test_a_page_holds_50_unless_asked_and_at_most_200(count: str, shown: int) -> None:
    _, first = chart_of(HUGO).get(f"Observation?patient={HUGO}&category=laboratory{count}")
    assert len(first["entry"]) == shown


def test_the_last_of_a_page_comes_again_on_the_next_one() -> None:
    pages = [
        [one["id"] for one in page]
        for page in chart_of(HUGO).pages("Observation?category=laboratory&_count=200")
    ]
    assert [page[0] for page in pages[1:]] == [page[-1] for page in pages[:-1]]
    every = {one for page in pages for one in page}
    assert len(every) == sum(map(len, pages)) - (len(pages) - 1)


def test_pages_go_from_new_to_old() -> None:
    pages = chart_of(HUGO).pages("Observation?category=laboratory&_count=100")
    dates = [one["effectiveDateTime"] for page in pages for one in page]
    assert dates == sorted(dates, reverse=True)


@each("patient", [GRETA, HUGO])
def test_all_social_history_is_on_the_first_page_however_few_are_wanted(patient: str) -> None:
    chart = chart_of(patient)
    (alone,) = chart.pages("Observation?category=social-history&_count=1")
    assert alone
    first, *later = chart.pages("Observation?date=ge2000-01-01&_count=25")
    assert len(first) == 25
    assert first[: len(alone)] == alone
    assert later
    assert not [one for page in later for one in page if one in alone]


def test_a_count_of_zero_gives_the_total_alone() -> None:
    status, page = chart_of(ALMA).get(f"Observation?patient={ALMA}&_count=0")
    assert (status, page["total"], "entry" in page) == (200, 193, False)


def test_a_search_by_last_update_begins_with_what_was_updated_last() -> None:
    chart = chart_of(GRETA)
    since = [one for page in chart.pages("Observation?_lastUpdated=ge2026-11-17") for one in page]
    updated = [datetime.fromisoformat(one["meta"]["lastUpdated"]) for one in since]
    assert len(updated) > 30
    assert updated == sorted(updated, reverse=True)
    observed = [one.get("effectiveDateTime", "") for one in since]
    assert observed != sorted(observed, reverse=True)
    ranged = "Observation?_lastUpdated=ge2026-11-17&_lastUpdated=lt2026-11-18"
    some = [one for page in chart.pages(ranged) for one in page]
    assert 0 < len(some) < len(since)


@each(
    "address",
    [
        f"Patient/{GRETA}",
        f"Patient?_id={GRETA}",
        f"Observation?patient={GRETA}&category=laboratory",
        f"Observation?subject=Patient/{GRETA}&category=laboratory",
        f"Observation?patient={ALMA},{GRETA}&category=laboratory",
        f"MedicationRequest?patient={GRETA}",
        f"Observation/{GRETA}-obs-sodium",
    ],
)
def test_what_is_another_patients_is_the_gateways_403(address: str) -> None:
    status, body = chart_of(ALMA).get(address)
    assert (status, body["code"]) == (403, 403)
    assert "insufficient-scopes" in body["message"]


def test_what_nobody_has_is_not_found() -> None:
    chart = chart_of(ALMA)
    assert chart.get("Patient/nobody")[0] == 404
    assert chart.get("Observation?patient=nobody&category=laboratory")[0] == 200
