"""Every catalogued error in three forms: a URL, JSON, and a forum post that shows the request.

The suite runs a sample, and `make soak` all.
"""

import json
import os
from urllib.parse import quote

from shared.explain import CauseId, Diagnosis, Entry, diagnose, parse
from tests.shared.explain.test_catalogue import CLIENT, MESSAGES, TENANT, WORDED
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
_OTHERS = frozenset({"smart-calc"})
_ALL = [entry for entry in WORDED if entry.vendor not in _OTHERS and entry.where != "launch"]
SAMPLE = _ALL if os.environ.get("SOAK") else _ALL[::5]


def _message(entry: Entry) -> tuple[str, str | None]:
    return next((text, vendor) for key, text, vendor in MESSAGES if key == entry.key)


def _said(entry: Entry) -> tuple[str, str]:
    """The code and the words that the EHR sends."""
    text, _ = _message(entry)
    said = parse(text)
    code = next(iter(entry.oauth_errors), None) or said.oauth_error or "invalid_request"
    bare = not entry.patterns or text.startswith("?error=") or '"error"' in text
    return code, said.description or ("" if bare else said.text)


def _uri(entry: Entry) -> str:
    return f"{_HOST}/errors/{quote(entry.urns[0], safe='')}/instances/i-1?{_IDS}"


def as_address(entry: Entry) -> str:
    """The address that the EHR came back to."""
    code, words = _said(entry)
    start = f"https://app.example.org/callback?state=s&error={code}"
    if entry.urns:
        return f"{start}&error_uri={quote(_uri(entry), safe='')}"
    return f"{start}&error_description={quote(words)}" if words else start


def as_json(entry: Entry) -> str:
    """Return a token response or a FHIR server's response."""
    if entry.urns and entry.where == "FHIR answer":
        return json.dumps({"code": 403, "message": f'code="{entry.urns[0]}"'})
    code, words = _said(entry)
    if entry.urns:
        return json.dumps({"error": code, "error_uri": _uri(entry)})
    if entry.where == "FHIR answer" and words:
        outcome = {"severity": "error", "code": "forbidden", "diagnostics": words}
        return json.dumps({"resourceType": "OperationOutcome", "issue": [outcome]})
    return json.dumps({"error": code, "error_description": words} if words else {"error": code})


def as_post(entry: Entry) -> str:
    """A forum post with the request that was sent, and a message as its EHR sends it."""
    text, vendor = _message(entry)
    at_oracle = entry.vendor == "oracle" or vendor == "oracle" or _HOST in text
    host = _HOST if at_oracle else "https://ehr.example.org"
    path = f"/tenants/{TENANT}/protocols/oauth2/profiles/smart-v1/personas/provider/authorize"
    path = path if at_oracle else "/oauth2/authorize"
    sent = _REQUEST if at_oracle else _REQUEST.replace(quote(_BASE, safe=""), _FHIR)
    where = f" at {vendor}" if vendor else ""
    return f"Our launch{where} fails. We send\n{host}{path}{sent}\nand it ends with\n{text}\nWhy?"


FORMS = {"address": as_address, "JSON": as_json, "post": as_post}


def _found(entry: Entry, form: str) -> Diagnosis:
    text, (_, vendor) = FORMS[form](entry), _message(entry)
    # A code that one vendor alone uses so says nothing without that vendor.
    return diagnose(parse(f"{vendor}: {text}" if vendor and form != "post" else text))


@each("form", FORMS)
@each("entry", [one for one in SAMPLE if one.urns], ids=lambda one: one.key)
def test_an_error_that_is_named_is_known_in_every_form(entry: Entry, form: str) -> None:
    diagnosis = _found(entry, form)
    assert diagnosis.meaning == entry.meaning
    ids = {cause.id for cause in entry.causes} | {"ehr_side"}
    assert diagnosis.causes[0].id in ids


@each("entry", SAMPLE, ids=lambda one: one.key)
def test_a_request_that_is_shown_is_not_said_to_lack_what_it_has(entry: Entry) -> None:
    diagnosis = _found(entry, "post")
    assert not {cause.id for cause in diagnosis.causes} & NOT_DONE
    assert diagnosis.causes


@each("form", ["address", "JSON"])
@each("entry", SAMPLE, ids=lambda one: one.key)
def test_nothing_inferred_is_called_certain_in_any_form(entry: Entry, form: str) -> None:
    for cause in _found(entry, form).causes:
        assert cause.certainty != "certain" or not cause.source.startswith("inferred")
