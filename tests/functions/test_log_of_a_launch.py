"""What ties the log lines of one launch together, from the EHR's link to the open session."""

import hashlib

from tests.support.app.app import App
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.scripted_ehr import as_json


def lines_of(app: App, answer: Answer) -> list[dict[str, object]]:
    lines = [one for one in app.log_lines() if one["correlation_id"] == correlation_id(answer)]
    assert lines
    return lines


def correlation_id(answer: Answer) -> str:
    return str(answer.header("X-Correlation-Id"))


def mark(state: str) -> str:
    return hashlib.sha256(f"log:{state}".encode()).hexdigest()[:12]


def test_a_launch_and_its_callback_share_an_id_that_is_not_the_state(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    done = app.answer(begun, tenant, browser)
    state = begun.query["state"]
    (started,), (*_, completed) = lines_of(app, begun), lines_of(app, done)
    assert (started["event"], completed["event"]) == ("launch_started", "callback_completed")
    assert started["launch"] == completed["launch"] == mark(state)
    assert "session" in completed
    assert state not in str(app.log_lines())


def test_a_callback_that_fails_names_its_launch_too(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    tenant.on("/auth/token", as_json({"error": "invalid_grant"}, 400))
    failed = app.answer(begun, tenant, browser)
    again = app.answer(begun, tenant, browser)
    for answer, code in ((failed, "token_error"), (again, "state_unknown")):
        (line,) = lines_of(app, answer)
        assert (line["event"], line["code"]) == ("callback_failed", code)
        assert line["launch"] == mark(begun.query["state"])


def test_launches_at_the_same_moment_are_told_apart(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = [app.begin(tenant, browser) for _ in range(2)]
    marks = {lines_of(app, one)[0]["launch"] for one in begun}
    assert marks == {mark(one.query["state"]) for one in begun}
