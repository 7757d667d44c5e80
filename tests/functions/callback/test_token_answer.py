"""What becomes of each answer of status 200 to the exchange: refused, or read member by member."""

import hashlib
from typing import Any

from tests.support.app.app import App
from tests.support.app.callbacks import failed, launch
from tests.support.browser.browser import Browser
from tests.support.ehr.scripted_ehr import Scripted, as_json
from tests.support.tables import each

JSON = {"Content-Type": "application/json"}


def _with(**members: Any) -> Any:
    """A proper answer with some members replaced."""
    return {"access_token": "sentinel-access", "token_type": "Bearer", **members}


# Every form of each member: tests/shared/smart/test_token_response.py.
UNUSABLE: dict[str, Scripted] = {
    "line end in access_token": as_json(_with(access_token="a\r\nX-Evil: 1")),
    "too large": Scripted(
        200, JSON, b" " * 20_000_000 + b'{"access_token":"a","token_type":"Bearer"}'
    ),
    "undecodable gzip": Scripted(200, {**JSON, "Content-Encoding": "gzip"}, b"no gzip at all"),
}


@each("answer", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_answer_opens_no_session(app: App, browser: Browser, answer: Scripted) -> None:
    tenant = app.scripted.tenant()
    tenant.on("/auth/token", answer)
    refused = launch(app, tenant, browser)
    failed(app, refused, browser, "token_invalid")
    assert "sentinel" not in refused.text


@each("with_refresh", [True, False])
def test_tokens_in_an_unusable_answer_are_given_back(
    app: App, browser: Browser, with_refresh: bool
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["revocation_endpoint"] = f"{tenant.base}/auth/revoke"
    tenant.on("/auth/revoke", Scripted(200))
    more = {"refresh_token": "sentinel-refresh"} if with_refresh else {}
    tenant.on("/auth/token", as_json(_with(**more, patient="p1/../p2")))
    line = failed(app, launch(app, tenant, browser), browser, "token_invalid")
    (revocation,) = tenant.hits("/auth/revoke")
    kind = "refresh" if with_refresh else "access"
    assert revocation.form == {
        "token": f"sentinel-{kind}",
        "token_type_hint": f"{kind}_token",
        "client_id": "scripted-client",
    }
    assert line["revoked"] == "true"
    assert "sentinel" not in str(line)


def test_an_answer_without_a_usable_token_leaves_nothing_to_give_back(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["revocation_endpoint"] = f"{tenant.base}/auth/revoke"
    tenant.on("/auth/token", as_json(_with(access_token="a b")))
    line = failed(app, launch(app, tenant, browser), browser, "token_invalid")
    assert tenant.hits("/auth/revoke") == []
    assert "revoked" not in line
    assert len(tenant.hits("/auth/token")) == 1


def test_a_token_of_8_kb_reaches_the_ehr_unchanged(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    tenant.access_token = tenant.token["access_token"] = "a.b-c_d~e+f/" * 700 + "=="
    launched = app.launch(tenant, browser)
    assert launched.browser.fetch(f"{launched.fhir_base}/Patient/p1").status == 200


# What each scope allows: tests/functions/fhir_proxy/test_scopes_decide.py.
SCOPES: dict[str, tuple[str | None, int, int]] = {
    "absent: as requested": (None, 200, 200),
    "less than requested": ("launch patient/Patient.rs", 200, 403),
}


@each(("scope", "patient", "observation"), SCOPES.values(), ids=SCOPES)
def test_the_granted_scope_decides_what_may_be_read(
    app: App, browser: Browser, scope: str | None, patient: int, observation: int
) -> None:
    tenant = app.scripted.tenant()
    tenant.token["scope"] = scope
    launched = app.launch(tenant, browser)
    assert launched.browser.fetch(f"{launched.fhir_base}/Patient/p1").status == patient
    search = launched.browser.fetch(f"{launched.fhir_base}/Observation?code=x")
    if observation == 403:
        assert search.code == "scope_denied"
        assert tenant.hits("/Observation") == []
    else:
        assert len(tenant.hits("/Observation")) == 1


def test_a_completed_launch_is_logged_with_its_ehr_session_and_scopes(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    tenant.token["scope"] = "launch patient/Patient.rs"
    launched = app.launch(tenant, browser)
    correlation = launched.callback.header("X-Correlation-Id")
    (line,) = [line for line in app.log_lines() if line.get("correlation_id") == correlation]
    mark = hashlib.sha256(f"log:{launched.handle}".encode()).hexdigest()[:12]
    assert (line["event"], line["severity"]) == ("callback_completed", "WARNING")
    assert (line["ehr"], line["session"]) == ("scripted", mark)
    assert line["granted"] == ["launch", "patient/Patient.rs"]
    assert line["missing"] == ["patient/*.rs", "user/Practitioner.rs"]
