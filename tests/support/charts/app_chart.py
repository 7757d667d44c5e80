"""A small chart of the synthetic patient p1 at a scripted EHR, its dates counted from today."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.support.app.app import App, Launched
from tests.support.browser.browser import NAVIGATION, Answer
from tests.support.charts.chart_resources import condition, observation, order, pressure, smoking
from tests.support.ehr.scripted_ehr import Handler, Received, Scripted, Tenant, as_fhir

Json = dict[str, Any]


def days_ago(days: float) -> str:
    """Return a time of day, in UTC."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "family": "Testpatient", "given": ["Synthetic"]}],
    # Aged 66 for as long as these tests run.
    "birthDate": days_ago(66.5 * 365.25)[:10],
    "gender": "male",
    "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "SYN-0007"}],
}
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
SEARCHES = ("labs", "slow", "vitals", "social", "conditions", "drugs")


def measured(
    name: str, loinc: str, value: float, unit: str, category: str = "laboratory", **more: Any
) -> Json:
    """Return a value from four days ago, with its own id."""
    made = observation(
        loinc,
        value,
        unit,
        id=f"o-{loinc}",
        code={"coding": [{"system": "http://loinc.org", "code": loinc}], "text": name},
        category=[{"coding": [{"system": CATEGORIES, "code": category}]}],
        effectiveDateTime=days_ago(4),
    )
    return {**made, **more}


CREATININE = measured("Creatinine", "2160-0", 1.5, "mg/dL")
SODIUM = measured("Sodium", "2951-2", 139, "mmol/L")
HEART_RATE = measured("Heart rate", "8867-4", 74, "/min", "vital-signs")
WEIGHT = measured("Body weight", "29463-7", 86, "kg", "vital-signs")
HEIGHT = measured("Body height", "8302-2", 165, "cm", "vital-signs")
PRESSURE = pressure(
    138,
    84,
    id="o-bp",
    category=[{"coding": [{"code": "vital-signs"}]}],
    effectiveDateTime=days_ago(4),
)
FORMER_SMOKER = smoking("8517006", id="o-smoking", effectiveDateTime=days_ago(40))
HYPERTENSION = condition("I10", id="c-hypertension")
STATIN = order("atorvastatin 40 MG Oral Tablet", id="m-statin")

CHART: dict[str, list[Json]] = {
    "labs": [CREATININE, SODIUM],
    "slow": [HEIGHT],
    "vitals": [HEART_RATE, WEIGHT, PRESSURE],
    "social": [FORMER_SMOKER],
    "conditions": [HYPERTENSION],
    "drugs": [STATIN],
}


def bundle(*resources: Json, **more: Any) -> Json:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}


def asked_for(request: Received) -> str:
    """Return the name of the page's search that a request belongs to."""
    query = unquote(request.query)
    if request.path != "/Observation":
        return {"/Condition": "conditions", "/MedicationRequest": "drugs"}[request.path]
    if "social-history" in query or "72166-2" in query:
        return "social"
    if "85354-9" in query or "category=vital-signs" in query:
        return "vitals"
    return "slow" if "2093-3" in query else "labs"


def by_search(**answers: Scripted | Handler) -> Handler:
    """Respond to a search as given by name, otherwise from the chart above."""

    def respond(request: Received) -> Scripted:
        name = asked_for(request)
        given = answers.get(name)
        if given is None:
            return as_fhir(bundle(*CHART[name]))
        return given if isinstance(given, Scripted) else given(request)

    return respond


def answering(tenant: Tenant, **answers: Scripted | Handler) -> Tenant:
    """Return the tenant, whose searches respond as given, otherwise from the chart above."""
    tenant.resources["Patient/p1"] = PATIENT
    for path in ("/Observation", "/Condition", "/MedicationRequest"):
        tenant.on(path, by_search(**answers))
    return tenant


def tenant_of(app: App, group: str = "a", **token: Any) -> Tenant:
    """Return a tenant with the chart above."""
    tenant = answering(app.scripted.tenant(group))
    tenant.token |= token
    return tenant


def open_page(app: App, launched: Launched) -> Answer:
    address = f"{app.origin}/smart_calc/{launched.handle}/"
    return launched.browser.send("GET", address, NAVIGATION)


def page_of(app: App, tenant: Tenant) -> str:
    answer = open_page(app, app.launch(tenant))
    assert answer.status == 200, answer.text
    return answer.text


def section(page: str, name: str) -> str:
    """Return one part of the page, by the id of its heading, or an empty text."""
    match = re.search(rf'<section[^>]*aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL)
    return match[1] if match else ""


def calculator(page: str, name: str) -> str:
    """Return one calculator of the page, as text without markup."""
    match = re.search(
        rf'<details class="calculator" id="{name}"(.*?)<details class="formula">', page, re.DOTALL
    )
    assert match, name
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", match[1]))


def paged(pages: Callable[[int], Json]) -> Handler:
    """Respond to a search with pages numbered from 1 by a parameter in its links."""

    def respond(request: Received) -> Scripted:
        match = re.search(r"page=(\d+)", request.query)
        return as_fhir(pages(int(match[1]) if match else 1))

    return respond
