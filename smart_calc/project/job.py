"""Counts high potassium results of all patients. It only reads, so it may run twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smart_calc import api

EHR = "simulated"  # the key of an [[ehr]] entry with system_scopes (docs/backend.md)
HIGH = Decimal("5.5")  # mmol/L


@api.job
def nightly(call: api.JobCall) -> api.Reply:
    month_ago = datetime.now(UTC).date() - timedelta(days=30)
    search = {"code": "http://loinc.org|2823-3", "date": f"ge{month_ago}"}
    found = call.backend(EHR).search("Observation", search, pages=20)
    values = [api.at(one, "valueQuantity", "value") for one in found.resources]
    high = sum(isinstance(value, int | Decimal) and value > HIGH for value in values)
    # If there are more pages, the run fails: search shorter periods.
    return api.json({"read": len(values), "high": high}, 200 if found.complete else 500)
