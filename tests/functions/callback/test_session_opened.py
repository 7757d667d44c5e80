"""The result of a completed callback: a clean URL, one cookie, and a record that can't open the
session without the cookie.
"""

import base64
import re

from tests.support.app.app import App, Launched
from tests.support.app.deployment import Deployment
from tests.support.browser.browser import Answer, Browser

PREFIX = "__Host-smart-"
ATTRIBUTES = {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}


def _session_lines(answer: Answer) -> list[str]:
    return [line for line in answer.all("Set-Cookie") if line.startswith(PREFIX)]


def _pair(launched: Launched) -> tuple[str, str]:
    name = PREFIX + launched.handle
    return name, launched.browser.cookies()[name]


def test_the_browser_is_sent_on_to_a_clean_address(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    answer = app.answer(begun, tenant, browser, "sentinel-code")
    assert answer.status == 303
    assert re.fullmatch(re.escape(app.origin) + r"/smart_calc/[A-Za-z0-9_-]{22}/", answer.location)
    assert answer.body == b""
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Referrer-Policy") == "no-referrer"
    for secret in ("sentinel-code", begun.query["state"], tenant.access_token):
        assert secret not in str(answer.headers).replace(answer.location, "")


def test_the_session_cookie_has_the_form_of_the_contract(app: App, browser: Browser) -> None:
    launched = app.launch(app.scripted.tenant(), browser)
    (line,) = _session_lines(launched.callback)
    pair, *attributes = line.split("; ")
    assert set(attributes) == ATTRIBUTES
    name, _, value = pair.partition("=")
    assert name == PREFIX + launched.handle
    stamp, tag, secret = value.split(".")
    assert int(stamp, 36) > 1_700_000_000
    assert tag == "-"
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


def test_at_most_twenty_session_cookies_remain_the_newest(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    # Older than any launch started now, so that the order doesn't depend on one second.
    old = {f"{PREFIX}{n:022d}": f"{n + 1}.-.{'s' * 43}" for n in range(9)}
    browser.jar["localhost"] = dict(old)
    launches = [app.launch(tenant, browser) for _ in range(20)]
    held = browser.cookies()
    assert set(held) == {PREFIX + launched.handle for launched in launches}
    assert sum(len(name) + len(value) + 3 for name, value in held.items()) < 4096
    cleared = [line for line in _session_lines(launches[11].callback) if "Max-Age=0" in line]
    assert [line.partition("=")[0] for line in cleared] == [f"{PREFIX}{0:022d}"]
    assert set(cleared[0].split("; ")[1:]) == ATTRIBUTES | {"Max-Age=0"}
    for launched in launches[:2] + launches[-2:]:
        assert browser.fetch(f"{launched.fhir_base}/session").status == 200


def test_hostile_cookies_do_no_harm(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    pairs = [f"{name}={value}" for name, value in browser.cookies().items()]
    pairs += [PREFIX + "\xe9=x", PREFIX + "a b=c", PREFIX + "=", "=", "x", f"{PREFIX}{'n' * 500}=y"]
    url = f"{app.origin}/callback?code=c1&state={begun.query['state']}"
    answer = browser.get(url, {"Cookie": "; ".join(pairs)})
    assert answer.status == 303
    assert len(_session_lines(answer)) == 1


def test_the_store_holds_nothing_that_works_as_a_cookie_or_an_address(
    deployment: Deployment,
) -> None:
    app = deployment.first
    tenant = app.scripted.tenant()
    tenant.token |= {"refresh_token": "sentinel-refresh", "patient": "sentinel-patient"}
    launched = app.launch(tenant)
    _, value = _pair(launched)
    begun = app.begin(tenant, launched.browser)
    binding = [v for n, v in launched.browser.cookies().items() if n.startswith("__Host-launch-")]
    hidden = [launched.handle, value.rpartition(".")[2], tenant.access_token, "sentinel-refresh"]
    hidden += ["sentinel-patient", begun.query["state"], *binding]
    for path in deployment.database.parent.glob("smart.db*"):
        content = path.read_bytes()
        assert not [secret for secret in hidden if secret.encode() in content], path.name
    keys = {*deployment.records("sessions"), *deployment.records("launches")}
    assert all(re.fullmatch(r"[0-9a-f]{64}", key) for key in keys)
