"""Many requests at once over four processes on one store; `make soak` repeats these."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.app.app import Launched
from tests.support.app.clusters import Cluster, launch
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.rotating_ehr import RotatingEhr

REQUESTS = 50
INTERLEAVED = 1000 if os.environ.get("SOAK") else 120
SHORT, LONG = 1.5, 300.0


def _all_at_once(cluster: Cluster, launched: Launched, path: str) -> list[Answer]:
    """The same request from one browser, spread over the processes."""
    barrier = threading.Barrier(REQUESTS)
    jar = dict(launched.browser.cookies())

    def fetch(number: int) -> Answer:
        browser = Browser({"localhost": dict(jar)})
        origin = cluster.origins[number % 2]
        barrier.wait(60)
        return browser.fetch(f"{origin}/fhir_proxy/{launched.handle}/{path}")

    with ThreadPoolExecutor(REQUESTS) as pool:
        return list(pool.map(fetch, range(REQUESTS)))


@pytest.mark.parametrize("access", ["over", "due", "refused"])
def test_of_fifty_requests_over_four_processes_one_refreshes_and_all_are_answered(
    cluster: Cluster, browser: Browser, access: str
) -> None:
    ehr = RotatingEhr(cluster.first.scripted.tenant(), life=SHORT)
    if access == "refused":
        ehr.life = LONG
    launched = launch(cluster.first, ehr.tenant, browser)
    if access == "refused":
        ehr.outlaw()
    else:
        time.sleep(SHORT + 0.05 if access == "over" else 0.85 * SHORT)
    ehr.life = LONG
    answers = _all_at_once(cluster, launched, "Patient/p1")
    assert [answer.status for answer in answers] == [200] * REQUESTS
    assert {answer.json()["id"] for answer in answers} == {"p1"}
    assert (ehr.asked, len(ehr.refreshed), ehr.reused) == (1, 1, 0)
    # The refresh token that came is the one that is kept.
    ehr.outlaw()
    assert browser.fetch(f"{launched.fhir_base}/Patient/p1").status == 200
    assert (ehr.asked, ehr.reused) == (2, 0)


def test_of_hundreds_of_interleaved_requests_for_two_patients_in_one_browser_none_crosses(
    cluster: Cluster, browser: Browser
) -> None:
    ehr = RotatingEhr(cluster.first.scripted.tenant())
    sessions = {
        patient: launch(cluster.first, ehr.tenant, browser, patient) for patient in ("p1", "p2")
    }
    assert len([name for name in browser.cookies() if name.startswith("__Host-smart-")]) == 2

    def fetch(number: int) -> tuple[str, int, str]:
        """Send a request, one in three for the wrong patient, and return the target and result."""
        if number == INTERLEAVED // 2:
            ehr.outlaw()
        mine, other = ("p1", "p2") if number % 2 else ("p2", "p1")
        base = f"{cluster.origins[number % 2]}/fhir_proxy/{sessions[mine].handle}"
        if number % 3 == 0:
            answer = browser.fetch(f"{base}/Patient/{other}")
            return "other", answer.status, answer.code
        if number % 3 == 1:
            answer = browser.fetch(f"{base}/session")
            return mine, answer.status, answer.json()["patient"]
        answer = browser.fetch(f"{base}/Patient/{mine}")
        return mine, answer.status, answer.json()["id"]

    with ThreadPoolExecutor(12) as pool:
        outcomes = set(pool.map(fetch, range(INTERLEAVED)))
    assert outcomes == {("other", 403, "patient_denied"), ("p1", 200, "p1"), ("p2", 200, "p2")}
    assert (ehr.crossed, ehr.reused) == (0, 0)
    assert len(ehr.refreshed) >= 2
