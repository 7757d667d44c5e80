"""Recalculation over HTTP: `POST /smart_calc/SESSION/NAME` (contract, sections 2, 6 and 7)."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from clinical.calculators import REGISTRY
from tests.support.app.app import App, Launched
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.charts.app_chart import tenant_of
from tests.support.charts.calculators import ROWS
from tests.support.tables import each

JSON = {"Content-Type": "application/json"}
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}
EGFR = "egfr_ckd_epi_2021"
# Numbers that occur nowhere else, so that a trace of them in the log is found.
ADULT: dict[str, Any] = {
    "age": {"value": 58, "unit": "a"},
    "sex": {"value": "female"},
    "creatinine": {"value": 1.5127, "unit": "mg/dL"},
}


@pytest.fixture(scope="module")
def open_session(app: App) -> Launched:
    """A session that no test ends or changes."""
    return app.launch(tenant_of(app))


def address(app: App, launched: Launched, name: str) -> str:
    return f"{app.origin}/smart_calc/{launched.handle}/{name}"


def post(
    app: App,
    launched: Launched,
    name: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    browser: Browser | None = None,
) -> Answer:
    sent = {**OWN_FETCH, **JSON, **(headers or {})}
    return (browser or launched.browser).send("POST", address(app, launched, name), sent, body)


def compute(
    app: App, launched: Launched, name: str, inputs: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    answer = post(app, launched, name, json.dumps({"inputs": inputs, **more}).encode())
    assert answer.status == 200, answer.text
    assert answer.header("Content-Type") == "application/json"
    return dict(answer.json())


@each("name", REGISTRY)
def test_every_calculator_reproduces_its_vectors(
    app: App, open_session: Launched, name: str
) -> None:
    rows = [row for row in ROWS if row["calculator"] == name]
    assert rows
    for row in rows:
        inputs = {
            given["name"]: {"value": given["value"], "unit": given["unit"]}
            for given in row["inputs"]
        }
        answer = compute(app, open_session, name, inputs)
        assert answer["calculator"] == name
        if row.get("must_not_compute"):
            assert answer["outputs"] == {}, row["id"]
            assert answer["refused"], row["id"]
        else:
            computed = answer["outputs"][row["output"]]
            assert computed == pytest.approx(row["expected"], abs=row["tolerance"], rel=0), row[
                "id"
            ]
            assert answer["refused"] is None


def test_an_answer_has_three_members_and_details_where_they_are_asked_for(
    app: App, open_session: Launched
) -> None:
    plain = compute(app, open_session, EGFR, ADULT)
    assert set(plain) == {"calculator", "outputs", "refused"}
    full = compute(app, open_session, EGFR, ADULT, details=True)
    assert {name: full[name] for name in plain} == plain
    (result,) = full["results"]
    assert (result["label"], result["printed"]) == ("eGFR", "40")
    assert result["band"].startswith("G3b")
    assert "eGFR 40 mL/min/1.73 m2" in full["note"]


@each(
    ("creatinine", "remark"),
    [
        ({"undated": True}, "to severely decreased; no date: Creatinine, serum or plasma"),
        ({"undated": False}, "to severely decreased"),
    ],
)
def test_a_result_from_a_value_without_a_date_says_so_also_in_the_note(
    app: App, open_session: Launched, creatinine: dict[str, Any], remark: str
) -> None:
    inputs = {**ADULT, "creatinine": ADULT["creatinine"] | creatinine}
    answer = compute(app, open_session, EGFR, inputs, details=True)
    assert answer["results"][0]["band"].endswith(remark)
    assert f"{remark})\n" in answer["note"]


@each(
    "creatinine",
    [
        {"value": 132.63, "unit": "umol/L"},
        {"value": 132.63, "unit": "µmol/L"},
        {"value": 0.13263, "unit": "mmol/L"},
        {"value": "1.5", "unit": "mg/dL"},
        {"value": "1,5", "unit": "MG/DL"},
    ],
    ids=str,
)
def test_a_value_may_come_in_each_unit_of_its_input(
    app: App, open_session: Launched, creatinine: dict[str, Any]
) -> None:
    canonical = {"creatinine": {"value": 1.5, "unit": "mg/dL"}}
    expected = compute(app, open_session, EGFR, {**ADULT, **canonical})["outputs"]
    answer = compute(app, open_session, EGFR, {**ADULT, "creatinine": creatinine})
    assert answer["outputs"] == pytest.approx(expected, rel=1e-6)


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"creatinine": {"value": None}}, "Missing: Creatinine, serum or plasma"),
    ({"creatinine": {"value": ""}}, "Missing: Creatinine, serum or plasma"),
    ({"creatinine": {"value": 150, "unit": "mg/dL"}}, "check the value and its unit"),
    ({"creatinine": {"value": 1.5}}, "the unit is missing or not accepted"),
    ({"creatinine": {"value": 1.5, "unit": "g"}}, "the unit is missing or not accepted"),
    ({"creatinine": {"value": "a lot", "unit": "mg/dL"}}, "enter a number"),
    ({"creatinine": {"value": "1,500", "unit": "mg/dL"}}, "can be read in two ways"),
    ({"creatinine": {"value": True, "unit": "mg/dL"}}, "must be a number"),
    ({"age": {"value": 17, "unit": "a"}}, "Only for adults"),
    ({"sex": {"value": "other"}}, "the answer must be female or male"),
    ({"shoe_size": {"value": 43}}, "has no input with this name"),
    ({"systolic_bp": {"value": 120, "unit": "mm[Hg]"}}, "has no input with this name"),
]


@each(("changes", "why"), REFUSALS, ids=str)
def test_what_cannot_be_computed_is_refused_with_the_reason_and_without_a_number(
    app: App, open_session: Launched, changes: dict[str, Any], why: str
) -> None:
    answer = compute(app, open_session, EGFR, {**ADULT, **changes})
    assert answer["outputs"] == {}
    assert why in answer["refused"]


def test_a_refusal_names_the_input_at_fault_where_details_are_asked_for(
    app: App, open_session: Launched
) -> None:
    implausible = {**ADULT, "creatinine": {"value": 150, "unit": "mg/dL"}}
    answer = compute(app, open_session, EGFR, implausible, details=True)
    assert set(answer["faults"]) == {"creatinine"}
    assert answer["note"] == ""


def test_an_answer_that_was_not_given_is_never_a_no(app: App, open_session: Launched) -> None:
    inputs = {"age": {"value": 70, "unit": "a"}, "sex": {"value": "male"}}
    answer = compute(app, open_session, "cha2ds2_vasc", inputs)
    assert answer["outputs"] == {}
    assert "Heart failure" in answer["refused"]


UNUSABLE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"inputs"',
    b"{}",
    b'{"inputs": []}',
    b'{"inputs": {"age": 58}}',
    b'{"inputs": {"age": {"unit": "a"}}}',
    b'{"inputs": {"age": {"value": [58]}}}',
    b'{"inputs": {"age": {"value": {}}}}',
    b'{"inputs": {"age": {"value": 58, "unit": 1}}}',
    b'{"inputs": {"age": {"value": 58, "why": "x"}}}',
    b'{"inputs": {"age": {"value": 58, "undated": 1}}}',
    b'{"inputs": {}, "patient": "p2"}',
    b'{"inputs": {}, "details": 1}',
    b'{"inputs": {}, "inputs": {}}',
    b'{"inputs": {"age": {"value": 1}, "age": {"value": 2}}}',
    b'{"inputs": {"age": {"value": NaN}}}',
    b'{"inputs": {"age": {"value": Infinity}}}',
    b'{"inputs": {"age": {"value": "\xff"}}}',
    b'{"inputs": ' + b"[" * 50_000 + b"]" * 49_000 + b"}",
]


@each("body", UNUSABLE, ids=lambda body: body[:50].decode("latin-1"))
def test_a_body_of_another_form_is_refused_as_such(
    app: App, open_session: Launched, body: bytes
) -> None:
    answer = post(app, open_session, EGFR, body)
    assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert "inputs" in answer.json()["detail"]


def test_numbers_beyond_all_bounds_are_refused_and_break_nothing(
    app: App, open_session: Launched
) -> None:
    for number in ("1e400", "-1e400", "9" * 400, "1e-400", "0", "-1"):
        body = f'{{"inputs": {{"weight": {{"value": {number}, "unit": "kg"}}, '
        body += '"height": {"value": 170, "unit": "cm"}}}'
        answer = post(app, open_session, "bmi", body.encode())
        assert answer.status == 200, answer.text
        assert answer.json()["outputs"] == {}
        assert answer.json()["refused"]


LARGE = b" " * 100_001


def test_a_request_that_is_too_large_is_refused(app: App, open_session: Launched) -> None:
    answer = post(app, open_session, EGFR, LARGE)
    assert (answer.status, answer.code) == (413, "too_large")


def test_a_request_that_is_announced_as_too_large_is_not_even_read(
    app: App, open_session: Launched
) -> None:
    headers = {**OWN_FETCH, **JSON, "Content-Length": "100001"}
    answer = open_session.browser.send("POST", address(app, open_session, EGFR), headers)
    assert (answer.status, answer.code) == (413, "too_large")


@each(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/fhir+json", "", "json"],
)
def test_another_media_type_is_refused(app: App, open_session: Launched, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = post(app, open_session, EGFR, json.dumps({"inputs": ADULT}).encode(), headers)
    assert (answer.status, answer.code) == (415, "media_type_unsupported")
    assert "application/json" in answer.json()["detail"]


def test_a_media_type_may_have_parameters(app: App, open_session: Launched) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = json.dumps({"inputs": ADULT}).encode()
    assert post(app, open_session, EGFR, body, headers).status == 200


@each("name", ["nothing", "EGFR_CKD_EPI_2021", "bmi.json", "%62mi", "session"])
def test_an_unknown_calculator_is_not_found(app: App, open_session: Launched, name: str) -> None:
    answer = post(app, open_session, name, b'{"inputs": {}}')
    assert (answer.status, answer.code) == (404, "not_found")


@each("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_not_taken(app: App, open_session: Launched, method: str) -> None:
    answer = open_session.browser.send(method, address(app, open_session, EGFR), OWN_FETCH)
    assert answer.status == 405
    assert answer.header("Allow") == "POST"
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


# The errors, from the last that is checked to the first. Each row also has all those before it.
FAULTS: list[tuple[str, int, str]] = [
    ("media type", 415, "media_type_unsupported"),
    ("cookie", 401, "session_missing"),
    ("calculator", 404, "not_found"),
    ("origin", 403, "cross_site"),
]


@each("worst", range(len(FAULTS)), ids=[fault[0] for fault in FAULTS])
def test_refusals_come_in_the_order_of_the_contract(
    app: App, open_session: Launched, worst: int
) -> None:
    there = {name for name, _, _ in FAULTS[: worst + 1]}
    headers = {"Content-Type": "text/plain"}
    headers |= CROSS_SITE if "origin" in there else {}
    browser = Browser() if "cookie" in there else open_session.browser
    name = "nothing" if "calculator" in there else EGFR
    answer = post(app, open_session, name, LARGE, headers, browser=browser)
    assert (answer.status, answer.code) == FAULTS[worst][1:]


@each(
    "evidence",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{own}", "X-Smart-Proxy": "1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null", "X-Smart-Proxy": "1"},
        {"X-Smart-Proxy": "0"},
    ],
    ids=str,
)
def test_nobody_but_the_apps_own_page_may_compute(
    app: App, open_session: Launched, evidence: dict[str, str]
) -> None:
    sent = {name: value.replace("{own}", app.origin) for name, value in evidence.items()}
    url, body = address(app, open_session, EGFR), json.dumps({"inputs": ADULT}).encode()
    answer = open_session.browser.send("POST", url, {**JSON, **sent}, body)
    assert (answer.status, answer.code) == (403, "cross_site")


@each("evidence", [{"Origin": "{own}"}, {"X-Smart-Proxy": "1"}, {"Sec-Fetch-Site": "same-origin"}])
def test_the_apps_own_page_may_in_browsers_without_fetch_metadata_too(
    app: App, open_session: Launched, evidence: dict[str, str]
) -> None:
    sent = {name: value.replace("{own}", app.origin) for name, value in evidence.items()}
    url, body = address(app, open_session, EGFR), json.dumps({"inputs": ADULT}).encode()
    assert open_session.browser.send("POST", url, {**JSON, **sent}, body).status == 200


def test_without_its_cookie_nothing_is_computed(app: App, open_session: Launched) -> None:
    answer = post(
        app, open_session, EGFR, json.dumps({"inputs": ADULT}).encode(), browser=Browser()
    )
    assert (answer.status, answer.code) == (401, "session_missing")


def test_a_session_that_is_no_more_computes_nothing(app: App, open_session: Launched) -> None:
    handle = "A" * 22
    value = open_session.browser.cookies()[f"__Host-smart-{open_session.handle}"]
    headers = {**OWN_FETCH, **JSON, "Cookie": f"__Host-smart-{handle}={value}"}
    body = json.dumps({"inputs": ADULT}).encode()
    url = f"{app.origin}/smart_calc/{handle}/{EGFR}"
    answer = Browser().send("POST", url, headers, body)
    assert (answer.status, answer.code) == (401, "session_expired")
    assert "launch the app again" in answer.json()["detail"]


def test_a_computation_asks_the_ehr_nothing(app: App) -> None:
    tenant = tenant_of(app)
    launched = app.launch(tenant)
    tenant.received.clear()
    compute(app, launched, EGFR, ADULT, details=True)
    assert tenant.received == []


@each(
    ("body", "headers", "status"),
    [
        (json.dumps({"inputs": ADULT}).encode(), {}, 200),
        (b"{", {}, 400),
        (b"{}", CROSS_SITE, 403),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (LARGE, {}, 413),
    ],
    ids=["200", "400", "403", "415", "413"],
)
def test_every_answer_carries_its_headers(
    app: App, open_session: Launched, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = post(app, open_session, EGFR, body, headers)
    assert answer.status == status
    assert answer.all("X-Content-Type-Options") == ["nosniff"]
    assert answer.all("Cache-Control") == ["no-store"]
    assert answer.all("Cross-Origin-Resource-Policy") == ["same-origin"]
    (correlation_id,) = answer.all("X-Correlation-Id")
    assert answer.all("Set-Cookie") == []
    if status != 200:
        assert answer.header("Content-Type") == "application/problem+json"
        assert answer.json()["correlation_id"] == correlation_id
        assert answer.json()["status"] == status


def test_a_person_who_comes_to_the_address_gets_a_page(app: App, open_session: Launched) -> None:
    headers = {"Accept": "text/html", **CROSS_SITE}
    answer = post(app, open_session, EGFR, b"{}", headers)
    assert answer.status == 403
    assert (answer.header("Content-Type") or "").startswith("text/html")


def test_nothing_that_was_entered_is_logged_or_repeated_in_a_refusal(
    app: App, open_session: Launched
) -> None:
    bodies = [
        json.dumps({"inputs": ADULT}),
        json.dumps({"inputs": {**ADULT, "creatinine": {"value": "sentinel 1.5127"}}}),
        json.dumps({"inputs": {**ADULT, "creatinine": {"value": 1.5127, "unit": "sentinel"}}}),
        json.dumps({"inputs": {"age": {"value": ["sentinel"]}}}),
        '{"inputs": {"age": {"value": sentinel 1.5127}}}',
    ]
    mine = set()
    for body in bodies:
        answer = post(app, open_session, EGFR, body.encode())
        assert not any(word in answer.text for word in ("sentinel", "1.5127"))
        mine.add(answer.header("X-Correlation-Id"))
    lines = [line for line in app.log_lines() if line.get("correlation_id") in mine]
    assert len(lines) == len(bodies)
    assert {line["event"] for line in lines} == {"app_calculated", "app_refused"}
    written = json.dumps(lines)
    # The result with its digits: a duration may begin or end like it.
    result = str(compute(app, open_session, EGFR, ADULT)["outputs"]["egfr"])
    words = ("sentinel", "1.5127", result, open_session.handle, "female", "creatinine")
    assert not any(word in written for word in words)


@each("albumin", [41, "4,123", "4.1 g"])
def test_a_value_that_was_just_given_is_never_said_to_be_missing(
    app: App, open_session: Launched, albumin: object
) -> None:
    given = {"sodium": (137, "mmol/L"), "chloride": (104, "mmol/L"), "albumin": (albumin, "g/dL")}
    inputs = {name: {"value": value, "unit": unit} for name, (value, unit) in given.items()}
    answer = compute(app, open_session, "anion_gap", inputs, details=True)
    assert "Albumin" in answer["refused"]
    assert "Albumin" in answer["faults"]["albumin"]
    told = [answer["refused"], *(one["refused"] for one in answer["results"])]
    assert not any("Missing" in one and "Albumin" in one for one in told)
