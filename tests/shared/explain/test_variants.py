"""Every error in a post that shows the request.

The suite runs a sample, and `make soak` all.
"""

import os
from urllib.parse import quote

from shared.explain import CauseId, Entry, diagnose, parse
from tests.support.ehr.ehr_messages import TENANT
from tests.support.ehr.known_messages import CLIENT, MESSAGES, WORDED
from tests.support.tables import each

_HOST = "https://authorization.cerner.com"
_IDS = f"persona=provider&client={CLIENT}&tenant={TENANT}"
_BASE = f"https://fhir-ehr-code.cerner.com/r4/{TENANT}"
_FHIR = "https%3A%2F%2Fehr.example.org%2Ffhir"
# A whole request, with a launch value and every parameter as it should be.
_REQUEST = (
    f"?response_type=code&client_id={CLIENT}"
    "&redirect_uri=https%3A%2F%2Fapp.example.org%2Fcallback&launch=from-the-chart"
    f"&scope=launch%20openid%20fhirUser%20patient%2FPatient.rs&aud={quote(_BASE, safe='')}"
    "&state=s1&code_challenge=abc&code_challenge_method=S256"
)
# What that request certainly did not do.
NOT_DONE: frozenset[CauseId] = frozenset(
    {
        "launch_parameter_missing",
        "launch_scope_missing",
        "launch_patient_scope_on_provider",
        "parameter_not_recognised",
    }
)
# Where no request is made at all, or the app itself speaks, a request says nothing.
_ALL = [entry for entry in WORDED if entry.vendor != "smart-calc" and entry.where != "launch"]
SAMPLE = _ALL if os.environ.get("SOAK") else _ALL[::5]


def as_post(entry: Entry) -> str:
    """A forum post with the request that was sent, and a message as its EHR sends it."""
    text, vendor = next((text, vendor) for key, text, vendor in MESSAGES if key == entry.key)
    at_oracle = entry.vendor == "oracle" or vendor == "oracle" or _HOST in text
    host = _HOST if at_oracle else "https://ehr.example.org"
    path = f"/tenants/{TENANT}/protocols/oauth2/profiles/smart-v1/personas/provider/authorize"
    path = path if at_oracle else "/oauth2/authorize"
    sent = _REQUEST if at_oracle else _REQUEST.replace(quote(_BASE, safe=""), _FHIR)
    where = f" at {vendor}" if vendor else ""
    return f"Our launch{where} fails. We send\n{host}{path}{sent}\nand it ends with\n{text}\nWhy?"


@each("entry", SAMPLE, ids=lambda one: one.key)
def test_a_request_that_is_shown_is_not_said_to_lack_what_it_has(entry: Entry) -> None:
    diagnosis = diagnose(parse(as_post(entry)))
    assert not {cause.id for cause in diagnosis.causes} & NOT_DONE
    assert diagnosis.causes
    assert diagnosis.meaning == entry.meaning or not entry.urns
