"""Every fault of a CDS client spoils a call or what comes of its card, and the trace names it."""

import re
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from markupsafe import escape

from simulator.cds import request, token
from simulator.common.addresses import path_of
from simulator.ehr import VENDOR_PROFILES
from simulator.endpoints.fhir import bearer
from simulator.faults.cds_faults import CDS_FAULTS, CdsFault
from simulator.faults.named import FAULTS
from tests.simulator.app_under_test import ALMA, BRUNO, json_of, query_of
from tests.simulator.cds_service import Call, ChartApp, followed_link, installed
from tests.support.tables import each

# What is another one each time: hookInstance, access token, the names of pages.
_OPAQUE = re.compile(
    r"[A-Za-z0-9+/]{43}=|[A-Za-z0-9%]{43,90}%3D|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_OPTIONS: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_nbf": False}


@pytest.fixture(scope="module")
def apps() -> Mapping[str, ChartApp]:
    return {one.key: ChartApp(one) for one in VENDOR_PROFILES if one.addresses("").cds_keys}


def outcome(
    app: ChartApp, fault: str, patched: pytest.MonkeyPatch, patient: str = BRUNO
) -> tuple[object, ...]:
    """What the service gets and finds out, and what the app gets that a card's link launches."""
    service = installed(patched)
    seen: list[object] = []

    def look(call: Call) -> None:
        keys = app.http.get(path_of(app.at.cds_keys))
        listed = json_of(keys)["keys"] if keys.status_code == 200 else []
        seen.append((keys.status_code, _token(call, listed)))
        access = call.body.get("fhirAuthorization", {}).get("access_token")
        if access is not None and not call.url.endswith("/feedback"):
            seen.append(app.get(access, f"/Patient/{patient}", None).status_code)

    service.during = look
    chart = app.chart(patient=patient, fault=fault)
    launched = app.http.get(followed_link(chart)).headers["Location"]
    tokens = json_of(app.exchange(app.answer(query_of(launched)["launch"])["code"]))
    call = service.asked
    text = _OPAQUE.sub("*", call.text[:100_000])
    return text, len(call.text) // 1_000_000, call.pieces, seen, tokens.get("appContext")


def _token(call: Call, keys: list[dict[str, Any]]) -> object:
    """Return a call's JWT without its id, and whether the named key signed it."""
    if "Authorization" not in call.headers:
        return None
    header = call.header
    named = [one for one in keys if one["kid"] == header.get("kid")]
    is_signed = bool(named) and header["alg"] == named[0]["alg"]
    if is_signed:
        try:
            jwt.decode(call.token, jwt.PyJWK(named[0]).key, [header["alg"]], _OPTIONS)
        except jwt.InvalidSignatureError:
            is_signed = False
    claims = {**call.claims, "jti": "jti" in call.claims}
    return {**header, "kid": "kid" in header}, claims, is_signed, named == keys[:1], len(keys)


@each("fault", CDS_FAULTS.values(), ids=CDS_FAULTS)
def test_a_fault_spoils_a_call_and_the_trace_names_it(
    fault: CdsFault,
    apps: Mapping[str, ChartApp],
    monkeypatch: pytest.MonkeyPatch,
    waited: list[float],
) -> None:
    monkeypatch.setattr(bearer, "HANG_SECONDS", 0.1)  # in the service's thread, which sleeps
    app = apps[fault.ehrs[0]]
    # The shortest chart, except where a search must have two pages.
    patient = ALMA if "-next" in fault.name else BRUNO
    right = outcome(app, "", monkeypatch, patient)
    app.http.delete("/_recorded")
    spoiled = outcome(app, fault.name, monkeypatch, patient)
    assert spoiled != right
    entries = json_of(app.http.get("/_trace"))["requests"]
    assert any(one["faults"] for one in entries)
    page = app.http.get("/trace").text
    named = f"<code>{fault.name}</code> {escape(fault.title)}"
    assert f"Injected fault: {named}</span>" in page
    assert f"Injected fault: {named}. It was triggered." in page


# Without this the test above would pass for any two calls.
@each("key", ["generic", "oracle", "epic"])
def test_what_no_fault_spoils_is_the_same_each_time(
    key: str, apps: Mapping[str, ChartApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome(apps[key], "", monkeypatch) == outcome(apps[key], "", monkeypatch)


def test_every_effect_belongs_to_a_fault() -> None:
    effects = {*token.CLAIMS, *token.HEADERS, *request.BODIES, *request.NO_PREFETCH}
    assert effects | {*request.VALUES} <= CDS_FAULTS.keys()


@each("name", CDS_FAULTS)
def test_a_fault_is_found_by_its_cause(name: str, apps: Mapping[str, ChartApp]) -> None:
    fault = CDS_FAULTS[name]
    http = apps[fault.ehrs[0]].http
    find = fault.cause.split(";")[0][:90]
    page = http.get("/", query_string={"ehr": fault.ehrs[0], "find": find}).text
    assert f"fault={name}" in page
    assert FAULTS[name].place == "cds"
