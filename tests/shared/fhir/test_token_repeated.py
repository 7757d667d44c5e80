"""An EHR that repeats the access token in what it answers: it reaches neither browser nor log."""

from dataclasses import replace

from shared.fhir import fhir_client
from shared.fhir.access import of_session
from shared.fhir.fhir_client import FhirAnswer
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, as_fhir
from tests.support.tables import each

TOKEN = "sentinel-access-token"


def _answered(scripted: ScriptedEhr, answer: Scripted) -> FhirAnswer:
    tenant = scripted.tenant()
    tenant.on("/Observation/o1", answer)
    # The launch's own Patient can be read: a refusal is of this one resource.
    tenant.on("/Patient/p1", as_fhir({"resourceType": "Patient", "id": "p1"}))
    session = open_session(fhir_base=tenant.base, iss=tenant.base, access_token=TOKEN)
    access = of_session(in_use(session, replace(EHR, iss=(tenant.base,))))
    return fhir_client.call(access, "GET", f"{tenant.base}/Observation/o1")


@each("status", [401, 403, 404, 429, 503])
def test_the_words_of_a_refusal_come_without_the_token(scripted: ScriptedEhr, status: int) -> None:
    issue = {"severity": "error", "code": "login", "diagnostics": f"Bearer {TOKEN} has expired"}
    document = {"resourceType": "OperationOutcome", "issue": [issue]}
    answer = _answered(scripted, as_fhir(document, status))
    assert answer.status == status
    assert answer.resource["issue"][0]["diagnostics"] == "Bearer … has expired"
    assert TOKEN not in f"{answer!r} {answer.body.decode()}"


def test_a_header_that_repeats_the_token_is_left_out(scripted: ScriptedEhr) -> None:
    headers = {"ETag": f'W/"{TOKEN}"', "X-Request-Id": TOKEN, "Cerner-Correlation-Id": "id-1"}
    scripted_ = as_fhir({"resourceType": "Observation", "id": "o1"})
    answer = _answered(scripted, Scripted(200, {**scripted_.headers, **headers}, scripted_.body))
    assert answer.status == 200
    assert answer.ehr_ids == {"cerner-correlation-id": "id-1"}
    assert "etag" not in answer.headers
