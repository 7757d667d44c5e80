"""One session is not another: fixation, swaps, and the EHR of each."""

import secrets

from tests.support.app.app import Launched
from tests.support.app.clusters import Pair, launch
from tests.support.browser.browser import Browser
from tests.support.ehr.rotating_ehr import RotatingEhr


def _cookie(launched: Launched) -> tuple[str, str]:
    name = f"__Host-smart-{launched.handle}"
    return name, launched.browser.cookies()[name]


def test_what_was_planted_in_the_browser_is_never_adopted(pair: Pair, ehr: RotatingEhr) -> None:
    browser = Browser()
    handle, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    planted = {f"__Host-smart-{handle}": f"tg0000.-.{secret}", "__Host-launch-" + "a" * 16: "0.x"}
    browser.jar["localhost"] = dict(planted)
    launched = launch(pair.first, ehr.tenant, browser)
    name, value = _cookie(launched)
    assert handle not in name
    assert secret not in value
    ehr.tenant.received.clear()
    for target in (handle, launched.handle):
        url = f"{pair.first.origin}/fhir_proxy/{target}/Patient/p1"
        cookie = f"__Host-smart-{target}=tg0000.-.{secret}"
        answer = Browser().fetch(url, {"Cookie": cookie})
        assert answer.status == 401
    assert ehr.tenant.received == []


def test_handles_and_secrets_of_two_sessions_cannot_be_swapped(
    pair: Pair, ehr: RotatingEhr
) -> None:
    """The other one's cookie is there too, under its own name."""
    one, other = (launch(pair.first, ehr.tenant) for _ in range(2))
    (name, value), (other_name, other_value) = _cookie(one), _cookie(other)
    ehr.tenant.received.clear()
    swapped = f"{name}={other_value}; {other_name}={value}"
    for launched in (one, other):
        for origin in (pair.first.origin, pair.second):
            url = f"{origin}/fhir_proxy/{launched.handle}/Patient/p1"
            answer = Browser().fetch(url, {"Cookie": swapped})
            assert (answer.status, answer.code) == (401, "session_missing")
    assert ehr.tenant.received == []


def test_nothing_in_a_request_chooses_another_ehr(pair: Pair, ehr: RotatingEhr) -> None:
    launched, other = launch(pair.first, ehr.tenant), RotatingEhr(pair.first.scripted.tenant())
    base = other.tenant.base
    headers = {"X-FHIR-Base": base, "X-Iss": base, "X-Forwarded-Host": base.split("/")[2]}
    url = f"{launched.fhir_base}/Patient/p1"
    assert launched.browser.fetch(url, headers).json()["id"] == "p1"
    for name in ("iss", "base", "fhir_base", "server", "aud"):
        launched.browser.fetch(f"{url}?{name}={base}", headers)
        launched.browser.fetch(f"{launched.fhir_base}/Observation?{name}={base}", headers)
    context = launched.browser.fetch(f"{launched.fhir_base}/session?iss={base}", headers).json()
    assert context["iss"] == ehr.tenant.base
    assert other.tenant.received == []
