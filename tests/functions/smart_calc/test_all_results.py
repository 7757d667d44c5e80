"""All results as a list: `POST /smart_calc/SESSION/results`, judged as the tables are."""

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest

from functions.smart_calc import all_results
from shared.errors import ParameterInvalid
from simulator.charts.generated import load_charts
from tests.support.app.app import App, Launched
from tests.support.browser import page_audit
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.browser.whole_page import chart_of, resources_of
from tests.support.charts.app_chart import CREATININE, SODIUM, bundle, tenant_of
from tests.support.charts.random_charts import random_chart
from tests.support.tables import each

JSON = {"Content-Type": "application/json"}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "https://ehr.example/r4"


@pytest.fixture(scope="module")
def open_session(app: App) -> Launched:
    return app.launch(tenant_of(app))


def post(
    app: App, launched: Launched, body: bytes, headers: Mapping[str, str] | None = None
) -> Answer:
    url = f"{app.origin}/smart_calc/{launched.handle}/results"
    return launched.browser.send("POST", url, {**OWN_FETCH, **JSON, **(headers or {})}, body)


def sent(*pages: object, offset: object = 0) -> bytes:
    return json.dumps({"offset": offset, "pages": pages}).encode()


def judged(*resources: Mapping[str, Any], offset: int = 0) -> list[dict[str, Any]]:
    pages = [{"resourceType": "Bundle", "entry": [{"resource": one}]} for one in resources]
    rows: list[dict[str, Any]] = all_results.answer(sent(*pages, offset=offset), "p1", BASE, NOW)[
        "rows"
    ]
    return rows


def test_every_result_is_listed_with_the_reason_why_no_calculator_takes_it(
    app: App, open_session: Launched
) -> None:
    wrong = {"value": 1.50, "unit": "furlongs"}
    slip = {**SODIUM, "id": "o-slip", "valueQuantity": {"value": 1.41, "unit": "mmol/L"}}
    odd = {**CREATININE, "id": "o-odd", "valueQuantity": wrong}
    local = {"coding": [{"system": "urn:local", "code": "1"}], "text": "Creatinine"}
    coded = {**CREATININE, "id": "o-local", "code": local}
    answer = post(app, open_session, sent(bundle(CREATININE, slip, odd, coded)))
    assert answer.status == 200, answer.text
    marks = {row["source"].partition("/")[2]: row["mark"] for row in answer.json()["rows"]}
    assert marks.pop("o-slip").startswith("Sodium is outside 100 to 190 mmol/L")
    assert marks.pop("o-odd") == "unknown unit furlongs (expected mg/dL)"
    assert marks.pop("o-local") == "the test has no LOINC code"
    assert set(marks.values()) == {"another value from the same time: 1.5 furlongs"}


def test_a_number_keeps_its_digits_and_a_time_has_the_zone_of_the_page() -> None:
    body = sent({"entry": [{"resource": {**CREATININE, "effectiveDateTime": "2026-11-20T08:00Z"}}]})
    body = body.replace(b'"value": 1.5', b'"value": 1.50')
    row = all_results.answer(body, "p1", BASE, NOW)["rows"][0]
    assert row["value"] == "1.50"
    there = {**CREATININE, "effectiveDateTime": "2026-11-20T08:00:00Z"}
    (row,) = judged(there, offset=-360)
    assert row["when"] == "20 Nov 2026 02:00 (charted 20 Nov 2026 08:00 UTC)"


def test_of_several_pages_the_latest_version_counts_and_the_newest_value_comes_first() -> None:
    first = {**SODIUM, "id": "o-1", "meta": {"versionId": "1"}}
    second = {**first, "meta": {"versionId": "2"}, "status": "corrected"}
    older = {**CREATININE, "effectiveDateTime": "2020-01-01T08:00:00Z"}
    rows = judged(older, second, first)
    assert [row["status"] for row in rows] == ["corrected", "final"]
    assert (rows[1]["is_old"], rows[1]["mark"][:11]) == (True, "6 years ago")


def test_a_result_of_another_patient_is_not_listed() -> None:
    assert judged({**SODIUM, "subject": {"reference": "Patient/p2"}}) == []


# Not the inpatient: its 3,000 results are alike.
@each("patient", lambda: [o.id for o in load_charts().patients() if o.id != "synthetic-hugo"])
def test_the_list_of_a_simulated_patient_agrees_with_the_chart(patient: str) -> None:
    assert _complaints(patient, resources_of(patient, load_charts())) == []


@each("seed", range(6))
def test_the_list_of_a_random_chart_agrees_with_it(seed: int) -> None:
    chart = chart_of("p1", random_chart(seed, datetime.now(UTC)))
    assert _complaints("p1", resources_of("p1", chart)) == []


def _complaints(patient: str, resources: list[Any]) -> list[str]:
    now, zone = datetime.now(UTC), timezone(timedelta(hours=-6))
    texts = [json.dumps(one, default=_digits) for one in resources]
    plain = (text.replace(_MARK, "").replace(_END, "") for text in texts)
    entries = ",".join(f'{{"resource": {text}}}' for text in plain)
    body = f'{{"offset": -360, "pages": [{{"entry": [{entries}]}}]}}'.encode()
    rows = all_results.answer(body, patient, BASE, now)["rows"]
    return list(page_audit.of_list(rows, resources, zone, now))


# A number with its digits, which json.dumps knows only as a text.
_MARK, _END = '"\\u0001', '\\u0001"'


def _digits(number: object) -> str:
    return f"\u0001{number}\u0001"


@each(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"offset": 0}',
        b'{"offset": 0, "pages": [], "more": 1}',
        b'{"offset": true, "pages": []}',
        b'{"offset": 1440, "pages": []}',
        b'{"offset": 0.5, "pages": []}',
        b'{"offset": 0, "pages": {}}',
        b'{"offset": 0, "pages": [1]}',
        b'{"offset": NaN, "pages": []}',
        b'{"offset": 0, "pages": [{"entry": 1, "entry": 2}]}',
    ],
)
def test_a_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(ParameterInvalid):
        all_results.answer(body, "p1", BASE, NOW)


@each("entry", [None, 1, "x", [1], [{}], [{"resource": 1}], {"a": 1}])
def test_a_bundle_of_any_shape_gives_no_rows(entry: object) -> None:
    assert all_results.answer(sent({"entry": entry}), "p1", BASE, NOW) == {"rows": []}


def test_nobody_but_the_apps_own_page_may_have_results_judged(
    app: App, open_session: Launched
) -> None:
    body = sent(bundle(CREATININE))
    assert post(app, open_session, body, {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert post(app, open_session, body, {"Content-Type": "text/plain"}).status == 415
    assert post(app, open_session, b"{}").status == 400
    stranger = replace(open_session, browser=Browser())
    assert post(app, stranger, body).status == 401
    url = f"{app.origin}/smart_calc/{open_session.handle}/results"
    assert open_session.browser.send("GET", url, {}, b"").status == 405


def test_a_request_whose_browser_has_gone_stops(app: App, open_session: Launched) -> None:
    body = sent(bundle(*({**SODIUM, "id": f"o{number}"} for number in range(1000))))
    where = urlsplit(app.origin)
    jar = open_session.browser.jar["localhost"]
    cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
    head = [f"POST /smart_calc/{open_session.handle}/results HTTP/1.1", f"Host: {where.netloc}"]
    headers = {**OWN_FETCH, **JSON, "Cookie": cookies, "Content-Length": str(len(body))}
    head += [f"{name}: {value}" for name, value in headers.items()]
    listed = len(_events(app, "app_results_listed"))
    left = len(_events(app, "answer_broken"))
    with socket.create_connection(("127.0.0.1", where.port or 80)) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body[:-1])
        # The last byte is sent along with the end of the connection.
        connection.send(body[-1:], socket.MSG_MORE)
    until = time.monotonic() + 30
    while len(_events(app, "answer_broken")) == left and time.monotonic() < until:
        time.sleep(0.05)
    assert len(_events(app, "answer_broken")) == left + 1
    assert len(_events(app, "app_results_listed")) == listed


def _events(app: App, name: str) -> list[dict[str, object]]:
    return [line for line in app.log_lines() if line["event"] == name]
