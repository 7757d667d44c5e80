"""The patient and the newest results, at /summary/SESSION/. docs/api.md has all of api."""

from smart_calc import api

RESULTS = {"2160-0": "Creatinine", "718-7": "Hemoglobin", "777-3": "Platelets"}  # by LOINC code
FINAL = ("final", "amended", "corrected")


@api.function
def summary(call: api.Call) -> api.Reply:
    session = call.session()
    patient = session.read("Patient", session.patient)
    results: list[api.Json] = []
    for code, name in RESULTS.items():
        found = session.search("Observation", {"code": f"http://loinc.org|{code}"}, pages=20)
        final = [one for one in found.resources if one.get("status") in FINAL]
        final.sort(key=lambda one: str(one.get("effectiveDateTime")))
        newest = final[-1] if final else {}
        value, unit = (api.at(newest, "valueQuantity", one) for one in ("value", "unit"))
        date = newest.get("effectiveDateTime")
        results.append([name, value and str(value), unit, date, found.complete])
    born = patient.get("birthDate")
    return api.json({"name": api.at(patient, "name", 0), "born": born, "results": results})
