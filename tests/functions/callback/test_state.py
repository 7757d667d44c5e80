"""The `state`: known, alive, of this browser, and good for one callback."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.support.app.app import App, ehr_tables
from tests.support.app.deployment import NO_EHR, Deployment
from tests.support.app.servers import free_port, serve_app
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.scripted_ehr import Scripted, Tenant, as_json
from tests.support.tables import each

SESSION_COOKIE = "__Host-smart-"


def _callback(app: App, state: str, code: str = "c1") -> str:
    return f"{app.origin}/callback?code={code}&state={state}"


def _refused(answer: Answer, code: str, status: int = 400) -> None:
    """Refused with this code, nothing about a session in it."""
    assert (answer.status, answer.code) == (status, code)
    assert not [line for line in answer.all("Set-Cookie") if line.startswith(SESSION_COOKIE)]
    assert answer.header("Location") is None


def _exchanges(tenant: Tenant) -> int:
    return len(tenant.hits("/auth/token"))


@each("query", ["code=c1", "code=c1&state=", "code=c1&state[]=x", "code=c1&STATE=x"])
def test_a_callback_without_a_state_is_refused(app: App, browser: Browser, query: str) -> None:
    _refused(browser.get(f"{app.origin}/callback?{query}"), "state_missing")


# Which texts are states at all: tests/shared/smart/test_launches.py.
SPOILED: dict[str, Callable[[str], str]] = {
    "another one": lambda state: "A" * 43,
    "encoded twice": lambda state: "%25" + f"{ord(state[0]):02X}" + state[1:],
    "long": lambda state: "A" * 5000,
    "NUL": lambda state: state[:-1] + "%00",
    "no UTF-8": lambda state: "%ff%fe",
}


@each("spoil", SPOILED.values(), ids=SPOILED)
def test_only_the_very_state_is_known_and_guessing_does_not_use_it_up(
    app: App, browser: Browser, spoil: Callable[[str], str]
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    _refused(browser.get(_callback(app, spoil(begun.query["state"]))), "state_unknown")
    assert _exchanges(tenant) == 0
    assert app.answer(begun, tenant, browser).status == 303


def test_a_state_is_good_once_and_its_reuse_leaves_the_session_alone(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    done = app.answer(begun, tenant, browser)
    session = dict(browser.cookies())
    again = app.answer(begun, tenant, browser)
    _refused(again, "state_unknown")
    assert again.all("Set-Cookie") == []
    assert _exchanges(tenant) == 1
    assert browser.cookies() == session
    handle = done.location.rstrip("/").rpartition("/")[2]
    assert browser.fetch(f"{app.origin}/fhir_proxy/{handle}/Patient/p1").status == 200


def test_a_reload_is_explained_to_people(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    app.answer(begun, tenant, browser)
    page = browser.send("GET", _callback(app, begun.query["state"]), NAVIGATION)
    assert page.status == 400
    assert "already completed" in page.text
    assert "launch the app again" in page.text


@each("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_other_method_uses_the_state_up(app: App, browser: Browser, method: str) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    refused = browser.send(method, _callback(app, begun.query["state"]))
    assert refused.status == 405
    assert refused.header("Allow") == "GET"
    assert method == "HEAD" or refused.code == "method_not_allowed"
    assert _exchanges(tenant) == 0
    assert app.answer(begun, tenant, browser).status == 303


def test_a_browser_without_any_launch_cookie_is_told_of_blocked_cookies(app: App) -> None:
    tenant, own, other = app.scripted.tenant(), Browser(), Browser()
    begun = app.begin(tenant, own)
    other.jar["localhost"] = {"__Host-smart-" + "A" * 22: "1.-." + "s" * 43, "theme": "dark"}
    _refused(app.answer(begun, tenant, other), "cookie_missing")
    assert _exchanges(tenant) == 0
    page = other.send("GET", _callback(app, begun.query["state"]), NAVIGATION)
    assert "in its own window" in page.text
    assert "must allow cookies" in page.text
    assert "href" not in page.text.partition("<main>")[2]
    assert app.answer(begun, tenant, own).status == 303


def test_the_csrf_cookie_ties_a_launch_to_its_browser_and_the_right_one_goes_on(
    app: App,
) -> None:
    tenant, own, other = app.scripted.tenant(), Browser(), Browser()
    begun = app.begin(tenant, own)
    others = app.begin(tenant, other)
    for _ in range(20):
        _refused(app.answer(begun, tenant, other), "browser_mismatch")
    assert _exchanges(tenant) == 0
    assert app.answer(begun, tenant, own).status == 303
    assert app.answer(others, tenant, other).status == 303


def _launch_cookie(browser: Browser) -> tuple[str, str]:
    ((name, value),) = browser.cookies().items()
    return name, value


# Every form: tests/shared/smart/test_launches.py.
@each("header", ["{name}={value}x", "{name}={value}; {name}={value}"])
def test_a_wrong_or_doubled_launch_cookie_is_refused(
    app: App, browser: Browser, header: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    name, value = _launch_cookie(browser)
    cookie = header.format(name=name, value=value)
    answer = browser.get(_callback(app, begun.query["state"]), {"Cookie": cookie})
    _refused(answer, "browser_mismatch")
    assert _exchanges(tenant) == 0
    assert app.answer(begun, tenant, browser).status == 303


def test_a_refusal_for_cookies_names_the_ehr_in_the_log(app: App) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, Browser())
    answer = app.answer(begun, tenant, Browser())
    line = _log_line(app, answer)
    assert (line["event"], line["code"]) == ("callback_failed", "cookie_missing")
    assert line["ehr"] == "scripted"


def _log_line(app: App, answer: Answer) -> dict[str, object]:
    correlation = answer.header("X-Correlation-Id")
    (line,) = [line for line in app.log_lines() if line.get("correlation_id") == correlation]
    return line


OUTCOMES = {
    "a session": ("code=c1", None, 303),
    "an error from the EHR": ("error=access_denied", None, 400),
    "a foreign issuer": ("code=c1&iss=https://evil.example", None, 400),
    "a refused exchange": ("code=c1", as_json({"error": "invalid_grant"}, 400), 502),
    "an unusable token": ("code=c1", as_json([]), 502),
}


@each(("query", "token", "status"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_binding_cookie_and_the_verifier_end_with_the_callback(
    deployment: Deployment, browser: Browser, query: str, token: Scripted | None, status: int
) -> None:
    app = deployment.first
    tenant = app.scripted.tenant()
    if token is not None:
        tenant.on("/auth/token", token)
    begun = app.begin(tenant, browser)
    name, _ = _launch_cookie(browser)
    before = deployment.records("launches")
    answer = browser.get(f"{app.origin}/callback?{query}&state={begun.query['state']}")
    assert answer.status == status
    (cleared,) = [line for line in answer.all("Set-Cookie") if line.startswith(f"{name}=")]
    assert set(cleared.split("; ")) == {
        f"{name}=",
        "Max-Age=0",
        "Secure",
        "HttpOnly",
        "Path=/",
        "SameSite=None",
        "Partitioned",
    }
    gone = set(before) - set(deployment.records("launches"))
    assert len(gone) == 1
    verifier = before[gone.pop()]
    assert all(request.form["code_verifier"] in verifier for request in tenant.hits("/auth/token"))


def test_two_launches_in_one_browser_are_completed_in_either_order(app: App) -> None:
    for order in ((0, 1), (1, 0)):
        tenant, browser = app.scripted.tenant(), Browser()
        begun = [app.begin(tenant, browser, f"launch-{n}") for n in range(2)]
        answers = [app.answer(begun[n], tenant, browser, f"code-{n}") for n in order]
        assert [answer.status for answer in answers] == [303, 303]
        assert len({answer.location for answer in answers}) == 2


def test_a_code_under_another_launchs_state_opens_no_session(app: App, browser: Browser) -> None:
    """PKCE ties the code to its launch: the EHR refuses it with the other one's verifier."""
    url = f"{app.ehr_origin}/generic/start?patient=synthetic-alma&client=smart-calc-demo&in=tab"
    returns = []
    for _ in range(2):
        answer = browser.get(url)
        while urlsplit(answer.location).path != "/callback/simulated":
            answer = browser.get(answer.location)
        returns.append(answer.query)
    codes = [one["code"] for one in returns]
    for one, code in zip(returns, reversed(codes), strict=True):
        iss = quote(one["iss"], safe="")
        address = f"{app.origin}/callback/simulated?state={one['state']}&code={code}&iss={iss}"
        swapped = browser.get(address)
        _refused(swapped, "token_error", 502)
    assert not [name for name in browser.cookies() if name.startswith(SESSION_COOKIE)]


def test_the_callback_refuses_a_launch_whose_registration_has_changed(
    deployment: Deployment, browser: Browser, tmp_path: Path
) -> None:
    app, store, key = deployment.first, deployment.database, deployment.sealing_key
    tables = ehr_tables(NO_EHR, app.scripted).replace('"scripted-client"', '"its-successor"')
    port, bind = int(app.origin.rpartition(":")[2]), free_port()
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    with serve_app(tmp_path, tables, port=port, bind=bind, store=store, sealing_key=key) as renewed:
        answer = browser.get(f"{renewed.origin}/callback?code=c1&state={begun.query['state']}")
    _refused(answer, "state_unknown")
    assert "configuration changed" in answer.json()["detail"]
    assert _exchanges(tenant) == 0
