"""The app's page over HTTP: whose chart, what was granted, and what could not be read."""

import base64
import hashlib
import html
import json
import re
import secrets
import threading
from typing import Any

import pytest

from clinical.dates import shown
from tests.support.app.app import App
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Browser
from tests.support.charts.app_chart import (
    CHART,
    PATIENT,
    SEARCHES,
    SODIUM,
    answering,
    asked_for,
    bundle,
    calculator,
    days_ago,
    measured,
    open_page,
    page_of,
    paged,
    section,
    tenant_of,
)
from tests.support.charts.chart_resources import condition, order
from tests.support.ehr import foreign
from tests.support.ehr.scripted_ehr import FHIR_JSON, Received, Scripted, as_fhir, as_json
from tests.support.tables import each

VITALS, LABS = "vital-signs", "laboratory"
# The EHR in these tests uses this to recognize a further page of the laboratory search.
LAB_MARK = "category=laboratory"
NOT_READ = "could not be read"
# What a search that fails leaves open, as one calculator shows it.
AFFECTED = {
    "labs": ("egfr_ckd_epi_2021", "Creatinine, serum or plasma"),
    "slow": ("bmi", "Body height"),
    "vitals": ("bmi", "Body weight"),
    "social": ("prevent_2023_base", "Current smoker"),
    "conditions": ("cha2ds2_vasc", "Heart failure"),
    "drugs": ("prevent_2023_base", "Statin"),
}


def test_the_page_shows_patient_results_and_scopes(app: App) -> None:
    page = page_of(app, tenant_of(app))
    assert "<h1><bdi>Synthetic Testpatient</bdi></h1>" in page
    assert shown(PATIENT["birthDate"]) in page
    assert PATIENT["birthDate"] not in page
    assert "SYN-0007" in page
    assert "Heart rate" in section(page, VITALS)
    assert "Sodium" in section(page, LABS)
    assert "patient/*.rs" in section(page, "granted")
    assert NOT_READ not in _shown(page)


def test_the_page_asks_for_its_patient_and_nothing_else_in_seven_calls(app: App) -> None:
    tenant = tenant_of(app)
    launched = app.launch(tenant)
    tenant.received.clear()
    open_page(app, launched)
    assert {request.method for request in tenant.received} == {"GET"}
    (patient,) = tenant.hits("/Patient/p1")
    assert patient.query == ""
    searches = [request for request in tenant.received if request is not patient]
    assert sorted(map(asked_for, searches)) == sorted(SEARCHES)
    assert all(request.query.startswith("patient=p1") for request in searches)


def test_the_seven_calls_are_under_way_at_the_same_time_and_no_other_follows(app: App) -> None:
    """One round trip in series: the EHR answers none of them before it has received all."""
    together = threading.Barrier(7, timeout=60)

    def latched(request: Received) -> Scripted:
        together.wait()
        if request.path == "/Patient/p1":
            return as_fhir(PATIENT)
        return as_fhir(bundle(*CHART[asked_for(request)]))

    tenant = tenant_of(app)
    for path in ("/Observation", "/Condition", "/MedicationRequest", "/Patient/p1"):
        tenant.on(path, latched)
    launched = app.launch(tenant)
    tenant.received.clear()
    page = open_page(app, launched).text
    assert NOT_READ not in _shown(page)
    assert "Sodium" in section(page, LABS)
    assert not together.broken
    assert len(tenant.received) == 7


def test_no_token_and_no_cookie_is_in_the_page(app: App) -> None:
    tenant = tenant_of(app)
    launched = app.launch(tenant)
    page = open_page(app, launched).text
    secrets = [tenant.access_token, *launched.browser.cookies().values()]
    assert not any(secret in page for secret in secrets)


def test_the_page_runs_its_own_script_and_loads_nothing(app: App) -> None:
    answer = open_page(app, app.launch(tenant_of(app)))
    (header,) = answer.all("Content-Security-Policy")
    policy = dict(part.strip().partition(" ")[::2] for part in header.split(";"))
    scripts, styles = (
        re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL) for tag in ("script", "style")
    )
    assert policy == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "connect-src": "'self'",
        "script-src": _source(scripts),
        "style-src": _source(styles),
    }
    assert not re.search(r"<[^>]+\s(on\w+|style|src)=|javascript:", _shown(answer.text))
    assert answer.all("X-Frame-Options") == []
    assert answer.all("Cache-Control") == ["no-store"]
    assert answer.all("Referrer-Policy") == ["no-referrer"]


@each("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
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


@each("path", ["", "/", "/nothing/", "/{handle}/other", "/{handle}x/"])
def test_other_addresses_are_not_found(app: App, path: str) -> None:
    launched = app.launch(tenant_of(app))
    address = f"{app.origin}/smart_calc{path.format(handle=launched.handle)}"
    answer = launched.browser.get(address)
    assert (answer.status, answer.code) == (404, "not_found")


def test_beside_the_ehrs_own_banner_one_line_is_enough(app: App) -> None:
    page = page_of(app, tenant_of(app, need_patient_banner=False))
    year = PATIENT["birthDate"][:4]
    assert f"<h1>Calculations for <bdi>Synthetic Testpatient</bdi>, {year}</h1>" in page
    (on_paper,) = re.findall(r'<div class="print-only">(.*?)</div>', page, re.DOTALL)
    assert "SYN-0007" in on_paper
    # A note names the patient too: it leaves the page.
    notes = re.findall(r'<pre class="copy".*?</pre>|<p [^>]*data-patient=[^>]*>', page, re.DOTALL)
    rest = page.replace(on_paper, "")
    assert any("SYN-0007" in note for note in notes)
    for note in notes:
        rest = rest.replace(note, "")
    assert "SYN-0007" not in rest


@each(
    ("given", "opened"),
    [
        ('{"calculator": "bmi"}', ["bmi"]),
        ({"calculator": "bmi"}, ["bmi"]),
        ('{"calculator": "no_such"}', []),
        ('{"calculator": ["bmi"]}', []),
        ("bmi", []),
        (None, []),
    ],
)
def test_the_calculator_of_a_card_is_open_from_the_start(
    app: App, given: object, opened: list[str]
) -> None:
    page = page_of(app, tenant_of(app, appContext=given))
    assert re.findall(r'<details class="calculator" id="(\w+)"[^>]* open>', page) == opened


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
        assert "could not be read: the EHR did not give this app access" in section(page, category)
    assert "Could not be read: the EHR did not give this app access" in calculator(
        page, "egfr_ckd_epi_2021"
    )
    # Clinicians see a plain sentence. The scopes are in the line for support.
    told, support = re.sub(r"<pre.*?</pre>", "", section(page, "unread"), flags=re.DOTALL), page
    assert "scope" not in told
    assert "patient/" not in told
    needed = "is needed. patient/Observation.rs was requested but not granted"
    assert f"labs: patient/Observation.s or a wider scope {needed}." in support
    assert (
        "drugs: patient/MedicationRequest.s or a wider scope is needed, but the configured"
        in support
    )
    assert [request.path for request in tenant.received] == ["/Patient/p1"]


def test_of_a_patient_that_may_not_be_read_no_value_is_shown(app: App) -> None:
    page = _shown(page_of(app, tenant_of(app, "n", scope="launch patient/Observation.rs")))
    assert "patient: patient/Patient.r or a wider scope is needed" in page
    assert "No values are shown" in page
    assert not re.search(r"Sodium|class=\"calculator\"", page)


def test_a_finer_grained_scope_shows_what_it_covers(app: App) -> None:
    category = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    scope = f"launch patient/Patient.r patient/Observation.rs?category={category}"
    tenant = tenant_of(app, "n", scope=scope)
    page = page_of(app, tenant)
    assert "Sodium" in section(page, LABS)
    assert "did not give this app access" in section(page, VITALS)
    assert "vitals: patient/Observation.s or a wider scope is needed" in section(page, "unread")
    observations = tenant.hits("/Observation")
    assert observations
    assert all("category=laboratory" in request.query for request in observations)


def test_nothing_is_said_to_be_missing_where_all_was_granted_and_read(app: App) -> None:
    page = page_of(app, tenant_of(app))
    assert 'id="missing"' not in page
    assert not section(page, "left-out")


HTML = Scripted(200, {"Content-Type": "text/html"}, b"<h1>Gateway</h1><script>alert(1)</script>")
RESOURCE_ACCESS = "urn:cerner:error:oauth2:resource-access:"
FAILURES = [
    pytest.param(
        as_fhir({"resourceType": "OperationOutcome", "issue": []}, 403), "HTTP 403", id="403"
    ),
    pytest.param(
        as_json({"code": 403, "message": f"{RESOURCE_ACCESS}user-not-authorized"}, 403),
        "(HTTP 403): the EHR denied access",
        id="403 with a name",
    ),
    pytest.param(
        as_json({"code": 401, "message": f"{RESOURCE_ACCESS}tenant-mismatch"}, 401),
        "(HTTP 401): the EHR denied access",
        id="401 with a name",
    ),
    pytest.param(Scripted(401), "HTTP 401", id="401"),
    pytest.param(Scripted(404, {"Content-Type": "text/html"}, b"gone"), "HTTP 404", id="404"),
    pytest.param(
        as_json({"code": 403, "message": f"{RESOURCE_ACCESS}encounter-required"}, 403),
        "(HTTP 403): the EHR denied access",
        id="403 of which the cause is open",
    ),
    pytest.param(Scripted(429), "(HTTP 429): the EHR is busy now; wait a minute", id="429"),
    pytest.param(Scripted(503), "(HTTP 503): the EHR is busy now; wait a minute", id="503"),
    pytest.param(Scripted(500, {}, b"Traceback secret"), NOT_READ, id="500"),
    pytest.param(HTML, NOT_READ, id="html"),
    pytest.param(Scripted(302, {"Location": "https://evil.example/"}), NOT_READ, id="redirect"),
    pytest.param(Scripted(200, {"Content-Type": "application/json"}, b"{"), NOT_READ, id="no json"),
    pytest.param(Scripted(200, {"Content-Length": "99"}, iter([b"{"])), NOT_READ, id="cut short"),
]


@each(("failure", "reason"), FAILURES)
def test_one_search_that_fails_leaves_the_other_parts(
    app: App, failure: Scripted, reason: str
) -> None:
    page = page_of(app, answering(tenant_of(app), vitals=failure))
    assert reason in section(page, VITALS)
    assert "Sodium" in section(page, LABS)
    assert "Synthetic Testpatient" in page
    assert not re.search(r"alert\(|Gateway|Traceback|evil", page)


def test_what_the_ehrs_error_means_is_told_to_support_and_not_to_a_clinician(app: App) -> None:
    refusal = as_json({"code": 401, "message": f"{RESOURCE_ACCESS}tenant-mismatch"}, 401)
    page = page_of(app, answering(tenant_of(app), vitals=refusal))
    meaning = "HTTP 401: The token belongs to a different tenant than the FHIR base."
    (line,) = re.findall(r"<pre.*?</pre>", section(page, "unread"), re.DOTALL)
    assert f"vitals: {meaning}" in line
    assert meaning not in page.replace(line, "")


@each("search", SEARCHES)
def test_what_a_failed_search_leaves_open_is_told_with_the_reason(app: App, search: str) -> None:
    refusal = as_fhir({"resourceType": "OperationOutcome", "issue": []}, 403)
    page = page_of(app, answering(tenant_of(app), **{search: refusal}))
    assert "could not be read (HTTP 403)" in section(page, "unread")
    name, label = AFFECTED[search]
    shown = calculator(page, name)
    assert re.search(
        rf"{label} [^?]*?could not be read Could not be read \(HTTP 403\): the EHR denied", shown
    )


def test_what_was_not_read_comes_with_a_line_by_which_the_log_is_found(app: App) -> None:
    answer = open_page(app, app.launch(answering(tenant_of(app), vitals=Scripted(500))))
    told = section(answer.text, "unread")
    assert f"Correlation id: {answer.header('X-Correlation-Id')}." in told
    assert 'id="unread"' not in page_of(app, answering(tenant_of(app)))


def test_what_failed_for_one_reason_is_told_in_one_sentence(app: App) -> None:
    page = page_of(app, answering(tenant_of(app), **dict.fromkeys(SEARCHES, Scripted(500))))
    told = section(page, "unread")
    assert told.count("<li>") == 1
    assert "vital signs; smoking status; diagnoses" in told


def test_diagnoses_that_were_not_read_are_not_counted_as_absent(app: App) -> None:
    page = page_of(app, answering(tenant_of(app), conditions=Scripted(500)))
    shown = calculator(page, "cha2ds2_vasc")
    assert "Missing: Heart failure; Hypertension; Diabetes; Stroke, TIA" in page
    assert "assumed absent" not in shown


@each(
    ("failure", "reason"),
    # They are read as the searches above are. 401 would say that the EHR has ended the access.
    [one for one in FAILURES if one.id in {"403 with a name", "503", "html", "cut short"}],
)
def test_of_a_patient_that_cannot_be_read_no_value_is_shown(
    app: App, failure: Scripted, reason: str
) -> None:
    tenant = tenant_of(app)
    tenant.on("/Patient/p1", failure)
    page = page_of(app, tenant)
    assert reason in page
    assert "No values are shown" in page
    assert not re.search(r"Sodium|class=\"calculator\"", _shown(page))


@each(
    "patient",
    [
        *({**PATIENT, "id": "p2"}, {**PATIENT, "id": None}, bundle(), SODIUM),
        bundle({**PATIENT, "id": "p2"}) | {"link": [{"relation": "next", "url": "http://a.test"}]},
    ],
    ids=["another", "without id", "a bundle", "another type", "another and a broken link"],
)
def test_another_answer_than_the_patient_never_becomes_the_banner(
    app: App, patient: dict[str, Any]
) -> None:
    tenant = tenant_of(app)
    tenant.on("/Patient/p1", as_fhir(patient))
    page = page_of(app, tenant)
    assert "Testpatient" not in page
    assert "None" not in _shown(page)
    assert "No values are shown" in page
    assert "Sodium" not in _shown(page)


def test_results_of_another_patient_are_left_out_and_logged(app: App) -> None:
    other = {"reference": "Patient/p2"}
    result = measured("Foreign", "2160-0", 7.9183, "mg/dL", subject=other)
    fibrillation = condition("I48.0", id="c-foreign", subject=other)
    warfarin = order("warfarin 5 MG Oral Tablet", id="m-foreign", subject=other)
    tenant = answering(
        tenant_of(app),
        labs=as_fhir(bundle(result, SODIUM)),
        conditions=as_fhir(bundle(fibrillation)),
        drugs=as_fhir(bundle(warfarin)),
    )
    answer = open_page(app, app.launch(tenant))
    shown = _shown(answer.text)
    assert not re.search(r"Foreign|7\.9183|I48\.0|warfarin 5", shown)
    assert "Sodium" in section(answer.text, LABS)
    # Neither shown nor used.
    assert "Missing: Creatinine, serum or plasma" in calculator(answer.text, "egfr_ckd_epi_2021")
    assert "No atrial fibrillation found in the chart" in calculator(answer.text, "cha2ds2_vasc")
    lines = logged(app, answer.header("X-Correlation-Id"))
    assert [line["set_aside"] for line in lines if line["event"] == "fhir_denied"] == [1, 1, 1]
    assert "Some entries were left out" in section(answer.text, "left-out")
    assert "p2" not in json.dumps(lines)


def test_a_result_that_names_no_patient_is_not_taken_for_this_ones(app: App) -> None:
    nobodys = [
        measured("Nobody", "2160-0", 7.9183, "mg/dL", id=f"o-{number}", subject=subject)
        for number, subject in enumerate(
            (
                *(None, {}, {"reference": "Group/p1"}, {"display": "p1"}),
                {"reference": "https://elsewhere.example/fhir/Patient/p1"},
                {"reference": " Patient/p1"},
                {"reference": "Patient/p1/_history/../../../Patient/p2"},
            )
        )
    ]
    page = page_of(app, answering(tenant_of(app), labs=as_fhir(bundle(*nobodys, SODIUM))))
    assert not re.search(r"Nobody|7\.9183", _shown(page))
    assert "Missing: Creatinine, serum or plasma" in calculator(page, "egfr_ckd_epi_2021")


def test_the_patient_is_known_on_the_ehrs_own_base_however_it_spells_its_host(app: App) -> None:
    tenant = tenant_of(app)
    base = tenant.base.replace("http://", "HTTP://")
    subject = {"reference": f"{base}/Patient/p1/_history/2"}
    mine = measured("Creatinine", "2160-0", 1.1, "mg/dL", subject=subject)
    page = page_of(app, answering(tenant, labs=as_fhir(bundle(mine))))
    assert "Missing: Creatinine" not in calculator(page, "egfr_ckd_epi_2021")
    assert "Creatinine" in section(page, LABS)


@each("place", foreign.pages({}, {}, "", ""))
def test_another_patients_data_reaches_neither_page_nor_log_in_any_place(
    app: App, place: str
) -> None:
    tenant = tenant_of(app)
    others = measured("Foreign", "2160-0", 7.9183, "mg/dL", subject={"reference": "Patient/p2"})
    here = f"{tenant.base}/Observation?page=2&{LAB_MARK}"
    there = here.replace("127.0.0.1", "localhost")
    first, last = foreign.pages(SODIUM, others, here, there)[place]
    answering(tenant, labs=paged(lambda at: first if at == 1 else last))
    answer = open_page(app, app.launch(tenant))
    lines = json.dumps(logged(app, answer.header("X-Correlation-Id")))
    assert not re.search(r"Foreign|7\.9183|Patient/p2", _shown(answer.text) + lines)
    assert "Some entries were left out" in answer.text or "different address" in answer.text


def test_of_a_page_from_another_path_only_absolute_references_count(app: App) -> None:
    """There, `Patient/p1` may be another tenant's patient."""
    tenant, there = tenant_of(app), app.scripted.tenant()
    relative = measured("Foreign", "2160-0", 7.9183, "mg/dL")
    absolute = {"reference": f"{tenant.base}/Patient/p1"}
    mine = measured("Potassium", "2823-3", 4.1, "mmol/L", subject=absolute)
    there.on("/Observation", as_fhir(bundle(relative, mine)))
    onward = [{"relation": "next", "url": f"{there.base}/Observation?page=2"}]
    page = page_of(app, answering(tenant, labs=as_fhir(bundle(SODIUM, link=onward))))
    assert len(there.received) == 1
    assert not re.search(r"Foreign|7\.9183", _shown(page))
    assert "Potassium" in section(page, LABS)


def test_the_note_of_a_score_names_what_was_found_assumed_open_and_not_read(app: App) -> None:
    fibrillation = condition("I48.91", id="c-af")
    answers = {"conditions": as_fhir(bundle(fibrillation)), "drugs": Scripted(403)}
    page = page_of(app, answering(tenant_of(app), **answers))
    section = page.partition('id="has_bled"')[2]
    lines = html.unescape(
        re.findall(r"<pre[^>]*data-note-text[^>]*>(.*?)</pre>", section, re.DOTALL)[0]
    )
    told = dict(line.split(": ", 1) for line in lines.splitlines() if ": " in line)
    assert "answers are missing)" in lines.splitlines()[2]
    assert "Age 66" in told["From the chart"]
    assert told["Assumed absent, not found in chart"].startswith("Abnormal renal function; ")
    assert told["Missing inputs"].endswith("Alcoholic drinks per week (not answered)")
    assert "Antiplatelet drug or NSAID" in told["Not read"]
    assert told["Not all of the chart was read"].startswith("drugs ordered, could not be read")
    assert re.search(r"^Chart read \d+ \w{3} \d{4} \d\d:\d\d UTC", lines, re.MULTILINE)
    assert "{" not in lines


def test_a_trend_says_how_far_back_it_goes_and_when_the_chart_has_more(app: App) -> None:
    tenant = tenant_of(app)
    before, newest = days_ago(9), days_ago(1)
    two = [
        measured("Creatinine", "2160-0", value, "mg/dL", id=when[:10], effectiveDateTime=when)
        for value, when in ((1.1, newest), (1.2, before))
    ]
    onward = [{"relation": "next", "url": f"{tenant.base}/Observation?page=2&{LAB_MARK}"}]
    first, last = (shown(when, timed=False) for when in (before, newest))
    for link, said in (([], ""), (onward, "; the chart has more")):
        answer = page_of(app, answering(tenant, labs=as_fhir(bundle(*two, link=link))))
        page = calculator(answer, "egfr_ckd_epi_2021")
        assert f"2 values, last 12 months{said} {shown(newest)} 1.1 mg/dL used" in page
        # The ends of its scale, then of its line.
        assert f" 1.6 mg/dL 0.8 1.2 mg/dL {first} 1.1 mg/dL {last} " in page


def test_a_number_of_a_billion_digits_is_not_written_out(app: App) -> None:
    sodium = {**SODIUM, "valueQuantity": {"value": 0.5}}
    body = json.dumps(bundle(sodium)).replace("0.5", "1e999999999")
    labs = Scripted(200, {"Content-Type": FHIR_JSON}, body.encode())
    page = page_of(app, answering(tenant_of(app), labs=labs))
    assert "1E+999999999" in section(page, LABS)


def test_text_of_the_chart_is_shown_as_text(app: App) -> None:
    markup = "<img src=x onerror=alert(1)>"
    odd = {**SODIUM, "status": markup, "effectiveDateTime": markup}
    odd["code"] = {**SODIUM["code"], "text": markup}
    odd["valueQuantity"] = {"value": 1, "unit": markup, "comparator": markup}
    diagnosis = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}
    hypertension = {**CHART["conditions"][0], "code": {**diagnosis, "text": markup}}
    tenant = answering(
        tenant_of(app), labs=as_fhir(bundle(odd)), conditions=as_fhir(bundle(hypertension))
    )
    named = {**PATIENT, "name": [{"text": markup}], "gender": markup}
    tenant.resources["Patient/p1"] = named
    page = page_of(app, tenant)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in section(page, LABS)
    assert "&lt;img src=x onerror=alert(1)&gt; (I10)" in page


def test_the_ehrs_own_ids_are_logged_beside_ours_and_nothing_of_the_chart(app: App) -> None:
    tenant = tenant_of(app)
    ids = {"X-Request-Id": f"ehr-{secrets.token_hex(8)}"}
    sodium = {**SODIUM, "valueQuantity": {**SODIUM["valueQuantity"], "value": 139.2518}}
    labs = Scripted(200, {"Content-Type": FHIR_JSON, **ids}, json.dumps(bundle(sodium)).encode())
    answering(tenant, labs=labs)
    tenant.on("/Patient/p1", Scripted(500, ids))
    answer = open_page(app, app.launch(tenant))
    lines = logged(app, answer.header("X-Correlation-Id"))
    reads = [line for line in lines if line["event"] == "fhir_request"]
    assert len(reads) == 7
    assert [line.get("x-request-id") for line in reads].count(ids["X-Request-Id"]) == 2
    assert {line.get("code") for line in reads} == {None, "upstream_invalid"}
    assert [line["event"] for line in lines][-1] == "app_opened"
    written = json.dumps(lines)
    assert not any(
        word in written
        for word in ("p1", "Testpatient", "SYN-0007", "139.2518", tenant.access_token)
    )


def test_half_a_character_in_the_chart_does_not_cost_the_page(app: App) -> None:
    text = json.dumps(bundle(SODIUM)).replace("Sodium", "Sodium \\ud83d")
    labs = Scripted(200, {"Content-Type": FHIR_JSON}, text.encode())
    page = page_of(app, answering(tenant_of(app), labs=labs))
    assert ">Sodium<" in page


def test_a_session_that_the_ehr_ends_while_the_chart_is_read_is_over(app: App) -> None:
    """The refresh token is refused: the page says what to do. Its status depends on how soon."""
    tenant = tenant_of(app, refresh_token="refresh-1")
    launched = app.launch(tenant)
    for path in ("/Observation", "/Condition", "/MedicationRequest", "/Patient/p1"):
        tenant.on(path, Scripted(401))
    tenant.on("/auth/token", Scripted(400, {"Content-Type": "application/json"}, GRANT_REFUSED))
    page = open_page(app, launched).text
    assert "The session has ended." in page
    assert "Open the app again from the chart." in page


def _source(inline: list[str]) -> str:
    """How a policy names the one inline text of its kind (CSP 3, hash-source)."""
    (text,) = inline
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _shown(page: str) -> str:
    """The page without its script, whose own sentences are not what the page says."""
    return re.sub(r"<script>.*</script>", "", page, flags=re.DOTALL)


GRANT_REFUSED = b'{"error": "invalid_grant"}'


def logged(app: App, correlation_id: str | None) -> list[dict[str, object]]:
    """The log's lines on one request."""
    return [line for line in app.log_lines() if line.get("correlation_id") == correlation_id]


FORGED = "\nCHA2DS2-VASc 0 (low)\n"
# What a terminal, an editor or a reader would obey: escape sequences, C1, NUL, overrides.
UNSEEN = "\x1b[2J\x9b31m\x00\x85\u202e\u2066\u2028\u200f"
# Characters of the page itself.
PLAIN = re.compile(
    r"[\n\x20-\x7e\xa0-\xac\xae-\u061b\u061d-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ufefe]*"
)


def test_no_text_of_the_chart_forges_a_line_or_controls_what_shows_it(app: App) -> None:
    """In the page, its notes and its data, and in the list of all results."""
    dirty = f"A{UNSEEN}b{FORGED}c"
    name = {"family": dirty, "given": [dirty, "Ann"]}
    patient = {
        **PATIENT,
        "name": [name],
        "birthDate": f"1950-02-09{FORGED}",
        "identifier": [{**PATIENT["identifier"][0], "value": dirty}],
    }
    value = {"value": 139, "unit": f"mmol/L{FORGED}{UNSEEN}"}
    coded = {"coding": [{"system": "http://loinc.org", "code": "2951-2"}], "text": dirty}
    result = {**SODIUM, "valueQuantity": value, "code": coded, "id": f"o-1{FORGED}"}
    problem = condition({"text": dirty}, id="c-1")
    drug = order(f"apixaban {dirty}", id="m-1")
    tenant = tenant_of(app)
    answering(
        tenant,
        labs=as_fhir(bundle(result)),
        conditions=as_fhir(bundle(problem)),
        drugs=as_fhir(bundle(drug)),
    )
    tenant.resources["Patient/p1"] = patient
    launched = app.launch(tenant)
    page = html.unescape(open_page(app, launched).text)
    listed = launched.browser.send(
        "POST",
        f"{app.origin}/smart_calc/{launched.handle}/results",
        {**OWN_FETCH, "Content-Type": "application/json"},
        json.dumps({"offset": 0, "pages": [bundle(result)]}).encode(),
    )
    assert "A b CHA2DS2-VASc 0 (low) c" in page
    for text in (page, *listed.json()["rows"][0].values()):
        assert PLAIN.fullmatch(str(text))
        assert not re.search(r"^\s*CHA2DS2-VASc 0", str(text), re.MULTILINE)
