"""The service for CDS clients, and its paths (CDS Hooks 2.0, "Discovery").

The prefetch templates are the app's searches without dates, because a template can't have relative
dates. They are the same for every EHR, so that hospitals can copy them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from clinical import queries
from clinical.queries import Search
from shared.vendors import GENERIC

SERVICE = "calculators-patient-view"
DISCOVERY_PATH = "/cds-services"
SERVICE_PATH = f"{DISCOVERY_PATH}/{SERVICE}"
FEEDBACK_PATH = f"{SERVICE_PATH}/feedback"
HOOK = "patient-view"
_PATIENT = "{{context.patientId}}"
_PARAMETERS = frozenset({"code", "category", "status", "_count", "_sort"})


@cache
def document() -> Mapping[str, Any]:
    """Return the discovery response."""
    service = {
        "hook": HOOK,
        "title": "Clinical calculators",
        "description": "Runs clinical calculators on the chart and returns a card when a result "
        "matters. The card's link opens the calculator with its values and sources.",
        "id": SERVICE,
        "prefetch": templates(),
        "usageRequirements": "If the prefetch lacks patient, or all of labs, slow and vitals, the "
        "call needs a fhirAuthorization that lets the service read them.",
    }
    return {"services": [service]}


def templates() -> Mapping[str, str]:
    """Return the prefetch templates by key."""
    return {search.name: _template(search) for search in queries.searches(GENERIC.searches)}


def _template(search: Search) -> str:
    if search.resource_type == "Patient":
        return f"Patient/{_PATIENT}"
    parameters = (f"{name}={value}" for name, value in search.parameters if name in _PARAMETERS)
    return f"{search.resource_type}?{'&'.join((f'patient={_PATIENT}', *parameters))}"
