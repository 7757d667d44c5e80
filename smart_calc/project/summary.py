"""A summary of the patient's chart, at /summary/SESSION/. docs/api.md describes smart_calc.api."""

from smart_calc import api

CREATININE = "http://loinc.org|2160-0"


@api.function
def summary(call: api.Call) -> api.Reply:
    session = call.session()
    patient = session.read("Patient", session.patient)
    result = session.search("Observation", {"code": CREATININE}, pages=20)
    # Some EHRs repeat a result on the next page, so this counts ids.
    ids = {one["id"] for one in result.resources if one.get("status") != "entered-in-error"}
    return api.json(
        {"born": patient.get("birthDate"), "creatinines": len(ids), "complete": result.complete}
    )
