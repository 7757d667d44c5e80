"""Every query of the product's clinical/queries.py, sent to the EHR it is for."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any
from urllib.parse import urlencode

from clinical.chart import Chart, read_chart
from clinical.queries import Search, request_for, searches
from shared.vendors import VENDORS
from simulator.charts.moving import WRITTEN_FOR
from simulator.charts.resources import Charts
from simulator.common.addresses import path_of
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import json_of, links
from tests.simulator.token_client import registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

NOW = datetime(2026, 11, 20, 11, tzinfo=timezone(timedelta(hours=-6)))
TYPES = ("Patient", "Observation", "Condition", "MedicationRequest")
SEARCHES = {name: searches(profile.searches) for name, profile in VENDORS.items()}
EHRS: dict[str, VendorProfile] = {"generic": GENERIC, "oracle": ORACLE, "epic": EPIC}
PATIENTS = ("alma", "bruno", "cora", "dario", "elsa", "falk", "greta", "hugo")


class Reader:
    """Reads one patient's chart at one EHR with the product's queries."""

    def __init__(self, vendor: str, name: str) -> None:
        types = (*TYPES, "Medication") if vendor == "epic" else TYPES
        scopes = ["launch", *(f"patient/{one}.rs" for one in types)]
        self.patient = f"synthetic-{name}"
        self.app = VendorApp(registration(scopes=tuple(scopes)), profile=EHRS[vendor])
        answer = self.app.tokens(" ".join(scopes), patient=self.patient)
        assert answer["patient"] == self.patient
        self.token = str(answer["access_token"])

    def pages(self, search: Search) -> Iterator[dict[str, Any]]:
        """The answers to a search, at most as many as the product reads."""
        path, parameters = request_for(search, self.patient, date(2026, 11, 20))
        query = f"?{urlencode(parameters)}" if parameters else ""
        address = f"{path_of(self.app.at.fhir_base)}/{path}{query}"
        for _ in range(search.page_cap):
            headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/fhir+json"}
            response = self.app.http.get(address, headers=headers)
            assert response.status_code == 200, response.text
            page = json_of(response)
            yield page
            if page["resourceType"] != "Bundle" or "next" not in links(page):
                return
            address = links(page)["next"]

    def resources(self, searches: Iterable[Search]) -> list[dict[str, Any]]:
        resources = []
        for search in searches:
            for page in self.pages(search):
                entries = page.get("entry", [])
                is_bundle = page["resourceType"] == "Bundle"
                resources += [one["resource"] for one in entries] if is_bundle else [page]
        return resources


ALL = [
    (vendor, search)
    for vendor in EHRS
    for one in SEARCHES[vendor]
    for search in (one, *one.fallbacks)
]


@each(
    ("vendor", "search"),
    ALL,
    ids=[f"{vendor}-{one.name}-{n}" for n, (vendor, one) in enumerate(ALL)],
)
def test_a_query_is_answered_with_what_it_asks_for(vendor: str, search: Search) -> None:
    resources = Reader(vendor, "alma").resources([search])
    assert {one["resourceType"] for one in resources} in (
        {search.resource_type},
        {"MedicationRequest", "Medication"},
    )


# The app doesn't request orders on hold. An undated LDL matches no date, and Oracle Health finds no
# single blood pressures: its newest is the panel of two days before.
UNREACHED: dict[tuple[str, str], set[str]] = {
    ("generic", "greta"): {"antihypertensive_treatment", "ldl_reported"},
    ("epic", "greta"): {"antihypertensive_treatment", "ldl_reported"},
    ("oracle", "greta"): {
        "antihypertensive_treatment",
        "ldl_reported",
        "systolic_bp",
        "diastolic_bp",
    },
    ("generic", "hugo"): {"antihypertensive_treatment"},
    ("epic", "hugo"): {"antihypertensive_treatment"},
    ("oracle", "hugo"): {"antihypertensive_treatment"},
}


@cache
def _whole(charts: Charts, patient: str) -> Chart:
    """All of a chart, as read without queries."""
    resources = [
        dict(one.body)
        for kind in (*TYPES, "Medication")
        for one in charts.of_type(kind)
        if one.patient in (None, patient)
    ]
    return read_chart(resources, NOW, patient, None)


@each("vendor", EHRS)
@each("name", PATIENTS)
def test_the_queries_find_whatever_of_a_chart_is_used(vendor: str, name: str) -> None:
    reader = Reader(vendor, name)
    by_queries = read_chart(reader.resources(SEARCHES[vendor]), NOW, reader.patient, None)
    by_chart = _whole(EHRS[vendor].fhir.charts(WRITTEN_FOR), reader.patient)
    differing = {
        given
        for given, finding in by_chart.findings.items()
        if by_queries.findings[given].value != finding.value
    }
    assert differing == UNREACHED.get((vendor, name), set())
    assert by_queries.foreign == ()
