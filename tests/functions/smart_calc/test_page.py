"""The app's page over HTTP: whose chart, what was granted, and what could not be read."""

import json
import re
import time
from typing import Any

import pytest

from tests.conftest import App, Launched
from tests.support.browser import NAVIGATION, OWN_FETCH, Answer, Browser
from tests.support.scripted_ehr import FHIR_JSON, Handler, Received, Scripted, Tenant, as_fhir

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "family": "Testpatient", "given": ["Synthetic"]}],
    "birthDate": "1960-11-24",
    "gender": "male",
    "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "SYN-0007"}],
}
VITALS, LABS = "vital-signs", "laboratory"
NOT_READ = "It could not be read"


def observation(name: str, category: str, value: float, subject: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name.replace(" ", "-"),
        "status": "final",
        "category": [{"coding": [{"code": category}]}],
        "code": {"text": name},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2026-11-20T09:00:00Z",
        "valueQuantity": {"value": value, "unit": "u"},
    }


HEART_RATE = observation("Heart rate", VITALS, 74)
SODIUM = observation("Sodium", LABS, 139)


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}


def by_category(**answers: Scripted | Handler) -> Handler:
    """Answer a search by its category, properly where nothing else is given."""

    def respond(request: Received) -> Scripted:
        vitals = f"category={VITALS}" in request.query
        given = answers.get("vitals" if vitals else "labs")
        if given is None:
            return as_fhir(bundle(HEART_RATE if vitals else SODIUM))
        return given if isinstance(given, Scripted) else given(request)

    return respond


def tenant_of(app: App, group: str = "a", **token: Any) -> Tenant:
    tenant = app.scripted.tenant(group)
    tenant.token |= token
    tenant.resources["Patient/p1"] = PATIENT
    tenant.on("/Observation", by_category())
    return tenant


def open_page(app: App, launched: Launched) -> Answer:
    address = f"{app.origin}/smart_calc/{launched.handle}/"
    return launched.browser.send("GET", address, NAVIGATION)


def page_of(app: App, tenant: Tenant) -> str:
    answer = open_page(app, app.launch(tenant))
    assert answer.status == 200
    return answer.text


def section(page: str, name: str) -> str:
    """One part of the page, by the id of its heading."""
    (found,) = re.findall(
        rf'<section[^>]*aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL
    )
    return str(found)


def test_the_page_shows_patient_results_and_scopes(app: App) -> None:
    page = page_of(app, tenant_of(app))
    assert "<h1>Synthetic Testpatient</h1>" in page
    assert "1960-11-24" in page
    assert "SYN-0007" in page
    assert "Heart rate" in section(page, VITALS)
    assert "Sodium" in section(page, LABS)
    assert "patient/*.rs" in section(page, "granted")
    assert NOT_READ not in page


def test_the_page_asks_for_its_patient_and_nothing_else(app: App) -> None:
    tenant = tenant_of(app)
    launched = app.launch(tenant)
    tenant.received.clear()
    open_page(app, launched)
    assert sorted(
        f"{request.method} {request.path}?{request.query}" for request in tenant.received
    ) == [
        "GET /Observation?patient=p1&category=laboratory&_sort=-date&_count=100",
        "GET /Observation?patient=p1&category=vital-signs&_sort=-date&_count=100",
        "GET /Patient/p1?",
    ]


def test_the_calls_are_made_side_by_side(app: App) -> None:
    def slow(request: Received) -> Scripted:
        time.sleep(0.5)
        return as_fhir(PATIENT if request.path == "/Patient/p1" else bundle(SODIUM))

    tenant = tenant_of(app)
    tenant.on("/Observation", slow)
    tenant.on("/Patient/p1", slow)
    launched = app.launch(tenant)
    began = time.monotonic()
    assert open_page(app, launched).status == 200
    assert time.monotonic() - began < 1.2


def test_no_token_and_no_cookie_is_in_the_page(app: App) -> None:
    tenant = tenant_of(app)
    launched = app.launch(tenant)
    page = open_page(app, launched).text
    secrets = [tenant.access_token, *launched.browser.cookies().values()]
    assert not any(secret in page for secret in secrets)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_the_page_is_read_only(app: App, method: str) -> None:
    launched = app.launch(tenant_of(app))
    address = f"{app.origin}/smart_calc/{launched.handle}/"
    answer = launched.browser.send(method, address, OWN_FETCH)
    assert answer.status == 405
    assert answer.header("Allow") == "GET"


def test_without_its_cookie_a_session_has_no_page(app: App) -> None:
    tenant = tenant_of(app)
    launched = app.launch(tenant)
    tenant.received.clear()
    address = f"{app.origin}/smart_calc/{launched.handle}/"
    answer = Browser().send("GET", address, NAVIGATION)
    assert answer.status == 401
    assert "session_missing" in answer.text
    assert "Testpatient" not in answer.text
    assert tenant.received == []


def test_the_cookie_of_another_session_opens_no_page(app: App) -> None:
    one, two = app.launch(tenant_of(app)), app.launch(tenant_of(app))
    value = two.browser.cookies()[f"__Host-smart-{two.handle}"]
    headers = {**NAVIGATION, "Cookie": f"__Host-smart-{one.handle}={value}"}
    answer = Browser().send("GET", f"{app.origin}/smart_calc/{one.handle}/", headers)
    assert answer.status == 401
    assert "session_missing" in answer.text


@pytest.mark.parametrize("path", ["", "/", "/nothing/", "/{handle}/other", "/{handle}x/"])
def test_other_addresses_are_not_found(app: App, path: str) -> None:
    launched = app.launch(tenant_of(app))
    address = f"{app.origin}/smart_calc{path.format(handle=launched.handle)}"
    answer = launched.browser.get(address)
    assert (answer.status, answer.code) == (404, "not_found")


def test_without_a_patient_the_page_says_so(app: App) -> None:
    tenant = tenant_of(app)
    del tenant.token["patient"]
    answer = open_page(app, app.launch(tenant))
    assert answer.status == 403
    assert "patient_missing" in answer.text
    assert "None" not in answer.text


@pytest.mark.parametrize("needed", [True, None, "false", 0, ""])
def test_the_banner_is_shown_unless_the_ehr_shows_one(app: App, needed: object) -> None:
    page = page_of(app, tenant_of(app, need_patient_banner=needed))
    assert "<h1>Synthetic Testpatient</h1>" in page
    assert "SYN-0007" in page


def test_beside_the_ehrs_own_banner_one_line_is_enough(app: App) -> None:
    page = page_of(app, tenant_of(app, need_patient_banner=False))
    assert "<h1>Results for Synthetic Testpatient, 1960</h1>" in page
    assert "SYN-0007" not in page


def test_a_dead_patient_is_marked(app: App) -> None:
    tenant = tenant_of(app)
    tenant.resources["Patient/p1"] = {**PATIENT, "deceasedBoolean": True}
    assert "Deceased" in page_of(app, tenant)


def test_scopes_that_were_not_granted_are_named_and_their_calls_not_made(app: App) -> None:
    tenant = tenant_of(app, "n", scope="launch patient/Patient.r")
    launched = app.launch(tenant)
    tenant.received.clear()
    page = open_page(app, launched).text
    for scope in ("patient/Observation.rs", "patient/Condition.s"):
        assert scope in section(page, "missing")
    assert "patient/Patient.r" in section(page, "granted")
    for category in (VITALS, LABS):
        assert "not granted access to Observation" in section(page, category)
    assert [request.path for request in tenant.received] == ["/Patient/p1"]


def test_a_patient_that_may_not_be_read_leaves_the_results(app: App) -> None:
    page = page_of(app, tenant_of(app, "n", scope="launch patient/Observation.rs"))
    assert "not granted access to Patient" in page
    assert "Sodium" in section(page, LABS)


def test_a_finer_grained_scope_shows_what_it_covers(app: App) -> None:
    category = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    scope = f"launch patient/Patient.r patient/Observation.rs?category={category}"
    tenant = tenant_of(app, "n", scope=scope)
    page = page_of(app, tenant)
    assert "Sodium" in section(page, LABS)
    assert "not granted access to Observation" in section(page, VITALS)
    assert not any(VITALS in request.query for request in tenant.received)


def test_nothing_is_said_to_be_missing_where_all_was_granted(app: App) -> None:
    assert 'id="missing"' not in page_of(app, tenant_of(app))


HTML = Scripted(200, {"Content-Type": "text/html"}, b"<h1>Gateway</h1><script>alert(1)</script>")
FAILURES = [
    pytest.param(
        as_fhir({"resourceType": "OperationOutcome", "issue": []}, 403), "HTTP 403", id="403"
    ),
    pytest.param(Scripted(401), "HTTP 401", id="401"),
    pytest.param(Scripted(404, {"Content-Type": "text/html"}, b"gone"), "HTTP 404", id="404"),
    pytest.param(Scripted(429), "HTTP 429", id="429"),
    pytest.param(Scripted(500, {}, b"Traceback secret"), NOT_READ, id="500"),
    pytest.param(HTML, NOT_READ, id="html"),
    pytest.param(Scripted(302, {"Location": "https://evil.example/"}), NOT_READ, id="redirect"),
    pytest.param(Scripted(200, {"Content-Type": "application/json"}, b"{"), NOT_READ, id="no json"),
    pytest.param(Scripted(200, {"Content-Length": "99"}, iter([b"{"])), NOT_READ, id="cut short"),
]


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_one_search_that_fails_leaves_the_other_parts(
    app: App, failure: Scripted, reason: str
) -> None:
    tenant = tenant_of(app)
    tenant.on("/Observation", by_category(vitals=failure))
    page = page_of(app, tenant)
    assert reason in section(page, VITALS)
    assert "Sodium" in section(page, LABS)
    assert "Synthetic Testpatient" in page
    assert not re.search(r"alert|Gateway|Traceback|evil", page)


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_a_patient_that_cannot_be_read_leaves_the_results(
    app: App, failure: Scripted, reason: str
) -> None:
    tenant = tenant_of(app)
    tenant.on("/Patient/p1", failure)
    page = page_of(app, tenant)
    assert reason in page
    assert "Sodium" in section(page, LABS)
    assert "Heart rate" in section(page, VITALS)


@pytest.mark.parametrize(
    "patient",
    [{**PATIENT, "id": "p2"}, {**PATIENT, "id": None}, bundle(), SODIUM],
    ids=["another", "without id", "a bundle", "another type"],
)
def test_another_answer_than_the_patient_never_becomes_the_banner(
    app: App, patient: dict[str, Any]
) -> None:
    tenant = tenant_of(app)
    tenant.on("/Patient/p1", as_fhir(patient))
    page = page_of(app, tenant)
    assert "Testpatient" not in page
    assert "None" not in page
    assert "Sodium" in section(page, LABS)


def test_results_of_another_patient_are_left_out(app: App) -> None:
    tenant = tenant_of(app)
    foreign = observation("Foreign", LABS, 1, subject="p2")
    tenant.on("/Observation", by_category(labs=as_fhir(bundle(foreign, SODIUM))))
    page = page_of(app, tenant)
    assert "Foreign" not in page
    assert "Sodium" in section(page, LABS)


@pytest.mark.parametrize(
    "entry",
    [None, 1, "x", {}, [None], [[]], [{"resource": None}], [{"resource": {"resourceType": []}}]],
)
def test_a_bundle_of_any_shape_is_an_empty_one(app: App, entry: object) -> None:
    tenant = tenant_of(app)
    odd = {"resourceType": "Bundle", "entry": entry, "link": entry}
    tenant.on("/Observation", by_category(labs=as_fhir(odd)))
    page = page_of(app, tenant)
    assert "No values found in the chart." in section(page, LABS)
    assert "Heart rate" in section(page, VITALS)


def test_a_number_of_a_billion_digits_is_not_written_out(app: App) -> None:
    body = json.dumps(bundle({**SODIUM, "valueQuantity": {"value": 0.5}})).replace(
        "0.5", "1e999999999"
    )
    tenant = tenant_of(app)
    labs = Scripted(200, {"Content-Type": FHIR_JSON}, body.encode())
    tenant.on("/Observation", by_category(labs=labs))
    page = page_of(app, tenant)
    assert "1E+999999999" in section(page, LABS)


def test_the_page_says_where_the_chart_holds_more(app: App) -> None:
    link = [{"relation": "next", "url": "https://ehr.example/next"}]
    tenant = tenant_of(app)
    tenant.on("/Observation", by_category(labs=as_fhir(bundle(SODIUM, link=link))))
    page = page_of(app, tenant)
    assert "the chart holds more" in section(page, LABS)
    assert "the chart holds more" not in section(page, VITALS)


def test_text_of_the_chart_is_shown_as_text(app: App) -> None:
    markup = "<img src=x onerror=alert(1)>"
    tenant = tenant_of(app)
    tenant.resources["Patient/p1"] = {**PATIENT, "name": [{"text": markup}], "gender": markup}
    odd = {**SODIUM, "code": {"text": markup}, "status": markup, "effectiveDateTime": markup}
    odd["valueQuantity"] = {"value": 1, "unit": markup, "comparator": markup}
    tenant.on("/Observation", by_category(labs=as_fhir(bundle(odd))))
    page = page_of(app, tenant)
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 7


def test_the_ehrs_own_ids_are_logged_beside_ours_and_nothing_of_the_chart(app: App) -> None:
    tenant = tenant_of(app)
    ids = {"X-Request-Id": f"ehr-{tenant.access_token[-8:]}"}
    labs = Scripted(200, {"Content-Type": FHIR_JSON, **ids}, json.dumps(bundle(SODIUM)).encode())
    tenant.on("/Observation", by_category(labs=labs))
    tenant.on("/Patient/p1", Scripted(500, ids))
    answer = open_page(app, app.launch(tenant))
    correlation_id = answer.header("X-Correlation-Id")
    lines = [line for line in app.log_lines() if line.get("correlation_id") == correlation_id]
    reads = [line for line in lines if line["event"] == "fhir_request"]
    assert len(reads) == 3
    assert [line.get("x-request-id") for line in reads].count(ids["X-Request-Id"]) == 2
    assert {line.get("code") for line in reads} == {None, "upstream_invalid"}
    assert [line["event"] for line in lines][-1] == "app_opened"
    written = json.dumps(lines)
    assert not any(
        word in written for word in ("p1", "Testpatient", "SYN-0007", tenant.access_token)
    )


def test_half_a_character_in_the_chart_does_not_cost_the_page(app: App) -> None:
    tenant = app.scripted.tenant()
    tenant.resources["Patient/p1"] = PATIENT
    text = json.dumps(bundle(SODIUM)).replace("Sodium", "Sodium \\ud83d")
    labs = Scripted(200, {"Content-Type": FHIR_JSON}, text.encode())
    tenant.on("/Observation", by_category(labs=labs))
    launched = app.launch(tenant)
    page = launched.browser.open(launched.callback.location)
    assert page.status == 200
    assert "Sodium ?" in page.text
