"""One code, many callbacks at once, two instances: one exchange, one session."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.support.app.deployment import Deployment
from tests.support.browser.browser import Answer, Browser

CALLBACKS = 20


def _race(deployment: Deployment, browser: Browser, path: str) -> list[Answer]:
    """The same callback from one browser, half of them at each instance, all at once."""
    barrier = threading.Barrier(CALLBACKS)
    origins = (deployment.first.origin, deployment.second.origin)

    def call(number: int) -> Answer:
        twin = Browser({"localhost": dict(browser.cookies())})
        barrier.wait(60)
        return twin.get(origins[number % 2] + path)

    with ThreadPoolExecutor(CALLBACKS) as pool:
        return list(pool.map(call, range(CALLBACKS)))


def test_of_twenty_callbacks_at_once_one_exchanges_the_code(
    deployment: Deployment, browser: Browser
) -> None:
    app = deployment.first
    tenant = app.scripted.tenant()
    state = app.begin(tenant, browser).query["state"]
    sessions = len(deployment.records("sessions"))
    answers = _race(deployment, browser, f"/callback?code=c1&state={state}")
    assert sorted(answer.status for answer in answers) == [303] + [400] * (CALLBACKS - 1)
    lost = [answer for answer in answers if answer.status == 400]
    assert {answer.code for answer in lost} == {"state_unknown"}
    assert not [line for answer in lost for line in answer.all("Set-Cookie")]
    assert len(tenant.hits("/auth/token")) == 1
    assert len(deployment.records("sessions")) == sessions + 1


def test_of_twenty_error_answers_at_once_one_is_the_ehrs(
    deployment: Deployment, browser: Browser
) -> None:
    app = deployment.first
    tenant = app.scripted.tenant()
    state = app.begin(tenant, browser).query["state"]
    answers = _race(deployment, browser, f"/callback?error=access_denied&state={state}")
    codes = sorted(answer.code for answer in answers)
    assert codes == ["ehr_error"] + ["state_unknown"] * (CALLBACKS - 1)
    assert tenant.hits("/auth/token") == []
