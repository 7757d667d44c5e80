"""What could not be read is read again: `POST /smart_calc/SESSION/unread`."""

import json
import re

from tests.support.app.app import App, Launched
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer
from tests.support.charts.app_chart import (
    CREATININE,
    PATIENT,
    answering,
    bundle,
    open_page,
    tenant_of,
)
from tests.support.charts.chart_resources import concept
from tests.support.ehr.scripted_ehr import Scripted, as_fhir
from tests.support.tables import each

EGFR = "egfr_ckd_epi_2021"


def post(app: App, launched: Launched, body: object, **headers: str) -> Answer:
    url = f"{app.origin}/smart_calc/{launched.handle}/unread"
    sent = {**OWN_FETCH, "Content-Type": "application/json", **headers}
    return launched.browser.send("POST", url, sent, json.dumps(body).encode())


def again(app: App, launched: Launched, page: str) -> str:
    """What the page's button asks for, and what comes."""
    names = re.findall(r'data-searches="([^"]*)"', page)[0].split()
    offset = re.search(r'id="stamp"[^>]* data-offset="([^"]*)"', page)
    body = {"searches": names, "offset": int(offset[1]) if offset else None}
    answer = post(app, launched, body)
    assert answer.status == 200, answer.text
    policy = answer.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    return answer.text


def rows(page: str) -> set[str]:
    return set(re.findall(r'<details class="calculator" id="(\w+)"', page))


def test_what_was_missing_comes_and_nothing_that_knows_less_than_before(app: App) -> None:
    tenant = answering(tenant_of(app), labs=Scripted(500))
    launched = app.launch(tenant)
    page = open_page(app, launched).text
    assert "Not all of the chart was read: common laboratory values." in page
    assert "Fields that need the missing data are blank" in page
    # The row doesn't say that the chart lacks it.
    assert '<span class="hint">not read: creatinine</span>' in page

    answering(tenant, conditions=Scripted(500))
    second = again(app, launched, page)
    # A BMI or an eGFR without its diagnoses would know less than the one shown.
    assert {"anion_gap", "serum_osmolality"} <= rows(second)
    assert not {"bmi", EGFR} & rows(second)
    assert 'slot="identity"' not in second
    assert ">1.5</strong>" not in second
    assert 'id="values"' in second
    assert "Not all of the chart was read: diagnoses." in second
    # They were read before: an eGFR has them, and more than this answer.
    assert "Data that was already read is unchanged." in second
    assert "Fields that need the missing data are blank" not in second

    answering(tenant)
    third = again(app, launched, second)
    assert EGFR in rows(third)
    assert "bsa_mosteller" not in rows(third)
    assert "The missing data was read on " in third
    assert "Chart read on " not in third
    assert "data-searches" not in third
    # One page has rows from two readings, so each note has its own time.
    assert third.count('<details class="note" data-read="') == len(rows(third))
    assert 'id="stamp"' not in third


def test_a_patient_who_fails_now_takes_nothing_off_the_page_and_another_one_all(app: App) -> None:
    tenant = answering(tenant_of(app), labs=Scripted(500))
    launched = app.launch(tenant)
    page = open_page(app, launched).text
    answering(tenant, conditions=Scripted(500)).on("/Patient/p1", Scripted(503))
    second = again(app, launched, page)
    assert 'slot="list"' not in second
    assert rows(second) == set()
    assert "could not be read (HTTP 503)" in second
    assert "not shown, because the patient record could not be read this time" in second
    # The page requests the missing searches again, but not the patient, which it already has.
    (searches,) = re.findall(r'data-searches="([^"]*)"', second)
    assert set(searches.split()) == {"labs", "conditions"}

    tenant.on("/Patient/p1", as_fhir({**PATIENT, "id": "p2"}))
    third = again(app, launched, second)
    assert "No values are shown" in third
    assert rows(third) == set()

    tenant.on("/Patient/p1", as_fhir(PATIENT))
    answering(tenant)
    assert {EGFR, "anion_gap"} <= rows(again(app, launched, second))


def test_a_page_without_a_patient_gets_all_of_itself(app: App) -> None:
    tenant = tenant_of(app)
    read = tenant.handlers.get("/Patient/p1")
    tenant.on("/Patient/p1", Scripted(500))
    launched = app.launch(tenant)
    page = open_page(app, launched).text
    assert rows(page) == set()
    del tenant.handlers["/Patient/p1"]
    assert read is None
    made = again(app, launched, page)
    assert made.index("<h1><bdi>Synthetic Testpatient</bdi></h1>") < made.index('id="bmi"')
    assert {EGFR, "bmi", "news2"} <= rows(made)
    assert 'id="about"' in made


@each(
    ("body", "headers", "code"),
    [
        ({"searches": [], "offset": 0}, {}, "parameter_invalid"),
        ({"searches": ["nothing"], "offset": 0}, {}, "parameter_invalid"),
        ({"searches": "labs", "offset": 0}, {}, "parameter_invalid"),
        ({"searches": [["labs"]], "offset": 0}, {}, "parameter_invalid"),
        ({"searches": ["labs"], "offset": True}, {}, "parameter_invalid"),
        ({"searches": ["labs"], "offset": 1440}, {}, "parameter_invalid"),
        ({"searches": ["labs"]}, {}, "parameter_invalid"),
        ({"searches": ["labs"], "offset": 0}, {"Sec-Fetch-Site": "cross-site"}, "cross_site"),
    ],
)
def test_a_request_that_the_page_does_not_make_is_refused(
    app: App, body: object, headers: dict[str, str], code: str
) -> None:
    launched = app.launch(tenant_of(app))
    assert post(app, launched, body, **headers).code == code


def test_its_url_takes_post_alone(app: App) -> None:
    launched = app.launch(tenant_of(app))
    url = f"{app.origin}/smart_calc/{launched.handle}/unread"
    answer = launched.browser.send("GET", url, NAVIGATION)
    assert (answer.status, answer.header("Allow")) == (405, "POST")


def test_a_local_code_that_is_read_on_the_second_try_is_logged(app: App) -> None:
    tenant = answering(tenant_of(app), labs=Scripted(500))
    launched = app.launch(tenant)
    page = open_page(app, launched).text
    local = {**CREATININE, "code": concept("http://lab.test", "KREA")}
    answering(tenant, labs=as_fhir(bundle(local)))
    again(app, launched, page)
    assert app.log_lines()[-1]["local_codes"] == ["http://lab.test|KREA"]
