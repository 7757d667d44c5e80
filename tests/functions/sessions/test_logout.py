"""Logout: wiped first, then revoked, whatever the EHR makes of it."""

import time

import pytest

from tests.support.app.app import Launched
from tests.support.app.clusters import CACHE_SECONDS, Pair, launch
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import Received, Scripted

FHIR = "/Patient/p1"
REVOKE = "/auth/revoke"


@pytest.fixture
def launched(pair: Pair, ehr: RotatingEhr) -> Launched:
    return launch(pair.first, ehr.tenant)


def _log_out(launched: Launched, headers: dict[str, str] | None = None) -> Answer:
    url = f"{launched.fhir_base}/session"
    return launched.browser.send("DELETE", url, OWN_FETCH if headers is None else headers)


def _cookie(launched: Launched) -> dict[str, str]:
    """Return the session's cookie, as an attacker may have copied it."""
    name = f"__Host-smart-{launched.handle}"
    return {"Cookie": f"{name}={launched.browser.cookies()[name]}"}


def _refused(answer: Answer, code: str) -> None:
    assert (answer.status, answer.code) == (401, code)


def test_logout_clears_the_cookie_with_the_attributes_that_it_was_set_with(
    pair: Pair, launched: Launched
) -> None:
    name = f"__Host-smart-{launched.handle}"
    (was_set,) = [line for line in launched.callback.all("Set-Cookie") if line.startswith(name)]
    answer = _log_out(launched)
    assert (answer.status, answer.body) == (204, b"")
    (cleared,) = answer.all("Set-Cookie")
    assert cleared.startswith(f"{name}=; ")
    attributes = set(was_set.split("; ")[1:])
    assert set(cleared.split("; ")[1:]) == attributes | {"Max-Age=0"}
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}
    assert name not in launched.browser.cookies()
    assert not pair.holds(launched)


def test_the_session_is_wiped_before_the_ehr_hears_of_it(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    seen: list[tuple[bool, int]] = []
    copied = _cookie(launched)

    def look(request: Received) -> Scripted:
        replayed = Browser().fetch(f"{launched.fhir_base}{FHIR}", copied)
        seen.append((pair.holds(launched), replayed.status))
        return Scripted(200)

    ehr.tenant.on(REVOKE, look)
    assert _log_out(launched).status == 204
    assert seen == [(False, 401)]


def test_logout_succeeds_where_the_ehr_has_no_revocation_endpoint(pair: Pair) -> None:
    launched = launch(pair.first, pair.first.scripted.tenant())
    assert _log_out(launched).status == 204
    assert not pair.holds(launched)


def test_a_session_that_is_over_already_is_logged_out_all_the_same(
    ehr: RotatingEhr, launched: Launched
) -> None:
    copied = _cookie(launched)
    for _ in range(2):
        answer = _log_out(launched, {**OWN_FETCH, **copied})
        assert answer.status == 204
        assert len(answer.all("Set-Cookie")) == 1
    assert len(ehr.revoked) == 1


@pytest.mark.calculators
def test_a_copied_cookie_is_useless_after_logout_and_the_ehr_hears_nothing(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    copied = _cookie(launched)
    second = f"{pair.second}/fhir_proxy/{launched.handle}"
    assert Browser().fetch(f"{second}{FHIR}", copied).status == 200
    _log_out(launched)
    time.sleep(CACHE_SECONDS)
    ehr.tenant.received.clear()
    for base in (launched.fhir_base, second):
        for path in (FHIR, "/session"):
            _refused(Browser().fetch(base + path, copied), "session_expired")
    page = f"{pair.first.origin}/smart_calc/{launched.handle}/"
    _refused(Browser().fetch(page, copied), "session_expired")
    assert ehr.tenant.received == []


def test_another_instance_trusts_what_it_read_for_the_configured_seconds_and_no_longer(
    pair: Pair, launched: Launched
) -> None:
    copied = _cookie(launched)
    second = f"{pair.second}/fhir_proxy/{launched.handle}/session"
    started = time.monotonic()
    assert Browser().fetch(second, copied).status == 200
    _log_out(launched)
    while Browser().fetch(second, copied).status == 200:
        # The rest is for a slow machine.
        assert time.monotonic() - started < CACHE_SECONDS + 20
    _refused(Browser().fetch(second, copied), "session_expired")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "same-site", "X-Smart-Proxy": "1"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"},
        {"Origin": "https://evil.example", "X-Smart-Proxy": "1"},
        {"Origin": "null"},
        {},
    ],
)
def test_another_site_cannot_log_out(
    pair: Pair, ehr: RotatingEhr, launched: Launched, headers: dict[str, str]
) -> None:
    answer = _log_out(launched, headers)
    assert (answer.status, answer.code) == (403, "cross_site")
    assert not answer.all("Set-Cookie")
    assert pair.holds(launched)
    assert ehr.revoked == []


def test_looking_at_a_session_does_not_end_it(pair: Pair, launched: Launched) -> None:
    url = f"{launched.fhir_base}/session"
    for method in ("GET", "POST", "HEAD"):
        launched.browser.send(method, url, OWN_FETCH)
    assert pair.holds(launched)


def test_a_wrong_secret_wipes_nothing(pair: Pair, ehr: RotatingEhr, launched: Launched) -> None:
    other = launch(pair.first, ehr.tenant)
    name, wrong = f"__Host-smart-{launched.handle}", _cookie(other)["Cookie"].partition("=")[2]
    right = _cookie(launched)["Cookie"]
    for cookie in ("", f"{name}=", f"{name}={wrong}", f"{right}; {right}", f"{right}; {name}=x"):
        answer = _log_out(launched, {**OWN_FETCH, "Cookie": cookie})
        _refused(answer, "session_missing")
        assert not answer.all("Set-Cookie")
    assert pair.holds(launched)
    assert ehr.revoked == []
    assert launched.browser.fetch(f"{launched.fhir_base}{FHIR}").status == 200


def test_the_other_sessions_of_the_browser_go_on(pair: Pair, ehr: RotatingEhr) -> None:
    browser = Browser()
    one, other = (launch(pair.first, ehr.tenant, browser) for _ in range(2))
    assert _log_out(one).status == 204
    assert browser.fetch(f"{other.fhir_base}{FHIR}").status == 200
    assert [name for name in browser.cookies() if "smart" in name] == [
        f"__Host-smart-{other.handle}"
    ]
    _refused(browser.fetch(f"{one.fhir_base}{FHIR}"), "session_missing")
    assert len(ehr.revoked) == 1


def test_logout_is_logged_with_whether_the_ehr_revoked(
    pair: Pair, ehr: RotatingEhr, launched: Launched
) -> None:
    answers = [_log_out(launched)]
    other = launch(pair.first, ehr.tenant)
    ehr.tenant.on(REVOKE, Scripted(503))
    answers.append(_log_out(other))
    ids = [answer.header("X-Correlation-Id") for answer in answers]
    lines = [line for line in pair.first.log_lines() if line.get("correlation_id") in ids]
    told = [(line["event"], line["reason"], line["revoked"]) for line in lines]
    assert told == [("session_ended", "logout", "true"), ("session_ended", "logout", "false")]
