"""Helpers for tests of the callback: EHR responses with a launch's own state, and refusals."""

from tests.support.app.app import App
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.scripted_ehr import Tenant


def get(app: App, browser: Browser, begun: Answer, query: str, path: str = "") -> Answer:
    """Open the callback with the launch's own state and the given parameters, at `path` if given,
    otherwise at the launch's own.
    """
    address = f"{app.origin}{path}" if path else begun.query["redirect_uri"]
    return browser.get(f"{address}?state={begun.query['state']}&{query}")


def launch(app: App, tenant: Tenant, browser: Browser) -> Answer:
    """Return the callback's response to a complete launch."""
    return app.answer(app.begin(tenant, browser), tenant, browser)


def refused(answer: Answer, code: str, status: int = 400) -> None:
    """Refused with this code, and no session cookie set."""
    assert (answer.status, answer.code) == (status, code)
    assert not [line for line in answer.all("Set-Cookie") if line.startswith("__Host-smart-")]


def untouched(app: App, begun: Answer, tenant: Tenant, browser: Browser) -> None:
    """Nothing was sent and the launch can still be completed."""
    assert tenant.hits("/auth/token") == []
    assert app.answer(begun, tenant, browser).status == 303


def log_lines(app: App, answer: Answer) -> list[dict[str, object]]:
    """Return the log lines of the request."""
    correlation = answer.header("X-Correlation-Id")
    return [line for line in app.log_lines() if line.get("correlation_id") == correlation]


def failed(app: App, answer: Answer, browser: Browser, code: str) -> dict[str, object]:
    """Refused with 502 and this code, no session left behind; the log line of it."""
    assert (answer.status, answer.code) == (502, code)
    assert not [name for name in browser.cookies() if name.startswith("__Host-")]
    assert answer.json()["correlation_id"] == answer.header("X-Correlation-Id")
    (line,) = log_lines(app, answer)
    assert (line["event"], line["severity"], line["code"]) == ("callback_failed", "ERROR", code)
    return line
