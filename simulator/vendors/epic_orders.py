"""Orders as Epic stores them: each order refers to its drug as a Medication (FHIR R4
MedicationRequest.medication[x]). A coded drug is a separate resource; any other drug is contained
in the order.
"""

import json
from collections.abc import Iterator
from datetime import date
from functools import cache

from simulator.charts.generated import load_resources
from simulator.charts.parts import labelled
from simulator.charts.resources import Charts, Resource


@cache
def with_references(day: date, more: tuple[Resource, ...] = ()) -> Charts:
    """Return the charts of a day with every order's drug moved into a Medication."""
    return Charts(one for some in (*load_resources(day), *more) for one in _moved(some))


def _moved(resource: Resource) -> Iterator[Resource]:
    drug = resource.body.get("medicationCodeableConcept")
    if drug is None:
        yield resource
        return
    order = {**resource.body}
    del order["medicationCodeableConcept"]
    if "coding" in drug:
        fhir_id = f"{resource.id}-drug"
        updated = resource.last_updated
        body = {**labelled("Medication", fhir_id, updated=updated), "code": drug}
        yield Resource("Medication", fhir_id, None, json.dumps(body, ensure_ascii=False), body)
        reference = f"Medication/{fhir_id}"
    else:
        order["contained"] = [{"resourceType": "Medication", "id": "drug", "code": drug}]
        reference = "#drug"
    display = {"display": drug["text"]} if "text" in drug else {}
    order["medicationReference"] = {"reference": reference, **display}
    text = json.dumps(order, ensure_ascii=False)
    yield Resource(resource.type, resource.id, resource.patient, text, order)
