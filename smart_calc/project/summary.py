"""A summary of the patient's chart, at /summary/SESSION/. docs/api.md describes smart_calc.api."""

from smart_calc import api

CREATININE = "http://loinc.org|2160-0"


@api.function
def summary(call: api.Call) -> api.Reply:
    session = call.session()
    patient = session.read("Patient", session.patient)
    result = session.search("Observation", {"code": CREATININE}, pages=2)
    return api.json({"born": patient.get("birthDate"), "creatinines": len(result.resources)})
