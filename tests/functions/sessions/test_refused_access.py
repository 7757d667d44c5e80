"""What the browser gets when the EHR no longer takes the access, or will not renew it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.app.app import Launched
from tests.support.app.clusters import Pair, launch
from tests.support.browser.browser import NAVIGATION, Answer
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import Scripted, as_fhir, as_json

FHIR = "/Patient/p1"
REFUSED = as_fhir({"resourceType": "OperationOutcome", "id": "the-ehrs-own", "issue": []}, 401)


@pytest.fixture
def launched(pair: Pair, ehr: RotatingEhr) -> Launched:
    opened = launch(pair.first, ehr.tenant)
    ehr.tenant.received.clear()
    return opened


def _read(launched: Launched) -> Answer:
    return launched.browser.fetch(f"{launched.fhir_base}{FHIR}")


def _calls(ehr: RotatingEhr) -> list[str]:
    return [request.path for request in ehr.tenant.received]


def test_a_refused_call_is_repeated_once_with_new_access(
    ehr: RotatingEhr, launched: Launched
) -> None:
    ehr.outlaw()
    answer = _read(launched)
    assert (answer.status, answer.json()["id"]) == (200, "p1")
    assert _calls(ehr) == [FHIR, "/auth/token", FHIR]


def test_an_ehr_that_refuses_always_gets_two_calls_and_one_refresh(
    ehr: RotatingEhr, launched: Launched
) -> None:
    ehr.tenant.on(FHIR, REFUSED)
    answer = _read(launched)
    assert (answer.status, answer.json()["id"]) == (401, "the-ehrs-own")
    assert _calls(ehr) == [FHIR, "/auth/token", FHIR]


def test_twenty_refusals_at_once_cost_one_renewal(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    """Where new access is refused as well, the EHR has another reason."""
    ehr.tenant.on(FHIR, REFUSED)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _read(launched), range(20)))
    assert {(answer.status, answer.json()["id"]) for answer in answers} == {(401, "the-ehrs-own")}
    assert ehr.asked == 1
    assert pair.holds(launched)


@pytest.mark.calculators
def test_a_session_whose_access_nothing_renews_ends_where_its_own_patient_is_refused(
    pair: Pair, ehr: RotatingEhr
) -> None:
    opened = _without_refresh_token(pair, ehr)
    ehr.outlaw()
    answer = opened.browser.fetch(f"{opened.fhir_base}/Observation?code=1")
    assert (answer.status, answer.code) == (401, "session_expired")
    assert "launch the app again" in answer.text
    assert _calls(ehr) == ["/Observation", FHIR]
    assert not pair.holds(opened)
    page = opened.browser.get(f"{pair.first.origin}/smart_calc/{opened.handle}/", NAVIGATION)
    assert (page.status, "Open the app again from the chart." in page.text) == (401, True)


@pytest.mark.calculators
def test_the_page_says_to_launch_again_where_the_ehr_has_ended_the_access(
    pair: Pair, ehr: RotatingEhr
) -> None:
    opened = _without_refresh_token(pair, ehr)
    ehr.outlaw()
    page = opened.browser.get(f"{pair.first.origin}/smart_calc/{opened.handle}/", NAVIGATION)
    assert "Open the app again from the chart." in page.text
    # The page sends several reads at once, and responds when the first of them learns of the end.
    until = time.monotonic() + 30
    while pair.holds(opened) and time.monotonic() < until:
        time.sleep(0.05)
    assert not pair.holds(opened)


def test_a_refusal_of_one_resource_alone_ends_no_session(pair: Pair, ehr: RotatingEhr) -> None:
    opened = _without_refresh_token(pair, ehr)
    ehr.tenant.on("/Observation", REFUSED)
    answer = opened.browser.fetch(f"{opened.fhir_base}/Observation?code=1")
    assert (answer.status, answer.json()["id"]) == (401, "the-ehrs-own")
    assert _calls(ehr) == ["/Observation", FHIR]
    assert pair.holds(opened)


def _without_refresh_token(pair: Pair, ehr: RotatingEhr) -> Launched:
    ehr.tenant.on("/auth/token", lambda _: as_json(ehr.open_grant() | {"refresh_token": None}))
    opened = launch(pair.first, ehr.tenant)
    ehr.tenant.received.clear()
    return opened


def test_a_refused_search_by_post_is_repeated_with_its_body(
    ehr: RotatingEhr, launched: Launched
) -> None:
    ehr.tenant.on("/Observation/_search", REFUSED)
    answer = launched.browser.send(
        "POST",
        f"{launched.fhir_base}/Observation/_search",
        {"X-Smart-Proxy": "1", "Content-Type": "application/x-www-form-urlencoded"},
        b"code=1234-5",
    )
    assert answer.status == 401
    first, second = ehr.tenant.hits("/Observation/_search")
    assert first.body == second.body != b""
    assert first.headers["Authorization"] != second.headers["Authorization"]


@pytest.mark.calculators
def test_the_pages_refused_calls_share_one_refresh(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    for path in (FHIR, "/Observation", "/Condition", "/MedicationRequest"):
        ehr.tenant.on(path, REFUSED)
    page = launched.browser.get(f"{pair.first.origin}/smart_calc/{launched.handle}/", NAVIGATION)
    assert page.status == 200
    assert ehr.asked == 1
    calls = Counter((request.path, request.query) for request in ehr.tenant.received)
    del calls["/auth/token", ""]
    assert len(calls) >= 3
    assert set(calls.values()) == {2}


def test_access_that_cannot_be_renewed_just_now_says_when_to_try_again(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    ehr.outlaw()
    ehr.instead.append(lambda _: Scripted(503))
    for _ in range(2):
        answer = _read(launched)
        assert (answer.status, answer.code) == (503, "refresh_failed")
        assert 1 <= int(answer.header("Retry-After") or "") <= 5
    assert ehr.asked == 1
    assert pair.holds(launched)


def test_another_patient_ends_the_session_and_nothing_of_that_patient_is_shown(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    ehr.outlaw()
    ehr.more["patient"] = "p2"
    answer = _read(launched)
    assert (answer.status, answer.code) == (401, "session_expired")
    assert "p2" not in answer.text
    assert _calls(ehr) == [FHIR, "/auth/token", "/auth/revoke"]
    assert not pair.holds(launched)


def test_a_refresh_and_its_failure_are_logged_without_a_token(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    ehr.outlaw()
    answers = [_read(launched)]
    ehr.outlaw()
    ehr.instead.append(lambda _: as_json({"error": "server_error"}, 500))
    answers.append(_read(launched))
    ids = [answer.header("X-Correlation-Id") for answer in answers]
    lines = [line for line in pair.first.log_lines() if line.get("correlation_id") in ids]
    assert [line["event"] for line in lines] == [
        "token_refreshed",
        "fhir_request",
        "token_refresh_failed",
        "fhir_request",
    ]
    assert (lines[2]["status"], lines[2]["oauth_error"]) == ("500", "server_error")
    log = pair.first.server.log.read_text(encoding="utf-8")
    for token in (*ehr.refreshed, ehr.grant.refresh_token, *ehr.grant.access):
        assert token not in log
