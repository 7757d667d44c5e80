"""No part of a call is kept, neither in the log nor in the store (CDS Hooks 2.0, "Security")."""

import base64
import secrets
from typing import Any

from tests.support.ehr.cds import (
    FEEDBACK,
    OTHER,
    Cds,
    CdsEhr,
    bundle,
    chart,
    creatinine,
    diagnosis,
    order,
    patient,
)
from tests.support.ehr.scripted_ehr import as_fhir

PATIENT = "sentinel-patient-77"
WORDS = {
    "name": "Sentinelname",
    "birth date": "1951-07-23",
    "diagnosis": "sentinel diagnosis",
    "drug": "sentinel drug",
    "comment": "sentinel comment",
    "hook instance": "sentinel-instance",
    "user": "Practitioner/sentinel-user",
    "value": "2.8437",
    "extension": "sentinel-extension",
}


def prefetch(whose: str = PATIENT) -> dict[str, Any]:
    person = patient(PATIENT) | {
        "birthDate": WORDS["birth date"],
        "name": [{"family": WORDS["name"]}],
    }
    condition = diagnosis("I48.0", of=PATIENT)
    condition["code"]["text"] = WORDS["diagnosis"]
    return chart(
        patient=person,
        labs=bundle(creatinine(float(WORDS["value"]), of=whose)),
        conditions=bundle(condition),
        drugs=bundle(order(WORDS["drug"], of=PATIENT)),
    )


def test_a_whole_run_leaves_nothing_in_log_or_store(cds: Cds, ehr: CdsEhr) -> None:
    tokens: list[str] = []
    shown: list[str] = []
    access = ehr.access(access_token=f"sentinel-access-{secrets.token_urlsafe(24)}")

    def call(body: Any, **claims: Any) -> None:
        tokens.append(ehr.token(**claims))
        shown.append(ehr.post(body, token=tokens[-1]).text)

    def body(prefetch: dict[str, Any], **changes: Any) -> dict[str, Any]:
        context = {"userId": WORDS["user"], "patientId": PATIENT}
        more = {"extension": {"x": WORDS["extension"]}, "hookInstance": WORDS["hook instance"]}
        return ehr.body(prefetch, context=context, fhirAuthorization=access, **more, **changes)

    ehr.tenant.on("/Observation", as_fhir(bundle(creatinine(of=PATIENT)), 403))
    call(body(prefetch()))
    call(body(prefetch() | {"labs": bundle(following="Observation?patient=" + PATIENT)}))
    call(body({"patient": prefetch()["patient"]}))
    call(body(prefetch("another-patient")))
    call(body(prefetch(), fhirServer="https://stranger.example.org"))
    call(body(prefetch(), hook="x"))
    call(body(prefetch()), key=OTHER)
    call(body(prefetch()), aud="x")
    call(body({}))
    reason = {"reason": {"code": "x", "display": WORDS["comment"]}}
    reason["userComment"] = WORDS["comment"]  # type: ignore[assignment]
    outcome = {"card": WORDS["comment"], "outcome": "overridden", "overrideReason": reason}
    tokens.append(ehr.token(FEEDBACK))
    ehr.post({"feedback": [outcome]}, path=FEEDBACK, token=tokens[-1])

    log = cds.server.log.read_text(encoding="utf-8")
    store = b"".join(
        file.read_bytes() for file in cds.store.parent.glob(f"{cds.store.name}*")
    ).decode("latin-1")
    private = {**WORDS, "patient id": PATIENT, "access token": access["access_token"]}
    for name, secret in private.items():
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        for form in (secret, encoded):
            assert form not in log, f"the log holds the {name}"
            assert form not in store, f"the store holds the {name}"
            if name != "value":
                assert not any(form in text for text in shown), f"an answer holds the {name}"
    for token in tokens:
        for segment in token.split("."):
            assert segment not in log
            assert segment not in store
